"""The first step fits the case: where the program ran, who called, which service refused."""

from typing import Any

import pytest

from secrets_app.core.reading import Platform
from secrets_app.diagnosis.case_fixes import CASE_FIXES
from secrets_app.diagnosis.case_values import command_values_from_text
from secrets_app.diagnosis.catalog import CAUSES
from secrets_app.diagnosis.command_values import PLACEHOLDERS, CommandValues
from secrets_app.diagnosis.explain import explain
from secrets_app.diagnosis.extraction import extract_evidence
from secrets_app.diagnosis.hints import hint
from secrets_app.diagnosis.places import Host
from secrets_app.diagnosis.stacks import Stack

_TERRAFORM = "│ Error: building AzureRM Client: with azurerm_kubernetes_cluster.main: Please run 'az login'"


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("2024-06-26T23:03:11.7190763Z azure:identity:info EnvironmentCredential", Host.PIPELINE),
        ("##[error]ManagedIdentityCredential authentication unavailable", Host.PIPELINE),
        ("at /home/runner/work/app/index.js: CredentialUnavailableError", Host.WORKFLOW),
        ('time="2023-07-17T10:31:12Z" level=error backup-storage-location=velero/default', Host.POD),
        ("level=error operator openshift-image-registry: AADSTS7000222", Host.POD),
        ("/home/site/wwwroot/app.py: ManagedIdentityCredential authentication unavailable", Host.APP),
        ("Visual Studio Token provider can't be accessed at /root/.IdentityService/tokenprovider.json", Host.CONTAINER),
        (_TERRAFORM, None),
        ("2024-06-26 23:03:11 ManagedIdentityCredential authentication unavailable", None),
    ],
)
def test_host__is_where_the_program_ran(text: str, host: Host | None) -> None:
    assert command_values_from_text(extract_evidence(text)).host is host


def test_tool__does_not_run_on_the_platform_that_it_manages() -> None:
    assert command_values_from_text(extract_evidence(_TERRAFORM)).platform is Platform.UNKNOWN


def test_openshift__has_its_own_secret() -> None:
    fix = explain("level=error msg=openshift: AADSTS7000222: The provided client secret keys are expired").hints[0].fix
    assert "azure-credentials" in fix


def _assertion(end: str) -> str:
    return (
        "AADSTS700024: Client assertion is not within its valid time range. Current time: 2024-12-11T12:00:00.0Z, "
        f"assertion valid from 2024-12-11T11:00:00.0Z, expiry time of assertion {end}. Review the documentation"
    )


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("2024-12-11T11:58:00.0Z", "Set the clock"),
        ("2024-12-11T07:10:00.0Z", "right before this step"),
        ("1970-01-21T00:00:00.0Z", "writes the assertion's exp wrongly"),
    ],
)
def test_time_of_an_assertion__minutes_hours_and_years_have_different_reasons(end: str, words: str) -> None:
    hint = explain(_assertion(end)).hints[0]
    assert hint.cause == "assertion_time_invalid"
    assert words in hint.fix
    assert bool(hint.commands) == (words == "Set the clock")


@pytest.mark.parametrize(
    ("action", "role"),
    [
        ("Microsoft.Authorization/roleAssignments/write", "Role Based Access Control Administrator"),
        ("Microsoft.KeyVault/vaults/write", "Key Vault Contributor"),
        ("Microsoft.Compute/virtualMachines/read", "Reader"),
        ("Microsoft.Web/sites/write", "Contributor"),
    ],
)
def test_missing_role__contains_the_action_at_the_scope_of_the_error(action: str, role: str) -> None:
    scope = "/subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/rg"
    text = (
        "(AuthorizationFailed) The client 'ada@contoso.example' with object id '41baaa1d-3381-4fb6-83c8-cc76b4500d0d' "
        f"does not have authorization to perform action '{action}' over scope '{scope}' or the scope is invalid."
    )
    command = explain(text).hints[0].commands[1]
    assert role in command
    assert f"--scope {scope}" in command
    assert "--assignee-principal-type User" in command


def test_sign_in__is_not_for_key_vault_if_the_text_names_no_vault() -> None:
    text = "AADSTS50076: you must use multi-factor authentication to access '*****'."
    (_, command) = explain(f"ERROR: az login: {text}").hints[0].commands
    assert "vault.azure.net" not in command


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (
            "AADSTS700082: The refresh token has expired due to inactivity.",
            "If the program uses the account of Azure CLI",
        ),
        ("PS> pac env list-settings Error: AADSTS700082: The refresh token has expired.", "pac auth create"),
        ("rclone: AADSTS700082: The refresh token has expired due to inactivity.", "rclone config reconnect"),
    ],
)
def test_sign_in__is_that_of_the_program_that_failed(text: str, named: str) -> None:
    hint = explain(text).hints[0]
    assert hint.cause == "sign_in_expired"
    assert named in " ".join((hint.fix, *hint.otherwise))
    assert [command for command in hint.commands if command.startswith("az ")] == []


_CALLER = "Caller: appid=***;oid=47a469d1-3936-4451-a76e-3602ee4f7077 Assignment: (not found) ForbiddenByRbac"


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        (f"AzureSignTool.SignCommand: {_CALLER}", ["Key Vault Crypto User", "Key Vault Certificate User"]),
        (f"Failed to decrypt with sops: {_CALLER}", ["Key Vault Crypto User"]),
        (f"Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action' {_CALLER}", ["Key Vault Secrets User"]),
    ],
)
def test_refusal__names_every_role_that_the_program_needs(text: str, roles: list[str]) -> None:
    commands = explain(text).hints[0].commands
    assigned = [role for command in commands for role in roles if f'--role "{role}"' in command]
    assert assigned == roles
    assert len([command for command in commands if "--role" in command]) == len(roles)


