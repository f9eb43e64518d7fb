"""Certificate credential that loads its certificate when a token is requested and records the thumbprint.

The certificate is in a file, in the folder of a store, or a secret of a vault, which the managed identity or the
developer's account reads.
"""

import base64
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

import azure.identity
from azure.core.credentials import AccessTokenInfo, SupportsTokenInfo, TokenCredential, TokenRequestOptions
from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError
from azure.keyvault.secrets import SecretClient

from secrets_app.azure_client.timeouts import vault_limits
from secrets_app.azure_client.transport import with_transport
from secrets_app.core.claims import principal_of
from secrets_app.core.credential_options import (
    DEV_MEMBERS,
    CertificateFile,
    CertificateInStore,
    CertificateInVault,
    CredentialKind,
    CredentialOptions,
    IdentityKind,
    ManagedIdentityId,
)
from secrets_app.core.known_secrets import known_secrets
from secrets_app.core.own_messages import (
    CERTIFICATE_IN_VAULT,
    CERTIFICATE_NEITHER_PEM_NOR_PFX,
    COULD_NOT_BE_READ,
    SECRET_IN_VAULT,
)
from secrets_app.credentials.arguments import additional_tenants, network
from secrets_app.credentials.certificates import (
    CertificateError,
    KeyedCertificate,
    find_in_store,
    load_certificate,
    read_file,
)
from secrets_app.credentials.default_chain import default_chain

LoadedCertificates = tuple[Sequence[KeyedCertificate], str]
"""The certificates to try in order, and the tenant to sign in to."""


class CertificateCredential(SupportsTokenInfo):
    """Wraps azure-identity's class of the same name: the certificate is loaded on the first token request.

    The certificate is cached while it is valid. If it is stored in a vault, `reader` is the credential that reads it.
    """

    def __init__(
        self,
        load: Callable[[], LoadedCertificates],
        *,
        client_id: str,
        reader: SupportsTokenInfo | None = None,
        **client_options: Any,
    ) -> None:
        self.certificate_thumbprint: str | None = None
        """Thumbprint of the certificate used for the last token."""
        self.note: str | None = None
        """A note about how the last token was obtained."""
        self.reader = reader
        self._load_certificates = load
        self._options = {"client_id": client_id, **client_options}
        self._lock = threading.Lock()
        self._credentials: list[tuple[KeyedCertificate, azure.identity.CertificateCredential]] = []

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """A token, obtained with the first certificate that Microsoft Entra ID accepts. Raises AzureError."""
        with self._lock:
            credentials = self._current_credentials()
        first_error: ClientAuthenticationError | None = None
        for certificate, credential in credentials:
            try:
                token = credential.get_token_info(*scopes, options=options or {})
            except ClientAuthenticationError as error:
                # An older certificate may still be registered; the .NET library tries it too.
                first_error = first_error or error
                continue
            self._record(certificate, len(credentials))
            return token
        raise first_error or ClientAuthenticationError(message="No certificate is available to sign in with.")

    def _current_credentials(self) -> list[tuple[KeyedCertificate, azure.identity.CertificateCredential]]:
        if not self._credentials or any(certificate.unusable() for certificate, _ in self._credentials):
            certificates, tenant_id = self._load_certificates()
            self._credentials = [(certificate, self._create(certificate, tenant_id)) for certificate in certificates]
        return self._credentials

    def _create(self, certificate: KeyedCertificate, tenant_id: str) -> azure.identity.CertificateCredential:
        return azure.identity.CertificateCredential(tenant_id, certificate_data=certificate.pem, **self._options)

    def _record(self, certificate: KeyedCertificate, match_count: int) -> None:
        self.certificate_thumbprint = certificate.thumbprint
        if match_count > 1:
            valid_from = certificate.certificate.not_valid_before_utc
            self.note = (
                f"{match_count} certificates match. The newest one that Microsoft Entra ID accepts was used: "
                f"{certificate.thumbprint}, "
                f"valid from {valid_from.day} {valid_from:%B %Y}."
            )

    def close(self) -> None:
        """Close every connection, including those to the certificate's vault."""
        for _, credential in self._credentials:
            credential.close()
        if self.reader:
            self.reader.close()

    def __enter__(self) -> "CertificateCredential":
        return self

    def __exit__(self, *args: object) -> None:
        self.close()


def client_certificate(options: CredentialOptions, deadline_s: float) -> SupportsTokenInfo:
    """A service principal that authenticates with the configured certificate. Nothing is read yet."""
    location = options.certificate
    reader = _certificate_reader(location, options, deadline_s) if isinstance(location, CertificateInVault) else None
    return CertificateCredential(
        _certificate_loader(options, reader, deadline_s),
        client_id=options.client_id or "",
        reader=reader,
        **additional_tenants(options),
        **network(options, deadline_s),
    )


def _certificate_loader(
    options: CredentialOptions, reader: SupportsTokenInfo | None, deadline_s: float
) -> Callable[[], LoadedCertificates]:
    location, tenant_id = options.certificate, options.tenant_id or ""

    def load() -> LoadedCertificates:
        if isinstance(location, CertificateInVault) and reader:
            certificate, reader_tenant_id = read_from_vault(location, reader, deadline_s)
            return (certificate,), tenant_id or reader_tenant_id or ""
        if isinstance(location, CertificateInStore):
            return find_in_store(location), tenant_id
        return read_file(location if isinstance(location, CertificateFile) else CertificateFile(path="")), tenant_id

    return load


def _certificate_reader(
    location: CertificateInVault, options: CredentialOptions, deadline_s: float
) -> SupportsTokenInfo:
    """The managed identity, or the developer's account; never the service principal, which has no certificate yet."""
    identity = options.managed_identity
    if location.reader_client_id:
        identity = ManagedIdentityId(kind=IdentityKind.CLIENT_ID, value=location.reader_client_id)
    # The configured tenant is the service principal's; the reader may belong to another one.
    reader_options = replace(options, managed_identity=identity, excluded=(), tenant_id=None)
    return default_chain(CredentialKind.WORKLOAD_IDENTITY, CredentialKind.MANAGED_IDENTITY, *DEV_MEMBERS)(
        reader_options, deadline_s
    )


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
