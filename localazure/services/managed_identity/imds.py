"""Instance Metadata Service (IMDS) of a virtual machine: http://169.254.169.254.

https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
"""

from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from localazure.scenarios.directory import ManagedIdentity
from localazure.services.entra import errors as entra_errors
from localazure.services.errors import AzureJSONResponse, ServiceError, handle_service_error
from localazure.services.managed_identity.selection import (
    IdentityNotFoundError,
    IdentityParameters,
    MultipleIdentitiesError,
    select_identity,
)
from localazure.services.managed_identity.token_response import UnknownResourceError, token_fields
from localazure.state.emulator_state import EmulatorState

HOST = "169.254.169.254"
PATH = "/metadata/identity/oauth2/token"
API_VERSIONS = (
    *("2017-03-01", "2017-04-02", "2017-08-01", "2017-10-01", "2017-12-01", "2018-02-01", "2018-04-02", "2018-10-01"),
    *("2019-02-01", "2019-03-11", "2019-04-30", "2019-06-01", "2019-06-04", "2019-08-01", "2019-08-15", "2019-11-01"),
    *("2020-06-01", "2020-07-15", "2020-09-01", "2020-10-01", "2020-12-01", "2021-01-01", "2021-02-01", "2021-03-01"),
    *("2021-05-01", "2021-10-01", "2021-11-01", "2021-11-15", "2021-12-13", "2023-07-01", "2023-11-15", "2024-03-15"),
    *("2024-07-17", "2025-04-07"),
)
"""https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service#supported-api-versions"""
NEWEST = 3
"""How many versions an error names."""
IDENTITY_PARAMETERS = IdentityParameters(
    client_id=("client_id",), object_id=("object_id",), resource_id=("msi_res_id", "mi_res_id")
)


def create_app(state: EmulatorState) -> Starlette:
    """Return the ASGI application."""

    async def token(request: Request) -> Response:
        _check(request)
        identity, resource = _identity(state.identities, request), request.query_params["resource"]
        try:
            return AzureJSONResponse(token_fields(state, identity, resource))
        except UnknownResourceError:
            raise _unknown_resource(state, resource) from None

    async def not_found(_request: Request) -> Response:
        raise error_for_status(404)

    return Starlette(
        routes=[
            Route(PATH, token),
            Route("/metadata/instance", partial(_get_instance, state)),
            Route("/metadata/instance/{path:path}", partial(_get_instance, state)),
            Route("/metadata/versions", _get_versions),
            Route("/{path:path}", not_found),
        ],
        exception_handlers={ServiceError: handle_service_error},
    )


async def _get_instance(state: EmulatorState, request: Request) -> Response:
    """The metadata of the machine, or the part of it that the path names."""
    _check_headers(request)
    found: Any = _instance(state)
    for part in filter(None, request.path_params.get("path", "").split("/")):
        found = found.get(part) if isinstance(found, dict) else None
    if found is None:
        raise error_for_status(404)
    if request.query_params.get("format") == "text" and isinstance(found, str):
        return PlainTextResponse(found)
    return AzureJSONResponse(found)


async def _get_versions(request: Request) -> Response:
    if request.headers.get("Metadata", "").lower() != "true":
        raise invalid_request("Required metadata header not specified")
    return AzureJSONResponse({"apiVersions": list(API_VERSIONS)})


def response_headers(_state: EmulatorState, client_request_id: str | None) -> dict[str, str]:
    """The headers of every response."""
    echoed = {"x-ms-client-request-id": client_request_id} if client_request_id else {}
    return {"Server": "IMDS/150.870.65.1854", **echoed}


def _check(request: Request) -> None:
    """Checks the headers that protect IMDS from forwarded requests, then the parameters."""
    _check_headers(request)
    if not request.query_params.get("resource"):
        raise invalid_request("Required query variable 'resource' is missing")


def _check_headers(request: Request) -> None:
    if request.headers.get("Metadata", "").lower() != "true":
        raise invalid_request("Required metadata header not specified")
    if "X-Forwarded-For" in request.headers:
        raise invalid_request("Request contains X-Forwarded-For header, which is not allowed")
    version = request.query_params.get("api-version")
    if version not in API_VERSIONS:
        reason = "api-version was not specified in the request" if not version else f"api-version {version} is invalid"
        raise ServiceError(
            400, {"error": f"Bad request. {reason}", "newest-versions": list(reversed(API_VERSIONS))[:NEWEST]}
        )


def _instance(state: EmulatorState) -> dict[str, Any]:
    """The metadata of the virtual machine."""
    machine = state.program_host
    name = machine.name if machine else "kvsite-vm"
    subscription = state.scenario.subscription
    compute = {
        "azEnvironment": "AzurePublicCloud",
        "location": "westeurope",
        "name": name,
        "osType": "Linux",
        "resourceGroupName": subscription.resource_group,
        "resourceId": machine.scope if machine else "",
        "subscriptionId": subscription.id,
        "tags": "",
        "vmId": "7f3c1d8e-52b4-4a09-9e6d-0c8b7a1f4e35",
        "vmSize": "Standard_B1s",
    }
    address = {"privateIpAddress": "10.0.0.5", "publicIpAddress": ""}
    interface = {"ipv4": {"ipAddress": [address], "subnet": [{"address": "10.0.0.0", "prefix": "24"}]}}
    return {"compute": compute, "network": {"interface": [{**interface, "macAddress": "000D3A2B4C6D"}]}}


def _identity(identities: tuple[ManagedIdentity, ...], request: Request) -> ManagedIdentity:
    try:
        return select_identity(identities, request.query_params, IDENTITY_PARAMETERS)
    except IdentityNotFoundError:
        raise invalid_request("Identity not found") from None
    except MultipleIdentitiesError:
        raise invalid_request(
            "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity"
            " in the token request"
        ) from None


def invalid_request(description: str) -> ServiceError:
    return ServiceError(400, {"error": "invalid_request", "error_description": description})


def error_for_status(status: int) -> ServiceError:
    """The documented error for this HTTP status.

    https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#error-handling
    """
    error, description = _ERRORS.get(status, ("unknown", "Failed to retrieve token from the Active directory."))
    return ServiceError(status, {"error": error, "error_description": description})


_ERRORS = {
    404: ("not_found", "The requested resource was not found."),
    410: ("gone", "The endpoint is being updated. It will be available again within 70 seconds."),
    429: ("too_many_requests", "Too many requests"),
}


def _unknown_resource(state: EmulatorState, resource: str) -> ServiceError:
    """Entra's error, which IMDS passes on."""
    description = entra_errors.unknown_resource(state, resource).description
    return ServiceError(400, {"error": "invalid_resource", "error_description": description})
