"""The way client-certificate: where its certificate lies, and who reads it."""

from collections.abc import Callable
from dataclasses import replace

from azure.core.credentials import SupportsTokenInfo

from secrets_app.credentials.arguments import additional_tenants, network
from secrets_app.credentials.certificate_credential import CertificateCredential, Found
from secrets_app.credentials.certificate_in_vault import in_vault
from secrets_app.credentials.certificate_places import in_file, in_store
from secrets_app.credentials.chain import chain_of
from secrets_app.sign_in import (
    DEV_MEMBERS,
    CertificateFile,
    CertificateInStore,
    CertificateInVault,
    IdentityKind,
    ManagedIdentityId,
    SignIn,
    Way,
)


def client_certificate(sign_in: SignIn, deadline_s: float) -> SupportsTokenInfo:
    """The service principal that proves itself with the certificate the settings name. Nothing is read yet."""
    where = sign_in.certificate
    reader = _reader(where, sign_in, deadline_s) if isinstance(where, CertificateInVault) else None
    return CertificateCredential(
        _finder(sign_in, reader, deadline_s),
        client_id=sign_in.client_id or "",
        reader=reader,
        **additional_tenants(sign_in),
        **network(sign_in, deadline_s),
    )


def _finder(sign_in: SignIn, reader: SupportsTokenInfo | None, deadline_s: float) -> Callable[[], Found]:
    where, tenant_id = sign_in.certificate, sign_in.tenant_id or ""

    def find() -> Found:
        if isinstance(where, CertificateInVault) and reader:
            certificate, tenant_of_reader = in_vault(where, reader, deadline_s)
            return (certificate,), tenant_id or tenant_of_reader or ""
        if isinstance(where, CertificateInStore):
            return in_store(where), tenant_id
        return in_file(where if isinstance(where, CertificateFile) else CertificateFile(path="")), tenant_id

    return find


def _reader(where: CertificateInVault, sign_in: SignIn, deadline_s: float) -> SupportsTokenInfo:
    """The managed identity, else the developer: never the service principal, which has no certificate yet."""
    identity = sign_in.managed_identity
    if where.reader_client_id:
        identity = ManagedIdentityId(kind=IdentityKind.CLIENT_ID, value=where.reader_client_id)
    # The tenant is the service principal's: the reader may belong to another one.
    reads = replace(sign_in, managed_identity=identity, excluded=(), tenant_id=None)
    return chain_of(Way.WORKLOAD_IDENTITY, Way.MANAGED_IDENTITY, *DEV_MEMBERS)(reads, deadline_s)
