"""How each setting is read from its words, and what is said when it cannot be."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from secrets_app.site_key import SHORTEST_KEY
from secrets_app.vault_address import (
    PUBLIC,
    AddressError,
    ForeignHostError,
    check_vault_name,
    is_host,
    likely_vault_url,
    vault_name,
    vault_url,
)

Given = Mapping[str, str]
"""Setting -> its text, without the empty ones."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One mistake in the settings, in words, with the way out."""

    id: str
    """Of the Django system check that reports it."""
    setting: str
    says: str
    """What is wrong, as a sentence that begins after the setting's name."""
    way_out: str
    cause: str = "setting_invalid"
    """Key of the catalogue of causes."""
    example: str | None = None
    """A value that would do, for a command to copy."""
    stops: bool = True
    """Nothing is read before it is mended."""

    @property
    def sentence(self) -> str:
        return f"{self.setting} {self.says}"


class Mistake(Exception):  # noqa: N818 - it is the user's mistake, told as a Problem, not an error of ours
    """Carries the problem of a setting that cannot be read."""

    def __init__(self, number: int, setting: str, says: str, way_out: str, **more: Any) -> None:
        self.problem = Problem(id=f"secrets_app.E{number:03}", setting=setting, says=says, way_out=way_out, **more)
        super().__init__(self.problem.sentence)


EXAMPLE_VAULT = "https://<vault-name>.vault.azure.net"
_VAULT_SETTINGS = ("KEY_VAULT_URI", "KEY_VAULT_URL", "KEY_VAULT_NAME")
_SECRET_NAME = re.compile(r"[0-9a-zA-Z-]{1,127}")
_NAME_IN_ADDRESS = re.compile(r"/secrets/([0-9a-zA-Z-]{1,127})(?=[/?#]|$)")
_VERSION = re.compile(r"[0-9a-fA-F]{32}")
_ACCESS = ("loopback", "open")
_SWITCH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def _vault(given: Given) -> str:
    """The vault's URL. Three settings may name it; where several do, they must agree."""
    named = [name for name in _VAULT_SETTINGS if name in given]
    if not named:
        raise Mistake(
            1, "KEY_VAULT_URI", "is not set: no vault to read from.", "Set it to the vault's address.",
            cause="setting_missing", example=EXAMPLE_VAULT,
        )  # fmt: skip
    urls = {name: _vault_named_by(name, given) for name in named}
    if len(set(urls.values())) > 1:
        raise Mistake(
            2, named[0], f"and {named[1]} name different vaults.", f"Keep one of them: {' or '.join(urls.values())}."
        )
    return urls[named[0]]


def _vault_named_by(setting: str, given: Given) -> str:
    text = given[setting]
    if setting == "KEY_VAULT_NAME":
        return _vault_of_name(text)
    try:
        return vault_url(text, also_allowed=_allowed_hosts(given))
    except ForeignHostError as error:
        raise Mistake(
            5, setting, f"is refused: {error}",
            "Set it to the vault's own address; a host that you trust all the same goes into "
            "KVSITE_ALLOWED_VAULT_HOSTS.",
            cause="vault_url_refused", example=EXAMPLE_VAULT,
        ) from error  # fmt: skip
    except AddressError as error:
        raise Mistake(
            3, setting, f"is not a vault's address: {error}",
            "Set it to the address that the vault's Overview page shows, like https://contoso.vault.azure.net.",
            cause="kv_url_or_id_invalid", example=likely_vault_url(text) or EXAMPLE_VAULT,
        ) from error  # fmt: skip


def _vault_of_name(name: str) -> str:
    if "/" in name or "." in name or ":" in name:
        raise Mistake(
            4, "KEY_VAULT_NAME", "is an address, not a name.",
            "Put the address into KEY_VAULT_URI, or keep only the name, like contoso.",
            cause="kv_url_or_id_invalid", example=vault_name(likely_vault_url(name) or "") or "<vault-name>",
        )  # fmt: skip
    try:
        return f"https://{check_vault_name(name).lower()}.{PUBLIC.vault_suffix}"
    except AddressError as error:
        raise Mistake(
            4, "KEY_VAULT_NAME", f"is wrong: {error}", "Copy the name from the vault's Overview page.",
            cause="kv_url_or_id_invalid", example="<vault-name>",
        ) from error  # fmt: skip


def _secret_name(given: Given) -> str:
    name = given.get("SECRET_NAME")
    if name is None:
        raise Mistake(
            6, "SECRET_NAME", "is not set: no secret to read.", "Set it to the secret's name.",
            cause="setting_missing", example="<secret-name>",
        )  # fmt: skip
    if _SECRET_NAME.fullmatch(name):
        return name
    says, way_out, likely = _secret_name_mistake(name)
    raise Mistake(7, "SECRET_NAME", says, way_out, cause="kv_name_invalid", example=likely or "<secret-name>")


