"""Key Vault's data plane: https://<vault>.vault.azure.net, its secrets."""

import re
import uuid
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localazure.secret_store import SecretVersion, new_version
from localazure.services import keyvault_refusals as refusals
from localazure.services.keyvault_access import CLIENT_ADDRESS, authenticate, authorize
from localazure.services.keyvault_bundles import bundle, deleted_bundle, page, without_value
from localazure.services.keyvault_certificates import certificate_bundle
from localazure.services.keyvault_writes import fields_of, value_of, with_attributes
from localazure.services.refusal import Json, Refusal, answer_refusal
from localazure.vaults import Permission, Vault
from localazure.world import World

API_VERSIONS = ("2016-10-01", "7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01", "2026-04-01")
NAME = re.compile(r"[0-9A-Za-z-]{1,127}")


def keyvault(world: World, vault: Vault) -> Starlette:
    """One vault of `world` as an ASGI application."""
    secrets = Secrets(world, vault)
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return Starlette(
        routes=[
            Route("/secrets", secrets.list),
            Route("/secrets/{name}", secrets.get),
            Route("/secrets/{name}", secrets.set, methods=["PUT"]),
            Route("/secrets/{name}", secrets.delete, methods=["DELETE"]),
            Route("/secrets/{name}/", secrets.get),
            Route("/secrets/{name}/versions", secrets.list_versions),
            Route("/secrets/{name}/{version}", secrets.get),
            Route("/secrets/{name}/{version}", secrets.update, methods=["PATCH"]),
            Route("/deletedsecrets", secrets.list_deleted),
            Route("/deletedsecrets/{name}", secrets.get_deleted),
            Route("/deletedsecrets/{name}", secrets.purge, methods=["DELETE"]),
            Route("/deletedsecrets/{name}/recover", secrets.recover, methods=["POST"]),
            Route("/certificates/{name}", secrets.get_certificate),
            Route("/certificates/{name}/", secrets.get_certificate),
            Route("/certificates/{name}/{version}", secrets.get_certificate),
            Route("/{path:path}", secrets.unknown_path, methods=methods),
        ],
        exception_handlers={Refusal: answer_refusal},
    )


class Secrets:
    """https://learn.microsoft.com/rest/api/keyvault/secrets/operation-groups, each by its name there."""

    def __init__(self, world: World, vault: Vault) -> None:
        self._world = world
        self._vault = vault
        self._store = world.stores[vault.name]

    async def get(self, request: Request) -> Response:
        name, version = self._let_in(request, Permission.GET), request.path_params.get("version")
        secret = self._existing(name, version)
        if not secret.enabled:
            raise refusals.secret_disabled("get")
        return Json(bundle(self._vault, secret))

    async def list(self, request: Request) -> Response:
        self._let_in(request, Permission.LIST)
        items = [without_value(self._vault, secret, in_list=True) for secret in self._store.current()]
        return Json(page(request, self._vault, items))

    async def list_versions(self, request: Request) -> Response:
        name = self._let_in(request, Permission.LIST)
        items = [without_value(self._vault, secret) for secret in self._store.versions(name)]
        return Json(page(request, self._vault, items))

    async def set(self, request: Request) -> Response:
        name = self._let_in(request, Permission.SET)
        if not NAME.fullmatch(name):
            raise refusals.invalid_name(name)
        if self._store.get_deleted(name):
            raise refusals.name_held_by_deleted(name)
        fields, now_s = await fields_of(request), self._world.now_s()
        secret = with_attributes(new_version(name, value_of(fields), now_s), fields, now_s)
        self._store.add(secret)
        return Json(bundle(self._vault, secret))

    async def update(self, request: Request) -> Response:
        name = self._let_in(request, Permission.SET)
        secret = self._existing(name, request.path_params["version"])
        changed = with_attributes(secret, await fields_of(request), self._world.now_s())
        self._store.update(changed)
        return Json(without_value(self._vault, changed))

    async def delete(self, request: Request) -> Response:
        name = self._let_in(request, Permission.DELETE)
        deleted = self._store.delete(name, self._world.now_s())
        if deleted is None:
            raise refusals.secret_not_found(name)
        return Json(deleted_bundle(self._vault, deleted))

    async def list_deleted(self, request: Request) -> Response:
        self._let_in(request, Permission.LIST)
        items = [deleted_bundle(self._vault, deleted, in_list=True) for deleted in self._store.deleted()]
        return Json(page(request, self._vault, items))

    async def get_deleted(self, request: Request) -> Response:
        name = self._let_in(request, Permission.LIST)
        deleted = self._store.get_deleted(name)
        if deleted is None:
            raise refusals.deleted_secret_not_found(name)
        return Json(deleted_bundle(self._vault, deleted))

    async def recover(self, request: Request) -> Response:
        name = self._let_in(request, Permission.RECOVER)
        secret = self._store.recover(name)
        if secret is None:
            raise refusals.deleted_secret_not_found(name)
        return Json(without_value(self._vault, secret))

    async def purge(self, request: Request) -> Response:
        name = self._let_in(request, Permission.PURGE)
        if not self._store.purge(name):
            raise refusals.deleted_secret_not_found(name)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def get_certificate(self, request: Request) -> Response:
        """https://learn.microsoft.com/rest/api/keyvault/certificates/get-certificate/get-certificate"""
        name = self._let_in(request, Permission.GET, "certificates")
        secret = self._store.get(name, request.path_params.get("version"))
        certificate = next((known for known in self._vault.certificates if known.name == name), None)
        if secret is None or certificate is None:
            raise refusals.certificate_not_found(name)
        return Json(certificate_bundle(self._vault, certificate, secret))

    async def unknown_path(self, request: Request) -> Response:
        authenticate(self._world, self._vault, request)
        raise refusals.unknown_path(request.url.path)

    def _let_in(self, request: Request, permission: Permission, kind: str = "secrets") -> str:
        """The name the request is about, "" for a list. Raises Refusal."""
        name: str = request.path_params.get("name", "")
        caller = authenticate(self._world, self._vault, request)
        _require_api_version(request)
        authorize(self._vault, caller, permission, f"{kind}/{name}".rstrip("/"))
        return name

    def _existing(self, name: str, version: str | None) -> SecretVersion:
        secret = self._store.get(name, version)
        if secret is None and not NAME.fullmatch(name):
            raise refusals.invalid_name(name)
        if secret is None:
            raise refusals.secret_not_found(name if version is None else f"{name}/{version}")
        return secret


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
