"""A certificate stored as a secret in a vault, read with the managed identity or the developer's account."""

import base64
from contextlib import suppress
from typing import cast

from azure.core.credentials import AccessTokenInfo, SupportsTokenInfo, TokenCredential, TokenRequestOptions
from azure.core.exceptions import AzureError, HttpResponseError
from azure.keyvault.secrets import SecretClient

from secrets_app.azure_client.timeouts import vault_limits
from secrets_app.azure_client.transport import with_transport
from secrets_app.core.claims import principal_of
from secrets_app.core.credential_options import CertificateInVault
from secrets_app.core.known_secrets import known_secrets
from secrets_app.core.own_messages import (
    CERTIFICATE_IN_VAULT,
    CERTIFICATE_NEITHER_PEM_NOR_PFX,
    COULD_NOT_BE_READ,
    SECRET_IN_VAULT,
)
from secrets_app.credentials.certificates import CertificateError, KeyedCertificate, load_certificate

_DER_SEQUENCE = b"0"  # 0x30: the first byte of every PFX


def read_from_vault(
    location: CertificateInVault, reader: SupportsTokenInfo, deadline_s: float
) -> tuple[KeyedCertificate, str | None]:
    """The certificate, and the tenant ID of the token it was read with. Raises AzureError."""
    recorder = _TenantRecorder(reader)
    names = {"secret_name": location.secret_name, "vault_url": location.vault_url}
    name = CERTIFICATE_IN_VAULT.format(**names)
    # SecretClient is annotated with only the older of the two credential protocols that it accepts.
    credential = cast(TokenCredential, recorder)
    limits = with_transport(vault_limits(deadline_s))
    client = SecretClient(location.vault_url, credential, permit_redirects=False, **limits)
    try:
        secret = client.get_secret(location.secret_name, location.secret_version)
    except HttpResponseError as error:
        raise _as_certificate_error(error, name) from error
    except AzureError as error:
        error.message = f"{name} {COULD_NOT_BE_READ}. {error.message}"
        raise
    finally:
        client.close()
    known_secrets().add(secret.value)
    certificate = load_certificate(_content(secret.value or "", SECRET_IN_VAULT.format(**names)), None, name)
    if reason := certificate.unusable():
        raise CertificateError(message=f"{name} {reason}")
    return certificate, recorder.tenant_id


class _TenantRecorder(SupportsTokenInfo):
    """The reader credential, with the tenant ID of its last token."""

    def __init__(self, reader: SupportsTokenInfo) -> None:
        self._reader = reader
        self.tenant_id: str | None = None

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        token = self._reader.get_token_info(*scopes, options=options or {})
        self.tenant_id = principal_of(token.token, credential=None).tenant_id
        return token

    def close(self) -> None:
        """Does not close the reader, which is used again."""

    def __enter__(self) -> "_TenantRecorder":
        return self

    def __exit__(self, *args: object) -> None:
        self.close()


def _as_certificate_error(error: HttpResponseError, name: str) -> CertificateError:
    """The vault's error with its status and code, and a message that names the certificate.

    Not the original class: a reading would treat that as an error about the requested secret.
    """
    certificate_error = CertificateError(response=error.response)
    certificate_error.message = f"{name} {COULD_NOT_BE_READ}. {error.message}"
    return certificate_error


def _content(value: str, name: str) -> bytes:
    """Key Vault returns PEM as text and PFX as base64. The content type differs, but copies often have none."""
    if "-----BEGIN" in value:
        return value.encode("utf-8", "replace")
    with suppress(ValueError):
        content = base64.b64decode(value, validate=True)
        if content.startswith(_DER_SEQUENCE):
            return content
    raise CertificateError(
        message=f"{name} is not a certificate: it is {CERTIFICATE_NEITHER_PEM_NOR_PFX}. Use a certificate's secret ID."
    )