def _secret_name_mistake(name: str) -> tuple[str, str, str]:
    """What is wrong with it, the way out, and the name that is probably meant or nothing."""
    allowed = "Key Vault allows letters, digits and hyphens only."
    if "://" in name:
        inside = _NAME_IN_ADDRESS.search(name)
        likely = inside[1] if inside else ""
        return "is an address, not a name.", f"Keep only the name{f': {likely}' if likely else ''}.", likely
    if len(name) > 127:
        copy = "Copy the name from the vault's Secrets page."
        return f"is {len(name)} characters long; Key Vault allows 127.", copy, ""
    likely = re.sub(r"[^0-9a-zA-Z-]+", "-", name).strip("-")
    if "_" in name:
        return f"has an underscore: {allowed}", f"Write a hyphen instead, as in {likely or 'my-secret'}.", likely
    says = f"has a character that no secret's name can have: {allowed}"
    return says, f"Perhaps you mean {likely}." if likely else "Copy the name from the vault's Secrets page.", likely


def _secret_version(given: Given) -> str | None:
    version = given.get("SECRET_VERSION")
    if version is None or _VERSION.fullmatch(version):
        return version
    raise Mistake(
        8, "SECRET_VERSION", "is not a version: those are 32 characters, 0-9 and a-f.",
        "Copy it from the end of the secret's id, or leave it out to read the current version.",
    )  # fmt: skip


def _access(given: Given) -> str | None:
    access = given.get("KVSITE_ACCESS")
    if access is None or access in _ACCESS:
        return access
    raise Mistake(
        9, "KVSITE_ACCESS", f"is {access!r}, which is no way in; until it is mended only this machine is let in.",
        f"Set it to one of: {', '.join(_ACCESS)}.", example="loopback",
    )  # fmt: skip


def _seconds(number: int, setting: str, at_least: float, example: str) -> Callable[[Given], float | None]:
    def read(given: Given) -> float | None:
        text = given.get(setting)
        if text is None:
            return None
        if re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,3})?", text) and at_least <= float(text) <= 60:
            return float(text)
        says = f"is {text!r}; it must be seconds, from {at_least:g} to 60."
        raise Mistake(number, setting, says, f"Leave it out for {example}.", example=example)

    return read


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip().lower() for part in text.split(",") if part.strip())


def _allowed_hosts(given: Given) -> tuple[str, ...]:
    hosts = _list(given.get("KVSITE_ALLOWED_VAULT_HOSTS", ""))
    for host in hosts:
        if not is_host(host):
            raise Mistake(
                11, "KVSITE_ALLOWED_VAULT_HOSTS", f"has {host!r} in it, which is not a host name.",
                "Write host names alone, with commas between: no https://, no port, no *.",
                example="vault.example.org",
            )  # fmt: skip
    return hosts


def _hosts(given: Given) -> tuple[str, ...]:
    hosts = _list(given.get("KVSITE_HOSTS", ""))
    for host in hosts:
        if not is_host(host):
            raise Mistake(
                14, "KVSITE_HOSTS", f"has {host!r} in it, which is not a host name.",
                "Write host names alone, with commas between: no https://, no port, no *.",
                example="kvsite.example.org",
            )  # fmt: skip
    return hosts


def _debug(given: Given) -> bool:
    text = given.get("KVSITE_DEBUG", "0").lower()
    if text not in _SWITCH:
        raise Mistake(15, "KVSITE_DEBUG", f"is {text!r}; it is either 1 or 0.", "Leave it out in production.")
    return _SWITCH[text]


def _site_key(given: Given) -> str | None:
    key = given.get("KVSITE_SECRET_KEY")
    if key is None or len(key) >= SHORTEST_KEY:
        return key
    raise Mistake(
        16, "KVSITE_SECRET_KEY", f"has {len(key)} characters; with fewer than {SHORTEST_KEY} it can be guessed.",
        "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'. Until then another one is used.",
    )  # fmt: skip


READERS: dict[str, Callable[[Given], Any]] = {
    "vault_url": _vault,
    "secret_name": _secret_name,
    "secret_version": _secret_version,
    "access": _access,
    "deadline_s": _seconds(10, "KVSITE_DEADLINE_S", at_least=1, example="10"),
    "result_life_s": _seconds(13, "KVSITE_RESULT_LIFE_S", at_least=0, example="1"),
    "allowed_vault_hosts": _allowed_hosts,
    "hosts": _hosts,
    "debug": _debug,
    "site_key": _site_key,
}
"""Attribute of Config -> what reads it. Each gives a value, or None for the default, or raises Mistake."""
