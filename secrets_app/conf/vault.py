"""Settings: the vault and the secret."""

import re
from collections.abc import Callable
from typing import Any

from secrets_app.conf.setting import RawSettings, Setting, SettingError, as_text, by_name, hosts
from secrets_app.core.check_ids import CheckId
from secrets_app.core.hosts import (
    PUBLIC,
    AddressError,
    ForeignHostError,
    check_vault_name,
    is_loopback_name,
    likely_vault_url,
    vault_name,
    vault_url,
)
from secrets_app.core.redaction import redact

TITLE = "Vault and secret"

_NO_VAULT = CheckId("E001", "No setting names the vault.")
_VAULTS_DIFFER = CheckId("E002", "Two settings name different vaults.")
_VAULT_URL = CheckId("E003", "The vault URL is malformed.")
_VAULT_NAME = CheckId("E004", "`KEY_VAULT_NAME` is not a valid vault name.")
_VAULT_HOST = CheckId("E005", "The vault URL is not an Azure Key Vault host.")
_NO_SECRET = CheckId("E006", "`SECRET_NAME` is not set.")
_SECRET_NAME = CheckId("E007", "`SECRET_NAME` is not a valid secret name.")
_VERSION = CheckId("E008", "`SECRET_VERSION` is not a valid version.")
_ALLOWED_HOST = CheckId("E011", "`KVSITE_ALLOWED_VAULT_HOSTS` contains an invalid host name.")
_VAULT_NAME_IS_URL = CheckId("E075", "`KEY_VAULT_NAME` is a URL.")
_SECRET_NAME_IS_URL = CheckId("E076", "`SECRET_NAME` is a URL.")
_ALLOWED_LOOPBACK = CheckId("E077", "`KVSITE_ALLOWED_VAULT_HOSTS` contains a loopback host.")

EXAMPLE_VAULT_URL = "https://<vault-name>.vault.azure.net"
MAX_NAME_LENGTH = 127
_NAME_PATTERN = re.compile(rf"[0-9a-zA-Z-]{{1,{MAX_NAME_LENGTH}}}")
_NAME_IN_URL = re.compile(rf"/secrets/([0-9a-zA-Z-]{{1,{MAX_NAME_LENGTH}}})(?=[/?#]|$)")
_BARE_NAME = re.compile(r"(?=.{3,24}\Z)[a-z]+(?:-[a-z]+)*(?:-?[0-9]{1,3})?")
_VERSION_PATTERN = re.compile(r"[0-9a-fA-F]{32}")


def _parse_allowed_hosts(name: str, text: str) -> tuple[str, ...]:
    found = hosts(_ALLOWED_HOST)(name, text)
    for host in filter(is_loopback_name, found):
        raise SettingError(
            _ALLOWED_LOOPBACK, name, f"contains {host!r}, which is this machine: any local process could receive "
            "the token.",
            "List the vault's own host name.",
        )  # fmt: skip
    return found


def _parse_vault_name(name: str, text: str) -> str:
    """The URL of the vault with this name in the public cloud."""
    if "/" in text or "." in text or ":" in text:
        raise SettingError(
            _VAULT_NAME_IS_URL, name, "is a URL, not a name.",
            "Set KEY_VAULT_URI to the URL, or set this to the name only, like contoso.",
            cause="kv_url_or_id_invalid", example=vault_name(likely_vault_url(text) or "") or "<vault-name>",
        )  # fmt: skip
    try:
        return f"https://{check_vault_name(text).lower()}.{PUBLIC.vault_suffix}"
    except AddressError as error:
        raise SettingError(
            _VAULT_NAME, name, f"is invalid: {error.after_a_colon}", "Copy the name from the vault's Overview page.",
            cause="kv_url_or_id_invalid", example="<vault-name>",
        ) from error  # fmt: skip


