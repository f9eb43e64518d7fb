"""Commands are filled in with known values, and no untrusted value can add a second command."""

import shlex
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_app.core.reading import Failure, HostEnvironment, Platform, Reading, Stage
from secrets_app.diagnosis.catalog import CAUSES
from secrets_app.diagnosis.command_values import PLACEHOLDERS, CommandValues
from secrets_app.diagnosis.diagnose import diagnose
from secrets_app.diagnosis.explain import explain
from secrets_app.diagnosis.hints import hint
from secrets_app.diagnosis.shells import Shell, quote

HOSTILE = (
    "$(reboot)",
    "`reboot`",
    "x; rm -rf /",
    "x && reboot",
    "x | sh",
    "x\nreboot",
    "x\r\nreboot",
    "'; reboot; '",
    '"; reboot; "',
    "’; reboot; ‘",
    "-x",
    "@/etc/passwd",
    "%PATH%",
    "$env:PATH",
    "\u2028reboot",
    "{vault}",
    "",
    " ",
)


def test_hostile_value__stays_one_word() -> None:
    values = [value for value in HOSTILE if value]
    assert [(key, value) for key in CAUSES for value in values if _word_counts(key, value) != _word_counts(key)] == []


def _word_counts(key: str, value: str = "value") -> list[int]:
    """The number of shell words in each command of the cause, with this value in every placeholder."""
    return [len(_words(command)) for command in _filled(key, value)]


def _filled(key: str, value: str) -> tuple[str, ...]:
    return hint(
        CAUSES[key], CommandValues(values=dict.fromkeys(PLACEHOLDERS, value), platform=Platform.APP_SERVICE)
    ).commands


def _words(command: str) -> list[str]:
    """Shell words, including the operators in the template itself."""
    return shlex.split(command, posix=True)


@given(st.text(max_size=80))
def test_posix_quoting__gives_the_value_back(value: str) -> None:
    assert shlex.split(quote(value, Shell.BASH)) == [value]


@given(st.text(max_size=80))
def test_powershell_quoting__leaves_no_single_quote_alone(value: str) -> None:
    quoted = quote(value, Shell.POWERSHELL)
    if quoted.startswith("'"):
        inner = quoted[1:-1]
        for mark in "'\u2018\u2019\u201a\u201b":
            inner = inner.replace(mark * 2, "")
        assert not set(inner) & set("'\u2018\u2019\u201a\u201b")
    elif quoted.startswith('"'):
        assert not set(quoted[1:-1]) & set('"$`\u201c\u201d\u201e')
    else:
        assert quoted.isascii()
        assert not set(quoted) & set(" ;&|$`\"'(){}<>\n\r")
        assert not quoted.startswith("@")


@pytest.mark.parametrize("system", ["Linux", "Windows", "Darwin"])
def test_hostile_names_in_a_reading__are_in_no_command(system: str) -> None:
    for value in filter(None, HOSTILE):
        commands = _commands(value, system)
        assert commands
        assert not [command for command in commands if value.strip() and value in command]


def _commands(value: str, system: str) -> list[str]:
    """The commands for a reading in which every name is this value."""
    reading = Reading(
        vault_url=f"https://{value}.vault.azure.net",
        secret_name=value,
        started_at=datetime(2026, 9, 14, tzinfo=UTC),
        elapsed_s=0.1,
        vault_tenant_id=value,
        place=HostEnvironment(platform=Platform.APP_SERVICE, system=system, resource_name=value, resource_group=value),
        failure=Failure(stage=Stage.VAULT, status=404, code="SecretNotFound", message="not found"),
    )
    return [command for hint in diagnose(reading).hints for command in hint.commands]


def test_rbac_refusal__gives_the_whole_command() -> None:
    text = (
        "Caller: appid=aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee;oid=41baaa1d-3381-4fb6-83c8-cc76b4500d0d;iss=x "
        "Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action' Resource: '/subscriptions/"
        "1d371236-1fb2-4b20-83cd-544b7b958a3c/resourcegroups/contoso-rg/providers/microsoft.keyvault/vaults/contoso-kv"
        "/secrets/demo' ForbiddenByRbac"
    )
    (command,) = explain(text, error_code="ForbiddenByRbac").hints[0].commands
    assert command == (
        'az role assignment create --role "Key Vault Secrets User" '
        "--assignee-object-id 41baaa1d-3381-4fb6-83c8-cc76b4500d0d --assignee-principal-type ServicePrincipal "
        "--scope /subscriptions/1d371236-1fb2-4b20-83cd-544b7b958a3c/resourcegroups/contoso-rg/providers/"
        "microsoft.keyvault/vaults/contoso-kv"
    )


def test_access_policy_refusal__names_the_missing_permission() -> None:
    text = (
        "The user, group or application 'appid=04b07795-8ddb-461a-bbee-02f9e1bf7b46;"
        "oid=41baaa1d-3381-4fb6-83c8-cc76b4500d0d;iss=x' does not have certificates list permission on key vault "
        "'contoso-kv;location=westeurope'."
    )
    assert explain(text, error_code="AccessDenied", http_status=403).hints[0].commands == (
        "az keyvault set-policy --name contoso-kv --object-id 41baaa1d-3381-4fb6-83c8-cc76b4500d0d "
        "--certificate-permissions list",
    )


def test_firewall_refusal__names_the_client_address() -> None:
    text = "Client address is not authorized and caller is not a trusted service.\r\nClient address: 203.0.113.24\r\n"
    assert "--ip-address 203.0.113.24" in explain(text).hints[0].commands[0]


def test_nothing_known__shows_placeholders() -> None:
    assert explain("SecretDisabled", error_code="SecretDisabled").hints[0].commands == (
        "az keyvault secret set-attributes --vault-name <vault-name> --name <secret-name> --enabled true",
    )


def test_braces_in_a_template__come_out_single() -> None:
    (command,) = hint(CAUSES["resource_disabled"], CommandValues()).commands
    assert '"[].{id:id, enabled:accountEnabled}"' in command


def test_template__uses_known_placeholders_only() -> None:
    used = {name for cause in CAUSES.values() for command in cause.commands for name in command.placeholders}
    assert used <= set(PLACEHOLDERS)
