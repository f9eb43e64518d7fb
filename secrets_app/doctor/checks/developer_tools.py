"""Checks of Azure CLI, Azure PowerShell and azd: location, version and signed-in account."""

import json
import re
import time

from secrets_app.azure_client.process import ToolError, ToolTimeoutError, find, run_for_output
from secrets_app.core.credential_options import CredentialKind
from secrets_app.core.reading import Platform
from secrets_app.doctor.check import Check, Fact, Status, notice, ok, problem
from secrets_app.doctor.checks.azure_variables import includes_developer_tools, selected_kind
from secrets_app.doctor.checks.service_principal import complete_credential_set
from secrets_app.doctor.registry import CheckContext, check
from secrets_app.doctor.tool_files import (
    Subscription,
    az_environ,
    az_folder,
    az_path_note,
    az_subscriptions,
    az_version,
    azd_account,
    is_in_configured_folder,
    powershell_account,
    subscriptions_in,
    tenants,
    text,
)

_TOOL_TIMEOUT_S = 1.8
"""Time limit in seconds for all runs of one tool."""
_WAIT_S = 0.3
"""Seconds to wait for results that only make a finding more precise."""
_VERSION = re.compile(r"\d+\.\d+\.\d+[\w.-]{0,40}")
_MAX_SHOWN = 12
_TOOL_KINDS = {
    CredentialKind.DEV,
    CredentialKind.AZURE_CLI,
    CredentialKind.AZURE_POWERSHELL,
    CredentialKind.AZURE_DEVELOPER_CLI,
}


@check("az", "Azure CLI (az)", waits_for="az")
def az(context: CheckContext) -> Check:
    """Reads the location, version and account of az.

    A problem when az is required and no account is signed in; a notice when it is required and missing, does not run,
    is not signed in to the vault's tenant, or is not in the folder in AzureCLIPath.
    """
    path = find(az_environ(context), "az")
    note = az_path_note(context, path)
    if path is None:
        return _az_missing(context, note)
    folder, deadline = az_folder(context.environ), time.monotonic() + _TOOL_TIMEOUT_S
    facts: list[Fact] = [("Path", path), *([("AzureCLIPath", note)] if note else [])]
    try:
        subscriptions = az_subscriptions(folder)
        if subscriptions is None:
            subscriptions = subscriptions_in(_az_json(context, [path, "account", "list"], deadline))
        facts.append(
            ("Version", az_version(folder, path) or text(_az_json(context, [path, "version"], deadline), "azure-cli"))
        )
    except ToolTimeoutError as error:
        return notice(f"Azure CLI is installed, but it {error}.", cause="az_timeout", facts=facts)
    except ToolError as error:
        return notice(f"Azure CLI is installed, but it {error}.", cause="az_broken_install", facts=facts)
    check = _az_signed_in(context, subscriptions, facts) if subscriptions else _az_signed_out(context, facts)
    return _az_outside_folder(check, note) if note and not is_in_configured_folder(context, path) else check


def _az_outside_folder(check: Check, note: str) -> Check:
    """A notice that AzureCLIPath has no effect, in place of a finding without problems."""
    if check.verdict is not Status.OK:
        return check
    finding = f"{note} The az on PATH is used instead. {check.finding}"
    return notice(finding, "Correct AzureCLIPath, or remove it.", facts=check.facts)


def _az_json(context: CheckContext, command: list[str], deadline: float) -> object:
    output = run_for_output([*command, "--output", "json"], az_environ(context), deadline - time.monotonic())
    try:
        return json.loads(output)
    except (ValueError, RecursionError):
        return None


def _az_missing(context: CheckContext, note: str | None) -> Check:
    if note:
        return notice(f"{note} It is not on PATH either.", "Correct AzureCLIPath, or add the folder of az to PATH.")
    if _requires_tool(context):
        return notice("Azure CLI was not found on PATH.", cause="az_not_installed")
    return ok("Azure CLI was not found on PATH and is not required here.")


def _az_signed_out(context: CheckContext, facts: list[Fact]) -> Check:
    message = "Azure CLI is installed, but no account is signed in."
    if not _requires_tool(context):
        return ok(f"{message} It is not required here.", facts=facts)
    return problem(message, cause="az_not_logged_in", facts=facts)