def test_refusal__lists_all_permissions_of_a_managed_object() -> None:
    text = (
        "with azurerm_key_vault_secret.main: keyvault.BaseClient#SetSecret: Failure responding to request: "
        'StatusCode=403 Code="Forbidden" Message="Access denied"'
    )
    hint = explain(text).hints[0]
    assert any("--secret-permissions get list set delete recover purge" in command for command in hint.commands)
    assert "the principal that runs Terraform" in hint.fix


_ZONE = "/resourceGroups/rg/providers/Microsoft.Network/dnszones/contoso.example"


@pytest.mark.parametrize(
    ("tool", "action", "scope", "expected"),
    [
        ("", "Microsoft.Network/dnszones/TXT/write", f"{_ZONE}/TXT/c", ("DNS Zone Contributor", _ZONE)),
        ("", "Microsoft.Network/dnszones/write", _ZONE, ("DNS Zone Contributor", "/resourceGroups/rg")),
        ("pulumi", "Microsoft.Resources/subscriptions/resourcegroups/read", "/resourcegroups/rg", ("Contributor", "")),
        ("", "Microsoft.Resources/subscriptions/resourcegroups/read", "/resourcegroups/rg",
         ("Reader", "/resourcegroups/rg")),
    ],
)  # fmt: skip
def test_missing_role__is_assigned_where_the_resource_is_or_will_be(
    tool: str, action: str, scope: str, expected: tuple[str, str]
) -> None:
    subscription = "/subscriptions/11111111-2222-4333-8444-555555555555"
    text = (
        f"{tool} (AuthorizationFailed) The client 'x' with object id '41baaa1d-3381-4fb6-83c8-cc76b4500d0d' does not "
        f"have authorization to perform action '{action}' over scope '{subscription}{scope}'"
    )
    role, below = expected
    command = explain(text).hints[0].commands[1]
    assert role in command
    assert command.endswith(f"--scope {subscription}{below}")


def test_other_reasons__are_not_those_of_another_place() -> None:
    text = "MountVolume.SetUp failed: secrets-store.csi: ManagedIdentityCredential: Identity not found"
    hint = explain(text).hints[0]
    assert hint.otherwise
    assert [sentence for sentence in hint.otherwise if sentence.startswith(("In App Service", "In a pipeline"))] == []


def test_table__names_causes_of_the_catalog_and_known_placeholders() -> None:
    assert {cause for fix in CASE_FIXES for cause in fix.causes} <= set(CAUSES)
    commands = [command for fix in CASE_FIXES for command in fix.commands or ()]
    assert {name for command in commands for name in command.placeholders} <= set(PLACEHOLDERS)
    assert [fix.fix for fix in CASE_FIXES if not fix.fix.endswith(".")] == []


def test_table__no_fix_is_hidden_by_an_earlier_one_for_all_cases() -> None:
    seen: set[str] = set()
    for fix in CASE_FIXES:
        assert not seen & set(fix.causes)
        if not (fix.hosts or fix.stacks or fix.platforms or fix.objects or fix.said or fix.unless):
            seen |= set(fix.causes)


_PLACES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "pod": (
        {"platform": Platform.KUBERNETES},
        (
            "az webapp",
            "az functionapp",
            "az vm ",
            "winget",
            "brew",
            "az login",
            "az account",
            "export ",
            "sudo",
            "rm -f",
        ),
    ),
    "app": (
        {"platform": Platform.APP_SERVICE},
        ("az vm", "az functionapp", "az login", "az logout", "winget", "export ", "unset ", "env |", "sudo"),
    ),
    "functions": (
        {"platform": Platform.FUNCTIONS},
        ("az vm", "az webapp", "az login", "az logout", "winget", "export ", "unset ", "env |", "sudo"),
    ),
    "container": ({"text": "docker"}, ("winget", "brew", "az login", "export ", "sudo")),
    "pipeline": ({"stack": Stack.AZURE_PIPELINES}, ("az login", "az logout", "winget", "brew", "sudo timedatectl")),
    "terraform": ({"stack": Stack.TERRAFORM}, ("export AZURE_", "env | grep '^AZURE_'", "python3 -m pip")),
}
_OTHER_PLACE = {"containerapps_secret_reference"}
"""Causes that name their own place, whatever else the text names."""


@pytest.mark.parametrize("place", _PLACES)
def test_commands__can_be_run_where_the_program_ran(place: str) -> None:
    case, unsuitable = _PLACES[place]
    values = CommandValues(**({"stack": None, "on_site": False} | case))
    found = {
        (key, command)
        for key, cause in CAUSES.items()
        for command in hint(cause, values).commands
        if command.startswith(unsuitable) and key not in _OTHER_PLACE
    }
    assert found == set()


def test_variable__is_set_where_the_program_runs() -> None:
    text = "AZURE_TOKEN_CREDENTIALS environment variable is not set or has an invalid value"
    assert explain(f"{text} /home/site/wwwroot/app.py").hints[0].commands[0].startswith("az webapp config appsettings")
    assert explain(f"kubelet {text}").hints[0].commands[0].startswith("kubectl set env deployment")
    assert explain(text).hints[0].commands[0] == "export AZURE_TOKEN_CREDENTIALS=dev"
