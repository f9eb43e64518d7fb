"""Each failing scenario: the commands that the page prints, run by the real Azure CLI, then a second reading.

Runs only with `make test-az`. With LOCALAZURE_UPDATE_DOCS=1 it also writes the table in docs/local-azure-fixes.md.
"""

import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from localazure import LocalAzure
from localazure.scenarios.directory import SHARED_IDENTITY

AZ = Path(os.environ["KVSITE_REAL_AZ"])
ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv/bin/python"
TABLE = ROOT / "docs/local-azure-fixes.md"
UPDATE = bool(os.environ.get("LOCALAZURE_UPDATE_DOCS"))
QUIET = {"AZURE_CORE_LOGIN_EXPERIENCE_V2": "0", "KVSITE_DEADLINE_S": "20"}
SIGN_IN = "az login --use-device-code --output none"
READ = "read"
NOT_RUN = ("kubectl", "nslookup", "curl -sL https://aka.ms/InstallAzureCLI")

pytestmark = pytest.mark.timeout(240)


@dataclass(frozen=True, kw_only=True)
class Fix:
    """What a person does with the page of a scenario."""

    scenario: str
    then: str
    """The outcome: READ, or the cause that the next reading reports."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """Placeholder of the page -> the command that looks its value up, or the value."""
    output_to: str | None = None
    """The environment variable that the page says to set to the output of its last command."""
    afterwards: tuple[str, ...] = ()
    """Commands that the page describes in words only."""
    others: tuple[str, ...] = ()
    """Starts of commands for another case, which this person does not run."""
    alternatives: Mapping[str, str] = field(default_factory=dict)
    """Start of a command that fails here as in Azure -> why; the page prints it for the other case."""
    signs_in: bool = True
    """Whether a person signs in to Azure CLI first, because the page's commands do not."""


FIXES = (
    Fix(scenario="no-role", then=READ),
    Fix(scenario="no-policy", then=READ),
    Fix(
        scenario="firewall",
        then=READ,
        answers={
            "<each-of-these-addresses>": "$(az webapp show --resource-group kvsite-rg --name kvsite-demo"
            " --query possibleOutboundIpAddresses --output tsv | tr , ' ')"
        },
    ),
    Fix(scenario="secret-disabled", then=READ),
    Fix(scenario="secret-deleted", then=READ),
    Fix(
        scenario="secret-missing",
        then=READ,
        alternatives={"az keyvault secret recover": "the secret was never created"},
        afterwards=("az keyvault secret set --vault-name contoso --name demo --value example --output none",),
    ),
    Fix(scenario="secret-expired", then=READ),
    Fix(scenario="app-service-off", then="kv_rbac_denied"),
    Fix(
        scenario="vm-no-identity",
        then="kv_rbac_denied",
        answers={
            "<resource-group>": "$(az vm list --query '[0].resourceGroup' --output tsv)",
            "<resource-name>": "$(az vm list --query '[0].name' --output tsv)",
        },
    ),
    Fix(
        scenario="vm-two-identities",
        then=READ,
        answers={
            "<resource-group>": "$(az vm list --query '[0].resourceGroup' --output tsv)",
            "<resource-name>": "$(az vm list --query '[0].name' --output tsv)",
            "<client-id>": f"$(az identity show --name {SHARED_IDENTITY.name} --resource-group kvsite-rg"
            " --query clientId --output tsv)",
        },
    ),
    Fix(
        scenario="kubernetes-wrong-subject",
        then=READ,
        answers={
            "<resource-group>": "$(az aks list --query '[0].resourceGroup' --output tsv)",
            "<cluster>": "$(az aks list --query '[0].name' --output tsv)",
            "<identity-name>": "$(az identity list --query \"[?clientId=='$AZURE_CLIENT_ID'].name\" --output tsv)",
            "<credential-name>": "kvsite-default",
            "<issuer>": "$(az aks show --resource-group kvsite-rg --name kvsite-aks --query oidcIssuerProfile.issuerUrl"
            " --output tsv)",
        },
        alternatives={"az ad app federated-credential list": "a managed identity has no app registration"},
    ),
    Fix(
        scenario="service-principal-wrong-secret",
        then=READ,
        output_to="AZURE_CLIENT_SECRET",
        others=("export AZURE_TOKEN_CREDENTIALS",),
    ),
    Fix(
        scenario="service-principal-expired-secret",
        then=READ,
        output_to="AZURE_CLIENT_SECRET",
        others=("export AZURE_TOKEN_CREDENTIALS",),
    ),
    Fix(scenario="laptop-signed-out", then=READ, signs_in=False),
    Fix(scenario="laptop-no-az", then=READ, signs_in=False),
    Fix(scenario="laptop-mfa", then=READ),
)