def _parse_secret_name(name: str, text: str) -> str:
    if _NAME_PATTERN.fullmatch(text):
        return text
    check = _SECRET_NAME_IS_URL if "://" in text else _SECRET_NAME
    message, hint, likely = _secret_name_error(text)
    raise SettingError(check, name, message, hint, cause="kv_name_invalid", example=likely or None)


def _secret_name_error(text: str) -> tuple[str, str, str]:
    """(message, hint, the name that was probably meant or an empty text)."""
    allowed = "Key Vault allows only letters, digits and hyphens."
    if "://" in text:
        inside = _NAME_IN_URL.search(text)
        likely = inside[1] if inside else ""
        return "is a URL, not a name.", f"Set it to the name only{f': {likely}' if likely else ''}.", likely
    copy = "Copy the name from the vault's Secrets page."
    if len(text) > MAX_NAME_LENGTH:
        return f"has {len(text)} characters; Key Vault allows {MAX_NAME_LENGTH}.", copy, ""
    # With hyphens in it, a secret that was put here by mistake would not be recognized and redacted.
    likely = re.sub(r"[^0-9a-zA-Z-]+", "-", text).strip("-") if redact(text) == text else ""
    if "_" in text:
        return f"contains an underscore. {allowed}", f"Use a hyphen instead, as in {likely or 'my-secret'}.", likely
    return f"contains an invalid character. {allowed}", f"Did you mean {likely}?" if likely else copy, likely


def _parse_version(name: str, text: str) -> str:
    if _VERSION_PATTERN.fullmatch(text):
        return text
    raise SettingError(
        _VERSION, name, "is not a valid version: it must have 32 hexadecimal digits.",
        "Copy it from the end of the secret identifier, or remove it to read the current version.",
    )  # fmt: skip


_FOREIGN = (_VAULTS_DIFFER, _VAULT_URL, _VAULT_HOST)
VAULT_URI = Setting(
    name="KEY_VAULT_URI", help="The vault URL, `https://contoso.vault.azure.net`.", default=None, parse=as_text,
    checks=(_NO_VAULT, *_FOREIGN), example=EXAMPLE_VAULT_URL,
)  # fmt: skip
VAULT_URL = Setting(
    name="KEY_VAULT_URL", help="The same as `KEY_VAULT_URI`, under the name that other samples use.", default=None,
    parse=as_text, checks=_FOREIGN, example=EXAMPLE_VAULT_URL,
)  # fmt: skip
VAULT_ENDPOINT = Setting(
    name="AZURE_KEY_VAULT_ENDPOINT", help="The same as `KEY_VAULT_URI`, under the name that the Azure Developer CLI's "
    "templates use.", default=None, parse=as_text, checks=_FOREIGN, example=EXAMPLE_VAULT_URL,
)  # fmt: skip
VAULT_NAME = Setting(
    name="KEY_VAULT_NAME", help="The vault name alone, `contoso`, for a vault in the public cloud.", default=None,
    parse=_parse_vault_name, checks=(_VAULTS_DIFFER, _VAULT_NAME, _VAULT_NAME_IS_URL),
)  # fmt: skip
SECRET_NAME = Setting(
    name="SECRET_NAME", help="The secret to read: letters, digits and hyphens, no underscores.", default=None,
    parse=_parse_secret_name, checks=(_NO_SECRET, _SECRET_NAME, _SECRET_NAME_IS_URL), example="<secret-name>",
)  # fmt: skip
SECRET_VERSION = Setting(
    name="SECRET_VERSION", help="A version of the secret: the 32 characters at the end of the secret identifier.",
    default=None, default_note="the current version", parse=_parse_version, attribute="secret_version",
    checks=(_VERSION,),
)  # fmt: skip
ALLOWED_VAULT_HOSTS: Setting[tuple[str, ...]] = Setting(
    name="KVSITE_ALLOWED_VAULT_HOSTS",
    help="Host names, separated by commas, that may receive a token in addition to Azure Key Vault hosts.",
    default=(), parse=_parse_allowed_hosts, attribute="allowed_vault_hosts",
    checks=(_ALLOWED_HOST, _ALLOWED_LOOPBACK), example="vault.example.org",
)  # fmt: skip
TLS_ISSUER = Setting(
    name="KVSITE_TLS_ISSUER",
    help="Organization in the issuer of the TLS certificates on this network: that of a proxy that inspects TLS, or "
    "of an emulator. The doctor then reports it as expected.",
    default=None, parse=as_text, attribute="tls_issuer", example="Example Corp",
)  # fmt: skip
VAULT_ADDRESS_SETTINGS = (VAULT_URI, VAULT_URL, VAULT_ENDPOINT, VAULT_NAME)
"""Each names the vault; if several are set, they must agree."""
SETTINGS = by_name(*VAULT_ADDRESS_SETTINGS, SECRET_NAME, SECRET_VERSION, ALLOWED_VAULT_HOSTS, TLS_ISSUER)


