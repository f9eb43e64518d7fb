"""Settings: the certificate of a service principal, in a file, a folder or a vault."""

from collections.abc import Callable, Mapping
from typing import Any

from secrets_app.conf.setting import REQUIRED, RawSettings, Setting, SettingError, as_text, by_name, guid
from secrets_app.conf.vault import allowed_hosts
from secrets_app.core.check_ids import CheckId
from secrets_app.core.credential_options import (
    Certificate,
    CertificateFile,
    CertificateInStore,
    CertificateInVault,
    CertificateStore,
)
from secrets_app.core.hosts import AddressError, ForeignHostError, parse_thumbprint, secret_id

TITLE = "Certificate"

_CONFLICT = CheckId("E057", "Two settings name a certificate.")
_THUMBPRINT = CheckId("E058", "`KVSITE_CERTIFICATE_THUMBPRINT` is not a thumbprint.")
_SECRET_ID = CheckId("E059", "`KVSITE_CERTIFICATE_SECRET_ID` is not a secret identifier.")
_STORE = CheckId("E080", "`KVSITE_CERTIFICATE_STORE` is not a certificate store.")
_SECRET_HOST = CheckId("E081", "`KVSITE_CERTIFICATE_SECRET_ID` has a host that is not an Azure Key Vault host.")
_READER_ID = CheckId("E082", "`KVSITE_CERTIFICATE_READER_CLIENT_ID` is not a client ID.")


def _parse_thumbprint(name: str, text: str) -> str:
    thumbprint = parse_thumbprint(text)
    if thumbprint:
        return thumbprint
    raise SettingError(
        _THUMBPRINT, name, "is not a valid thumbprint: it must be 40 hexadecimal digits (SHA-1).",
        "Copy it from the certificate's details, or from Certificates & secrets of the app registration.",
        example="<thumbprint>",
    )  # fmt: skip


def _parse_store(name: str, text: str) -> CertificateStore:
    for store in CertificateStore:
        if text.lower() == store.lower():
            return store
    raise SettingError(_STORE, name, "is not a certificate store.", f"Set it to {' or '.join(CertificateStore)}.")


FILE = Setting(
    name="KVSITE_CERTIFICATE",
    help="For `client-certificate`: a PEM or PFX file with the certificate and its private key.",
    default=None, parse=as_text, checks=(_CONFLICT, REQUIRED),
    selects_credential=True,
)  # fmt: skip
PASSWORD = Setting(
    name="KVSITE_CERTIFICATE_PASSWORD", is_secret=True, default=None,
    help="The password of that file, or of the files in the folder.",
    parse=as_text,
)  # fmt: skip
THUMBPRINT = Setting(
    name="KVSITE_CERTIFICATE_THUMBPRINT", help="Instead of the file: the thumbprint of a certificate in the folder.",
    default=None, parse=_parse_thumbprint, checks=(_CONFLICT, _THUMBPRINT),
    selects_credential=True,
)  # fmt: skip
SUBJECT = Setting(
    name="KVSITE_CERTIFICATE_SUBJECT",
    help="Instead of the file: the full subject of a certificate in the folder, `CN=my-app, O=Contoso`, or only "
    "`my-app`.",
    default=None, parse=as_text, checks=(_CONFLICT,),
    selects_credential=True,
)  # fmt: skip
STORE = Setting(
    name="KVSITE_CERTIFICATE_STORE",
    help="The folder to search: `CurrentUser` or `LocalMachine`, named after the Windows certificate stores. The "
    "stores themselves cannot be used, because Python cannot get private keys from them.",
    default=CertificateStore.CURRENT_USER, parse=_parse_store, checks=(_STORE,),
)  # fmt: skip
USER_FOLDER = Setting(
    name="KVSITE_USER_CERTIFICATES",
    help="The folder for `CurrentUser`. The default is the folder of this store in .NET on Linux.",
    # https://learn.microsoft.com/dotnet/standard/security/cross-platform-cryptography#the-x509store-class
    default="~/.dotnet/corefx/cryptography/x509stores/my", parse=as_text,
)  # fmt: skip
MACHINE_FOLDER = Setting(
    name="KVSITE_MACHINE_CERTIFICATES",
    help="The folder for `LocalMachine`. The default is the folder of uploaded certificates in App Service on Linux.",
    # https://learn.microsoft.com/azure/app-service/configure-ssl-certificate-in-code#load-certificate-in-linuxwindows-containers
    default="/var/ssl/private", parse=as_text,
)  # fmt: skip
SECRET_ID = Setting(
    name="KVSITE_CERTIFICATE_SECRET_ID",
    help="Instead of the file: the secret identifier of a certificate in a vault, read with the managed identity or "
    "the developer's credential. `KVSITE_TENANT_ID` is then optional.",
    default=None, parse=as_text, checks=(_CONFLICT, _SECRET_ID, _SECRET_HOST),
    selects_credential=True,
)  # fmt: skip
READER = Setting(
    name="KVSITE_CERTIFICATE_READER_CLIENT_ID",
    help="The client ID of the user-assigned managed identity that reads this certificate.", default=None,
    parse=guid(_READER_ID, "client ID"), checks=(_READER_ID,),
)  # fmt: skip
SETTINGS = by_name(FILE, PASSWORD, THUMBPRINT, SUBJECT, STORE, USER_FOLDER, MACHINE_FOLDER, SECRET_ID, READER)

