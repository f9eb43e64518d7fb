"""The certificate to sign in with: a file, one of a folder, or a secret of a vault."""

from collections.abc import Callable, Mapping
from typing import Any

from secrets_app.conf.errors import RawSettings, SettingError
from secrets_app.conf.parsers import guid
from secrets_app.conf.vault import allowed_hosts
from secrets_app.core.credential_options import (
    Certificate,
    CertificateFile,
    CertificateInStore,
    CertificateInVault,
    CertificateStore,
)
from secrets_app.core.hosts import AddressError, ForeignHostError, secret_id
from secrets_app.core.ids import parse_thumbprint

_FILE = "KVSITE_CERTIFICATE"
_THUMBPRINT = "KVSITE_CERTIFICATE_THUMBPRINT"
_SUBJECT = "KVSITE_CERTIFICATE_SUBJECT"
_SECRET_ID = "KVSITE_CERTIFICATE_SECRET_ID"  # noqa: S105 - a setting's name
_READER = "KVSITE_CERTIFICATE_READER_CLIENT_ID"
FOLDER_SETTINGS: Mapping[CertificateStore, str] = {
    CertificateStore.CURRENT_USER: "KVSITE_USER_CERTIFICATES",
    CertificateStore.LOCAL_MACHINE: "KVSITE_MACHINE_CERTIFICATES",
}
"""The setting that names the folder which stands for a Windows certificate store."""


def certificate(given: RawSettings) -> Certificate | None:
    """The certificate that the settings name. Raises Mistake where two of them do, or one is malformed."""
    named = [setting for setting in (_FILE, _THUMBPRINT, _SUBJECT, _SECRET_ID) if setting in given]
    if len(named) > 1:
        raise SettingError(57, named[0], f"and {named[1]} both name a certificate.", "Keep one of them.")
    if not named:
        return None
    if named[0] == _FILE:
        return CertificateFile(path=given[_FILE], password=_password(given))
    return _in_vault(given) if named[0] == _SECRET_ID else _in_store(given)


def in_store(
    given: RawSettings, store: CertificateStore, *, thumbprint: str | None = None, subject: str | None = None
) -> CertificateInStore:
    """The certificate to look for in `store`, with the folder and the password that the settings give for it."""
    return CertificateInStore(
        store=store,
        folder=given.get(FOLDER_SETTINGS[store]),
        thumbprint=thumbprint,
        subject=subject,
        password=_password(given),
    )


def _password(given: RawSettings) -> str | None:
    return given.get("KVSITE_CERTIFICATE_PASSWORD")


def _in_store(given: RawSettings) -> CertificateInStore:
    if _THUMBPRINT not in given:
        return in_store(given, _store(given), subject=given[_SUBJECT])
    thumbprint = parse_thumbprint(given[_THUMBPRINT])
    if thumbprint is None:
        raise SettingError(
            58, _THUMBPRINT, "is not a thumbprint: those are 40 digits, 0-9 and A-F (SHA-1).",
            "Copy it from the certificate's details, or from the application's Certificates page in the portal.",
            example="<thumbprint>",
        )  # fmt: skip
    return in_store(given, _store(given), thumbprint=thumbprint)


def _store(given: RawSettings) -> CertificateStore:
    text = given.get("KVSITE_CERTIFICATE_STORE", CertificateStore.CURRENT_USER)
    for store in CertificateStore:
        if text.lower() == store.lower():
            return store
    raise SettingError(
        58, "KVSITE_CERTIFICATE_STORE", "is not a certificate store.", f"It takes: {' or '.join(CertificateStore)}.",
        example=CertificateStore.CURRENT_USER,
    )  # fmt: skip


def _in_vault(given: RawSettings) -> CertificateInVault:
    try:
        found = secret_id(given[_SECRET_ID], also_allowed=allowed_hosts(given))
    except AddressError as error:
        foreign = isinstance(error, ForeignHostError)
        raise SettingError(
            59, _SECRET_ID, f"{'is refused' if foreign else 'names no secret'}: {error.after_a_colon}",
            "Copy the Secret Identifier from the certificate's page in the vault.",
            cause="vault_url_refused" if foreign else "kv_url_or_id_invalid",
            example="https://<vault-name>.vault.azure.net/secrets/<certificate-name>",
        ) from error  # fmt: skip
    reader = given.get(_READER)
    return CertificateInVault(
        vault_url=found.vault_url,
        secret_name=found.name,
        secret_version=found.version,
        reader_client_id=guid(59, _READER, reader) if reader else None,
    )


SETTINGS: dict[str, tuple[str, str]] = {
    _FILE: ("", "For `client-certificate`: a PEM or PFX file with the certificate and its private key."),
    "KVSITE_CERTIFICATE_PASSWORD": ("", "The password of that file, or of the files in the folder."),
    _THUMBPRINT: ("", "Instead of the file: the thumbprint of a certificate in the folder."),
    _SUBJECT: ("", "Instead of the file: its whole subject, `CN=my-app, O=Contoso`, or only `my-app`."),
    "KVSITE_CERTIFICATE_STORE": (
        "`CurrentUser`",
        "Which folder to look in: `CurrentUser` or `LocalMachine`, as the Windows stores are called. Those themselves "
        "cannot be read: they give no private key to Python.",
    ),
    "KVSITE_USER_CERTIFICATES": (
        "`~/.dotnet/corefx/cryptography/x509stores/my`",
        "The folder of `CurrentUser`. The default is where .NET on Linux keeps that store.",
    ),
    "KVSITE_MACHINE_CERTIFICATES": (
        "`/var/ssl/private`",
        "The folder of `LocalMachine`. The default is where App Service on Linux puts uploaded certificates.",
    ),
    _SECRET_ID: (
        "",
        "Instead of the file: the secret id of a certificate in a vault, read with the managed identity or the "
        "developer's sign-in. `KVSITE_TENANT_ID` may be left out then.",
    ),
    _READER: ("", "Client id of the user-assigned managed identity that reads it."),
}

READERS: dict[str, Callable[[RawSettings], Any]] = {}
"""They are a part of `sign_in`."""
