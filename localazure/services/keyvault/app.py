"""The data plane of a vault: routes and request handlers."""

import re
import uuid
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localazure.scenarios.vaults import Permission, Vault
from localazure.services.errors import AzureJSONResponse, ServiceError, handle_service_error
from localazure.services.keyvault import errors
from localazure.services.keyvault.access import CLIENT_ADDRESS, authenticate, authorize
from localazure.services.keyvault.bundles import bundle, deleted_bundle, page, without_value
from localazure.services.keyvault.certificates import certificate_bundle
from localazure.services.keyvault.secret_parameters import read_fields, read_value, with_attributes
from localazure.state.emulator_state import EmulatorState
from localazure.state.secret_store import SecretVersion, new_version

API_VERSIONS = ("2016-10-01", "7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01", "2026-04-01")
HOST_SUFFIX = ".vault.azure.net"
NAME = re.compile(r"[0-9A-Za-z-]{1,127}")


def create_app(state: EmulatorState, vault: Vault) -> Starlette:
    """Return the ASGI application of `vault`."""
    handlers = SecretHandlers(state, vault)
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return Starlette(
        routes=[
            Route("/secrets", handlers.list),
            Route("/secrets/{name}", handlers.get),
            Route("/secrets/{name}", handlers.set, methods=["PUT"]),
            Route("/secrets/{name}", handlers.delete, methods=["DELETE"]),
            Route("/secrets/{name}/", handlers.get),
            Route("/secrets/{name}/versions", handlers.list_versions),
            Route("/secrets/{name}/{version}", handlers.get),
            Route("/secrets/{name}/{version}", handlers.update, methods=["PATCH"]),
            Route("/deletedsecrets", handlers.list_deleted),
            Route("/deletedsecrets/{name}", handlers.get_deleted),
            Route("/deletedsecrets/{name}", handlers.purge, methods=["DELETE"]),
            Route("/deletedsecrets/{name}/recover", handlers.recover, methods=["POST"]),
            Route("/certificates/{name}", handlers.get_certificate),
            Route("/certificates/{name}/", handlers.get_certificate),
            Route("/certificates/{name}/{version}", handlers.get_certificate),
            Route("/{path:path}", handlers.unknown_path, methods=methods),
        ],
        exception_handlers={ServiceError: handle_service_error},
    )


