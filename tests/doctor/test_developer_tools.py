"""The checks of az, PowerShell and azd: location, version, account, and no leftover processes."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from secrets_app.azure_client.process import ToolError, ToolTimeoutError, find, run_for_output
from secrets_app.conf import Config
from secrets_app.core.credential_options import CredentialKind, CredentialOptions
from secrets_app.core.reading import Failure, Stage
from secrets_app.doctor import Status
from tests.support.doctor_factories import (
    CLIENT,
    OTHER_TENANT,
    SITE,
    TENANT,
    VAULT,
    fake_tool,
    first_on_path,
    reading,
    run_check,
    secret,
)
from tests.support.leak_checks import ends, is_running

FAILED = reading(failure=Failure(stage=Stage.TOKEN, message="nobody"))
ONE = {
    "id": "e3890b48-3fb8-4e1d-b243-c500a0d0c2a4",
    "name": "Contoso Production",
    "tenantId": TENANT,
    "isDefault": True,
    "user": {"name": "dana@contoso.com", "type": "user"},
}
OTHER = {**ONE, "id": CLIENT, "name": "Fabrikam", "tenantId": OTHER_TENANT, "isDefault": False}


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A machine with an empty home directory and only the system's tools on PATH."""
    return {"HOME": str(tmp_path), "PATH": first_on_path(tmp_path / "bin")}


def az_says(tmp_path: Path, *, version: str = "2.91.0", accounts: Any = (ONE,)) -> None:
    fake_tool(
        tmp_path / "bin",
        "az",
        f"""echo "$@" >> {tmp_path}/asked
case "$1" in
  version) echo '{{"azure-cli": "{version}"}}' ;;
  account) echo '{json.dumps(list(accounts))}' ;;
esac""",
    )


def az_wrote(tmp_path: Path, subscriptions: Any, *, byte_order_mark: str = "\ufeff") -> None:
    folder = tmp_path / ".azure"
    folder.mkdir(exist_ok=True)
    (folder / "azureProfile.json").write_text(byte_order_mark + json.dumps({"subscriptions": subscriptions}))
    noted = {"versions": {"azure-cli": {"local": "2.88.0"}}, "update_time": "2026-11-20 23:07:41.874473"}
    (folder / "versionCheck.json").write_text(byte_order_mark + json.dumps(noted))
    (folder / "commandIndex.json").write_text(byte_order_mark + "{}")


def recorded_calls(tmp_path: Path) -> list[str]:
    path = tmp_path / "asked"
    return path.read_text().splitlines() if path.exists() else []


def test_az__profile_files_are_enough_and_it_is_not_started(environ: dict[str, str], tmp_path: Path) -> None:
    az_says(tmp_path)
    az_wrote(tmp_path, [OTHER, ONE])
    check = run_check("az", environ)
    assert check.verdict is Status.OK
    assert check.finding == f"Azure CLI is signed in as dana@contoso.com in 2 tenants. Default tenant: {TENANT}."
    facts = dict(check.facts)
    assert facts["Path"] == str(tmp_path / "bin" / "az")
    assert facts["Version"] == "2.88.0"
    assert facts["Default subscription"] == f"Contoso Production ({ONE['id']})"
    assert facts["Other subscription"] == f"Fabrikam ({CLIENT}), tenant {OTHER_TENANT}"
    assert recorded_calls(tmp_path) == []


def test_az__outdated_version_file_is_ignored(environ: dict[str, str], tmp_path: Path) -> None:
    az_says(tmp_path)
    az_wrote(tmp_path, [ONE])
    os.utime(tmp_path / ".azure" / "versionCheck.json", (0, 0))
    os.utime(tmp_path / ".azure" / "commandIndex.json", (0, 0))
    assert ("Version", "2.91.0") in run_check("az", environ).facts
    assert recorded_calls(tmp_path) == ["version --output json"]


