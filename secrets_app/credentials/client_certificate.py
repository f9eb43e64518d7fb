"""Certificate credential that loads its certificate when a token is requested and records the thumbprint."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import azure.identity
from azure.core.credentials import AccessTokenInfo, SupportsTokenInfo, TokenRequestOptions
from azure.core.exceptions import ClientAuthenticationError

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
from secrets_app.credentials.arguments import additional_tenants, network
from secrets_app.credentials.certificate_in_vault import read_from_vault
from secrets_app.credentials.certificate_store import find_in_store, read_file
from secrets_app.credentials.certificates import KeyedCertificate
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
