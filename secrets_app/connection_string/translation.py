"""The equivalents of a connection string: this site's settings, azure-identity's variables and Python code."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from secrets_app.core.credential_options import (
    Certificate,
    CertificateInStore,
    CertificateInVault,
    CredentialKind,
    CredentialOptions,
)

_CREDENTIAL = re.compile(r"\b([A-Z]\w*Credential)\(")
_SECRETS = "from azure.keyvault.secrets import SecretClient\n"

Assignments = tuple[tuple[str, str], ...]
"""Name -> value, or a placeholder like `<the AppKey>`; never a secret."""


@dataclass(frozen=True, kw_only=True)
class Equivalent:
    """The same sign-in without a connection string."""

    settings: Assignments
    """Settings of this site."""
    variables: Assignments = ()
    """Of azure-identity, for any program that uses DefaultAzureCredential; empty when it has no equivalent."""
    python: str
    """Code that creates azure-identity's credential, imports first."""


def equivalent_of(options: CredentialOptions) -> Equivalent:
    """The equivalents of this sign-in."""
    equivalent = _EQUIVALENTS[options.kinds[0]](options)
    return replace(equivalent, python=f"{_imports(equivalent.python)}{equivalent.python}")


def _imports(python: str) -> str:
    classes = ", ".join(sorted(set(_CREDENTIAL.findall(python))))
    identity = f"from azure.identity import {classes}\n"
    return f"import base64\n{identity}{_SECRETS}" if "SecretClient(" in python else identity


def _developer(names: str, python: str) -> Callable[[CredentialOptions], Equivalent]:
    """A sign-in without IDs; `names` is the value of AZURE_TOKEN_CREDENTIALS."""

    def equivalent(options: CredentialOptions) -> Equivalent:
        return Equivalent(
            settings=(("KVSITE_CREDENTIAL", ",".join(options.kinds)),),
            variables=(("AZURE_TOKEN_CREDENTIALS", names),),
            python=python,
        )

    return equivalent


def _visual_studio(options: CredentialOptions) -> Equivalent:
    if len(options.kinds) == 1:
        return _developer("VisualStudioCodeCredential", "VisualStudioCodeCredential()")(options)
    return _developer("dev", "ChainedTokenCredential(VisualStudioCodeCredential(), AzureCliCredential())")(options)


def _managed_identity(options: CredentialOptions) -> Equivalent:
    identity, retry_settings = options.managed_identity, _retry(options)
    chosen = ("KVSITE_CREDENTIAL", "managed-identity")
    only = ("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")
    if not identity:
        return Equivalent(settings=(chosen, *retry_settings), variables=(only,), python="ManagedIdentityCredential()")
    return Equivalent(
        settings=(chosen, ("KVSITE_MANAGED_IDENTITY_CLIENT_ID", identity.value), *retry_settings),
        variables=(only, ("AZURE_CLIENT_ID", identity.value)),
        python=f'ManagedIdentityCredential(client_id="{identity.value}")',
    )


def _retry(options: CredentialOptions) -> Assignments:
    seconds = options.retry_timeout_s
    return () if seconds is None else (("KVSITE_MANAGED_IDENTITY_RETRY_S", f"{min(seconds, 60):g}"),)


def _workload_identity(options: CredentialOptions) -> Equivalent:
    ids = {"tenant_id": options.tenant_id, "client_id": options.client_id}
    given = {name: value for name, value in ids.items() if value}
    arguments = ", ".join(f'{name}="{value}"' for name, value in given.items())
    return Equivalent(
        settings=(("KVSITE_CREDENTIAL", "workload-identity"), *_named("KVSITE_", given)),
        variables=(("AZURE_TOKEN_CREDENTIALS", "WorkloadIdentityCredential"), *_named("AZURE_", given)),
        python=f"WorkloadIdentityCredential({arguments})",
    )


def _named(prefix: str, values: Mapping[str, str]) -> Assignments:
    return tuple((f"{prefix}{name.upper()}", value) for name, value in values.items())


def _application(options: CredentialOptions) -> dict[str, str]:
    return {"tenant_id": options.tenant_id or "<tenant-id>", "client_id": options.client_id or ""}


def _client_secret(options: CredentialOptions) -> Equivalent:
    given = {**_application(options), "client_secret": "<the AppKey>"}
    return Equivalent(
        settings=(("KVSITE_CREDENTIAL", "client-secret"), *_named("KVSITE_", given)),
        variables=_named("AZURE_", given),
        python=f'ClientSecretCredential("{given["tenant_id"]}", "{given["client_id"]}", "<the AppKey>")',
    )


def _client_certificate(options: CredentialOptions) -> Equivalent:
    given, certificate = _application(options), options.certificate
    chosen = (("KVSITE_CREDENTIAL", "client-certificate"), *_named("KVSITE_", given))
    call = f'CertificateCredential("{given["tenant_id"]}", "{given["client_id"]}", '
    if isinstance(certificate, CertificateInVault):
        return Equivalent(settings=(*_without_placeholder(chosen), *_certificate(certificate), *_retry(options)),
                      python=f"{_read_from_vault(certificate)}{call}certificate_data=data)")  # fmt: skip
    path = "<path of the PEM or PFX file>"
    return Equivalent(
        settings=(*chosen, *_certificate(certificate)),
        variables=(*_named("AZURE_", given), ("AZURE_CLIENT_CERTIFICATE_PATH", path)),
        python=f'{call}"{path}")',
    )


def _without_placeholder(assignments: Assignments) -> Assignments:
    return tuple((name, value) for name, value in assignments if not value.startswith("<"))


def _read_from_vault(certificate: CertificateInVault) -> str:
    reader = certificate.reader_client_id
    whose = f'managed_identity_client_id="{reader}"' if reader else ""
    return (
        f'secrets = SecretClient("{certificate.vault_url}", DefaultAzureCredential({whose}))\n'
        f'data = base64.b64decode(secrets.get_secret("{certificate.secret_name}").value)'
        "  # a PEM: .value.encode() instead\n"
    )


def _certificate(certificate: Certificate | None) -> Assignments:
    if isinstance(certificate, CertificateInVault):
        version = f"/{certificate.secret_version}" if certificate.secret_version else ""
        id_ = f"{certificate.vault_url}/secrets/{certificate.secret_name}{version}"
        reader = certificate.reader_client_id
        by = (("KVSITE_CERTIFICATE_READER_CLIENT_ID", reader),) if reader else ()
        return (("KVSITE_CERTIFICATE_SECRET_ID", id_), *by)
    if isinstance(certificate, CertificateInStore):
        which = "THUMBPRINT" if certificate.thumbprint else "SUBJECT"
        value = certificate.thumbprint or certificate.subject or ""
        return ((f"KVSITE_CERTIFICATE_{which}", value), ("KVSITE_CERTIFICATE_STORE", certificate.store))
    return ()


_EQUIVALENTS: Mapping[CredentialKind, Callable[[CredentialOptions], Equivalent]] = {
    CredentialKind.AZURE_CLI: _developer("AzureCliCredential", "AzureCliCredential()"),
    CredentialKind.VISUAL_STUDIO_CODE: _visual_studio,
    # The broker's own class requires a parent window; the broker in the chain does not.
    CredentialKind.BROKER: _developer("dev", "DefaultAzureCredential()  # requires the package azure-identity-broker"),
    CredentialKind.MANAGED_IDENTITY: _managed_identity,
    CredentialKind.WORKLOAD_IDENTITY: _workload_identity,
    CredentialKind.CLIENT_SECRET: _client_secret,
    CredentialKind.CLIENT_CERTIFICATE: _client_certificate,
}
