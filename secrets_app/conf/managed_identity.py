"""Settings: the user-assigned managed identity, by one of its three IDs."""

import re
from collections.abc import Mapping

from secrets_app.conf.setting import MAX_SECONDS, RawSettings, Setting, SettingError, by_name, guid, seconds
from secrets_app.core.check_ids import CheckId
from secrets_app.core.credential_options import IdentityKind, ManagedIdentityId
from secrets_app.core.hosts import GUID_PATTERN

_CONFLICT = CheckId("E041", "Two settings name a managed identity.")
_GUID = CheckId("E042", "The client ID or object ID of the managed identity is not a GUID.")
_RESOURCE_ID = CheckId("E043", "`KVSITE_MANAGED_IDENTITY_RESOURCE_ID` is not the resource ID of a managed identity.")
_RETRY = CheckId("E056", "`KVSITE_MANAGED_IDENTITY_RETRY_S` is not a supported number of seconds.")

# .../resourceGroups/<group>/providers/Microsoft.ManagedIdentity/userAssignedIdentities/<name>, case-insensitive.
# https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftmanagedidentity
_RESOURCE_ID_PATTERN = re.compile(
    rf"/subscriptions/{GUID_PATTERN}/resourcegroups/[\w.()-]{{1,90}}"
    r"/providers/microsoft\.managedidentity/userassignedidentities/[a-z0-9][\w-]{2,127}",
    re.IGNORECASE | re.ASCII,
)
_EXAMPLE_RESOURCE_ID = (
    "/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.ManagedIdentity/userAssignedIdentities/<name>"
)


def _parse_resource_id(name: str, text: str) -> str:
    if _RESOURCE_ID_PATTERN.fullmatch(text):
        return text
    raise SettingError(
        _RESOURCE_ID, name, "is not the resource ID of a user-assigned managed identity.",
        f"It must look like {_EXAMPLE_RESOURCE_ID}. Copy it from the identity's Properties page.",
        example=_EXAMPLE_RESOURCE_ID,
    )  # fmt: skip


CLIENT_ID = Setting(
    name="KVSITE_MANAGED_IDENTITY_CLIENT_ID", help="The client ID of a user-assigned managed identity.", default=None,
    default_note="the system-assigned identity", parse=guid(_GUID, "client ID"), checks=(_CONFLICT, _GUID),
    selects_credential=True,
)  # fmt: skip
RESOURCE_ID = Setting(
    name="KVSITE_MANAGED_IDENTITY_RESOURCE_ID", help="The resource ID of the identity, instead of its client ID.",
    default=None, parse=_parse_resource_id, checks=(_CONFLICT, _RESOURCE_ID),
    selects_credential=True,
)  # fmt: skip
OBJECT_ID = Setting(
    name="KVSITE_MANAGED_IDENTITY_OBJECT_ID", help="The object ID of the identity, instead of its client ID.",
    default=None, parse=guid(_GUID, "object ID"), checks=(_CONFLICT, _GUID),
    selects_credential=True,
)  # fmt: skip
RETRY = Setting(
    name="KVSITE_MANAGED_IDENTITY_RETRY_S",
    help=f"Seconds for which requests to the managed identity endpoint are retried: 0 to {MAX_SECONDS}, within the "
    "deadline.",
    default=None, default_note="one retry", parse=seconds(_RETRY, at_least=0), attribute="retry_timeout_s",
    checks=(_RETRY,), example="10",
)  # fmt: skip
SETTINGS = by_name(CLIENT_ID, RESOURCE_ID, OBJECT_ID, RETRY)

SETTING_OF_KIND: Mapping[IdentityKind, Setting[str | None]] = {
    IdentityKind.CLIENT_ID: CLIENT_ID,
    IdentityKind.RESOURCE_ID: RESOURCE_ID,
    IdentityKind.OBJECT_ID: OBJECT_ID,
}


def managed_identity(settings: RawSettings) -> ManagedIdentityId | None:
    """The user-assigned identity that the settings name. Raises SettingError where two do, or one is malformed."""
    named = [kind for kind, row in SETTING_OF_KIND.items() if row.name in settings]
    if len(named) > 1:
        first, second = (SETTING_OF_KIND[kind].name for kind in named[:2])
        raise SettingError(_CONFLICT, first, f"and {second} both name a managed identity.", "Keep one of them.")
    if not named:
        return None
    return ManagedIdentityId(kind=named[0], value=SETTING_OF_KIND[named[0]].read(settings) or "")
