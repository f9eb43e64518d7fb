"""Variants of a cause for the case: platform, kind of object, stack and cloud."""

import re
from collections.abc import Mapping
from dataclasses import replace

from secrets_app.core.reading import Platform
from secrets_app.diagnosis.case_fixes import case_fix
from secrets_app.diagnosis.cause import Area, Cause, Command, run
from secrets_app.diagnosis.command_values import CommandValues
from secrets_app.diagnosis.needs import with_needs
from secrets_app.diagnosis.place_fit import WITHOUT_USERS, for_place, nobody_signs_in, without_commands
from secrets_app.diagnosis.places import Cloud, Host
from secrets_app.diagnosis.services import Action, ObjectKind
from secrets_app.diagnosis.stack_settings import StackSetting, own_command, setting_sentence
from secrets_app.diagnosis.stacks import Stack

_LOCAL_ONLY = (
    "az login",
    "az logout",
    "az account clear",
    "winget ",
    "brew ",
    "curl -sL https://aka.ms/",
    "python3 -m pip",
    "Connect-AzAccount",
    "azd auth",
    "rm -f ~/.azure",
)
_IDENTITY = (
    run("az webapp identity assign --resource-group {group} --name {site}", platforms=(Platform.APP_SERVICE,)),
    run("az functionapp identity assign --resource-group {group} --name {site}", platforms=(Platform.FUNCTIONS,)),
    run(
        "az containerapp identity assign --resource-group {group} --name {site} --system-assigned",
        platforms=(Platform.CONTAINER_APPS,),
    ),
    run(
        "kubectl annotate serviceaccount <service-account> azure.workload.identity/client-id={app_id}",
        platforms=(Platform.KUBERNETES,),
    ),
)
_DEVELOPER_TOOL_FIX = (
    "No user is signed in to a tool here: use {identity}, and give it access to the vault. A program that creates the "
    "credential of a tool (AzureCliCredential) must create DefaultAzureCredential or ManagedIdentityCredential instead "
    "there. The tools of a development machine are needed only there."
)
_VAULT_SCOPE = " --scope https://vault.azure.net/.default"
_NOUNS = {ObjectKind.KEY: "key", ObjectKind.CERTIFICATE: "certificate"}
_SECRET = re.compile(r"\b([Ss])ecret(s?)\b(?! ID| value|, key)")
_ABOUT_OBJECTS = frozenset(
    {
        "kv_secret_not_found",
        "kv_secret_disabled",
        "kv_rbac_denied",
        "kv_soft_deleted",
        "kv_object_busy",
        "kv_purge_refused",
        "kv_name_invalid",
        "kv_role_condition",
    }
)
"""Causes of which the text and the commands apply to secrets, keys and certificates alike."""
_GERUNDS = {
    Action.READ: "reading",
    Action.LIST: "listing",
    Action.WRITE: "writing",
    Action.DELETE: "deleting",
    Action.PURGE: "purging",
    Action.RECOVER: "recovering",
    Action.IMPORT: "importing",
    Action.BACKUP: "backing up",
    Action.USE: "using",
}
_HOSTS: Mapping[Cloud, Mapping[str, str]] = {
    Cloud.US_GOVERNMENT: {
        "vault.azure.net": "vault.usgovcloudapi.net",
        "management.azure.com": "management.usgovcloudapi.net",
        "login.microsoftonline.com": "login.microsoftonline.us",
        "graph.microsoft.com": "graph.microsoft.us",
        "azurecr.io": "azurecr.us",
    },
    Cloud.CHINA: {
        "vault.azure.net": "vault.azure.cn",
        "management.azure.com": "management.chinacloudapi.cn",
        "login.microsoftonline.com": "login.partner.microsoftonline.cn",
        "graph.microsoft.com": "microsoftgraph.chinacloudapi.cn",
        "azurecr.io": "azurecr.cn",
    },
}
"""https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud"""
_SELECT_CLOUD = {
    "az ": "az cloud set --name {cloud}",
    "azd ": "azd config set cloud.name {cloud}",
}


def fit(cause: Cause, values: CommandValues) -> Cause:
    """The cause with its text and commands for the platform, the kind of object, the stack and the cloud."""
    fitted = with_needs(_for_object(_for_platform(cause, values), values), values)
    return _for_cloud(_for_resource(_for_stack(for_place(fitted, values), values), values), values)


def _for_platform(cause: Cause, values: CommandValues) -> Cause:
    if values.signed_in and cause.area not in (Area.ENTRA, Area.TOOL):
        cause = without_commands(cause, ("az login",))
    if not values.on_site and (fitted := case_fix(cause, values)):
        return without_commands(fitted, _LOCAL_ONLY) if nobody_signs_in(values) else fitted
    if values.platform not in WITHOUT_USERS:
        return without_commands(cause, _LOCAL_ONLY) if values.host is Host.CONTAINER else cause
    if cause.area is Area.TOOL and cause.key != "process_environment_missing":
        identity = "workload identity" if values.platform is Platform.KUBERNETES else "its managed identity"
        return replace(
            cause, fix=_DEVELOPER_TOOL_FIX.format(identity=identity), commands=_IDENTITY, setting=None, site_fix=""
        )
    return without_commands(cause, _LOCAL_ONLY)


