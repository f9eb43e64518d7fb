"""Which vault and which secret."""

import re
from collections.abc import Callable
from typing import Any

from secrets_app.conf.errors import RawSettings, SettingError
from secrets_app.conf.parsers import hosts_in
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

EXAMPLE_VAULT_URL = "https://<vault-name>.vault.azure.net"
_VAULT_SETTINGS = ("KEY_VAULT_URI", "KEY_VAULT_URL", "KEY_VAULT_NAME")
_SECRET_NAME = re.compile(r"[0-9a-zA-Z-]{1,127}")
_NAME_IN_ADDRESS = re.compile(r"/secrets/([0-9a-zA-Z-]{1,127})(?=[/?#]|$)")
_BARE_NAME = re.compile(r"(?=.{3,24}\Z)[a-z]+(?:-[a-z]+)*(?:-?[0-9]{1,3})?")
_VERSION = re.compile(r"[0-9a-fA-F]{32}")


def _parse_vault(given: RawSettings) -> str:
    """The vault's URL. Three settings may name it; where several do, they must agree."""
    named = [name for name in _VAULT_SETTINGS if name in given]
    if not named:
        raise SettingError(
            1, "KEY_VAULT_URI", "is not set: no vault to read from.", "Set it to the vault's address.",
            cause="setting_missing", example=EXAMPLE_VAULT_URL,
        )  # fmt: skip
    urls = {name: _vault_named_by(name, given) for name in named}
    if len(set(urls.values())) > 1:
        raise SettingError(
            2, named[0], f"and {named[1]} name different vaults.", f"Keep one of them: {' or '.join(urls.values())}."
        )
    return urls[named[0]]


def _vault_named_by(setting: str, given: RawSettings) -> str:
    text = given[setting]
    if setting == "KEY_VAULT_NAME":
        return _vault_of_name(text)
    try:
        return vault_url(text, also_allowed=allowed_hosts(given))
    except ForeignHostError as error:
        raise SettingError(
            5, setting, f"is refused: {error.after_a_colon}",
            "Set it to the vault's own address; a host that you trust all the same goes into "
            "KVSITE_ALLOWED_VAULT_HOSTS.",
            cause="vault_url_refused", example=EXAMPLE_VAULT_URL,
        ) from error  # fmt: skip
    except AddressError as error:
        raise SettingError(
            3, setting, f"is not a vault's address: {error.after_a_colon}",
            _address_hint(text), cause="kv_url_or_id_invalid", example=_likely_address(text) or EXAMPLE_VAULT_URL,
        ) from error  # fmt: skip


def _address_hint(text: str) -> str:
    if _is_bare_name(text):
        return f"It looks like the vault's name alone: that goes into KEY_VAULT_NAME={text}, or write {_likely_address(text)}."
    return "Set it to the address that the vault's Overview page shows, like https://contoso.vault.azure.net."


def _likely_address(text: str) -> str | None:
    return _vault_of_name(text) if _is_bare_name(text) else likely_vault_url(text)


def _is_bare_name(text: str) -> bool:
    """A vault's name as people give them: nothing that could be a password put here by mistake is said back."""
    return bool(_BARE_NAME.fullmatch(text)) and redact(text) == text


def _vault_of_name(name: str) -> str:
    if "/" in name or "." in name or ":" in name:
        raise SettingError(
            4, "KEY_VAULT_NAME", "is an address, not a name.",
            "Put the address into KEY_VAULT_URI, or keep only the name, like contoso.",
            cause="kv_url_or_id_invalid", example=vault_name(likely_vault_url(name) or "") or "<vault-name>",
        )  # fmt: skip
    try:
        return f"https://{check_vault_name(name).lower()}.{PUBLIC.vault_suffix}"
    except AddressError as error:
        raise SettingError(
            4, "KEY_VAULT_NAME", f"is wrong: {error.after_a_colon}", "Copy the name from the vault's Overview page.",
            cause="kv_url_or_id_invalid", example="<vault-name>",
        ) from error  # fmt: skip


def _secret_name(given: RawSettings) -> str:
    name = given.get("SECRET_NAME")
    if name is None:
        raise SettingError(
            6, "SECRET_NAME", "is not set: no secret to read.", "Set it to the secret's name.",
            cause="setting_missing", example="<secret-name>",
        )  # fmt: skip
    if _SECRET_NAME.fullmatch(name):
        return name
    says, hint, likely = _secret_name_error(name)
    raise SettingError(7, "SECRET_NAME", says, hint, cause="kv_name_invalid", example=likely or "<secret-name>")


def _secret_name_error(name: str) -> tuple[str, str, str]:
    """What is wrong with it, the way out, and the name that is probably meant or nothing."""
    allowed = "Key Vault allows letters, digits and hyphens only."
    if "://" in name:
        inside = _NAME_IN_ADDRESS.search(name)
        likely = inside[1] if inside else ""
        return "is an address, not a name.", f"Keep only the name{f': {likely}' if likely else ''}.", likely
    if len(name) > 127:
        copy = "Copy the name from the vault's Secrets page."
        return f"is {len(name)} characters long; Key Vault allows 127.", copy, ""
    # With hyphens in it a secret that was put here by mistake would look like none.
    likely = re.sub(r"[^0-9a-zA-Z-]+", "-", name).strip("-") if redact(name) == name else ""
    if "_" in name:
        return f"has an underscore: {allowed}", f"Write a hyphen instead, as in {likely or 'my-secret'}.", likely
    says = f"has a character that no secret's name can have: {allowed}"
    return says, f"Perhaps you mean {likely}." if likely else "Copy the name from the vault's Secrets page.", likely


def _secret_version(given: RawSettings) -> str | None:
    version = given.get("SECRET_VERSION")
    if version is None or _VERSION.fullmatch(version):
        return version
    raise SettingError(
        8, "SECRET_VERSION", "is not a version: those are 32 characters, 0-9 and a-f.",
        "Copy it from the end of the secret's id, or leave it out to read the current version.",
    )  # fmt: skip


def allowed_hosts(given: RawSettings) -> tuple[str, ...]:
    """Hosts that the operator trusts with a token besides Azure's own. Raises Mistake."""
    hosts = hosts_in(11, "KVSITE_ALLOWED_VAULT_HOSTS", given, "vault.example.org")
    for host in filter(is_loopback_name, hosts):
        raise SettingError(
            11, "KVSITE_ALLOWED_VAULT_HOSTS", f"has {host!r} in it, which is this machine: whatever listens here would "
            "get the token.",
            "Name the vault's own host.", example="vault.example.org",
        )  # fmt: skip
    return hosts


SETTINGS: dict[str, tuple[str, str]] = {
    "KEY_VAULT_URI": ("", "The vault's address, `https://contoso.vault.azure.net`."),
    "KEY_VAULT_URL": ("", "The same, under the name other samples use."),
    "KEY_VAULT_NAME": ("", "The vault's name alone, `contoso`. Its address in the public cloud is made from it."),
    "SECRET_NAME": ("", "The secret to read: letters, digits and hyphens, no underscore."),
    "SECRET_VERSION": ("the current one", "One version of it: the 32 characters at the end of the secret's id."),
    "KVSITE_ALLOWED_VAULT_HOSTS": (
        "",
        "Host names, separated by commas, that may get a token besides Azure's own vault hosts.",
    ),
}

READERS: dict[str, Callable[[RawSettings], Any]] = {
    "vault_url": _parse_vault,
    "secret_name": _secret_name,
    "secret_version": _secret_version,
    "allowed_vault_hosts": allowed_hosts,
}
