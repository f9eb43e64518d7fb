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

FoundCertificates = tuple[Sequence[KeyedCertificate], str]
"""The certificates to try in order, and the tenant to sign in to."""


class CertificateCredential(SupportsTokenInfo):
    """Wraps azure-identity's class of the same name: the certificate is loaded on the first token request.

    The certificate is kept while it is valid. `reader` is the credential that reads it if it is stored in a vault.
    """

    def __init__(
        self,
        find: Callable[[], FoundCertificates],
        *,
        client_id: str,
        reader: SupportsTokenInfo | None = None,
        **more: Any,
    ) -> None:
        self.certificate_thumbprint: str | None = None
        """Thumbprint of the certificate used for the last token."""
        self.remark: str | None = None
        """A note about how the last token was obtained."""
        self.reader = reader
        self._find = find
        self._more = {"client_id": client_id, **more}
        self._lock = threading.Lock()
        self._made: list[tuple[KeyedCertificate, azure.identity.CertificateCredential]] = []

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """A token, obtained with the first certificate that Microsoft Entra ID accepts. Raises AzureError."""
        with self._lock:
            made = self._credentials()
        refused: ClientAuthenticationError | None = None
        for certificate, credential in made:
            try:
                token = credential.get_token_info(*scopes, options=options or {})
            except ClientAuthenticationError as error:
                refused = refused or error  # an older one may still be registered; the .NET library tries it too
                continue
            self._note(certificate, len(made))
            return token
        raise refused or ClientAuthenticationError(message="No certificate is available to sign in with.")

    def _credentials(self) -> list[tuple[KeyedCertificate, azure.identity.CertificateCredential]]:
        if not self._made or any(certificate.unusable() for certificate, _ in self._made):
            certificates, tenant_id = self._find()
            self._made = [(certificate, self._make(certificate, tenant_id)) for certificate in certificates]
        return self._made

    def _make(self, certificate: KeyedCertificate, tenant_id: str) -> azure.identity.CertificateCredential:
        return azure.identity.CertificateCredential(tenant_id, certificate_data=certificate.pem, **self._more)

    def _note(self, certificate: KeyedCertificate, fitting: int) -> None:
        self.certificate_thumbprint = certificate.thumbprint
        if fitting > 1:
            starts = certificate.certificate.not_valid_before_utc
            self.remark = (
                f"{fitting} certificates match. The newest one that Microsoft Entra ID accepts was used: "
                f"{certificate.thumbprint}, "
                f"valid from {starts.day} {starts:%B %Y}."
            )

    def close(self) -> None:
        """Close every connection, including those to the certificate's vault."""
        for _, credential in self._made:
            credential.close()
        if self.reader:
            self.reader.close()

    def __enter__(self) -> "CertificateCredential":
        return self

    def __exit__(self, *args: object) -> None:
        self.close()


def client_certificate(options: CredentialOptions, deadline_s: float) -> SupportsTokenInfo:
    """A service principal that authenticates with the configured certificate. Nothing is read yet."""
    where = options.certificate
    reader = _certificate_reader(where, options, deadline_s) if isinstance(where, CertificateInVault) else None
    return CertificateCredential(
        _finder(options, reader, deadline_s),
        client_id=options.client_id or "",
        reader=reader,
        **additional_tenants(options),
        **network(options, deadline_s),
    )


def _finder(
    options: CredentialOptions, reader: SupportsTokenInfo | None, deadline_s: float
) -> Callable[[], FoundCertificates]:
    where, tenant_id = options.certificate, options.tenant_id or ""

    def find() -> FoundCertificates:
        if isinstance(where, CertificateInVault) and reader:
            certificate, tenant_of_reader = read_from_vault(where, reader, deadline_s)
            return (certificate,), tenant_id or tenant_of_reader or ""
        if isinstance(where, CertificateInStore):
            return find_in_store(where), tenant_id
        return read_file(where if isinstance(where, CertificateFile) else CertificateFile(path="")), tenant_id

    return find


def _certificate_reader(where: CertificateInVault, options: CredentialOptions, deadline_s: float) -> SupportsTokenInfo:
    """The managed identity, else the developer's account; never the service principal, which has no certificate yet."""
    identity = options.managed_identity
    if where.reader_client_id:
        identity = ManagedIdentityId(kind=IdentityKind.CLIENT_ID, value=where.reader_client_id)
    # The configured tenant is the service principal's; the reader may belong to another one.
    reads = replace(options, managed_identity=identity, excluded=(), tenant_id=None)
    return default_chain(CredentialKind.WORKLOAD_IDENTITY, CredentialKind.MANAGED_IDENTITY, *DEV_MEMBERS)(
        reads, deadline_s
    )