FOLDERS: Mapping[CertificateStore, Setting[str]] = {
    CertificateStore.CURRENT_USER: USER_FOLDER,
    CertificateStore.LOCAL_MACHINE: MACHINE_FOLDER,
}
"""The setting for the folder that takes the place of a Windows certificate store."""


def read_certificate(settings: RawSettings) -> Certificate | None:
    """The certificate that the settings name. Raises SettingError where two of them do, or one is malformed."""
    named = [row.name for row in (FILE, THUMBPRINT, SUBJECT, SECRET_ID) if row.name in settings]
    if len(named) > 1:
        raise SettingError(_CONFLICT, named[0], f"and {named[1]} both name a certificate.", "Keep one of them.")
    if not named:
        return None
    if FILE.name in settings:
        return CertificateFile(path=settings[FILE.name], password=PASSWORD.read(settings))
    if SECRET_ID.name in settings:
        return _in_vault(settings)
    return in_store(
        settings, STORE.read(settings), thumbprint=THUMBPRINT.read(settings), subject=SUBJECT.read(settings)
    )


def in_store(
    settings: RawSettings, store: CertificateStore, *, thumbprint: str | None = None, subject: str | None = None
) -> CertificateInStore:
    """The certificate to find in `store`, with the folder and the password from the settings."""
    return CertificateInStore(
        store=store,
        folder=settings.get(FOLDERS[store].name),
        thumbprint=thumbprint,
        subject=subject,
        password=PASSWORD.read(settings),
    )


def _in_vault(settings: RawSettings) -> CertificateInVault:
    try:
        found = secret_id(settings[SECRET_ID.name], also_allowed=allowed_hosts(settings))
    except AddressError as error:
        foreign = isinstance(error, ForeignHostError)
        raise SettingError(
            _SECRET_HOST if foreign else _SECRET_ID, SECRET_ID.name,
            f"{'is not allowed' if foreign else 'is not a secret identifier'}: {error.after_a_colon}",
            "Copy the Secret Identifier from the certificate's page in the vault.",
            cause="vault_url_refused" if foreign else "kv_url_or_id_invalid",
            example="https://<vault-name>.vault.azure.net/secrets/<certificate-name>",
        ) from error  # fmt: skip
    return CertificateInVault(
        vault_url=found.vault_url,
        secret_name=found.name,
        secret_version=found.version,
        reader_client_id=READER.read(settings),
    )


READERS: dict[str, Callable[[RawSettings], Any]] = {}
"""The certificate is a part of the credential's options."""
