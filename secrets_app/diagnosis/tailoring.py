"""Adapts the text and commands of a cause to the specific error where the general ones would be misleading."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from secrets_app.core.credential_options import CredentialKind
from secrets_app.core.hosts import GUID_PATTERN
from secrets_app.core.reading import Platform, Reading
from secrets_app.diagnosis.arm import described
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
_NAMED_RESOURCE = re.compile(
    r"(?:resource[\s+]principal|application|resource)[\s+]named[\s+]['\"]?([^\s'\"+]{1,300}?)['\"]?[\s+]+was",
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


def _unknown_resource(cause: Cause, context: HintContext) -> Cause:
    resource = context.resource
    if resource is None:
        return _resource_in_text(cause, context.evidence) if context.evidence else cause
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


def _resource_in_text(cause: Cause, evidence: Evidence) -> Cause:
    """Tells apart the vault's URL, another service of Azure, an API of a tenant, and a request that names nothing."""
    if "is not provided" in evidence.text:
        return replace(
            cause,
            why="The request names no resource. The v1 endpoint (/oauth2/token) needs the parameter resource.",
            fix="Send the parameter resource, or use the v2.0 endpoint (/oauth2/v2.0/token) with scope. For Key Vault "
            "it is https://vault.azure.net.",
            commands=(),
        )
    named = _NAMED_RESOURCE.search(evidence.text)
    if named is None or "vault." in named[1].lower():
        return replace(cause, commands=()) if named else cause
    if _AZURE_RESOURCE.search(evidence.text):
        # A service of Azure has a service principal in every tenant: the request named it wrongly.
        return replace(
            cause,
            why=f"In this cloud and tenant no resource is called {named[1]}.",
            fix="Use the service's resource of the cloud that the tenant belongs to, with exactly its spelling. Each "
            "national cloud has endpoints of its own, and retired services no longer exist.",
            commands=(),
        )
    return replace(
        cause,
        why=f"This tenant has no service principal of the API {named[1]}.",
        fix="Compare the requested resource with the Application ID URI of the API (App registrations > Expose an "
        "API). If the API belongs to another tenant, sign in to that tenant, or let an administrator of this tenant "
        "create its service principal and consent.",
    )


_GAP = re.compile(
    r"current\stime:\s(?P<now>[\dT:.Z -]{19,30}).{0,200}?expiry\stime\sof\sassertion\s(?P<end>[\dT:.Z -]{19,30})",
    re.IGNORECASE | re.DOTALL,
)
_CLOCK_S = 15 * 60
_MONTH_S = 30 * 24 * 3600


def _assertion_gap(cause: Cause, context: HintContext) -> Cause:
    """Minutes are the clock's fault, hours a token that is sent again, years an error in the program that wrote it."""
    match = _GAP.search(context.evidence.text) if context.evidence else None
    gap_s = _gap_s(match["now"], match["end"]) if match else None
    if gap_s is None or abs(gap_s) < _CLOCK_S:
        return cause
    if abs(gap_s) > _MONTH_S:
        fix = (
            "The clock is right: the program writes the assertion's exp wrongly. It is the number of seconds since "
            "1970-01-01 in UTC, as a number, a few minutes in the future."
        )
    else:
        fix = (
            "The clock is right. If the program sends a token that it received, it is an expired one: read the token "
            "file for each sign-in; in a pipeline, sign in again right before this step. If the program makes the "
            "assertion itself, exp and nbf are seconds since 1970-01-01 in UTC, not in local time."
        )
    return replace(cause, fix=fix, commands=())


def _gap_s(now: str, end: str) -> float | None:
    try:
        times = [datetime.fromisoformat(text.strip().rstrip(".").replace(" ", "T")[:19]) for text in (now, end)]
    except ValueError:
        return None
    return (times[0] - times[1]).total_seconds()


def _data_role(cause: Cause, context: HintContext) -> Cause:
    role = context.command_values.values.get("data_role")
    if not role:
        return cause
    return replace(
        cause,
        fix=f"Assign the role {role} on the resource to the principal that is actually used, which may be your own "
        "account, a managed identity or a service principal. It can take up to 10 minutes to take effect.",
    )


def _private_address(cause: Cause, context: HintContext) -> Cause:
    """A private address cannot be a rule of the firewall: the request came through a virtual network."""
    address = context.evidence.client_address if context.evidence else None
    if not address or not address.startswith(_PRIVATE) or "subnet" in context.command_values.values:
        return cause
    return replace(
        cause,
        fix=f"The address {address} is private, and the firewall takes only public ones: allow the subnet that the "
        "program is in, or the one its virtual network integration uses, with the service endpoint Microsoft.KeyVault "
        "on it; or connect through a private endpoint of the vault.",
        otherwise=(),
        commands=(
            run(
                "az network vnet subnet update --resource-group {group} --vnet-name <virtual-network> --name <subnet> "
                "--service-endpoints Microsoft.KeyVault"
            ),
            run("az keyvault network-rule add --name {vault} --subnet <resource-id-of-the-subnet>"),
        ),
    )


_PRIVATE = ("10.", "192.168.", "100.64.", *(f"172.{second}." for second in range(16, 32)))


def _arm_role(cause: Cause, context: HintContext) -> Cause:
    values = context.command_values.values
    role, scope = values.get("arm_role"), values.get("arm_scope")
    if not role:
        return cause
    where = described(scope) if scope else "the scope named in the error"
    reader = ", or Contributor for a tool that creates or changes resources" if role == "Reader" else ""
    return replace(
        cause,
        fix=f"Assign a role that contains the action named in the error, such as {role}{reader}, on {where} to the "
        "principal with the object ID in the error. Then sign in again. A new role assignment can take up to 10 "
        "minutes to take effect.",
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
    "kv_wrong_tenant": _tenant_of_principal,
    "imds_unreachable": _without_az,
    "no_credential_available": _without_tools,
    "developer_credential_in_azure": _developer_tools,
    "federated_credential_mismatch": _unlisted_subject,
    "resource_not_in_tenant": _unknown_resource,
    "mi_endpoint_error": _failed_endpoint,
    "scope_invalid": _malformed_scope,
    "assertion_time_invalid": _assertion_gap,
    "other_service_role_missing": _data_role,
    "arm_authorization_failed": _arm_role,
    "kv_firewall_denied": _private_address,
    "mi_identity_not_assigned": _unattached_identity,
    "mi_multiple_user_assigned": _unspecified_identity,
    "chain_stopped_early": _stopped_chain,
}
