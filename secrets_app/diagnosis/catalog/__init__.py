"""The catalog of causes by key. Between signs of equal strength, the earlier cause wins."""

from collections.abc import Mapping
from types import MappingProxyType

from secrets_app.diagnosis.catalog import (
    developer_tools,
    entra_apps,
    entra_users,
    key_vault,
    managed_identity,
    network,
    observed,
    sdk,
    workload_identity,
)
from secrets_app.diagnosis.cause import Cause

_AREAS = (
    observed,
    key_vault,
    workload_identity,
    entra_apps,
    entra_users,
    developer_tools,
    managed_identity,
    network,
    sdk,
)

CAUSES: Mapping[str, Cause] = MappingProxyType({cause.key: cause for room in _AREAS for cause in room.CAUSES})
