"""A client of Azure Resource Manager that is signed in as one of the scenario's principals."""

import time
from dataclasses import dataclass
from typing import Any

import httpx

from localazure import LocalAzure
from localazure.crypto.tokens import issue
from localazure.scenarios.directory import CONTOSO, DEVELOPER, PRODUCTION, Identity, Tenant

ARM = "https://management.azure.com"
GROUP = PRODUCTION.group_scope
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/contoso"


@dataclass(frozen=True)
class Management:
    azure: LocalAzure
    client: httpx.Client

    def send(
        self,
        method: str,
        path: str,
        version: str = "2026-02-01",
        *,
        identity: Identity = DEVELOPER,
        tenant: Tenant = CONTOSO,
        body: object = None,
        content: bytes | None = None,
        filter_: str = "",
    ) -> httpx.Response:
        """Send a request as `identity`, by default the developer, who owns the subscription."""
        token = issue(identity, tenant=tenant, audience=ARM, now_s=int(time.time()))
        parameters = {"api-version": version} | ({"$filter": filter_} if filter_ else {})
        headers = {"Authorization": f"Bearer {token.text}"}
        json: dict[str, Any] = {"content": content} if body is None else {"json": body}
        return self.client.request(method, f"{ARM}{path}", params=parameters, headers=headers, **json)


def error_code(response: httpx.Response) -> str:
    return str(response.json()["error"]["code"])
