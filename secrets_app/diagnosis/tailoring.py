"""Adapts the text and commands of a cause to the specific error where the general ones would be misleading."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from secrets_app.core.credential_options import CredentialKind
from secrets_app.core.reading import Platform
from secrets_app.diagnosis.cause import LINUX, MACOS, WINDOWS, Area, Cause, Command, run
from secrets_app.diagnosis.command_values import HintContext
from secrets_app.diagnosis.tailoring_by_error import BY_ERROR

_VAULT_SCOPE = "https://vault.azure.net/.default"
_VARIABLE = re.compile(r"[A-Za-z_]+")
_AZURE_CLI, _MANAGED_IDENTITY = CredentialKind.AZURE_CLI.class_name, CredentialKind.MANAGED_IDENTITY.class_name
_READ_WITH_AZ = run("python manage.py principal --credential azure-cli", site_only=True)
_CLIENT_ID_SETTINGS = {
    "KVSITE_CREDENTIAL": "KVSITE_MANAGED_IDENTITY_CLIENT_ID",
    "AzureServicesAuthConnectionString": "AppId in AzureServicesAuthConnectionString",
}


def tailor(cause: Cause, context: HintContext) -> Cause:
    """The cause with the text and commands adapted to the context."""
    adjust = _ADJUSTMENTS.get(cause.key)
    tailored = adjust(cause, context) if adjust else cause
    commands = tailored.commands
    if context.without_az:
        remaining = tuple(command for command in commands if not command.template.startswith("az login"))
        # A tool's "use az login" works only if az is one of the credentials.
        commands = (*remaining, _READ_WITH_AZ) if remaining != commands and cause.area is Area.TOOL else remaining
    if scope := context.command_values.values.get("scope"):
        commands = tuple(
            replace(command, template=command.template.replace(_VAULT_SCOPE, scope))
            if _VAULT_SCOPE in command.template
            else command
            for command in commands
        )
    return replace(tailored, commands=commands)


def _without_az(cause: Cause, context: HintContext) -> Cause:
    """The selected credentials do not include az, so `az login` has no effect until the setting is removed."""
    reading = context.reading
    if not context.without_az or reading is None or context.command_values.platform is not Platform.UNKNOWN:
        return cause
    setting = reading.chosen_setting or ""
    why = f"{reading.chosen_by} None of the remaining credentials is available on this machine."
    if all(attempt.credential == _MANAGED_IDENTITY for attempt in reading.attempts):
        why = f"{setting} allows only the managed identity, and this machine has none, "
        why += "or its endpoint 169.254.169.254 is blocked."
    unset: tuple[Command, ...] = ()
    if _VARIABLE.fullmatch(setting):
        unset = (run(f"unset {setting}", systems=(LINUX, MACOS)), run(f"Remove-Item Env:{setting}", systems=(WINDOWS,)))
    return replace(
        cause,
        why=why,
        fix=f"To use your own account, {'remove this setting or ' if unset else ''}select Azure CLI explicitly. "
        "On an Azure machine, allow access to 169.254.169.254 without a proxy.",
        site_fix="",
        commands=(*unset, _READ_WITH_AZ, *cause.commands),
    )


def _unlisted_subject(cause: Cause, context: HintContext) -> Cause:
    """Trusting the service account that currently runs the pod is the less likely fix, and the riskier one."""
    if "service_account" not in context.command_values.values:
        return cause
    return replace(
        cause,
        why=f"The pod signed in as {context.command_values.values['subject']}, which is not the subject of any "
        "federated credential.",
        fix="Either assign the pod the service account that is listed, or, if this one is correct, add a federated "
        "credential for it with the last command.",
        otherwise=cause.otherwise if context.reading is None else (),
    )


def _malformed_scope(cause: Cause, context: HintContext) -> Cause:
    if context.reading is None or context.reading.scope is None or "vault." in context.reading.scope:
        return cause
    return replace(
        cause,
        fix="Use the resource alone, like https://management.azure.com, or followed by /.default.",
        commands=(run("python manage.py principal --scope https://management.azure.com", site_only=True),),
    )


def _unattached_identity(cause: Cause, context: HintContext) -> Cause:
    requested = context.command_values.values.get("requested_identity")
    if not requested:
        return cause
    return replace(
        cause,
        why=f"The user-assigned identity {requested} was requested, but it is not attached to this resource.",
        fix="Correct the ID, or attach that identity. It also needs its own role assignment on the vault.",
        site_fix="",
    )


def _unspecified_identity(cause: Cause, context: HintContext) -> Cause:
    """Names only the setting that applies: a chain uses AZURE_CLIENT_ID, an explicitly selected credential does not."""
    reading = context.reading
    if reading is None:
        return cause
    chosen = reading.chosen_setting or ""
    if chosen.startswith("-"):
        command = run("python manage.py principal --client-id {app_id}")
        return replace(cause, fix=_specify_fix("--client-id"), site_fix="", commands=(*_list_commands(cause), command))
    setting = _CLIENT_ID_SETTINGS.get(chosen, "AZURE_CLIENT_ID")
    fix = _specify_fix(setting)
    if " in " in setting:
        example = "'RunAs=App;AppId=<client-id>'"
        export = run(f"export {chosen}={example}", systems=(LINUX, MACOS))
        export_on_windows = run(f"$env:{chosen} = {example}", systems=(WINDOWS,))
        return replace(cause, fix=fix, site_fix="", commands=(*_list_commands(cause), export, export_on_windows))
    commands = tuple(
        replace(command, template=command.template.replace("AZURE_CLIENT_ID", setting)) for command in cause.commands
    )
    return replace(cause, fix=fix, site_fix="", commands=commands)


def _specify_fix(setting: str) -> str:
    return f"Specify the identity to use: set {setting} to its client ID."


def _list_commands(cause: Cause) -> tuple[Command, ...]:
    return tuple(command for command in cause.commands if "AZURE_CLIENT_ID" not in command.template)


def _stopped_chain(cause: Cause, context: HintContext) -> Cause:
    """The first hint has the fix. Excluding a credential helps only on a development machine with az after it."""
    setting = None if context.failed_is_first else cause.setting
    fix = "Fix the credential that failed: see the first hint above." if context.failed_is_first else cause.fix
    reading = context.reading
    az_follows = reading is None or _AZURE_CLI in [attempt.credential for attempt in reading.attempts]
    can_exclude = az_follows and not (reading and reading.chosen_setting)
    return replace(cause, fix=fix, setting=setting, commands=cause.commands if can_exclude else ())


def _without_tools(cause: Cause, context: HintContext) -> Cause:
    """Without az, the first command installs it; `az login` follows."""
    reading = context.reading
    messages = (
        [attempt.message or "" for attempt in reading.attempts if attempt.credential == _AZURE_CLI] if reading else []
    )
    if not any("not found on path" in message.lower() for message in messages):
        return _without_az(cause, context)
    return _without_az(replace(cause, commands=(*_INSTALL_AZ, *cause.commands)), context)


_INSTALL_AZ = (
    run("winget install --exact --id Microsoft.AzureCLI", systems=(WINDOWS,), platforms=(Platform.UNKNOWN,)),
    run("brew install azure-cli", systems=(MACOS,), platforms=(Platform.UNKNOWN,)),
    run("curl -sL https://aka.ms/InstallAzureCLIDeb | sudo bash", systems=(LINUX,), platforms=(Platform.UNKNOWN,)),
)


def _developer_tools(cause: Cause, context: HintContext) -> Cause:
    """Names the setting that selects the developer tools."""
    reading = context.reading
    setting = reading.chosen_setting if reading else None
    if not setting or not _VARIABLE.fullmatch(setting):
        return cause
    commands = tuple(
        replace(command, template=command.template.replace("AZURE_TOKEN_CREDENTIALS", setting))
        for command in cause.commands
    )
    return replace(
        cause,
        title=f"{setting} selects developer tools, and this program runs in Azure",
        why="Developer tools are not signed in there. The managed identity, which would work, was not tried.",
        fix=f"Remove {setting} from the app settings, then restart. The managed identity is then tried.",
        commands=commands,
    )


def _tenant_of_principal(cause: Cause, context: HintContext) -> Cause:
    """What to do depends on whether the principal can get a token from another tenant."""
    principal = context.reading.principal if context.reading else None
    if principal is None or principal.kind is None:
        return cause
    if principal.kind.endswith("managed_identity"):
        fix = (
            "Check the vault name. A managed identity gets tokens from its own tenant only: use a vault in that "
            "tenant, or sign in with an app registration of the vault's tenant."
        )
    else:
        fix = "Check the vault name. If it is correct, sign in to the vault's tenant."
    return replace(cause, fix=fix)


_ADJUSTMENTS: Mapping[str, Callable[[Cause, HintContext], Cause]] = {
    **BY_ERROR,
    "kv_wrong_tenant": _tenant_of_principal,
    "imds_unreachable": _without_az,
    "no_credential_available": _without_tools,
    "developer_credential_in_azure": _developer_tools,
    "federated_credential_mismatch": _unlisted_subject,
    "scope_invalid": _malformed_scope,
    "mi_identity_not_assigned": _unattached_identity,
    "mi_multiple_user_assigned": _unspecified_identity,
    "chain_stopped_early": _stopped_chain,
}
