"""The supported `az` commands, with the output and exit codes of azure-cli 2.91."""

import argparse
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, NoReturn

from localazure.scenarios.directory import Application, Subscription, Tenant, User
from localazure.services.azure_cli.result import CliError, CommandResult
from localazure.services.azure_cli.tokens import token_for
from localazure.state.emulator_state import EmulatorState

VERSION = "2.91.0"
REFERENCE = "\n\nhttps://aka.ms/cli_ref\nRead more about the command in reference docs"


class _Parser(argparse.ArgumentParser):
    """Reports errors as az does: one line after ERROR, exit code 2."""

    def error(self, message: str) -> NoReturn:
        raise CliError(f"{message}{REFERENCE}", 2)


def run(state: EmulatorState, arguments: list[str]) -> CommandResult:
    """Return the result of `az ARGUMENTS`."""
    for words, command in _COMMANDS.items():
        if tuple(arguments[: len(words)]) == words:
            try:
                return command(state, arguments[len(words) :])
            except CliError as error:
                return error.result
    return CliError(f"'{_unknown_word(arguments)}' is misspelled or not recognized by the system.{REFERENCE}", 2).result


def _unknown_word(arguments: list[str]) -> str:
    """The first word that is not part of a command."""
    known = {word for words in _COMMANDS for word in words[:1]}
    words = arguments[1:] if arguments and arguments[0] in known else arguments
    return words[0] if words else ""


def _get_access_token(state: EmulatorState, arguments: list[str]) -> CommandResult:
    parser = _parser("account get-access-token")
    parser.add_argument("--resource")
    parser.add_argument("--scope", "--scopes")
    parser.add_argument("--tenant", "-t")
    parser.add_argument("--subscription", "--name", "-s", "-n")
    options = parser.parse_args(arguments)
    if options.tenant and options.subscription:
        raise CliError("Please specify only one of subscription and tenant, not both")
    identity, subscription = _signed_in(state), _subscription(state, options.subscription)
    resource = options.resource or (options.scope or "https://management.core.windows.net/").removesuffix("/.default")
    token = token_for(state, identity, resource, options.tenant or subscription.tenant.id)
    subscription_field = {} if options.tenant else {"subscription": subscription.id}
    expires_on = datetime.fromtimestamp(token.expires_on)  # noqa: DTZ006 - az prints local time
    return _json(
        {
            "accessToken": token.text,
            "expiresOn": f"{expires_on:%Y-%m-%d %H:%M:%S.%f}",
            "expires_on": token.expires_on,
            **subscription_field,
            "tenant": options.tenant or subscription.tenant.id,
            "tokenType": "Bearer",
        }
    )


def _account_show(state: EmulatorState, arguments: list[str]) -> CommandResult:
    parser = _parser("account show")
    parser.add_argument("--subscription", "--name", "-s", "-n")
    options = parser.parse_args(arguments)
    identity = _signed_in(state)
    return _json(_account(identity, _subscription(state, options.subscription)))


def _account_list(state: EmulatorState, arguments: list[str]) -> CommandResult:
    parser = _parser("account list")
    for flag in ("--all", "--refresh"):
        parser.add_argument(flag, action="store_true")
    parser.parse_args(arguments)
    cli = state.scenario.azure_cli
    if cli is None or cli.signed_in is None:
        return CommandResult(stdout="[]\n", stderr='WARNING: Please run "az login" to access your accounts.\n')
    account = _account(cli.signed_in, state.scenario.subscription)
    cloud = account.pop("environmentName")  # az account list uses another name for it than az account show
    return _json([{"cloudName": cloud, **account}])


def _version(_state: EmulatorState, arguments: list[str]) -> CommandResult:
    _parser("version").parse_args(arguments)
    core = {"azure-cli": VERSION, "azure-cli-core": VERSION, "azure-cli-telemetry": "1.1.0"}
    return _json(core | {"extensions": {}})


def _version_text(_state: EmulatorState, _arguments: list[str]) -> CommandResult:
    parts = (("azure-cli", VERSION), ("", ""), ("core", VERSION), ("telemetry", "1.1.0"))
    return CommandResult(
        stdout="".join(f"{name}{version:>{40 - len(name)}}".rstrip() + "\n" for name, version in parts)
    )


def _login(_state: EmulatorState, _arguments: list[str]) -> CommandResult:
    raise CliError(
        "Local Azure's az command does not support signing in. Choose another scenario, or use the real Azure CLI."
    )


_COMMANDS: dict[tuple[str, ...], Callable[[EmulatorState, list[str]], CommandResult]] = {
    ("account", "get-access-token"): _get_access_token,
    ("account", "show"): _account_show,
    ("account", "list"): _account_list,
    ("login",): _login,
    ("version",): _version,
    ("--version",): _version_text,
}


def _parser(command: str) -> argparse.ArgumentParser:
    parser = _Parser(prog=f"az {command}", add_help=False, allow_abbrev=False)
    parser.add_argument("--output", "-o", choices=["json"], default="json")
    return parser


def _signed_in(state: EmulatorState) -> User | Application:
    cli = state.scenario.azure_cli
    if cli is None or cli.signed_in is None:
        raise CliError("Please run 'az login' to setup account.")
    return cli.signed_in


def _subscription(state: EmulatorState, requested: str | None) -> Subscription:
    subscription = state.scenario.subscription
    if requested and requested.lower() not in (subscription.id, subscription.name.lower()):
        raise CliError(f"Subscription '{requested}' not found. Check the spelling and casing and try again.")
    return subscription


def _account(identity: User | Application, subscription: Subscription) -> dict[str, Any]:
    return {
        "environmentName": "AzureCloud",
        "homeTenantId": subscription.tenant.id,
        "id": subscription.id,
        "isDefault": True,
        "managedByTenants": [],
        "name": subscription.name,
        "state": "Enabled",
        **_tenant_fields(identity, subscription.tenant),
        "tenantId": subscription.tenant.id,
        "user": _user(identity),
    }


def _tenant_fields(identity: User | Application, tenant: Tenant) -> dict[str, str]:
    """A service principal signs in by tenant ID, so az has no names for the tenant."""
    if isinstance(identity, Application):
        return {}
    return {"tenantDefaultDomain": tenant.domain, "tenantDisplayName": tenant.name}


def _user(identity: User | Application) -> dict[str, str]:
    if isinstance(identity, User):
        return {"name": identity.principal_name, "type": "user"}
    return {"name": identity.client_id, "type": "servicePrincipal"}


def _json(value: Any) -> CommandResult:
    return CommandResult(stdout=json.dumps(value, indent=2, ensure_ascii=False) + "\n")
