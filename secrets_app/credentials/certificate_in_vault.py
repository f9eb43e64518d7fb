"""A certificate that is itself a secret of a vault: read by the managed identity or the developer."""

import base64
from contextlib import suppress
from typing import cast

from azure.core.credentials import AccessTokenInfo, SupportsTokenInfo, TokenCredential, TokenRequestOptions
from azure.core.exceptions import AzureError, HttpResponseError
from azure.keyvault.secrets import SecretClient

from secrets_app.azure_client.timeouts import vault_limits
from secrets_app.azure_client.transport import with_transport
from secrets_app.core.credential_options import CertificateInVault
from secrets_app.credentials.certificates import CertificateError, KeyedCertificate, load_certificate
from secrets_app.credentials.claims import principal_of

_DER_SEQUENCE = b"0"  # 0x30: what every PFX begins with


def read_from_vault(
    where: CertificateInVault, reader: SupportsTokenInfo, deadline_s: float
) -> tuple[KeyedCertificate, str | None]:
    """The certificate, and the tenant of the token it was read with. Raises AzureError."""
    noted = _TenantRecorder(reader)
    name = f"{where.secret_name} in {where.vault_url}"
    # Its annotation knows only the older of the two protocols that it takes.
    credential = cast(TokenCredential, noted)
    limits = with_transport(vault_limits(deadline_s))
    client = SecretClient(where.vault_url, credential, permit_redirects=False, **limits)
    try:
        found = client.get_secret(where.secret_name, where.secret_version)
    except HttpResponseError as error:
        raise _as_certificate_error(error, name) from error
    except AzureError as error:
        error.message = f"{_not_read(name)} {error.message}"
        raise
    finally:
        client.close()
    certificate = load_certificate(_content(found.value or "", name), None, f"The certificate {name}")
    if reason := certificate.unusable():
        raise CertificateError(message=f"The certificate {name} {reason}")
    return certificate, noted.tenant_id


class _TenantRecorder(SupportsTokenInfo):
    """The reader, with the tenant of the token it gave."""

    def __init__(self, reader: SupportsTokenInfo) -> None:
        self._reader = reader
        self.tenant_id: str | None = None

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        token = self._reader.get_token_info(*scopes, options=options or {})
        self.tenant_id = principal_of(token.token, credential=None).tenant_id
        return token

    def close(self) -> None:
        """The reader outlives the one read that it is noted for."""

    def __enter__(self) -> "_TenantRecorder":
        return self

    def __exit__(self, *args: object) -> None:
        self.close()


def _as_certificate_error(error: HttpResponseError, name: str) -> CertificateError:
    """The vault's refusal with its status and code, in words that say it was about the certificate.

    Never one of the vault client's own classes: a reading would take it for an answer about its secret.
    """
    refused = CertificateError(response=error.response)
    refused.message = f"{_not_read(name)} {error.message}"
    return refused


def _not_read(name: str) -> str:
    return f"The certificate {name} could not be read."


def _content(value: str, name: str) -> bytes:
    """Key Vault hands out PEM as it is, and PFX as base64; its content type says which, but copies often have none."""
    if "-----BEGIN" in value:
        return value.encode("utf-8", "replace")
    with suppress(ValueError):
        content = base64.b64decode(value, validate=True)
        if content.startswith(_DER_SEQUENCE):
            return content
    raise CertificateError(
        message=f"The secret {name} is no certificate: neither PEM nor PFX. Name the secret of a certificate."
    )
