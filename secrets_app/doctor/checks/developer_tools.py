"""Checks of Azure CLI, Azure PowerShell and azd: location, version and signed-in account."""

import json
import re
import time

from secrets_app.azure_client.process import ToolError, ToolTimeoutError, find, run_for_output
from secrets_app.core.credential_options import CredentialKind, parse_kind
from secrets_app.core.reading import Platform
from secrets_app.doctor.check import Check, Fact, Status, notice, ok, problem
from secrets_app.doctor.checks.azure_variables import includes_developer_tools, selected_credentials
from secrets_app.doctor.checks.service_principal import complete_credential_set
from secrets_app.doctor.context import CheckContext
from secrets_app.doctor.registry import check
from secrets_app.doctor.tool_files import (
    Subscription,
    az_environ,
    az_folder,
    az_path_note,
    az_subscriptions,
    az_version,
    azd_account,
    in_folder,
    powershell_account,
    subscriptions_in,
    tenants,
    text,
)

_TOOLS_S = 1.8
"""Time limit in seconds for all runs of one tool."""
_MOMENT_S = 0.3
"""Seconds to wait for results that only make a finding more precise."""
_VERSION = re.compile(r"\d+\.\d+\.\d+[\w.-]{0,40}")
_MANY = 12
_TOOLS = {
    CredentialKind.DEV,
    CredentialKind.AZURE_CLI,
    CredentialKind.AZURE_POWERSHELL,
    CredentialKind.AZURE_DEVELOPER_CLI,
}


@check("az", "Azure CLI (az)", waits_for="az")
def az(scene: CheckContext) -> Check:
    """Reads the location, version and account of az.

    A problem when az is required and no account is signed in; a notice when it is required and missing, does not run,
    is not signed in to the vault's tenant, or is not in the folder in AzureCLIPath.
    """
    path = find(az_environ(scene), "az")
    said = az_path_note(scene, path)
    if path is None:
        return _az_missing(scene, said)
    folder, ends = az_folder(scene.environ), time.monotonic() + _TOOLS_S
    facts: list[Fact] = [("Path", path), *([("AzureCLIPath", said)] if said else [])]
    try:
        subscriptions = az_subscriptions(folder)
        if subscriptions is None:
            subscriptions = subscriptions_in(_az_says(scene, [path, "account", "list"], ends))
        facts.append(
            ("Version", az_version(folder, path) or text(_az_says(scene, [path, "version"], ends), "azure-cli"))
        )
    except ToolTimeoutError as error:
        return notice(f"Azure CLI is installed, but it {error}.", cause="az_timeout", facts=facts)
    except ToolError as error:
        return notice(f"Azure CLI is installed, but it {error}.", cause="az_broken_install", facts=facts)
    check = _az_signed_in(scene, subscriptions, facts) if subscriptions else _az_signed_out(scene, facts)
    return _az_elsewhere(check, said) if said and not in_folder(scene, path) else check


def _az_elsewhere(check: Check, said: str) -> Check:
    """A notice that AzureCLIPath has no effect, in place of a finding without problems."""
    if check.verdict is not Status.OK:
        return check
    finding = f"{said} The az on PATH is used instead. {check.finding}"
    return notice(finding, "Correct AzureCLIPath, or remove it.", facts=check.facts)


def _az_says(scene: CheckContext, command: list[str], ends: float) -> object:
    output = run_for_output([*command, "--output", "json"], az_environ(scene), ends - time.monotonic())
    try:
        return json.loads(output)
    except (ValueError, RecursionError):
        return None


def _az_missing(scene: CheckContext, said: str | None) -> Check:
    if said:
        return notice(f"{said} It is not on PATH either.", "Correct AzureCLIPath, or add the folder of az to PATH.")
    if _needs_a_tool(scene):
        return notice("Azure CLI was not found on PATH.", cause="az_not_installed")
    return ok("Azure CLI was not found on PATH and is not required here.")


def _az_signed_out(scene: CheckContext, facts: list[Fact]) -> Check:
    said = "Azure CLI is installed, but no account is signed in."
    if not _needs_a_tool(scene):
        return ok(f"{said} It is not required here.", facts=facts)
    return problem(said, cause="az_not_logged_in", facts=facts)


