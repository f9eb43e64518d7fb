"""Who the site should be: the settings that the principal is held against."""

from collections.abc import Callable
from typing import Any

from secrets_app.conf.errors import RawSettings, SettingError
from secrets_app.conf.parsers import guid
from secrets_app.core.reading import ExpectedPrincipal, PrincipalType

_TYPES = {member.value.lower(): member for member in PrincipalType}


def _type(given: RawSettings) -> PrincipalType | None:
    text = given.get("KVSITE_EXPECTED_TYPE")
    if text is None or text.lower() in _TYPES:
        return _TYPES[text.lower()] if text else None
    raise SettingError(
        60, "KVSITE_EXPECTED_TYPE", f"is {text[:40]!r}; it is either User or App.", "Set it to one of them."
    )


def _id(number: int, setting: str, given: RawSettings) -> str | None:
    text = given.get(setting)
    return guid(number, setting, text) if text else None


def _expected(given: RawSettings) -> ExpectedPrincipal | None:
    expected = ExpectedPrincipal(
        type=_type(given),
        app_id=_id(61, "KVSITE_EXPECTED_APP_ID", given),
        object_id=_id(62, "KVSITE_EXPECTED_OBJECT_ID", given),
        tenant_id=_id(63, "KVSITE_EXPECTED_TENANT_ID", given),
        name=given.get("KVSITE_EXPECTED_NAME"),
    )
    return None if expected == ExpectedPrincipal() else expected


SETTINGS: dict[str, tuple[str, str]] = {
    "KVSITE_EXPECTED_TYPE": (
        "",
        "Who the site should be: `User` or `App`. Whoever else it is, the page says so loudly, `/readyz` answers 503 "
        "and the command exits with 1, even if the secret was read.",
    ),
    "KVSITE_EXPECTED_APP_ID": ("", "The same, by application id."),
    "KVSITE_EXPECTED_OBJECT_ID": ("", "The same, by object id."),
    "KVSITE_EXPECTED_TENANT_ID": ("", "The same, by tenant id."),
    "KVSITE_EXPECTED_NAME": ("", "The same, by the name of the identity, or the name a user signs in with."),
}

READERS: dict[str, Callable[[RawSettings], Any]] = {"expected": _expected}