def test_az__older_release_has_another_version_file(environ: dict[str, str], tmp_path: Path) -> None:
    az_says(tmp_path)
    az_wrote(tmp_path, [ONE])
    (tmp_path / ".azure" / "versionCheck.json").unlink()
    (tmp_path / ".azure" / "commandIndex.json").write_text('{"version": "2.60.0"}')
    assert ("Version", "2.60.0") in run_check("az", environ).facts
    assert recorded_calls(tmp_path) == []


def test_az__signed_in_to_other_tenants_than_the_vaults(environ: dict[str, str], tmp_path: Path) -> None:
    az_says(tmp_path)
    az_wrote(tmp_path, [OTHER])
    check = run_check("az", environ, read=FAILED)
    assert (check.verdict, check.cause) == (Status.NOTICE, "tenant_mismatch_ahead")
    assert check.commands == (f"az login --tenant {TENANT}",)
    assert run_check("az", environ).verdict is Status.OK  # the secret was read anyway


def test_az__azure_config_dir_is_used(environ: dict[str, str], tmp_path: Path) -> None:
    az_says(tmp_path)
    az_wrote(tmp_path, [ONE], byte_order_mark="")
    elsewhere = {**environ, "HOME": "/nowhere", "AZURE_CONFIG_DIR": str(tmp_path / ".azure")}
    assert run_check("az", elsewhere).finding == "Azure CLI is signed in as dana@contoso.com."


def test_az__without_files_it_is_started_but_requests_no_token(environ: dict[str, str], tmp_path: Path) -> None:
    az_says(tmp_path)
    check = run_check("az", environ)
    assert check.finding == "Azure CLI is signed in as dana@contoso.com."
    assert ("Version", "2.91.0") in check.facts
    assert recorded_calls(tmp_path) == ["account list --output json", "version --output json"]


@pytest.mark.parametrize(
    ("read", "more", "verdict", "cause"),
    [
        (FAILED, {}, Status.PROBLEM, "az_not_logged_in"),
        (reading(secret=secret()), {}, Status.OK, None),
        (FAILED, SITE, Status.OK, None),
    ],
)
def test_az__no_account_is_signed_in(
    environ: dict[str, str], tmp_path: Path, read: Any, more: dict[str, str], verdict: Status, cause: str | None
) -> None:
    az_says(tmp_path, accounts=[])
    check = run_check("az", {**environ, **more}, read=read)
    assert (check.verdict, check.cause) == (verdict, cause)
    assert check.finding.startswith("Azure CLI is installed, but no account is signed in.")


def test_az__service_principal_is_labelled(environ: dict[str, str], tmp_path: Path) -> None:
    az_says(tmp_path)
    az_wrote(tmp_path, [{**ONE, "user": {"name": CLIENT, "type": "servicePrincipal"}}])
    assert ("Signed in as", f"{CLIENT} (servicePrincipal)") in run_check("az", environ).facts


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"subscriptions": 1}', '{"subscriptions": [1, {"user": 2}]}', "[" * 100_000, "\0\ufffd"]
)
def test_az__broken_file_is_not_an_error(environ: dict[str, str], tmp_path: Path, text: str) -> None:
    az_says(tmp_path, accounts=[])
    az_wrote(tmp_path, [])
    (tmp_path / ".azure" / "azureProfile.json").write_text(text)
    assert run_check("az", environ, read=FAILED).title == ""


def test_az__names_from_files_are_escaped_for_the_terminal(environ: dict[str, str], tmp_path: Path) -> None:
    az_says(tmp_path)
    az_wrote(tmp_path, [{**ONE, "name": "\x1b[2J\u202egone"}])
    assert ("Default subscription", f"?[2J?gone ({ONE['id']})") in run_check("az", environ).facts


def test_az__not_installed(environ: dict[str, str]) -> None:
    assert run_check("az", environ, read=FAILED).cause == "az_not_installed"
    assert run_check("az", environ).verdict is Status.OK
    assert run_check("az", {**environ, **SITE}, read=FAILED).verdict is Status.OK
    never = {**environ, "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential"}
    assert run_check("az", never, read=FAILED).verdict is Status.OK
    named = Config(vault_url=VAULT, secret_name="demo", credential=CredentialOptions(az_folder="/no/such/folder"))
    check = run_check("az", environ, config=named)
    expected = "AzureCLIPath names /no/such/folder, which is not a folder on this machine. It is not on PATH either."
    assert check.finding == expected


