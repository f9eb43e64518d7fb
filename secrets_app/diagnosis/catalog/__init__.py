"""The catalog of causes by key. Between signatures of equal strength, the earlier cause wins."""

from collections.abc import Mapping
from types import MappingProxyType

from secrets_app.diagnosis.catalog import (
    azure_cli,
    certificates,
    developer_tools,
    entra_apps,
    entra_requests,
    entra_users,
    identity_endpoints,
    key_vault,
    managed_identity,
    network,
    observed,
    other_services,
    pipelines,
    references,
    sdk,
    vault_management,
    workload_identity,
)
from secrets_app.diagnosis.cause import Cause

_MODULES = (
    observed,
    key_vault,
    vault_management,
    references,
    pipelines,
    workload_identity,
    entra_apps,
    certificates,
    entra_requests,
    entra_users,
    other_services,
    azure_cli,
    developer_tools,
    managed_identity,
    identity_endpoints,
    network,
    sdk,
)

CAUSES: Mapping[str, Cause] = MappingProxyType({cause.key: cause for module in _MODULES for cause in module.CAUSES})