def _az_signed_in(context: CheckContext, subscriptions: tuple[Subscription, ...], facts: list[Fact]) -> Check:
    default = next((entry for entry in subscriptions if entry.is_default), subscriptions[0])
    kind = f" ({default.user_type})" if default.user_type and default.user_type != "user" else ""
    facts += [
        ("Signed in as", f"{default.user}{kind}"),
        ("Default subscription", f"{default.name} ({default.id})"),
        ("Tenant", default.tenant_id),
    ]
    others = [entry for entry in subscriptions if entry is not default]
    facts += [
        ("Other subscription", f"{entry.name} ({entry.id}), tenant {entry.tenant_id}") for entry in others[:_MAX_SHOWN]
    ]
    if others[_MAX_SHOWN:]:
        facts.append(("More subscriptions", f"{len(others) - _MAX_SHOWN}"))
    vault = context.vault_within(_WAIT_S)
    if vault and vault.tenant_id and vault.tenant_id not in tenants(subscriptions) and _requires_tool(context):
        return notice(
            f"Azure CLI is signed in as {default.user}, but not in the vault's tenant {vault.tenant_id}.",
            "Sign in to the vault's tenant.",
            cause="tenant_mismatch_ahead", commands=[f"az login --tenant {vault.tenant_id}"], facts=facts,
        )  # fmt: skip
    tenant_count = len(tenants(subscriptions))
    if tenant_count > 1:
        return ok(
            f"Azure CLI is signed in as {default.user} in {tenant_count} tenants. Default tenant: {default.tenant_id}.",
            advice="If the vault is in another tenant, run az account set with a subscription in that tenant.",
            facts=facts,
        )
    return ok(f"Azure CLI is signed in as {default.user}.", facts=facts)


@check("powershell", "Azure PowerShell (pwsh)", waits_for="pwsh")
def powershell(context: CheckContext) -> Check:
    """Reads the location, version and account of PowerShell.

    A problem when it is missing and the only selected credential, a notice when it does not run.
    """
    # The names that AzurePowerShellCredential tries; powershell is part of Windows.
    names = ("pwsh", "powershell") if context.place.system == "Windows" else ("pwsh",)
    path = find(context.environ, *names)
    if path is None:
        return _missing_tool(context, "PowerShell", CredentialKind.AZURE_POWERSHELL, "powershell_not_installed")
    command = [path, "--version"] if "pwsh" in path else [path, "-NoProfile", "-Command", "$PSVersionTable.PSVersion"]
    return _installed_tool(context, "PowerShell", path, command, powershell_account(context.environ))


@check("azd", "Azure Developer CLI (azd)", waits_for="azd")
def azd(context: CheckContext) -> Check:
    """Reads the location, version and account of azd.

    A problem when it is missing and the only selected credential, a notice when it does not run.
    """
    path = find(context.environ, "azd")
    if path is None:
        return _missing_tool(context, "azd", CredentialKind.AZURE_DEVELOPER_CLI, "azd_not_installed")
    return _installed_tool(context, "azd", path, [path, "version"], azd_account(context.environ))


def _missing_tool(context: CheckContext, name: str, kind: CredentialKind, cause: str) -> Check:
    kinds = context.config.credential.kinds if context.config.credential else ()
    if kinds == (kind,):
        return problem(
            f"{name} was not found on PATH, and it is the only credential in KVSITE_CREDENTIAL.", cause=cause
        )
    if kinds[:1] == (CredentialKind.DEFAULT,) and selected_kind(context.environ) is kind:
        return problem(
            f"{name} was not found on PATH, and AZURE_TOKEN_CREDENTIALS selects no other credential.", cause=cause
        )
    return ok(f"{name} was not found on PATH. It is one of several credentials and not required.")


def _installed_tool(
    context: CheckContext, name: str, path: str, command: list[str], account: tuple[str, str] | None
) -> Check:
    facts = [("Path", path)]
    try:
        found = _VERSION.search(run_for_output(command, context.environ, _TOOL_TIMEOUT_S))
    except ToolError as error:
        return notice(
            f"{name} is installed, but it {error}.", "Run it once manually and check its output.", facts=facts
        )
    facts.append(("Version", found[0] if found else "unknown"))
    if account is None:
        return ok(f"{name} is installed, but no account is signed in to Azure.", facts=facts)
    facts += [("Signed in as", account[0]), ("Tenant", account[1] or "unknown")]
    return ok(f"{name} is installed, and an account is signed in.", facts=facts)


def _requires_tool(context: CheckContext) -> bool:
    """Whether a tool is selected, or no variable configures another credential and the secret was not read."""
    kinds = context.config.credential.kinds if context.config.credential else ()
    if kinds and kinds[0] is not CredentialKind.DEFAULT:
        return not _TOOL_KINDS.isdisjoint(kinds)
    configured = context.place.platform is not Platform.UNKNOWN or complete_credential_set(context.environ) is not None
    if configured or not includes_developer_tools(context.environ):
        return False
    reading = context.reading_within(_WAIT_S)
    return not (reading and reading.ok)
