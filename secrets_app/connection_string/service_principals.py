"""The forms `RunAs=App;AppId=...` with a client secret or a certificate."""

import re

from secrets_app.connection_string.fault import Fault
from secrets_app.connection_string.keys import Key
from secrets_app.connection_string.meaning import Meaning
from secrets_app.connection_string.words import Words
from secrets_app.ids import thumbprint_in
from secrets_app.sign_in import CertificateInStore, CertificateInVault, SignIn, Store, Way
from secrets_app.vault_address import AddressError, ForeignHostError, secret_id


def client_secret(words: Words) -> Meaning:
    if words.has(Key.APP_KEY) and words.has(Key.APP_KEY_PERCENT_ENCODED):
        raise Fault(47, "gives the secret twice, as AppKey and as AppKeyPercentEncoded.", "Keep one of them.")
    if words.has(Key.APP_KEY):
        secret = words.needed(Key.APP_KEY)
    else:
        secret = _percent_decoded(words.needed(Key.APP_KEY_PERCENT_ENCODED))
    words.needed(Key.TENANT_ID)
    sign_in = SignIn(
        ways=(Way.CLIENT_SECRET,),
        tenant_id=words.tenant(),
        client_id=words.needed_guid(Key.APP_ID),
        client_secret=secret,
    )
    return Meaning(sign_in=sign_in, who="a service principal with a client secret")


def _percent_decoded(text: str) -> str:
    """As the library's fork did it: each %XX is one character, and what is not of that form stays."""
    return re.sub("%([0-9a-fA-F]{2})", lambda found: chr(int(found[1], 16)), text)


def certificate_in_store(words: Words) -> Meaning:
    store = _store(words)
    thumbprint, subject = _thumbprint(words), None
    if thumbprint is None:
        if not words.has(Key.CERTIFICATE_SUBJECT_NAME):
            raise Fault(50, "has neither CertificateThumbprint nor CertificateSubjectName.",
                        "Write one of them into it.", cause="setting_missing")  # fmt: skip
        subject = words.needed(Key.CERTIFICATE_SUBJECT_NAME)
    words.needed(Key.TENANT_ID)
    sign_in = SignIn(
        ways=(Way.CLIENT_CERTIFICATE,),
        tenant_id=words.tenant(),
        client_id=words.needed_guid(Key.APP_ID),
        certificate=CertificateInStore(store=store, folder=None, thumbprint=thumbprint, subject=subject),
    )
    return Meaning(sign_in=sign_in, who=f"a service principal with a certificate of the store {store}")


def _store(words: Words) -> Store:
    text = words.given(Key.CERTIFICATE_STORE_LOCATION)
    for store in Store:
        if text and text.lower() == store.lower():
            return store
    says = f"has a word in its CertificateStoreLocation that is none of {', '.join(Store)}."
    if not text:
        says = "has CertificateStoreLocation without a value."
    if not words.has(Key.CERTIFICATE_STORE_LOCATION):
        says = "names a certificate, but no CertificateStoreLocation to look for it in."
    raise Fault(52, says, f"Write CertificateStoreLocation= and one of {', '.join(Store)}.")


def _thumbprint(words: Words) -> str | None:
    if not words.has(Key.CERTIFICATE_THUMBPRINT):
        return None
    thumbprint = thumbprint_in(words.needed(Key.CERTIFICATE_THUMBPRINT))
    if thumbprint is None:
        raise Fault(51, "has no thumbprint in its CertificateThumbprint: those are 40 digits, 0-9 and A-F.",
                    "Copy it from the certificate's details.")  # fmt: skip
    return thumbprint


def certificate_in_vault(words: Words, allowed_hosts: tuple[str, ...]) -> Meaning:
    text = words.needed(Key.KEY_VAULT_CERTIFICATE)
    try:
        found = secret_id(text, also_allowed=allowed_hosts)
    except AddressError as error:
        # Its own words name the host, and here that may be anything.
        raise _not_an_identifier(foreign=isinstance(error, ForeignHostError)) from None
    certificate = CertificateInVault(
        vault_url=found.vault_url,
        secret_name=found.name,
        secret_version=found.version,
        reader_client_id=words.guid(Key.KEY_VAULT_APP_ID),
    )
    sign_in = SignIn(
        ways=(Way.CLIENT_CERTIFICATE,),
        tenant_id=words.tenant(),
        client_id=words.needed_guid(Key.APP_ID),
        certificate=certificate,
        retry_timeout_s=words.seconds(Key.MSI_RETRY_TIMEOUT),
    )
    return Meaning(sign_in=sign_in, who="a service principal whose certificate is in Key Vault")


def _not_an_identifier(*, foreign: bool) -> Fault:
    key = Key.KEY_VAULT_CERTIFICATE
    if foreign:
        return Fault(54, f"has a host in its {key} that is not an Azure vault; no token is sent there.",
                     "A host that you trust all the same goes into KVSITE_ALLOWED_VAULT_HOSTS.",
                     cause="vault_url_refused")  # fmt: skip
    return Fault(54, f"has no address of a secret in its {key}.",
                 "It looks like https://contoso.vault.azure.net/secrets/my-certificate: copy the Secret Identifier "
                 "from the certificate's page in the vault.", cause="kv_url_or_id_invalid")  # fmt: skip
