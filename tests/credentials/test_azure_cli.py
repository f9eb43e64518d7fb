"""The site's Azure CLI credential: same results as azure-identity's, a configurable folder, no leftover processes."""

import os
from pathlib import Path
from typing import Any

import azure.identity
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CredentialUnavailableError

from secrets_app.conf import current
from secrets_app.core.reading import Outcome
from secrets_app.credentials.developer_tools import AzureCliCredential
from tests.conftest import World
from tests.support.doctor_factories import fake_tool, first_on_path
from tests.support.leak_checks import ends, is_running
from tests.support.readings import get_reading

SCOPE = "https://vault.azure.net/.default"
TENANT = "8b7a232e-7db2-4618-9223-c1d922beb033"
OTHER = "11111111-2222-4333-8444-555555555555"
TOKEN = '{"accessToken": "not-a-token", "expires_on": 1900000000, "tokenType": "Bearer"}'
OLD_TOKEN = '{"accessToken": "not-a-token", "expiresOn": "2030-03-17 17:46:40.000000", "tokenType": "Bearer"}'


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder that is the first on PATH."""
    os.environ["PATH"] = first_on_path(tmp_path / "bin")
    return tmp_path / "bin"


def token_or_error(credential: Any, **options: Any) -> tuple[str, str]:
    """The result of a token request: the token and its expiry, or the error's class and message."""
    try:
        token = credential.get_token_info(SCOPE, options=options or None)
    except (ClientAuthenticationError, ValueError) as error:
        return type(error).__name__, str(getattr(error, "message", error))
    return token.token, str(token.expires_on)


@pytest.mark.parametrize(
    "script",
    [
        f"echo '{TOKEN}'",
        f"echo '{OLD_TOKEN}'",
        """echo "ERROR: Please run 'az login' to setup account." >&2; exit 1""",
        """echo "ERROR: To set it, run: az account set" >&2; exit 1""",
        """echo "ERROR: AADSTS50076: use another factor. az login --tenant x" >&2; exit 1""",
        "echo 'az: command not found' >&2; exit 127",
        "exit 3",
        None,
    ],
)
def test_az_result__equals_azure_identitys(tools: Path, script: str | None) -> None:
    if script:
        fake_tool(tools, "az", script)
    plain, site_credential = azure.identity.AzureCliCredential(), AzureCliCredential(process_timeout=10)
    assert token_or_error(site_credential) == token_or_error(plain)


@pytest.mark.parametrize(
    "output",
    [
        '{"accessToken": null, "expires_on": 1900000000}',
        '{"accessToken": 5, "expires_on": 1900000000}',
        '{"accessToken": "", "expires_on": 1900000000}',
        '{"accessToken": "two words", "expires_on": 1900000000}',
        '{"accessToken":"never-to-be-seen", "expires_on": 1e999}',
        '{"accessToken":"never-to-be-seen", "expires_on": 1900000000} and more',
        '["accessToken"]',
        "null",
    ],
)
def test_az_output_without_token__is_unexpected_output(tools: Path, output: str) -> None:
    fake_tool(tools, "az", f"echo '{output}'")
    kind, words = token_or_error(AzureCliCredential(process_timeout=10))
    assert kind == "ClientAuthenticationError"
    assert words.startswith("Unexpected output from Azure CLI")
    assert "never-to-be-seen" not in words


@pytest.mark.parametrize("claims", [None, '{"access_token":{"nbf":{"essential":true}}}'])
@pytest.mark.parametrize("requested_tenant", [None, TENANT, OTHER])
@pytest.mark.parametrize("set_up", [{}, {"tenant_id": TENANT}])
@pytest.mark.parametrize("allowed", [[], ["*"], [OTHER]])
def test_az_arguments__equal_azure_identitys(
    tools: Path,
    tmp_path: Path,
    claims: str | None,
    requested_tenant: str | None,
    set_up: dict[str, str],
    allowed: list[str],
) -> None:
    note = tmp_path / "asked"
    note.touch()
    fake_tool(tools, "az", f"""echo "$@" "$AZURE_CORE_NO_COLOR" >> {note}; echo '{TOKEN}'""")
    options = {name: value for name, value in (("claims", claims), ("tenant_id", requested_tenant)) if value}
    plain = token_or_error(azure.identity.AzureCliCredential(**set_up, additionally_allowed_tenants=allowed), **options)
    of_plain = note.read_text()
    note.write_text("")
    site_credential = AzureCliCredential(process_timeout=10, **set_up, additionally_allowed_tenants=tuple(allowed))
    assert token_or_error(site_credential, **options) == plain
    assert note.read_text() == of_plain


