"""Adapts the text and commands of a cause to one case where the general ones would mislead."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from secrets_app.core.reading import Platform, Reading
from secrets_app.diagnosis.cause import LINUX, MACOS, WINDOWS, Area, Cause, Command, run
from secrets_app.diagnosis.command_values import CommandValues

_VAULT_SCOPE = "https://vault.azure.net/.default"
_VARIABLE = re.compile(r"[A-Za-z_]+")
_GUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_BARE_HOST = re.compile(r"(?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,63}", re.IGNORECASE)
_ASK_AZ = run("python manage.py principal --credential azure-cli")
_CLIENT_ID_CHOICES = {
    "KVSITE_CREDENTIAL": "KVSITE_MANAGED_IDENTITY_CLIENT_ID",
    "AzureServicesAuthConnectionString": "AppId in AzureServicesAuthConnectionString",
}


@dataclass(frozen=True, kw_only=True)
class HintContext:
    """What is known about the case that the hint is for."""

    facts: CommandValues
    reading: Reading | None = None
    """None if only an error text is known."""
    failed_is_first: bool = False
    """The first hint is about the credential at which the chain stopped."""

    @property
    def without_az(self) -> bool:
        """A setting selects the credentials, and az is not one of them: signing in to az has no effect."""
        reading = self.reading
        if reading is None or not reading.chosen_setting or not reading.attempts:
            return False
        return all(attempt.credential != "AzureCliCredential" for attempt in reading.attempts)

    @property
    def resource(self) -> str | None:
        """The resource a token was requested for, if it is neither Key Vault nor a vault."""
        resource = self.facts.values.get("scope", "").removesuffix("/.default")
        return None if not resource or "vault." in resource.lower() else resource


def tailor(cause: Cause, case: HintContext) -> Cause:
    """The cause with text and commands for this case."""
    change = _ADJUSTMENTS.get(cause.key)
    fitted = change(cause, case) if change else cause
    commands = fitted.commands
    if case.without_az:
        kept = tuple(command for command in commands if not command.template.startswith("az login"))
        # A tool's "use az login" works only if az is one of the credentials.
        commands = (*kept, _ASK_AZ) if kept != commands and cause.area is Area.TOOL else kept
    if scope := case.facts.values.get("scope"):
        commands = tuple(replace(each, template=each.template.replace(_VAULT_SCOPE, scope)) for each in commands)
    return replace(fitted, commands=commands)


def _not_interactive(cause: Cause, case: HintContext) -> Cause:
    """The selected credentials do not include az, so `az login` has no effect until the setting is removed."""
    reading = case.reading
    if not case.without_az or reading is None or case.facts.platform is not Platform.UNKNOWN:
        return cause
    setting = reading.chosen_setting or ""
    why = f"{reading.chosen_by} None of the remaining credentials is available on this machine."
    if all(attempt.credential == "ManagedIdentityCredential" for attempt in reading.attempts):
        why = f"{setting} allows only the managed identity, and this machine has none, "
        why += "or its endpoint 169.254.169.254 is blocked."
    undo: tuple[Command, ...] = ()
    if _VARIABLE.fullmatch(setting):
        undo = (run(f"unset {setting}", systems=(LINUX, MACOS)), run(f"Remove-Item Env:{setting}", systems=(WINDOWS,)))
    return replace(
        cause,
        why=why,
        fix=f"To use your own account, {'remove this setting or ' if undo else ''}select Azure CLI explicitly. "
        "On an Azure machine, allow access to 169.254.169.254 without a proxy.",
        commands=(*undo, _ASK_AZ, *cause.commands),
    )


def _not_listed(cause: Cause, case: HintContext) -> Cause:
    """Trusting the service account that currently runs the pod is the less likely fix, and the riskier one."""
    if "service_account" not in case.facts.values:
        return cause
    return replace(
        cause,
        why=f"The pod signed in as {case.facts.values['subject']}, which is not the subject of any federated "
        "credential.",
        fix="Either assign the pod the service account that is listed, or, if this one is correct, add a federated "
        "credential for it with the last command.",
    )


def _unknown_resource(cause: Cause, case: HintContext) -> Cause:
    resource = case.resource
    if resource is None:
        return cause
    own = _GUID.search(resource)
    return replace(
        cause,
        why=f"Microsoft Entra ID has no resource {resource} in this tenant.",
        fix=f"Check the spelling, including https://.{_meant(resource)} For your own API, create a service principal.",
        commands=(
            run(f'az ad sp list --filter "servicePrincipalNames/any(n:n eq \'{resource}\')" --query "[].displayName"'),
            run(f"az ad sp create --id {own[0] if own else '<application-id-of-the-API>'}"),
        ),
    )


def _failed_endpoint(cause: Cause, case: HintContext) -> Cause:
    resource = case.resource
    if resource is None:
        return cause
    return replace(
        cause,
        why="It responded without a token: it has a temporary error, or Microsoft Entra ID has no resource "
        f"{resource} in this tenant.",
        fix=f"Check the spelling, including https://.{_meant(resource)} If it is correct, try again in a minute. "
        "The command below requests a token for a resource that exists in every tenant.",
        commands=(run("python manage.py principal --scope https://management.azure.com"),),
    )


def _malformed_scope(cause: Cause, case: HintContext) -> Cause:
    if case.reading is None or case.reading.scope is None or "vault." in case.reading.scope:
        return cause
    return replace(
        cause,
        fix="Use the resource alone, like https://management.azure.com, or followed by /.default.",
        commands=(run("python manage.py principal --scope https://management.azure.com"),),
    )


def _meant(resource: str) -> str:
    return f" Did you mean https://{resource}?" if _BARE_HOST.fullmatch(resource) else ""


def _not_attached(cause: Cause, case: HintContext) -> Cause:
    asked = case.facts.values.get("asked")
    if not asked:
        return cause
    return replace(
        cause,
        why=f"The user-assigned identity {asked} was requested, but it is not attached to this resource.",
        fix="Correct the ID, or attach that identity. It also needs its own role assignment on the vault.",
    )


def _none_chosen(cause: Cause, case: HintContext) -> Cause:
    """Names only the setting that applies: a chain uses AZURE_CLIENT_ID, an explicitly selected credential does not."""
    reading = case.reading
    if reading is None:
        return cause
    chosen = reading.chosen_setting or ""
    if chosen.startswith("-"):
        name, choice = "--client-id", (run("python manage.py principal --client-id {app_id}"),)
        return replace(cause, fix=_name_it(name), commands=(*_looks(cause), *choice))
    setting = _CLIENT_ID_CHOICES.get(chosen, "AZURE_CLIENT_ID")
    if " in " in setting:
        spelled = (
            run(f"export {chosen}='RunAs=App;AppId=<client-id>'", systems=(LINUX, MACOS)),
            run(f"$env:{chosen} = 'RunAs=App;AppId=<client-id>'", systems=(WINDOWS,)),
        )
        return replace(cause, fix=_name_it(setting), commands=(*_looks(cause), *spelled))
    commands = tuple(
        replace(each, template=each.template.replace("AZURE_CLIENT_ID", setting)) for each in cause.commands
    )
    return replace(cause, fix=_name_it(setting), commands=commands)


def _name_it(setting: str) -> str:
    return f"Specify the identity to use: set {setting} to its client ID."


def _looks(cause: Cause) -> tuple[Command, ...]:
    return tuple(command for command in cause.commands if "AZURE_CLIENT_ID" not in command.template)


def _stopped_early(cause: Cause, case: HintContext) -> Cause:
    """The first hint has the fix. Excluding a credential helps only on a development machine with az after it."""
    fix = "Fix the credential that failed: see the first hint above." if case.failed_is_first else cause.fix
    reading = case.reading
    az_is_behind = reading is None or "AzureCliCredential" in [attempt.credential for attempt in reading.attempts]
    may_choose = az_is_behind and not (reading and reading.chosen_setting)
    return replace(cause, fix=fix, commands=cause.commands if may_choose else ())


_ADJUSTMENTS: Mapping[str, Callable[[Cause, HintContext], Cause]] = {
    "imds_unreachable": _not_interactive,
    "no_credential_available": _not_interactive,
    "federated_credential_mismatch": _not_listed,
    "resource_not_in_tenant": _unknown_resource,
    "mi_endpoint_error": _failed_endpoint,
    "scope_invalid": _malformed_scope,
    "mi_identity_not_assigned": _not_attached,
    "mi_multiple_user_assigned": _none_chosen,
    "chain_stopped_early": _stopped_early,
}
