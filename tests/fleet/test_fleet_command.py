"""`manage.py fleet`: discovery in Local Azure, one pass over targets, and what is stored on the way."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from fleet import discovery
from fleet.models import Target
from localazure import Fault, FaultInjection
from secrets_app import conf
from tests.conftest import World
from tests.fleet.conftest import DENIED, OK
from tests.fleet.test_fleet_page import add

ROOT = Path(__file__).resolve().parents[2]
SEED = """
[[grant]]
to = "kvsite-demo"
role = "Reader"
[[application]]
name = "importer"
[[vault]]
name = "kv-payments"
tags.team = "payments"
tags.note = "a, b"
secrets.alpha = "the value of alpha"
secrets.beta = { value = "b", enabled = false }
[[vault.grants]]
to = "kvsite-demo"
role = "Key Vault Secrets User"
[[vault]]
name = "kv-closed"
secrets.gamma = "g"
"""


@pytest.mark.django_db
def test_discover__adds_the_secrets_of_every_visible_vault(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world("app-service", seed=SEED)
    call_command("fleet", "discover", "--dry-run")
    assert not Target.objects.exists()
    assert "kv-payments/alpha" in capsys.readouterr().out
    call_command("fleet", "discover")
    output = capsys.readouterr().out
    target = Target.objects.get(name="kv-payments/alpha")
    assert (target.labels["team"], target.labels["vault"]) == ("payments", "kv-payments")
    assert "note" not in target.labels
    assert not Target.objects.filter(secret_name="beta").exists()
    assert "kv-closed: its secrets cannot be listed: 403 ForbiddenByRbac" in output
    call_command("fleet", "discover")
    assert "0 of them new." in capsys.readouterr().out


@pytest.mark.django_db
def test_discover__a_response_byte_by_byte_ends_at_the_deadline(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    azure = world("app-service", seed=SEED)
    monkeypatch.setattr(discovery, "_VAULT_DEADLINE_S", 0.3)
    azure.inject_fault("keyvault", FaultInjection(fault=Fault.DRIP))
    call_command("fleet", "discover", "--dry-run")
    output = capsys.readouterr().out
    assert "kv-payments: its secrets cannot be listed: no complete response within 1 second." in output
    monkeypatch.setattr(discovery, "_DEADLINE_S", 0.2)
    azure.inject_fault("arm", FaultInjection(fault=Fault.DRIP))
    with pytest.raises(CommandError, match=r"Azure Resource Graph: no complete response within 1 second\."):
        call_command("fleet", "discover")
    assert not Target.objects.exists()
    with pytest.raises(CommandError, match="not a whole number from 1 to 86400"):
        call_command("fleet", "discover", "--deadline", "0")


@pytest.mark.django_db
def test_discover__one_secret_of_every_vault_without_listing(world: World) -> None:
    world("app-service", seed=SEED)
    call_command("fleet", "discover", "--secret", "alpha")
    assert Target.objects.filter(name="kv-closed/alpha").exists()


@pytest.mark.django_db
def test_discover__without_a_role_finds_nothing(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world("app-service")
    call_command("fleet", "discover")
    assert "0 vaults, 0 secrets, 0 of them new." in capsys.readouterr().out


@pytest.mark.django_db
def test_discover__without_a_token_is_one_sentence(world: World) -> None:
    world("laptop-signed-out")
    with pytest.raises(CommandError, match=r"^Azure Resource Graph: ") as caught:
        call_command("fleet", "discover")
    assert caught.value.returncode == 2


@pytest.mark.django_db(transaction=True)
def test_run__checks_every_target_with_its_own_credential(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, client: Client, tmp_path: Path
) -> None:
    azure = world("service-principal-secret")
    secret, config = azure.env["AZURE_CLIENT_SECRET"], conf.current()
    monkeypatch.setenv("PAYROLL_SECRET", secret)
    target = {
        "vault": config.vault_url, "secret": config.secret_name, "credential": "client-secret",
        "client_id": azure.env["AZURE_CLIENT_ID"], "tenant_id": azure.env["AZURE_TENANT_ID"],
        "client_secret": "env:PAYROLL_SECRET",
    }  # fmt: skip
    targets = [
        {**target, "name": "good"},
        {**target, "name": "missing", "secret": "no-such"},
        {**target, "name": "no reference", "client_secret": "env:NOT_SET"},
        {**target, "name": "somebody else", "expected_app_id": "11111111-1111-4111-8111-111111111111"},
    ]
    file, text = tmp_path / "targets.toml", ""
    file.write_text(
        "".join("[[target]]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in t.items()) for t in targets)
    )
    call_command("fleet", "import", str(file))
    with pytest.raises(SystemExit) as caught:
        call_command("fleet", "run", "--threads", "4")
    assert caught.value.code == 1
    output = capsys.readouterr().out
    states = dict(Target.objects.values_list("name", "state"))
    assert states == {
        "good": "readable",
        "missing": "refused",
        "no reference": "invalid",
        "somebody else": "unexpected",
    }
    assert "1 of 4 targets readable." in output
    assert re.search(r"missing: Refused for [0-9]+ [a-z]+: 404 SecretNotFound \(kv_secret_not_found\), as ", output)
    call_command("fleet", "run", "good")
    call_command("fleet", "list")
    call_command("fleet", "list", "--json")
    output += capsys.readouterr().out
    pages = "".join(
        client.get(path).content.decode() for path in ("/fleet/", "/api/fleet", "/history/", "/api/history?format=csv")
    )
    everything = output + pages + dump()
    assert "good" in everything
    for text in (secret, azure.secret_value, *(token.text for token in azure.tokens)):
        assert text not in everything


def dump() -> str:
    """Every cell of every table of the database."""
    rows: list[Any] = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 - the names of tables
            rows += cursor.fetchall()
    assert rows
    return str(rows)


def test_extra_of_the_package__names_the_packages_of_the_requirements() -> None:
    lines = (ROOT / "requirements-fleet.in").read_text().splitlines()
    required = {re.split(r"[~<>=\[\s]", line)[0] for line in lines if line and line[0] not in "#-"}
    project = tomllib.loads((ROOT / "packaging/principal-used/pyproject.toml").read_text())["project"]
    extra = {re.split(r"[~<>=\[]", text)[0] for text in project["optional-dependencies"]["fleet"]}
    assert extra == required


@pytest.mark.django_db
def test_run__unknown_target_is_one_sentence(world: World) -> None:
    world("app-service")
    with pytest.raises(CommandError, match="There is no target 'nothing'"):
        call_command("fleet", "run", "nothing")


@pytest.mark.django_db
def test_list__takes_the_filters_of_the_page(world: World, capsys: pytest.CaptureFixture[str], client: Client) -> None:
    world("app-service")
    for name, result, team in (("a", DENIED, "web"), ("b", OK, "web"), ("c", DENIED, "payments")):
        add(name, result, labels={"team": team, "2024": "x"})
    filters = ("--state", "failing", "--label", "team=web", "--label", "2024=x", "--q", "forbidden")
    call_command("fleet", "list", *filters)
    text = capsys.readouterr().out
    assert text == (
        "a: Refused for 5 minutes: 403 ForbiddenByRbac (kv_rbac_denied), as kvsite-demo "
        "(system-assigned managed identity)\nThe target is not readable.\n"
    )
    call_command("fleet", "list", *filters, "--json")
    document = client.get("/api/fleet?state=failing&label=team=web&label=2024=x&q=forbidden").json()
    assert json.loads(capsys.readouterr().out) == document["targets"]
    for wrong in (("--state", "red"), ("--label", "team"), ("--q", "x" * 101)):
        with pytest.raises(CommandError, match=r"^(state|label|q) must be"):
            call_command("fleet", "list", *wrong)


@pytest.mark.django_db(transaction=True)
def test_run__with_filters_checks_only_those(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world("app-service")
    config = conf.current()
    add("denied", DENIED, vault=config.vault_url, secret=config.secret_name)
    fine = add("fine", OK)
    call_command("fleet", "run", "--state", "failing")
    assert capsys.readouterr().out == "1 of 1 target readable.\n"
    assert Target.objects.get(name="denied").ok
    assert Target.objects.get(name="fine").checked_at == fine.checked_at
    with pytest.raises(CommandError, match="either names or filters"):
        call_command("fleet", "run", "fine", "--state", "failing")


@pytest.mark.parametrize("command", [("fleet", "run"), ("fleet", "discover"), ("watch",)])
def test_missing_packages__the_hint_names_the_file_or_the_extra(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, db: None
) -> None:
    monkeypatch.setattr("fleet.packages.is_installed", lambda _: False)
    with pytest.raises(CommandError, match=r"install --require-hashes -r requirements-fleet\.txt"):
        call_command(*command)
    monkeypatch.setattr("secrets_app.conf.history.__file__", str(tmp_path / "site-packages/secrets_app/conf/x.py"))
    with pytest.raises(CommandError, match=r'install "principal-used\[fleet\]"'):
        call_command(*command)
