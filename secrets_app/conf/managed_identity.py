"""Which managed identity, by one of its three ids."""

import re
from collections.abc import Mapping

from secrets_app.conf.errors import RawSettings, SettingError
from secrets_app.conf.parsers import guid, seconds
from secrets_app.core.credential_options import IdentityKind, ManagedIdentityId

_IDENTITY_SETTINGS: Mapping[str, IdentityKind] = {
    "KVSITE_MANAGED_IDENTITY_CLIENT_ID": IdentityKind.CLIENT_ID,
    "KVSITE_MANAGED_IDENTITY_RESOURCE_ID": IdentityKind.RESOURCE_ID,
    "KVSITE_MANAGED_IDENTITY_OBJECT_ID": IdentityKind.OBJECT_ID,
}
# .../resourceGroups/<group>/providers/Microsoft.ManagedIdentity/userAssignedIdentities/<name>; Azure minds no case.
# https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftmanagedidentity
_RESOURCE_ID = re.compile(
    r"/subscriptions/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/resourcegroups/[\w.()-]{1,90}"
    r"/providers/microsoft\.managedidentity/userassignedidentities/[a-z0-9][\w-]{2,127}",
    re.IGNORECASE | re.ASCII,
)
_EXAMPLE_RESOURCE_ID = (
    "/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.ManagedIdentity/userAssignedIdentities/<name>"
)


def managed_identity(given: RawSettings) -> ManagedIdentityId | None:
    """The user-assigned identity that one of three settings names. Raises Mistake where two do, or one is malformed."""
    named = [setting for setting in _IDENTITY_SETTINGS if setting in given]
    if len(named) > 1:
        raise SettingError(
            41, named[0], f"and {named[1]} both name an identity.", "Keep one of them; any of them will do."
        )
    if not named:
        return None
    kind, text = _IDENTITY_SETTINGS[named[0]], given[named[0]]
    if kind is not IdentityKind.RESOURCE_ID:
        return ManagedIdentityId(kind=kind, value=guid(42, named[0], text))
    if not _RESOURCE_ID.fullmatch(text):
        raise SettingError(
            43, named[0], "is not the resource id of a user-assigned managed identity.",
            f"It looks like {_EXAMPLE_RESOURCE_ID}. Copy it from the identity's Properties page.",
            example=_EXAMPLE_RESOURCE_ID,
        )  # fmt: skip
    return ManagedIdentityId(kind=kind, value=text)


retry_timeout_s = seconds(56, "KVSITE_MANAGED_IDENTITY_RETRY_S", at_least=0, example="one more try")
"""Seconds for which its endpoint is asked again."""

SETTINGS: dict[str, tuple[str, str]] = {
    "KVSITE_MANAGED_IDENTITY_CLIENT_ID": ("", "The user-assigned managed identity, by its client id."),
    "KVSITE_MANAGED_IDENTITY_RESOURCE_ID": ("", "The same, by its resource id."),
    "KVSITE_MANAGED_IDENTITY_OBJECT_ID": ("", "The same, by its object id."),
    "KVSITE_MANAGED_IDENTITY_RETRY_S": (
        "one more try",
        "Seconds for which a managed identity's endpoint is asked again: 0 to 60. The deadline ends it too.",
    ),
}