def _az_signed_in(scene: CheckContext, subscriptions: tuple[Subscription, ...], facts: list[Fact]) -> Check:
    default = next((entry for entry in subscriptions if entry.is_default), subscriptions[0])
    kind = f" ({default.user_type})" if default.user_type and default.user_type != "user" else ""
    facts += [
        ("Signed in as", f"{default.user}{kind}"),
        ("Default subscription", f"{default.name} ({default.id})"),
        ("Tenant", default.tenant_id),
    ]
    others = [entry for entry in subscriptions if entry is not default]
    facts += [
        ("Other subscription", f"{entry.name} ({entry.id}), tenant {entry.tenant_id}") for entry in others[:_MANY]
    ]
    if others[_MANY:]:
        facts.append(("More subscriptions", f"{len(others) - _MANY}"))
    vault = scene.vault_within(_MOMENT_S)
    if vault and vault.tenant_id and vault.tenant_id not in tenants(subscriptions) and _needs_a_tool(scene):
        return notice(
            f"Azure CLI is signed in as {default.user}, but not in the vault's tenant {vault.tenant_id}.",
            "Sign in to the vault's tenant.",
            cause="tenant_mismatch_ahead", commands=[f"az login --tenant {vault.tenant_id}"], facts=facts,
        )  # fmt: skip
    several = len(tenants(subscriptions))
    if several > 1:
        return ok(
            f"Azure CLI is signed in as {default.user} in {several} tenants. Default tenant: {default.tenant_id}.",
            advice="If the vault is in another tenant, run az account set with a subscription in that tenant.",
            facts=facts,
        )
    return ok(f"Azure CLI is signed in as {default.user}.", facts=facts)


@check("powershell", "Azure PowerShell (pwsh)", waits_for="pwsh")
def powershell(scene: CheckContext) -> Check:
    """Reads the location, version and account of PowerShell.

    A problem when it is missing and the only selected credential, a notice when it does not run.
    """
    # The names that AzurePowerShellCredential tries; powershell is part of Windows.
    names = ("pwsh", "powershell") if scene.place.system == "Windows" else ("pwsh",)
    path = find(scene.environ, *names)
    if path is None:
        return _other_missing(scene, "PowerShell", CredentialKind.AZURE_POWERSHELL, "powershell_not_installed")
    command = [path, "--version"] if "pwsh" in path else [path, "-NoProfile", "-Command", "$PSVersionTable.PSVersion"]
    return _other_tool(scene, "PowerShell", path, command, powershell_account(scene.environ))


@check("azd", "Azure Developer CLI (azd)", waits_for="azd")
def azd(scene: CheckContext) -> Check:
    """Reads the location, version and account of azd.

    A problem when it is missing and the only selected credential, a notice when it does not run.
    """
    path = find(scene.environ, "azd")
    if path is None:
        return _other_missing(scene, "azd", CredentialKind.AZURE_DEVELOPER_CLI, "azd_not_installed")
    return _other_tool(scene, "azd", path, [path, "version"], azd_account(scene.environ))


def _other_missing(scene: CheckContext, name: str, kind: CredentialKind, cause: str) -> Check:
    kinds = scene.config.credential.kinds if scene.config.credential else ()
    if kinds == (kind,):
        return problem(
            f"{name} was not found on PATH, and it is the only credential in KVSITE_CREDENTIAL.", cause=cause
        )
    if kinds[:1] == (CredentialKind.DEFAULT,) and parse_kind(selected_credentials(scene.environ)) is kind:
        return problem(
            f"{name} was not found on PATH, and AZURE_TOKEN_CREDENTIALS selects no other credential.", cause=cause
        )
    return ok(f"{name} was not found on PATH. It is one of several credentials and not required.")


def _other_tool(
    scene: CheckContext, name: str, path: str, command: list[str], account: tuple[str, str] | None
) -> Check:
    facts = [("Path", path)]
    try:
        found = _VERSION.search(run_for_output(command, scene.environ, _TOOLS_S))
    except ToolError as error:
        return notice(
            f"{name} is installed, but it {error}.", "Run it once manually and check its output.", facts=facts
        )
    facts.append(("Version", found[0] if found else "unknown"))
    if account is None:
        return ok(f"{name} is installed, but no account is signed in to Azure.", facts=facts)
    facts += [("Signed in as", account[0]), ("Tenant", account[1] or "unknown")]
    return ok(f"{name} is installed, and an account is signed in.", facts=facts)


def _needs_a_tool(scene: CheckContext) -> bool:
    """Whether a tool is selected, or no variable configures another credential and the secret was not read."""
    kinds = scene.config.credential.kinds if scene.config.credential else ()
    if kinds and kinds[0] is not CredentialKind.DEFAULT:
        return not _TOOLS.isdisjoint(kinds)
    elsewhere = scene.place.platform is not Platform.UNKNOWN or complete_credential_set(scene.environ) is not None
    if elsewhere or not includes_developer_tools(scene.environ):
        return False
    reading = scene.reading_within(_MOMENT_S)
    return not (reading and reading.ok)
