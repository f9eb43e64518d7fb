"""The catalog of causes by key. Between signatures of equal strength, the earlier cause wins."""

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

_MODULES = (
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

CAUSES: Mapping[str, Cause] = MappingProxyType({cause.key: cause for module in _MODULES for cause in module.CAUSES})
