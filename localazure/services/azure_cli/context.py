"""What every command of az needs: the sign-in state and the emulated services."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp

from localazure.scenarios.directory import PRODUCTION, SANDBOX, Subscription, User
from localazure.services.azure_cli.requests import Answer, send, successful
from localazure.services.azure_cli.result import CliError
from localazure.services.azure_cli.tokens import token_for
from localazure.state.cli_session import CliIdentity, CliSession
from localazure.state.emulator_state import EmulatorState

ARM = "https://management.azure.com"
GRAPH = "https://graph.microsoft.com"
VERSIONS = {
    "Microsoft.Authorization": "2022-04-01",
    "Microsoft.KeyVault": "2026-02-01",
    "Microsoft.Web": "2025-05-01",
    "Microsoft.Compute": "2026-04-01",
    "Microsoft.ManagedIdentity": "2024-11-30",
    "Microsoft.ContainerService": "2026-06-01",
}
"""Resource provider -> API version."""
VAULT_VERSION = "2025-07-01"


@dataclass(frozen=True)
class Context:
    state: EmulatorState
    session: CliSession
    services: ASGIApp
    """Routes requests to the emulated services by host name."""

    @property
    def identity(self) -> CliIdentity:
        """The signed-in account. Raises CliError."""
        if self.session.identity is None:
            raise CliError("Please run 'az login' to setup account.")
        return self.session.identity

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """The subscriptions of the account: a user's in all tenants, an application's in its own."""
        if isinstance(self.identity, User):
            tenants = self.state.directory.user_tenants()
            return tuple(item for item in (PRODUCTION, SANDBOX) if item.tenant in tenants)
        return (self.state.scenario.subscription,)

    def subscription(self, requested: str | None = None) -> Subscription:
        """Return the requested subscription, by ID or name, or the selected one. Raises CliError."""
        known = self.subscriptions
        if not requested:
            return self.session.subscription or known[0]
        for item in known:
            if requested.lower() in (item.id, item.name.lower()):
                return item
        raise CliError(f"Subscription '{requested}' not found. Check the spelling and casing and try again.")

    @property
    def group(self) -> str:
        """The ID of the selected subscription's resource group."""
        return self.subscription().group_scope

    async def arm(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """Return the JSON of a request to Resource Manager. Raises CliError."""
        provider = path.rpartition("/providers/")[2].partition("/")[0]
        parameters = {"api-version": VERSIONS.get(provider, "2021-04-01")}
        parameters |= {name.replace("_", "$"): value for name, value in query.items()}
        return await self._send(method, f"{ARM}{path}", "https://management.core.windows.net/", body, parameters)

    async def graph(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """Return the JSON of a request to Microsoft Graph. Raises CliError."""
        parameters = {name.replace("_", "$"): value for name, value in query.items()}
        answer = await self._answer(method, f"{GRAPH}/v1.0{path}", "https://graph.microsoft.com/", body, parameters)
        if answer.status >= 400:
            raise CliError(str(answer.content["error"]["message"]), 3 if answer.status == 404 else 1)
        return answer.content

    async def vault(self, method: str, vault: str, path: str, body: Any = None) -> Any:
        """Return the JSON of a request to a vault. Raises CliError."""
        url = f"https://{vault.lower()}.vault.azure.net"
        if vault.lower() not in self.state.vaults:
            raise CliError(f"Failed to resolve '{vault}.vault.azure.net' ([Errno -2] Name or service not known)")
        return await self._send(method, f"{url}{path}", "https://vault.azure.net", body, {"api-version": VAULT_VERSION})

    async def _send(self, method: str, url: str, resource: str, body: Any, query: Mapping[str, str]) -> Any:
        return successful(await self._answer(method, url, resource, body, query))

    async def _answer(self, method: str, url: str, resource: str, body: Any, query: Mapping[str, str]) -> Answer:
        token = token_for(self.state, self.session, resource, self.subscription().tenant.id)
        return await send(self.services, method, url, token.text, body, query)