def _for_object(cause: Cause, values: CommandValues) -> Cause:
    if cause.key not in _ABOUT_OBJECTS:
        return cause
    noun = _NOUNS.get(values.object)
    if cause.key == "kv_rbac_denied" and (action := values.operation.action) and values.operation.object:
        title = f"The identity has no role assignment that allows {_GERUNDS[action]} {values.operation.object}"
        cause = replace(cause, title=title)
    if values.object is ObjectKind.VAULT and cause.key == "kv_name_invalid":
        return replace(cause, title="The vault name is invalid", commands=())
    if noun is None:
        return cause

    def in_words(text: str) -> str:
        return _SECRET.sub(lambda match: _with_case(noun, match[1]) + match[2], text)

    return replace(
        cause,
        title=in_words(cause.title),
        why=in_words(cause.why),
        fix=in_words(cause.fix),
        otherwise=tuple(map(in_words, cause.otherwise)),
        commands=tuple(_about(command, noun) for command in cause.commands),
    )


def _with_case(noun: str, initial: str) -> str:
    return noun.capitalize() if initial == "S" else noun


def _about(command: Command, noun: str) -> Command:
    if not command.template.startswith("az keyvault secret "):
        return command
    template = command.template.replace("az keyvault secret ", f"az keyvault {noun} ", 1)
    return replace(command, template=template.replace("{secret}", f"<{noun}-name>"))


def _for_stack(cause: Cause, values: CommandValues) -> Cause:
    if values.on_site:
        fix = cause.site_fix or cause.fix
    else:
        sentence = _setting_sentence(cause.setting, values) if cause.setting else ""
        fix = f"{cause.fix} {sentence}".strip()
    commands = []
    for command in cause.commands:
        # A cause in a tool is fixed with that tool, whichever program printed its message.
        own = own_command(command.template, values.stack)
        if own is not None:
            is_same = cause.area is Area.TOOL or own == command.template
            commands.append(command if is_same else replace(command, template=own))
    return replace(cause, fix=fix, commands=tuple(commands))


def _setting_sentence(setting: StackSetting, values: CommandValues) -> str:
    """The name of the setting; a program that takes no further tenants takes the tenant."""
    found = setting_sentence(setting, values.stack, values.program)
    if not found and setting is StackSetting.FURTHER_TENANTS:
        return setting_sentence(StackSetting.TENANT, values.stack, values.program)
    return found


def _for_resource(cause: Cause, values: CommandValues) -> Cause:
    """Signs in for the resource that the text names, which need not be Key Vault."""
    scope = values.values.get("sign_in_scope")
    if values.on_site or (scope is None and "vault" in values.text):
        return cause
    if scope is None:  # the text does not tell which resource the sign-in is for
        return replace(cause, commands=tuple(map(_without_scope, cause.commands)))

    def for_scope(template: str) -> str:
        if not template.startswith(("az login", "azd auth login")):
            return template
        return f"{template.replace(_VAULT_SCOPE, '').rstrip()} --scope {scope}"

    return replace(
        cause, commands=tuple(replace(command, template=for_scope(command.template)) for command in cause.commands)
    )


def _without_scope(command: Command) -> Command:
    if not command.template.startswith(("az login", "azd auth login")):
        return command
    return replace(command, template=command.template.replace(_VAULT_SCOPE, ""))


def _for_cloud(cause: Cause, values: CommandValues) -> Cause:
    """The hosts of the cloud, and the command that selects it before the others."""
    hosts = _HOSTS.get(values.cloud)
    if hosts is None:
        return cause

    def replaced(text: str) -> str:
        for public, other in hosts.items():
            text = text.replace(public, other)
        return text

    commands = tuple(
        replace(command, template=_with_environment(replaced(command.template), values.cloud))
        for command in cause.commands
    )
    first = [
        run(select.format(cloud=values.cloud))
        for tool, select in _SELECT_CLOUD.items()
        if any(command.template.startswith(tool) for command in commands) and values.stack is not Stack.AZURE_CLI
    ]
    return replace(
        cause,
        why=replaced(cause.why),
        fix=replaced(cause.fix),
        otherwise=tuple(map(replaced, cause.otherwise)),
        commands=(*first, *commands),
    )


def _with_environment(template: str, cloud: Cloud) -> str:
    """Azure PowerShell selects the cloud when it signs in."""
    return f"{template} -Environment {cloud}" if template.startswith("Connect-AzAccount") else template