def allowed_hosts(settings: RawSettings) -> tuple[str, ...]:
    """Host names that may receive a token in addition to Azure's. Raises SettingError."""
    return ALLOWED_VAULT_HOSTS.read(settings)


def _read_vault(settings: RawSettings) -> str:
    """The vault URL from any of VAULT_ADDRESS_SETTINGS. If several are set, they must agree."""
    named = [row.name for row in VAULT_ADDRESS_SETTINGS if row.name in settings]
    if not named:
        raise SettingError(
            _NO_VAULT, VAULT_URI.name, "is not set, so there is no vault to read from.", "Set it to the vault URL.",
            cause="setting_missing", example=VAULT_URI.example,
        )  # fmt: skip
    urls = {name: _vault_named_by(name, settings) for name in named}
    if len(set(urls.values())) > 1:
        keep = f"Keep one of them: {' or '.join(urls.values())}."
        raise SettingError(_VAULTS_DIFFER, named[0], f"and {named[1]} name different vaults.", keep)
    return urls[named[0]]


def _vault_named_by(name: str, settings: RawSettings) -> str:
    if name == VAULT_NAME.name:
        return VAULT_NAME.read(settings) or ""
    text = settings[name]
    try:
        return vault_url(text, also_allowed=allowed_hosts(settings))
    except ForeignHostError as error:
        raise SettingError(
            _VAULT_HOST, name, f"is not allowed: {error.after_a_colon}",
            "Set it to the vault URL. To allow another host that you trust, add it to KVSITE_ALLOWED_VAULT_HOSTS.",
            cause="vault_url_refused", example=EXAMPLE_VAULT_URL,
        ) from error  # fmt: skip
    except AddressError as error:
        raise SettingError(
            _VAULT_URL, name, f"is not a valid vault URL: {error.after_a_colon}",
            _url_hint(text), cause="kv_url_or_id_invalid", example=_likely_url(text) or EXAMPLE_VAULT_URL,
        ) from error  # fmt: skip


def _url_hint(text: str) -> str:
    if _is_bare_name(text):
        return f"It looks like a vault name: set KEY_VAULT_NAME={text} instead, or set this to {_likely_url(text)}."
    return "Copy the Vault URI from the vault's Overview page. It looks like https://contoso.vault.azure.net."


def _likely_url(text: str) -> str | None:
    return _parse_vault_name(VAULT_NAME.name, text) if _is_bare_name(text) else likely_vault_url(text)


def _is_bare_name(text: str) -> bool:
    """Whether it is a typical vault name. A password put here by mistake must not be quoted."""
    return bool(_BARE_NAME.fullmatch(text)) and redact(text) == text


def _read_secret_name(settings: RawSettings) -> str:
    name = SECRET_NAME.read(settings)
    if name is None:
        raise SettingError(
            _NO_SECRET, SECRET_NAME.name, "is not set, so there is no secret to read.",
            "Set it to the name of the secret.", cause="setting_missing", example=SECRET_NAME.example,
        )  # fmt: skip
    return name


READERS: dict[str, Callable[[RawSettings], Any]] = {"vault_url": _read_vault, "secret_name": _read_secret_name}
