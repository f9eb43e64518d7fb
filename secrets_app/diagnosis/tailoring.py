"""Adapts the text and commands of a cause to the specific error where the general ones would be misleading."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from secrets_app.core.credential_options import CredentialKind
from secrets_app.core.hosts import GUID_PATTERN
from secrets_app.core.reading import Platform, Reading
from secrets_app.diagnosis.cause import LINUX, MACOS, WINDOWS, Area, Cause, Command, run
from secrets_app.diagnosis.command_values import CommandValues
from secrets_app.diagnosis.evidence import Evidence

_VAULT_SCOPE = "https://vault.azure.net/.default"
_VARIABLE = re.compile(r"[A-Za-z_]+")
_AZURE_CLI, _MANAGED_IDENTITY = CredentialKind.AZURE_CLI.class_name, CredentialKind.MANAGED_IDENTITY.class_name
_AZURE_RESOURCE = re.compile(
    r"(?:named|resource)\s['\"]?https?://[\w.-]{0,200}(?:azure|windows|microsoft|usgovcloudapi)[\w.-]{0,60}",
    re.IGNORECASE,
)
_GUID = re.compile(GUID_PATTERN)
_BARE_HOST = re.compile(r"(?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,63}", re.IGNORECASE)
_READ_WITH_AZ = run("python manage.py principal --credential azure-cli", site_only=True)
_CLIENT_ID_SETTINGS = {
    "KVSITE_CREDENTIAL": "KVSITE_MANAGED_IDENTITY_CLIENT_ID",
    "AzureServicesAuthConnectionString": "AppId in AzureServicesAuthConnectionString",
}


@dataclass(frozen=True, kw_only=True)
class HintContext:
    """What is known about the error that the hint is for."""

    command_values: CommandValues
    reading: Reading | None = None
    """None if only an error text is known."""
    evidence: Evidence | None = None
    """The evidence in a pasted error text; None for a reading."""
    failed_is_first: bool = False
    """Whether the first hint is about the credential at which the chain stopped."""

    @property
    def without_az(self) -> bool:
        """Whether a setting selects the credentials and az is not one of them, so signing in to az has no effect."""
        reading = self.reading
        if reading is None or not reading.chosen_setting or not reading.attempts:
            return False
        return all(attempt.credential != _AZURE_CLI for attempt in reading.attempts)

    @property
    def resource(self) -> str | None:
        """The resource a token was requested for, if it is neither Key Vault nor a vault."""
        resource = self.command_values.values.get("scope", "").removesuffix("/.default")
        return None if not resource or "vault." in resource.lower() else resource


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
            replace(command, template=command.template.replace(_VAULT_SCOPE, scope)) for command in commands
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
    )


def _unknown_resource(cause: Cause, context: HintContext) -> Cause:
    resource = context.resource
    if resource is None:
        # A service of Azure has a service principal in every tenant: the request named it wrongly.
        named_wrongly = context.evidence is not None and _AZURE_RESOURCE.search(context.evidence.text)
        return replace(cause, commands=()) if named_wrongly else cause
    api_id = _GUID.search(resource)
    return replace(
        cause,
        why=f"Microsoft Entra ID has no resource {resource} in this tenant.",
        fix=f"Check the spelling, including https://.{_scheme_suggestion(resource)} For your own API, create a "
        "service principal.",
        commands=(
            run(f'az ad sp list --filter "servicePrincipalNames/any(n:n eq \'{resource}\')" --query "[].displayName"'),
            run(f"az ad sp create --id {api_id[0] if api_id else '<application-id-of-the-API>'}"),
        ),
    )


def _failed_endpoint(cause: Cause, context: HintContext) -> Cause:
    resource = context.resource
    if resource is None:
        return cause
    return replace(
        cause,
        why="It responded without a token: it has a temporary error, or Microsoft Entra ID has no resource "
        f"{resource} in this tenant.",
        fix=f"Check the spelling, including https://.{_scheme_suggestion(resource)} If it is correct, try again in a "
        "minute. The command below requests a token for a resource that exists in every tenant.",
        commands=(run("python manage.py principal --scope https://management.azure.com", site_only=True),),
    )


def _malformed_scope(cause: Cause, context: HintContext) -> Cause:
    if context.reading is None or context.reading.scope is None or "vault." in context.reading.scope:
        return cause
    return replace(
        cause,
        fix="Use the resource alone, like https://management.azure.com, or followed by /.default.",
        commands=(run("python manage.py principal --scope https://management.azure.com", site_only=True),),
    )


def _scheme_suggestion(resource: str) -> str:
    return f" Did you mean https://{resource}?" if _BARE_HOST.fullmatch(resource) else ""


def _unattached_identity(cause: Cause, context: HintContext) -> Cause:
    requested = context.command_values.values.get("requested_identity")
    if not requested:
        return cause
    return replace(
        cause,
        why=f"The user-assigned identity {requested} was requested, but it is not attached to this resource.",
        fix="Correct the ID, or attach that identity. It also needs its own role assignment on the vault.",
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


def _said(context: HintContext, *words: str) -> bool:
    """Whether the pasted text contains one of the words (lowercase)."""
    evidence = context.evidence
    text = f"{evidence.text}\n{evidence.frames}".lower() if evidence else ""
    return any(word in text for word in words)


def _local_reference(cause: Cause, context: HintContext) -> Cause:
    """App Service resolves references. local.settings.json is read by the Functions host on a development machine."""
    if not _said(context, "local.settings.json", "func start", "func host start"):
        return cause
    return replace(
        cause,
        fix="On a development machine, App Service does not resolve references: put the secret's value in "
        "local.settings.json, and keep this file out of version control. The reference belongs in the settings of "
        "the deployed app.",
        commands=(run("az keyvault secret show --vault-name {vault} --name {secret} --query value --output tsv"),),
    )


def _deployed_parameter(cause: Cause, context: HintContext) -> Cause:
    """Azure Resource Manager reads the secret of a template's parameter, on behalf of the deploying principal."""
    if not _said(context, "keyvaultparameterreference", "vaults/deploy/action", "access denied to first party service"):
        return cause
    return replace(
        cause,
        title="Azure Resource Manager may not read the vault's secret for this deployment",
        why="A parameter of the template or its data refers to a secret. Azure Resource Manager reads it from the "
        "vault for the principal that deploys.",
        fix="Enable the vault for template deployment. The principal that deploys needs "
        "Microsoft.KeyVault/vaults/deploy/action on the vault, which Owner and Contributor contain. If the vault's "
        "firewall is on, allow trusted Microsoft services.",
        setting=None,
        commands=(run("az keyvault update --name {vault} --enabled-for-template-deployment true"),),
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


_BROWSER = (
    "msal.js",
    "msal-browser",
    "msal-angular",
    "msal-react",
    "servererror: invalid_",
    "browserautherror",
    "single-page",
)


def _browser_app(cause: Cause, context: HintContext) -> Cause:
    """An application in a browser has no secret; Entra ID requires one if its redirect URI is of type Web."""
    if not _said(context, *_BROWSER):
        return cause
    return replace(
        cause,
        fix="For an application in a browser, register the redirect URI with the type Single-page application instead "
        "of Web (App registrations > Authentication). Do not turn on public client flows for it.",
        commands=(),
    )


_ADJUSTMENTS: Mapping[str, Callable[[Cause, HintContext], Cause]] = {
    "kv_reference_unresolved": _local_reference,
    "kv_access_policy_denied": _deployed_parameter,
    "kv_rbac_denied": _deployed_parameter,
    "kv_wrong_tenant": _tenant_of_principal,
    "public_client_misconfigured": _browser_app,
    "imds_unreachable": _without_az,
    "no_credential_available": _without_tools,
    "developer_credential_in_azure": _developer_tools,
    "federated_credential_mismatch": _unlisted_subject,
    "resource_not_in_tenant": _unknown_resource,
    "mi_endpoint_error": _failed_endpoint,
    "scope_invalid": _malformed_scope,
    "mi_identity_not_assigned": _unattached_identity,
    "mi_multiple_user_assigned": _unspecified_identity,
    "chain_stopped_early": _stopped_chain,
}