def test_az__folder_from_a_setting(environ: dict[str, str], tmp_path: Path) -> None:
    az_says(tmp_path)
    elsewhere = {**environ, "PATH": "/usr/bin:/bin"}
    named = Config(vault_url=VAULT, secret_name="demo", credential=CredentialOptions(az_folder=str(tmp_path / "bin")))
    facts = dict(run_check("az", elsewhere, config=named).facts)
    assert facts["Path"] == str(tmp_path / "bin" / "az")
    assert facts["AzureCLIPath"] == f"AzureCLIPath is set, so az is searched for in {tmp_path}/bin first."
    empty = Config(vault_url=VAULT, secret_name="demo", credential=CredentialOptions(az_folder=str(tmp_path)))
    check = run_check("az", environ, config=empty)
    assert check.verdict is Status.NOTICE
    assert "which does not contain az. The az on PATH is used instead. Azure CLI is signed in as dana" in check.finding
    assert dict(check.facts)["AzureCLIPath"].endswith("which does not contain az.")


@pytest.mark.parametrize(
    ("kinds", "cause"),
    [((CredentialKind.AZURE_POWERSHELL,), "powershell_not_installed"), ((CredentialKind.PROD,), None)],
)
def test_powershell__selected_by_kvsite_credential(
    environ: dict[str, str], kinds: tuple[CredentialKind, ...], cause: str
) -> None:
    chosen = Config(vault_url=VAULT, secret_name="demo", credential=CredentialOptions(kinds=kinds))
    assert run_check("powershell", environ, config=chosen).cause == cause


def test_az__a_chain_without_tools_does_not_need_it(environ: dict[str, str]) -> None:
    chosen = Config(vault_url=VAULT, secret_name="demo", credential=CredentialOptions(kinds=(CredentialKind.PROD,)))
    assert run_check("az", environ, read=FAILED, config=chosen).verdict is Status.OK
    chosen = Config(
        vault_url=VAULT, secret_name="demo", credential=CredentialOptions(kinds=(CredentialKind.AZURE_CLI,))
    )
    assert run_check("az", {**environ, **SITE}, read=FAILED, config=chosen).cause == "az_not_installed"


@pytest.mark.parametrize(
    ("script", "limit_s", "cause", "words"),
    [
        ("exit 3", 20, "az_broken_install", "ended with exit code 3"),
        ("exec sleep 60", 0.2, "az_timeout", "did not respond in time"),
    ],
)
def test_az__broken_or_slow(
    environ: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    script: str,
    limit_s: float,
    cause: str,
    words: str,
) -> None:
    monkeypatch.setattr("secrets_app.doctor.checks.developer_tools._TOOL_TIMEOUT_S", limit_s)
    fake_tool(tmp_path / "bin", "az", script)
    check = run_check("az", environ)
    assert (check.verdict, check.cause) == (Status.NOTICE, cause)
    assert words in check.finding


def test_az__output_without_json_means_no_account(environ: dict[str, str], tmp_path: Path) -> None:
    fake_tool(tmp_path / "bin", "az", "echo not json")
    assert "no account is signed in" in run_check("az", environ, read=FAILED).finding


def test_powershell_and_azd__version_and_account(environ: dict[str, str], tmp_path: Path) -> None:
    fake_tool(tmp_path / "bin", "pwsh", "echo PowerShell 7.5.1")
    fake_tool(tmp_path / "bin", "azd", "echo 'azd version 1.20.3 (commit abc)'")
    (tmp_path / ".Azure").mkdir()
    context = {"Account": {"Id": "dana@contoso.com"}, "Tenant": {"Id": TENANT}, "TokenCache": {"CacheData": "s3cr3t"}}
    (tmp_path / ".Azure" / "AzureRmContext.json").write_text(
        json.dumps({"DefaultContextKey": "here", "Contexts": {"here": context}})
    )
    (tmp_path / ".azd").mkdir()
    user = {"homeAccountId": f"{CLIENT}.{TENANT}"}
    (tmp_path / ".azd" / "auth.json").write_text(json.dumps({"auth": {"account": {"currentUser": user}}}))
    powershell, azd = run_check("powershell", environ), run_check("azd", environ)
    assert dict(powershell.facts) == {
        "Path": str(tmp_path / "bin" / "pwsh"),
        "Version": "7.5.1",
        "Signed in as": "dana@contoso.com",
        "Tenant": TENANT,
    }
    assert dict(azd.facts)["Version"] == "1.20.3"
    assert dict(azd.facts)["Signed in as"] == CLIENT
    assert "s3cr3t" not in repr(powershell)


