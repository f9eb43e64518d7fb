"""The start of every operation: authentication, API version and authorization."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request

from localazure.scenarios.vaults import Vault
from localazure.services.keyvault import errors
from localazure.services.keyvault.access import authenticate, authorize
from localazure.state.emulator_state import EmulatorState

API_VERSIONS = ("2016-10-01", "7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01", "2026-04-01")
PREVIEW_VERSIONS = (
    *("2015-06-01", "7.0-preview", "7.2-preview", "7.3-preview", "7.4-preview.1", "7.5-preview.1", "7.6-preview.1"),
    *("7.6-preview.2", "2025-06-01-preview"),
)
"""Accepted for the SDK betas that use them; errors name only the stable versions."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    name: str
    """The name in the path, "" for a list."""
    headers: Mapping[str, str]
    """Headers of a response to an authorized request."""


def begin(
    state: EmulatorState, vault: Vault, request: Request, permission: str | None = None, kind: str = ""
) -> Operation:
    """Return the authorized operation. Without `permission`, only the token is checked. Raises ServiceError."""
    name: str = request.path_params.get("name", "")
    caller = authenticate(state, vault, request)
    if permission is None:
        return Operation(name=name, headers={})
    _require_api_version(request)
    assignment = authorize(state, vault, caller, permission, f"{kind}/{name}".rstrip("/"))
    if assignment is None:
        return Operation(name=name, headers={})
    age_s = max(0, state.now_s() - assignment.created_on)
    cache = f"ra_age={min(age_s, 1800)};da_age={min(age_s, 1800)};rd_age={min(age_s, 1800)};brd_age=3600;dec_lev=1;"
    headers = {"x-ms-keyvault-rbac-assignment-id": assignment.name, "x-ms-keyvault-rbac-cache": cache}
    return Operation(name=name, headers=headers)


def _require_api_version(request: Request) -> None:
    version = request.query_params.get("api-version")
    if not version:
        raise errors.missing_api_version()
    if version not in (*API_VERSIONS, *PREVIEW_VERSIONS):
        raise errors.unknown_api_version(version, API_VERSIONS[-1])