@dataclass(frozen=True)
class Answer:
    """One reading, as `principal --json` prints it."""

    outcome: str
    """READ, or the main cause."""
    commands: tuple[str, ...]
    """The commands of the main cause."""


def read(env: Mapping[str, str]) -> Answer:
    command = [str(PYTHON), "manage.py", "principal", "--json"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    reading = json.loads(done.stdout)
    hint = next(iter(reading["hints"]), {"cause": "", "commands": []})
    return Answer(READ if reading["ok"] else hint["cause"], tuple(hint["commands"]))


def run_as_person(fix: Fix, commands: tuple[str, ...], env: Mapping[str, str]) -> dict[str, str]:
    """Run the commands in one shell. Return the variables that they changed."""
    lines = [SIGN_IN] if fix.signs_in else []
    for printed in (*commands, *fix.afterwards):
        if printed.startswith((*NOT_RUN, *fix.others)):
            continue
        command = printed
        for placeholder, answer in fix.answers.items():
            command = command.replace(placeholder, answer)
        assert not re.search(r"<[a-z-]+>", command), command
        lines.append(f"! {command}" if printed.startswith(tuple(fix.alternatives)) else command)
    if fix.output_to:
        lines[-1] = f'export {fix.output_to}="$({lines[-1]})"'
    script = "\n".join([*lines, "env -0 >&3"])
    read_end, write_end = os.pipe()
    try:
        done = subprocess.run(
            ["bash", "-e", "-c", f"exec 3>&{write_end}\n{script}"],
            env=env, pass_fds=(write_end,), capture_output=True, text=True, timeout=200,
        )  # fmt: skip
    finally:
        os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        after = dict(item.split("=", 1) for item in pipe.read().decode().split("\0") if "=" in item)
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return {name: value for name, value in after.items() if env.get(name) != value and name != "_"}


def with_az(env: Mapping[str, str]) -> dict[str, str]:
    return {**env, **QUIET, "PATH": f"{AZ.parent}:{env['PATH']}"}


@pytest.mark.parametrize("fix", FIXES, ids=lambda fix: fix.scenario)
def test_fix__printed_commands_heal(fix: Fix) -> None:
    with LocalAzure(fix.scenario) as azure:
        before = read(azure.env)
        assert before.outcome == azure.scenario.cause or azure.scenario.cause == "secret_expired"
        changed = run_as_person(fix, before.commands, with_az(azure.env))
        after = read(with_az(azure.env) | changed)
        assert after.outcome == fix.then
        if fix.then != READ:  # follow the next hint as well
            run_as_person(fix, after.commands, with_az(azure.env))
            assert read(with_az(azure.env)).outcome == READ
    check_table(fix, before.commands)


def cell(fix: Fix, command: str) -> str:
    if fix.others and command.startswith(fix.others):
        return f"`{command}` (not run: for a developer's own account)"
    reasons = [reason for start, reason in fix.alternatives.items() if command.startswith(start)]
    code = f"`{command}`".replace("|", r"\|")
    return f"{code} (fails: {reasons[0]})" if reasons else code


def check_table(fix: Fix, commands: tuple[str, ...]) -> None:
    """The table in the documents has the row of this run."""
    shown = "<br>".join(cell(fix, command) for command in (*commands, *fix.afterwards))
    result = "reads the secret" if fix.then == READ else f"next cause: `{fix.then}`; its command reads the secret"
    row = f"| `{fix.scenario}` | {shown} | {result} |"
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    if UPDATE:
        start = f"| `{fix.scenario}` |"
        known = [index for index, line in enumerate(lines) if line.startswith(start)]
        lines[known[0] : known[0] + 1] = [row]
        TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    else:
        assert row in lines, row
