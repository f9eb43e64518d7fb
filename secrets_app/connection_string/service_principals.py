"""Templates for invalid connection strings, in the form that was intended; they contain none of its values."""

import re

from secrets_app.connection_string import check_ids
from secrets_app.connection_string.parsed import ParsedConnectionString
from secrets_app.connection_string.parser import ConnectionStringError, Key, OptionReader
from secrets_app.core.credential_options import (
    CertificateInStore,
    CertificateInVault,
    CertificateStore,
    CredentialKind,
    CredentialOptions,
)
from secrets_app.core.hosts import AddressError, ForeignHostError, parse_thumbprint, secret_id

_SECRET = "RunAs=App;AppId=<client-id>;TenantId=<tenant-id>;AppKey=<client-secret>"  # noqa: S105 - a placeholder
_IN_STORE = "RunAs=App;AppId=<client-id>;TenantId=<tenant-id>;{which};CertificateStoreLocation=CurrentUser"
_IN_VAULT = (
    "RunAs=App;AppId=<client-id>;"
    "KeyVaultCertificateSecretIdentifier=https://<vault-name>.vault.azure.net/secrets/<certificate-name>"
)
_BY_RUN_AS = {
    "developer": "RunAs=Developer; DeveloperTool=AzureCli",
    "workload": "RunAs=Workload;AppId=<client-id>;TenantId=<tenant-id>",
}


def example_for(reader: OptionReader) -> str:
    """A complete string in the form that was intended; RunAs=App when that is unclear."""
    run_as = (reader.given(Key.RUN_AS) or "").lower()
    return _app_example(reader) if run_as == "app" else _BY_RUN_AS.get(run_as, "RunAs=App")


def _app_example(reader: OptionReader) -> str:
    if reader.has(Key.CERTIFICATE_SUBJECT_NAME) and not reader.has(Key.CERTIFICATE_THUMBPRINT):
        return _IN_STORE.format(which="CertificateSubjectName=<subject>")
    if reader.has(Key.CERTIFICATE_THUMBPRINT) or reader.has(Key.CERTIFICATE_STORE_LOCATION):
        return _IN_STORE.format(which="CertificateThumbprint=<thumbprint>")
    if reader.has(Key.KEY_VAULT_CERTIFICATE):
        return _IN_VAULT
    if reader.has(Key.APP_KEY) or reader.has(Key.APP_KEY_PERCENT_ENCODED):
        return _SECRET
    app_id = ";AppId=<client-id>" if reader.has(Key.APP_ID) else ""
    return f"RunAs=App{app_id}{';MsiRetryTimeout=30' if reader.has(Key.MSI_RETRY_TIMEOUT) else ''}"


def client_secret(reader: OptionReader) -> ParsedConnectionString:
    if reader.has(Key.APP_KEY) and reader.has(Key.APP_KEY_PERCENT_ENCODED):
        raise ConnectionStringError(
            check_ids.TWO_SECRETS,
            "contains the secret twice, as AppKey and as AppKeyPercentEncoded.",
            "Keep one of them.",
        )
    if reader.has(Key.APP_KEY):
        secret = reader.needed(Key.APP_KEY)
    else:
        secret = _percent_decoded(reader.needed(Key.APP_KEY_PERCENT_ENCODED))
    reader.needed(Key.TENANT_ID)
    options = CredentialOptions(
        kinds=(CredentialKind.CLIENT_SECRET,),
        tenant_id=reader.tenant(),
        client_id=reader.needed_guid(Key.APP_ID),
        client_secret=secret,
    )
    return ParsedConnectionString(options=options, description="a service principal with a client secret")


def _percent_decoded(text: str) -> str:
    """As in the library's fork: each %XX is one character, and anything else is left as it is."""
    return re.sub("%([0-9a-fA-F]{2})", lambda found: chr(int(found[1], 16)), text)