def test_az_in_chain__next_credential_is_tried(tools: Path) -> None:
    fake_tool(tools, "az", "echo garbage")
    with pytest.raises(CredentialUnavailableError):
        AzureCliCredential(process_timeout=10, in_chain=True).get_token_info(SCOPE)


def test_slow_az__is_ended_with_its_child_processes(tools: Path, tmp_path: Path) -> None:
    # The script does not use `exec`: if only the script is killed, its child keeps running with the output pipe open.
    fake_tool(tools, "az", f"sh -c 'echo $$ > {tmp_path}/child; sleep 60'; echo never")
    for limit_s in (0.6, 5.4):  # on a busy machine, the script may not have started its child in the first
        expected = f"Failed to invoke the Azure CLI: no response within {limit_s} seconds"
        assert token_or_error(AzureCliCredential(process_timeout=limit_s)) == ("CredentialUnavailableError", expected)
        if (tmp_path / "child").exists():
            break
    child = int((tmp_path / "child").read_text())
    assert ends(lambda: not is_running(child))


def test_azurecli_path__applies_to_az_only(world: World, tmp_path: Path) -> None:
    world("laptop")
    own = Path(os.environ["PATH"].split(os.pathsep)[0]) / "az"
    fake_tool(tmp_path / "tools", "az", f'echo "$PATH" > {tmp_path}/path; exec {own} "$@"')
    before = os.environ["PATH"]
    reading = get_reading(current({"AzureCLIPath": str(tmp_path / "tools"), "KVSITE_EXCLUDE_CREDENTIALS": "azd"}))
    assert reading.ok
    assert (tmp_path / "path").read_text() == f"{tmp_path / 'tools'}{os.pathsep}{before}\n"
    assert os.environ["PATH"] == before
    assert ("AzureCliCredential", Outcome.TOKEN) in [(a.credential, a.outcome) for a in reading.attempts]


def test_azurecli_path_without_az__message_names_the_folder(world: World, tmp_path: Path) -> None:
    world("laptop-no-az")
    reading = get_reading(current({"AzureCLIPath": str(tmp_path), "KVSITE_CREDENTIAL": "az"}))
    assert reading.main_cause == "az_not_installed"
    assert f"or in {tmp_path}, the folder set in AzureCLIPath" in (reading.attempts[0].message or "")


def test_subscription__is_passed_to_az_without_tenant(world: World, tmp_path: Path) -> None:
    azure = world("laptop")
    own = Path(os.environ["PATH"].split(os.pathsep)[0]) / "az"
    fake_tool(tmp_path / "tools", "az", f'echo "$@" > {tmp_path}/asked; exec {own} "$@"')
    name = azure.scenario.subscription.name
    words = {"AzureCLIPath": str(tmp_path / "tools"), "KVSITE_AZ_SUBSCRIPTION": name, "KVSITE_TENANT_ID": TENANT}
    assert get_reading(current(words)).ok
    asked = f"account get-access-token --output json --resource https://vault.azure.net --subscription {name}\n"
    assert (tmp_path / "asked").read_text() == asked


def test_unknown_subscription__is_the_cause(world: World) -> None:
    world("laptop")
    words = {"KVSITE_AZ_SUBSCRIPTION": "No Such", "KVSITE_CREDENTIAL": "az"}
    assert get_reading(current(words)).main_cause == "az_subscription_wrong"


@pytest.mark.parametrize("output", ["opaque-Of-az", "{}", '{"accessToken": "opaque Of az"}', "null", "[" * 99999])
def test_output_that_is_no_token_response__is_not_in_the_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    (tmp_path / "output").write_text(output)
    fake_tool(tmp_path, "az", f"cat {tmp_path / 'output'}")
    monkeypatch.setenv("PATH", first_on_path(tmp_path))
    with pytest.raises(ClientAuthenticationError) as raised:
        AzureCliCredential(process_timeout=20).get_token_info(SCOPE)
    assert raised.value.message.startswith(
        f"Unexpected output from Azure CLI: {len(output)} characters that are not a token response."
    )
    assert "opaque" not in str(raised.value)