class SecretHandlers:
    """The operations of https://learn.microsoft.com/rest/api/keyvault/secrets/operation-groups."""

    def __init__(self, state: EmulatorState, vault: Vault) -> None:
        self._state = state
        self._vault = vault
        self._store = state.stores[vault.name]

    async def get(self, request: Request) -> Response:
        name, version = self._authorize(request, Permission.GET), request.path_params.get("version")
        secret = self._existing(name, version)
        if not secret.enabled:
            raise errors.secret_disabled("get")
        return AzureJSONResponse(bundle(self._vault, secret))

    async def list(self, request: Request) -> Response:
        self._authorize(request, Permission.LIST)
        items = [without_value(self._vault, secret, in_list=True) for secret in self._store.current()]
        return AzureJSONResponse(page(request, self._vault, items))

    async def list_versions(self, request: Request) -> Response:
        name = self._authorize(request, Permission.LIST)
        items = [without_value(self._vault, secret) for secret in self._store.versions(name)]
        return AzureJSONResponse(page(request, self._vault, items))

    async def set(self, request: Request) -> Response:
        name = self._authorize(request, Permission.SET)
        if not NAME.fullmatch(name):
            raise errors.invalid_name(name)
        if self._store.get_deleted(name):
            raise errors.name_is_soft_deleted(name)
        fields, now_s = await read_fields(request), self._state.now_s()
        secret = with_attributes(new_version(name, read_value(fields), now_s), fields, now_s)
        self._store.add(secret)
        return AzureJSONResponse(bundle(self._vault, secret))

    async def update(self, request: Request) -> Response:
        name = self._authorize(request, Permission.SET)
        secret = self._existing(name, request.path_params["version"])
        changed = with_attributes(secret, await read_fields(request), self._state.now_s())
        self._store.update(changed)
        return AzureJSONResponse(without_value(self._vault, changed))

    async def delete(self, request: Request) -> Response:
        name = self._authorize(request, Permission.DELETE)
        deleted = self._store.delete(name, self._state.now_s())
        if deleted is None:
            raise errors.secret_not_found(name)
        return AzureJSONResponse(deleted_bundle(self._vault, deleted))

    async def list_deleted(self, request: Request) -> Response:
        self._authorize(request, Permission.LIST)
        items = [deleted_bundle(self._vault, deleted, in_list=True) for deleted in self._store.deleted()]
        return AzureJSONResponse(page(request, self._vault, items))

    async def get_deleted(self, request: Request) -> Response:
        name = self._authorize(request, Permission.LIST)
        deleted = self._store.get_deleted(name)
        if deleted is None:
            raise errors.deleted_secret_not_found(name)
        return AzureJSONResponse(deleted_bundle(self._vault, deleted))

    async def recover(self, request: Request) -> Response:
        name = self._authorize(request, Permission.RECOVER)
        secret = self._store.recover(name)
        if secret is None:
            raise errors.deleted_secret_not_found(name)
        return AzureJSONResponse(without_value(self._vault, secret))

    async def purge(self, request: Request) -> Response:
        name = self._authorize(request, Permission.PURGE)
        if not self._store.purge(name):
            raise errors.deleted_secret_not_found(name)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def get_certificate(self, request: Request) -> Response:
        """https://learn.microsoft.com/rest/api/keyvault/certificates/get-certificate/get-certificate"""
        name = self._authorize(request, Permission.GET, "certificates")
        secret = self._store.get(name, request.path_params.get("version"))
        certificate = next((item for item in self._vault.certificates if item.name == name), None)
        if secret is None or certificate is None:
            raise errors.certificate_not_found(name)
        return AzureJSONResponse(certificate_bundle(self._vault, certificate, secret))

    async def unknown_path(self, request: Request) -> Response:
        authenticate(self._state, self._vault, request)
        raise errors.unknown_path(request.url.path)

    def _authorize(self, request: Request, permission: Permission, kind: str = "secrets") -> str:
        """Return the name in the path, "" for a list. Raises ServiceError."""
        name: str = request.path_params.get("name", "")
        caller = authenticate(self._state, self._vault, request)
        _require_api_version(request)
        authorize(self._state, self._vault, caller, permission, f"{kind}/{name}".rstrip("/"))
        return name

    def _existing(self, name: str, version: str | None) -> SecretVersion:
        secret = self._store.get(name, version)
        if secret is None and not NAME.fullmatch(name):
            raise errors.invalid_name(name)
        if secret is None:
            raise errors.secret_not_found(name if version is None else f"{name}/{version}")
        return secret


def response_headers(state: EmulatorState, client_request_id: str | None) -> dict[str, str]:
    """The headers of every response; the client's request ID is echoed."""
    echoed = {"x-ms-client-request-id": client_request_id} if client_request_id else {}
    return {
        "Cache-Control": "no-cache",
        "Pragma": "no-cache",
        "Expires": "-1",
        "x-ms-keyvault-region": state.scenario.vault.location,
        **echoed,
        "x-ms-request-id": str(uuid.uuid4()),
        "x-ms-keyvault-service-version": "1.9.2784.1",
        "x-ms-keyvault-network-info": f"conn_type=Ipv4;addr={CLIENT_ADDRESS};act_addr_fam=InterNetwork;",
        "X-Content-Type-Options": "nosniff",
        "Strict-Transport-Security": "max-age=31536000;includeSubDomains",
    }


def _require_api_version(request: Request) -> None:
    version = request.query_params.get("api-version")
    if not version:
        raise errors.missing_api_version()
    if version not in API_VERSIONS:
        raise errors.unknown_api_version(version, API_VERSIONS[-1])
