"""Settings: the principal that the site is expected to use."""

from collections.abc import Callable
from typing import Any

from secrets_app.conf.setting import RawSettings, Setting, SettingError, as_text, by_name, guid
from secrets_app.core.check_ids import CheckId
from secrets_app.core.reading import ExpectedPrincipal, PrincipalType

TITLE = "Expected principal"

_TYPE = CheckId("E060", "`KVSITE_EXPECTED_TYPE` is neither `User` nor `App`.")
_APP_ID = CheckId("E061", "`KVSITE_EXPECTED_APP_ID` is not an application (client) ID.")
_OBJECT_ID = CheckId("E062", "`KVSITE_EXPECTED_OBJECT_ID` is not an object ID.")
_TENANT_ID = CheckId("E063", "`KVSITE_EXPECTED_TENANT_ID` is not a tenant ID.")

_TYPES = {member.value.lower(): member for member in PrincipalType}


def _parse_type(name: str, text: str) -> PrincipalType:
    if text.lower() in _TYPES:
        return _TYPES[text.lower()]
    raise SettingError(_TYPE, name, f"is {text[:40]!r}, but must be User or App.", "Set it to one of them.")


TYPE = Setting(
    name="KVSITE_EXPECTED_TYPE",
    help="The expected type of the principal: `User` or `App`. If the principal is a different one, the page shows an "
    "error, `/readyz` returns 503 and the command exits with 1, even if the secret was read.",
    default=None, parse=_parse_type, attribute="type", checks=(_TYPE,),
)  # fmt: skip
APP_ID = Setting(
    name="KVSITE_EXPECTED_APP_ID", help="Its application (client) ID.", default=None,
    parse=guid(_APP_ID, "application (client) ID"), attribute="app_id", checks=(_APP_ID,),
)  # fmt: skip
OBJECT_ID = Setting(
    name="KVSITE_EXPECTED_OBJECT_ID", help="Its object ID.", default=None, parse=guid(_OBJECT_ID, "object ID"),
    attribute="object_id", checks=(_OBJECT_ID,),
)  # fmt: skip
TENANT_ID = Setting(
    name="KVSITE_EXPECTED_TENANT_ID", help="Its tenant ID.", default=None, parse=guid(_TENANT_ID, "tenant ID"),
    attribute="tenant_id", checks=(_TENANT_ID,),
)  # fmt: skip
NAME = Setting(
    name="KVSITE_EXPECTED_NAME", help="The name of the identity, or the name that a user signs in with.", default=None,
    parse=as_text, attribute="name",
)  # fmt: skip
SETTINGS = by_name(TYPE, APP_ID, OBJECT_ID, TENANT_ID, NAME)


def _read_expected(settings: RawSettings) -> ExpectedPrincipal | None:
    values: dict[str, Any] = {row.attribute: row.read(settings) for row in SETTINGS.values() if row.attribute}
    expected = ExpectedPrincipal(**values)
    return None if expected == ExpectedPrincipal() else expected


READERS: dict[str, Callable[[RawSettings], Any]] = {"expected": _read_expected}