def test_powershell_and_azd__not_installed_broken_or_signed_out(environ: dict[str, str], tmp_path: Path) -> None:
    for key, credential, cause in (
        ("powershell", "AzurePowerShellCredential", "powershell_not_installed"),
        ("azd", "AzureDeveloperCliCredential", "azd_not_installed"),
    ):
        assert run_check(key, environ).verdict is Status.OK
        check = run_check(key, {**environ, "AZURE_TOKEN_CREDENTIALS": credential})
        assert (check.verdict, check.cause) == (Status.PROBLEM, cause)
    fake_tool(tmp_path / "bin", "pwsh", "exit 1")
    fake_tool(tmp_path / "bin", "azd", "echo hello")
    assert run_check("powershell", environ).finding == "PowerShell is installed, but it ended with exit code 1."
    assert run_check("azd", environ).finding == "azd is installed, but no account is signed in to Azure."


def test_find__a_tool_in_a_relative_folder_is_not_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_tool(tmp_path / "bin", "az", "echo caught")
    monkeypatch.chdir(tmp_path)
    assert find({"PATH": "bin"}, "az") is None
    assert find({"PATH": str(tmp_path / "bin")}, "az") == str(tmp_path / "bin" / "az")
    assert find({}, "az") is None


def test_output__runs_in_a_safe_folder_without_input_or_telemetry(tmp_path: Path) -> None:
    tool = fake_tool(tmp_path / "bin", "tool", "pwd; cat; echo $AZURE_CORE_COLLECT_TELEMETRY; echo oops >&2")
    assert run_for_output([str(tool)], {"PATH": "/bin:/usr/bin"}, 5).split() == ["/", "0"]


def test_output__arguments_are_not_interpreted_by_a_shell(tmp_path: Path) -> None:
    tool = fake_tool(tmp_path / "bin", "tool", 'printf %s "$1"')
    assert run_for_output([str(tool), "$(touch /tmp/x); *"], {"PATH": "/bin:/usr/bin"}, 5) == "$(touch /tmp/x); *"


def test_output__is_limited(tmp_path: Path) -> None:
    tool = fake_tool(tmp_path / "bin", "tool", "head -c $1 /dev/zero")
    assert len(run_for_output([str(tool), "262144"], {"PATH": "/bin:/usr/bin"}, 20)) == 256 * 1024
    with pytest.raises(ToolError, match="more than 256 KiB"):
        run_for_output([str(tool), "1000000"], {"PATH": "/bin:/usr/bin"}, 20)


def test_output__of_a_file_that_is_not_executable(tmp_path: Path) -> None:
    tool = tmp_path / "tool"
    tool.write_bytes(b"\x7fELF nonsense")
    tool.chmod(0o700)
    with pytest.raises(ToolError, match="did not start"):
        run_for_output([str(tool)], {}, 5)


def test_output__hanging_tool_is_ended_with_its_child_processes(tmp_path: Path) -> None:
    child = tmp_path / "child"
    tool = fake_tool(tmp_path / "bin", "tool", f"sleep 60 & echo $! > {child}.part; mv {child}.part {child}; wait")
    for limit_s in (0.5, 5.0):  # on a busy machine, the tool may not have started its child in the first
        with pytest.raises(ToolTimeoutError):
            run_for_output([str(tool)], {"PATH": "/bin:/usr/bin"}, limit_s)
        if child.exists():
            break
    assert ends(lambda: not is_running(int(child.read_text())))
