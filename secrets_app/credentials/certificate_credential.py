"""Signing in with a certificate that is looked up when a token is asked for, and known by its thumbprint."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import azure.identity
from azure.core.credentials import AccessTokenInfo, SupportsTokenInfo, TokenRequestOptions
from azure.core.exceptions import ClientAuthenticationError

from secrets_app.credentials.certificate import KeyedCertificate

Found = tuple[Sequence[KeyedCertificate], str]
"""The certificates to try, one after another, and the tenant to sign in to."""


class CertificateCredential(SupportsTokenInfo):
    """azure-identity's own of that name, made for the certificate that is there when a token is asked for.

    It keeps the certificate while it is valid. `reader` is the credential that reads it, where it lies in a vault.
    """

    def __init__(
        self, find: Callable[[], Found], *, client_id: str, reader: SupportsTokenInfo | None = None, **more: Any
    ) -> None:
        self.certificate_thumbprint: str | None = None
        """Of the certificate that the last token was got with."""
        self.remark: str | None = None
        """What is worth saying about how the last token was got."""
        self.reader = reader
        self._find = find
        self._more = {"client_id": client_id, **more}
        self._lock = threading.Lock()
        self._made: list[tuple[KeyedCertificate, azure.identity.CertificateCredential]] = []

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """A token, with the first certificate that Entra takes. Raises AzureError."""
        with self._lock:
            made = self._credentials()
        refused: ClientAuthenticationError | None = None
        for certificate, credential in made:
            try:
                token = credential.get_token_info(*scopes, options=options or {})
            except ClientAuthenticationError as error:
                refused = refused or error  # an older one may still be registered: so did the .NET library
                continue
            self._note(certificate, len(made))
            return token
        raise refused or ClientAuthenticationError(message="There is no certificate to sign in with.")

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
                f"{fitting} certificates fit. The newest that Entra took was used: {certificate.thumbprint}, "
                f"valid from {starts.day} {starts:%B %Y}."
            )

    def close(self) -> None:
        """Close every connection, those to the certificate's vault too."""
        for _, credential in self._made:
            credential.close()
        if self.reader:
            self.reader.close()

    def __enter__(self) -> "CertificateCredential":
        return self

    def __exit__(self, *args: object) -> None:
        self.close()
