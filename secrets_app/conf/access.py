"""Who may look, and who may see a value."""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from secrets_app.conf.errors import RawSettings, SettingError, SettingProblem

MIN_PASSPHRASE_LENGTH = 12
EVERYONE = "*"
"""In a list of people: whoever signed in."""
_USER = re.compile(r"""[^\s,;*'"<>]+""")
_PLACEHOLDER = re.compile(r"<.*>")
EXAMPLE_PASSPHRASE = f"<{MIN_PASSPHRASE_LENGTH} characters or more>"
EXAMPLE_PEOPLE = "<name or object id, with commas between>"


class AccessMode(StrEnum):
    """How somebody may come to see the pages."""

    LOOPBACK = "loopback"
    EASY_AUTH = "easy-auth"
    TOKEN = "token"  # noqa: S105 - the word
    OPEN = "open"


def ascii_lower(name: str) -> str:
    """The name with small ASCII letters: `K` the unit Kelvin is not `k`, whatever Unicode says of their small forms."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in name)


def _access(given: RawSettings) -> AccessMode | None:
    access = given.get("KVSITE_ACCESS")
    if access is None or access in list(AccessMode):
        return None if access is None else AccessMode(access)
    raise SettingError(
        9, "KVSITE_ACCESS", f"is {access!r}, which is no way in; until it is mended only this machine is let in.",
        f"Set it to one of: {', '.join(AccessMode)}.", example="loopback",
    )  # fmt: skip


def _is_used(setting: str, way: AccessMode, given: RawSettings) -> bool:
    """Whether it is set and its way in is the one in use. Raises Mistake where somebody trusts in it in vain."""
    access = given.get("KVSITE_ACCESS", AccessMode.LOOPBACK)
    if setting in given and access != way and access in list(AccessMode):
        raise SettingError(
            24, setting, f"protects nothing: it belongs to KVSITE_ACCESS={way}, and the way in is {access}.",
            f"Set KVSITE_ACCESS to {way}, or leave {setting} out.", stops=False,
        )  # fmt: skip
    return setting in given and access == way


def _people(given: RawSettings) -> tuple[str, ...]:
    if not _is_used("KVSITE_PEOPLE", AccessMode.EASY_AUTH, given) or given["KVSITE_PEOPLE"] == EVERYONE:
        return (EVERYONE,)
    return _parse_people(18, "KVSITE_PEOPLE", given)


def _value_people(given: RawSettings) -> tuple[str, ...]:
    used = _is_used("KVSITE_VALUE_PEOPLE", AccessMode.EASY_AUTH, given)
    return _parse_people(19, "KVSITE_VALUE_PEOPLE", given) if used else ()


def _parse_people(number: int, setting: str, given: RawSettings) -> tuple[str, ...]:
    people = [part.strip() for part in given[setting].split(",") if part.strip()]
    wrong = next((person for person in people if not _USER.fullmatch(person)), None)
    if people and wrong is None:
        return tuple(map(ascii_lower, people))
    says = f"has {wrong!r} in it, which is no name or object id" if wrong else "names nobody"
    raise SettingError(
        number, setting, f"{says}; until it is mended nobody counts as listed.",
        "Write names as people sign in with them, like ada@contoso.com, or object ids, with commas between.",
        example=EXAMPLE_PEOPLE,
    )  # fmt: skip


def _passphrase(given: RawSettings) -> str | None:
    if given.get("KVSITE_ACCESS") == AccessMode.TOKEN and "KVSITE_PASSPHRASE" not in given:
        raise SettingError(
            17, "KVSITE_PASSPHRASE", "is not set, so nobody can sign in.",
            "Set it to a pass-phrase of your own, for instance from: openssl rand -base64 24.",
            cause="setting_missing", example=EXAMPLE_PASSPHRASE,
        )  # fmt: skip
    used = _is_used("KVSITE_PASSPHRASE", AccessMode.TOKEN, given)
    return _check_passphrase(20, "KVSITE_PASSPHRASE", given["KVSITE_PASSPHRASE"]) if used else None


def _values_passphrase(given: RawSettings) -> str | None:
    if not _is_used("KVSITE_VALUES_PASSPHRASE", AccessMode.TOKEN, given):
        return None
    passphrase = given["KVSITE_VALUES_PASSPHRASE"]
    if passphrase == given.get("KVSITE_PASSPHRASE"):
        raise SettingError(
            22, "KVSITE_VALUES_PASSPHRASE", "is the same as KVSITE_PASSPHRASE; until it is mended no value is shown.",
            "Give it another one: who knows only the first sees the pages without values.", example=EXAMPLE_PASSPHRASE,
        )  # fmt: skip
    return _check_passphrase(21, "KVSITE_VALUES_PASSPHRASE", passphrase)


def _check_passphrase(number: int, setting: str, passphrase: str) -> str:
    if len(passphrase) >= MIN_PASSPHRASE_LENGTH and not _PLACEHOLDER.fullmatch(passphrase):
        return passphrase
    short = f"has fewer than {MIN_PASSPHRASE_LENGTH} characters"
    says = short if len(passphrase) < MIN_PASSPHRASE_LENGTH else "still is the example, which everybody knows"
    raise SettingError(
        number, setting, f"{says}; until it is mended nobody can sign in with it.",
        "Make one with: openssl rand -base64 24.", example=EXAMPLE_PASSPHRASE,
    )  # fmt: skip


def _shows_values(given: RawSettings) -> bool:
    text = given.get("KVSITE_VALUES", "allowed")
    if text in {"allowed", "never"}:
        return text == "allowed"
    raise SettingError(
        23, "KVSITE_VALUES", f"is {text!r}; it is either allowed or never. Until it is mended no value is shown.",
        "Leave it out to allow what the way in allows.", example="never",
    )  # fmt: skip


def authentication_off_problem(access: AccessMode, *, platform_signs_in: bool) -> SettingProblem | None:
    """What is wrong with a way in through a platform that signs nobody in."""
    if access is not AccessMode.EASY_AUTH or platform_signs_in:
        return None
    return SettingProblem(
        id="secrets_app.W026",
        setting="KVSITE_ACCESS",
        says="is easy-auth. The platform does not say that authentication is on; nobody will be let in.",
        hint="On App Service switch it on: az webapp auth update -g <resource-group> -n <name> --enabled true. "
        "Elsewhere set KVSITE_ACCESS to token.",
        stops=False,
    )


SETTINGS: dict[str, tuple[str, str]] = {
    "KVSITE_ACCESS": (
        "`loopback`",
        "Who may see the pages. `loopback`: only a browser on this machine; it may see the value. `easy-auth`: who "
        "signed in with App Service's authentication. `token`: who knows a pass-phrase. `open`: everybody who reaches "
        "the site; they see ids, never the secret's value.",
    ),
    "KVSITE_PEOPLE": (
        "`*`",
        "With `easy-auth`: who of those who signed in may see the pages. Names (Entra's only) or object ids, with "
        "commas between; `*` is all.",
    ),
    "KVSITE_VALUE_PEOPLE": (
        "nobody",
        "With `easy-auth`: who of them may see values, of every secret that the site's identity may read. Names or "
        "object ids, with commas between; `*` is not allowed here.",
    ),
    "KVSITE_PASSPHRASE": ("", "With `token`: the pass-phrase to sign in with, 12 characters or more."),
    "KVSITE_VALUES_PASSPHRASE": (
        "",
        "With `token`: another pass-phrase; who signs in with this one may see values too, of every secret "
        "that the site's identity may read. Without it nobody may.",
    ),
    "KVSITE_VALUES": ("`allowed`", "`never`: the secret's value is shown to nobody, whatever the way in allows."),
}

# What is wrong must close, not open: the defaults of Config are closed, and these readers give the open ones.
READERS: dict[str, Callable[[RawSettings], Any]] = {
    "access": _access,
    "people": _people,
    "value_people": _value_people,
    "passphrase": _passphrase,
    "values_passphrase": _values_passphrase,
    "shows_values": _shows_values,
}
