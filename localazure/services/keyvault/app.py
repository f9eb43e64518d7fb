"""The data plane of a vault: routes and request handlers of secrets."""

import re
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from localazure.scenarios.vaults import Permission, Vault
from localazure.services.errors import AzureJSONResponse, ServiceError, handle_service_error
from localazure.services.keyvault import errors
from localazure.services.keyvault.access import CLIENT_ADDRESS
from localazure.services.keyvault.backups import create_backup, read_backup
from localazure.services.keyvault.bundles import bundle, deleted_bundle, page, without_value
from localazure.services.keyvault.certificates import certificate_routes, with_content_type
from localazure.services.keyvault.operation import API_VERSIONS, Operation, begin
from localazure.services.keyvault.paths import normalized
from localazure.services.keyvault.secret_parameters import read_fields, read_value, with_attributes
from localazure.state.emulator_state import EmulatorState
from localazure.state.secret_store import SecretStore, SecretVersion, new_version

__all__ = ["API_VERSIONS", "HOST_SUFFIX", "create_app", "response_headers", "routes"]

HOST_SUFFIX = ".vault.azure.net"
NAME = re.compile(r"[0-9A-Za-z-]{1,127}")


def create_app(state: EmulatorState, vault: Vault) -> ASGIApp:
    """Return the ASGI application of `vault`."""
    application = Starlette(routes=routes(state, vault), exception_handlers={ServiceError: handle_service_error})
    return normalized(application)


def routes(state: EmulatorState, vault: Vault) -> list[Route]:
    """Return the routes of `vault`."""
    handlers = SecretHandlers(state, vault)
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return [
        Route("/healthstatus", handlers.health),
        Route("/secrets", handlers.list),
        Route("/secrets/restore", handlers.restore, methods=["POST"]),
        Route("/secrets/{name}", handlers.get),
        Route("/secrets/{name}", handlers.set, methods=["PUT"]),
        Route("/secrets/{name}", handlers.update, methods=["PATCH"]),
        Route("/secrets/{name}", handlers.delete, methods=["DELETE"]),
        Route("/secrets/{name}/backup", handlers.backup, methods=["POST"]),
        Route("/secrets/{name}/versions", handlers.list_versions),
        Route("/secrets/{name}/{version}", handlers.get),
        Route("/secrets/{name}/{version}", handlers.update, methods=["PATCH"]),
        Route("/deletedsecrets", handlers.list_deleted),
        Route("/deletedsecrets/{name}", handlers.get_deleted),
        Route("/deletedsecrets/{name}", handlers.purge, methods=["DELETE"]),
        Route("/deletedsecrets/{name}/recover", handlers.recover, methods=["POST"]),
        *certificate_routes(state, vault),
        Route("/{path:path}", handlers.unknown_path, methods=methods),
    ]


class SecretHandlers:
    """The operations of https://learn.microsoft.com/rest/api/keyvault/secrets/operation-groups."""

    def __init__(self, state: EmulatorState, vault: Vault) -> None:
        self._state = state
        self._vault = vault

    @property
    def _store(self) -> SecretStore:
        return self._state.stores[self._vault.name]

    async def health(self, _request: Request) -> Response:
        """Answers without authentication: https://learn.microsoft.com/azure/key-vault/general/private-link-diagnostics"""
        return AzureJSONResponse(None)

    async def get(self, request: Request) -> Response:
        operation, version = self._begin(request, Permission.GET), request.path_params.get("version")
        secret = self._existing(operation.name, version)
        if not secret.enabled:
            raise errors.secret_disabled("get").with_headers(operation.headers)
        return _json(bundle(self._vault, with_content_type(request, secret)), operation)

    async def list(self, request: Request) -> Response:
        operation = self._begin(request, Permission.LIST)
        items = [without_value(self._vault, secret, in_list=True) for secret in self._store.current()]
        return _json(page(request, self._vault, items), operation)

    async def list_versions(self, request: Request) -> Response:
        operation = self._begin(request, Permission.LIST)
        items = [without_value(self._vault, secret) for secret in self._store.versions(operation.name)]
        return _json(page(request, self._vault, items), operation)

    async def set(self, request: Request) -> Response:
        operation = self._begin(request, Permission.SET)
        name = operation.name
        if not NAME.fullmatch(name):
            raise errors.invalid_name(name)
        if self._store.get_deleted(name):
            raise errors.name_is_soft_deleted(name)
        fields, now_s = await read_fields(request), self._state.now_s()
        secret = with_attributes(new_version(name, read_value(fields), now_s), fields, now_s)
        self._store.add(secret)
        return _json(bundle(self._vault, secret), operation)

    async def update(self, request: Request) -> Response:
        """Without a version in the path, the newest version is updated."""
        operation = self._begin(request, Permission.SET)
        secret = self._existing(operation.name, request.path_params.get("version"))
        changed = with_attributes(secret, await read_fields(request), self._state.now_s())
        self._store.update(changed)
        return _json(without_value(self._vault, changed), operation)

    async def delete(self, request: Request) -> Response:
        operation = self._begin(request, Permission.DELETE)
        deleted = self._store.delete(operation.name, self._state.now_s())
        if deleted is None:
            raise errors.secret_not_found(operation.name)
        return _json(deleted_bundle(self._vault, deleted), operation)

    async def backup(self, request: Request) -> Response:
        operation = self._begin(request, Permission.BACKUP)
        self._existing(operation.name, None)
        blob = create_backup(self._state.backup_key, self._store.versions(operation.name))
        return _json({"value": blob}, operation)

    async def restore(self, request: Request) -> Response:
        """https://learn.microsoft.com/rest/api/keyvault/secrets/restore-secret"""
        operation = self._begin(request, Permission.RESTORE)
        versions = read_backup(self._state.backup_key, read_value(await read_fields(request), maximum=None))
        name = versions[-1].name
        if self._store.get_deleted(name):
            raise errors.name_is_soft_deleted(name)
        if self._store.get(name):
            raise errors.secret_exists(name)
        return _json(without_value(self._vault, self._store.restore(versions)), operation)

    async def list_deleted(self, request: Request) -> Response:
        operation = self._begin(request, Permission.LIST)
        items = [deleted_bundle(self._vault, deleted, in_list=True) for deleted in self._store.deleted()]
        return _json(page(request, self._vault, items), operation)

    async def get_deleted(self, request: Request) -> Response:
        operation = self._begin(request, Permission.LIST)
        deleted = self._store.get_deleted(operation.name)
        if deleted is None:
            raise errors.deleted_secret_not_found(operation.name)
        return _json(deleted_bundle(self._vault, deleted), operation)

    async def recover(self, request: Request) -> Response:
        operation = self._begin(request, Permission.RECOVER)
        secret = self._store.recover(operation.name)
        if secret is None:
            raise errors.secret_not_found(operation.name)
        return _json(without_value(self._vault, secret), operation)

    async def purge(self, request: Request) -> Response:
        operation = self._begin(request, Permission.PURGE)
        if not self._store.purge(operation.name):
            raise errors.deleted_secret_not_found(operation.name)
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=operation.headers)

    async def unknown_path(self, request: Request) -> Response:
        begin(self._state, self._vault, request)
        raise errors.unknown_path(request.scope["raw_path"].decode("latin-1").partition("?")[0])

    def _begin(self, request: Request, permission: Permission) -> Operation:
        return begin(self._state, self._vault, request, permission, "secrets")

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


def _json(content: Mapping[str, Any], operation: Operation) -> Response:
    return AzureJSONResponse(content, headers=operation.headers)
