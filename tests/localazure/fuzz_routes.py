"""Requests to every route of Local Azure: valid paths with random parameters and bodies, from the routing tables."""

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from starlette.routing import BaseRoute, Route

from localazure.scenarios import find_scenario
from localazure.scenarios.directory import CONTOSO, PRODUCTION, SHARED_IDENTITY, SITE_APPLICATION
from localazure.server import status_page
from localazure.services.entra import app as entra
from localazure.services.entra import national_clouds
from localazure.services.graph import HOST as GRAPH_HOST
from localazure.services.graph import app as graph
from localazure.services.keyvault import app as keyvault
from localazure.services.managed_identity import app_service, imds
from localazure.services.resource_manager import api_versions
from localazure.services.resource_manager import app as resource_manager
from localazure.state.emulator_state import EmulatorState

VAULT_ID = f"{PRODUCTION.group_scope}/providers/Microsoft.KeyVault/vaults/contoso"
GUID = "00000000-0000-4000-8000-000000000001"
VALUES = {
    "tenant": (CONTOSO.id, CONTOSO.domain, "common", "x"),
    "subscription": (PRODUCTION.id, PRODUCTION.id.upper(), GUID, "x"),
    "group": (PRODUCTION.resource_group, "x"),
    "scope": (PRODUCTION.scope, VAULT_ID, f"{VAULT_ID}/secrets/demo", "/x"),
    "location": ("westeurope", "x"),
    "id": (SITE_APPLICATION.registration_id, SITE_APPLICATION.object_id, GUID, "x"),
    "operation": ("add", "remove", "replace", "x"),
}
"""Placeholder -> values; others are names."""
NAMES = (
    "contoso",
    "demo",
    "kvsite-demo",
    "kvsite-vm",
    "kvsite-reader",
    "x",
    GUID,
    "a" * 200,
    "%00",
    "%F0%9F%92%A9",
    ".",
)
KEYS = (
    *("properties", "identity", "tags", "template", "parameters", "resources", "query", "options", "value", "name"),
    *("attributes", "enabled", "exp", "nbf", "contentType", "type", "location", "accessPolicies", "networkAcls"),
    *("ipRules", "defaultAction", "enableRbacAuthorization", "createMode", "roleDefinitionId", "principalId", "sku"),
    *("userAssignedIdentities", "passwordCredential", "keyId", "ids", "issuer", "subject", "audiences", "mode"),
    *("permissions", "objectId", "tenantId", "siteConfig", "appSettings", "outputs", "variables", "apiVersion"),
)
LEAVES = (
    *(None, True, 0, -1, 10**30, 1e300, "", "x", "[", "[concat('a', 1)]", "[reference('x').y]", "[[", GUID, VAULT_ID),
    *("recover", "SystemAssigned", "UserAssigned", "Incremental", "203.0.113.7/99", "resources | where", "\ud800"),
    *(SHARED_IDENTITY.resource_id, "2026-13-45T00:00:00Z", "Microsoft.KeyVault/vaults", "a" * 3000, "get"),
)
QUERIES = ("resources", "resources | where type =~ 'x' | count", "resources | top 1 by name", "where (", "| | |")
FORMS = (
    *("client_credentials", "refresh_token", "authorization_code", "device_code", "password", "x"),
    "urn:ietf:params:oauth:grant-type:device_code",
)
FIELDS = (
    *("client_id", "client_secret", "client_assertion", "client_assertion_type", "scope", "resource", "code", "claims"),
    *("device_code", "refresh_token", "redirect_uri", "code_verifier"),
)


@dataclass(frozen=True)
class Target:
    """One method of one route."""

    host: str
    method: str
    path: str
    version: str = ""


def all_targets() -> tuple[Target, ...]:
    """Every route of the services of a scenario, except those that exist only on some hosts."""
    scenario = find_scenario("vm")
    state = EmulatorState(scenario=scenario)
    management = (
        Target("management.azure.com", item.method, item.path, api_versions.SUPPORTED[item.type][-1])
        for item in resource_manager.TABLE
    )
    return (
        *management,
        *_targets("contoso.vault.azure.net", keyvault.routes(state, scenario.vault), keyvault.API_VERSIONS[-1]),
        *_targets(entra.HOSTS[0], entra.create_app(state).routes),
        *_targets(national_clouds.HOSTS[0], national_clouds.create_app(state).routes),
        *_targets(GRAPH_HOST, graph.create_app(state).routes),
        *_targets(imds.HOST, imds.create_app(state).routes, imds.API_VERSIONS[-1]),
        *_targets("127.0.0.1", app_service.create_app(state).routes, "2019-08-01"),
        *_targets("127.0.0.1", status_page.create_app(state).routes),
    )


def _targets(host: str, routes: Iterable[BaseRoute], version: str = "") -> Iterable[Target]:
    for route in routes:
        if isinstance(route, Route):
            for method in sorted(route.methods or {"GET"}):
                yield Target(host, method, route.path, version)


def request(rng: random.Random, target: Target, token: str) -> bytes:
    """A well-formed request to `target`, with random values."""
    path = target.path
    while "{" in path:
        before, _, rest = path.partition("{")
        name, _, after = rest.partition("}")
        path = before + rng.choice(VALUES.get(name.partition(":")[0], NAMES)) + after
    if target.version and rng.random() < 0.95:
        path += f"?api-version={target.version}"
        path += rng.choice(("", "", "&$filter=x", "&maxresults=1", "&resource=https://vault.azure.net", "&%zz=%"))
    body, kind = _body(rng, target)
    lines = [f"{target.method} {path} HTTP/1.1", f"Host: {target.host}", "Metadata: true", f"Content-Type: {kind}"]
    if rng.random() < 0.9:
        lines.append(f"Authorization: Bearer {token}")
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def _body(rng: random.Random, target: Target) -> tuple[bytes, str]:
    if target.method in ("GET", "HEAD") or rng.random() < 0.1:
        return b"", "text/plain"
    if "oauth2" in target.path:
        fields = [f"grant_type={rng.choice(FORMS)}"]
        fields += [f"{name}={rng.choice(('x', '', '%00', SITE_APPLICATION.client_id, 'a.b.c'))}" for name in FIELDS]
        rng.shuffle(fields)
        return "&".join(fields[: rng.randrange(len(fields))]).encode(), "application/x-www-form-urlencoded"
    value = _json(rng, 0)
    if "ResourceGraph" in target.path and isinstance(value, dict) and rng.random() < 0.8:
        value["query"] = rng.choice(QUERIES)
    return json.dumps(value).encode(), "application/json"


def _json(rng: random.Random, depth: int) -> Any:
    choice = rng.random()
    if choice < 0.15 or depth > 5:
        return rng.choice(LEAVES)
    if choice < 0.3:
        return [_json(rng, depth + 1) for _ in range(rng.randrange(3))]
    return {rng.choice(KEYS): _json(rng, depth + 1) for _ in range(rng.randrange(1, 6))}