def certificate_in_store(reader: OptionReader) -> ParsedConnectionString:
    store = _store(reader)
    thumbprint, subject = _thumbprint(reader), None
    if thumbprint is None:
        if not reader.has(Key.CERTIFICATE_SUBJECT_NAME):
            raise ConnectionStringError(
                check_ids.MISSING_KEY,
                "has neither CertificateThumbprint nor CertificateSubjectName.",
                "Add one of them.",
                cause="setting_missing",
            )
        subject = reader.needed(Key.CERTIFICATE_SUBJECT_NAME)
    reader.needed(Key.TENANT_ID)
    options = CredentialOptions(
        kinds=(CredentialKind.CLIENT_CERTIFICATE,),
        tenant_id=reader.tenant(),
        client_id=reader.needed_guid(Key.APP_ID),
        certificate=CertificateInStore(store=store, folder=None, thumbprint=thumbprint, subject=subject),
    )
    return ParsedConnectionString(
        options=options, description=f"a service principal with a certificate in the {store} store"
    )


def _store(reader: OptionReader) -> CertificateStore:
    text = reader.given(Key.CERTIFICATE_STORE_LOCATION)
    for store in CertificateStore:
        if text and text.lower() == store.lower():
            return store
    message = f"has a value for CertificateStoreLocation that is not one of {', '.join(CertificateStore)}."
    if not text:
        message = "has CertificateStoreLocation without a value."
    if not reader.has(Key.CERTIFICATE_STORE_LOCATION):
        message = "names a certificate, but no CertificateStoreLocation."
    raise ConnectionStringError(
        check_ids.STORE, message, f"Set CertificateStoreLocation to one of: {', '.join(CertificateStore)}."
    )


def _thumbprint(reader: OptionReader) -> str | None:
    if not reader.has(Key.CERTIFICATE_THUMBPRINT):
        return None
    thumbprint = parse_thumbprint(reader.needed(Key.CERTIFICATE_THUMBPRINT))
    if thumbprint is None:
        raise ConnectionStringError(
            check_ids.THUMBPRINT,
            "has an invalid CertificateThumbprint: it must be 40 hexadecimal digits.",
            "Copy it from the certificate's details.",
        )
    return thumbprint


def certificate_in_vault(reader: OptionReader, allowed_hosts: tuple[str, ...]) -> ParsedConnectionString:
    text = reader.needed(Key.KEY_VAULT_CERTIFICATE)
    try:
        found = secret_id(text, also_allowed=allowed_hosts)
    except AddressError as error:
        # The original message contains the host, which may be any text here.
        raise _not_an_identifier(foreign=isinstance(error, ForeignHostError)) from None
    certificate = CertificateInVault(
        vault_url=found.vault_url,
        secret_name=found.name,
        secret_version=found.version,
        reader_client_id=reader.guid(Key.KEY_VAULT_APP_ID),
    )
    options = CredentialOptions(
        kinds=(CredentialKind.CLIENT_CERTIFICATE,),
        tenant_id=reader.tenant(),
        client_id=reader.needed_guid(Key.APP_ID),
        certificate=certificate,
        retry_timeout_s=reader.seconds(Key.MSI_RETRY_TIMEOUT),
    )
    return ParsedConnectionString(options=options, description="a service principal whose certificate is in Key Vault")


def _not_an_identifier(*, foreign: bool) -> ConnectionStringError:
    key = Key.KEY_VAULT_CERTIFICATE
    if foreign:
        return ConnectionStringError(
            check_ids.SECRET_HOST,
            f"has a {key} whose host is not an Azure vault; no token is sent there.",
            "To trust this host, add it to KVSITE_ALLOWED_VAULT_HOSTS.",
            cause="vault_url_refused",
        )
    return ConnectionStringError(
        check_ids.SECRET_ID,
        f"has an invalid {key}: it must be the address of a secret.",
        "Copy the Secret Identifier from the certificate's page in the vault. It looks like "
        "https://contoso.vault.azure.net/secrets/my-certificate.",
        cause="kv_url_or_id_invalid",
    )
