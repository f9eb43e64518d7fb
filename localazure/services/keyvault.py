"""Key Vault's data plane: https://<vault>.vault.azure.net."""

import asyncio
import uuid
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localazure.secret_store import SecretVersion
from localazure.services import keyvault_refusals as refusals
from localazure.services.keyvault_access import authenticate, authorize
from localazure.services.refusal import Json, Refusal, answer_refusal
from localazure.vaults import Permission, Vault
from localazure.world import World

API_VERSIONS = ("2016-10-01", "7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01", "2026-04-01")
RECOVERY = {"recoveryLevel": "Recoverable+Purgeable", "recoverableDays": 90}
CLIENT_ADDRESS = "203.0.113.7"
"""What the vault says it saw: on loopback there is no public address to show."""


def keyvault(world: World) -> Starlette:
    """The vault of `world` as an ASGI application."""
    vault = KeyVault(world)
    return Starlette(
        routes=[
            Route("/secrets/{name}", vault.get_secret),
            Route("/secrets/{name}/", vault.get_secret),
            Route("/secrets/{name}/{version}", vault.get_secret),
            Route("/{path:path}", vault.unknown_path),
        ],
        exception_handlers={Refusal: answer_refusal},
    )


class KeyVault:
    def __init__(self, world: World) -> None:
        self._world = world
        self._vault: Vault = world.scenario.vault

    async def get_secret(self, request: Request) -> Response:
        """https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret/get-secret"""
        name, version = request.path_params["name"], request.path_params.get("version")
        await self._let_in(request, Permission.GET, f"secrets/{name}")
        secret = self._world.store.get(name, version)
        if secret is None:
            raise refusals.secret_not_found(name if version is None else f"{name}/{version}")
        if not secret.enabled:
            raise refusals.secret_disabled("get")
        return Json(self._bundle(secret))

    async def unknown_path(self, request: Request) -> Response:
        authenticate(self._world, request)
        raise refusals.unknown_path(request.url.path)

    async def _let_in(self, request: Request, permission: Permission, item: str) -> None:
        if self._world.vault_latency_s:
            await asyncio.sleep(self._world.vault_latency_s)
        caller = authenticate(self._world, request)
        _require_api_version(request)
        authorize(self._vault, caller, permission, item)

    def _bundle(self, secret: SecretVersion) -> dict[str, Any]:
        times = {"created": secret.created_on, "updated": secret.updated_on}
        content_type = {"contentType": secret.content_type} if secret.content_type else {}
        return {
            "value": secret.value,
            **content_type,
            "id": f"{self._vault.uri}/secrets/{secret.name}/{secret.version}",
            "attributes": {"enabled": secret.enabled, **times, **RECOVERY},
            "tags": {},
        }


def vault_headers(world: World, client_request_id: str | None) -> dict[str, str]:
    """The headers a vault puts on every answer; it repeats the client's own request id."""
    echoed = {"x-ms-client-request-id": client_request_id} if client_request_id else {}
    return {
        "Cache-Control": "no-cache",
        "Pragma": "no-cache",
        "Expires": "-1",
        "x-ms-keyvault-region": world.scenario.vault.location,
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
        raise refusals.missing_api_version()
    if version not in API_VERSIONS:
        raise refusals.unknown_api_version(version, API_VERSIONS[-1])
