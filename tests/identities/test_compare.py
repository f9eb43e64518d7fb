"""The comparison of all credentials: each row is sent as it finishes, and the site's own connection is unchanged."""

import json
import os
import re
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from localazure.scenarios.directory import MACHINE_IDENTITY
from secrets_app import conf
from secrets_app.conf.request import secret_request
from secrets_app.core.credential_options import MEMBERS, CredentialKind
from secrets_app.core.reading import Outcome
from secrets_app.identities import CandidateResult, Selection, get_comparison, selection_of
from secrets_app.identities.candidates import find_candidates
from secrets_app.keyvault.pool import pooled_connection
from secrets_app.output.identities import principal_mark, principal_text, result_text, selection_text
from tests.conftest import World
from tests.support.command_line import manage
from tests.support.readings import get_reading


def compared() -> tuple[list[CandidateResult], Selection]:
    rows = [row for row in get_comparison(secret_request(conf.current())).follow() if row]
    return rows, selection_of(rows)


def row_of(rows: list[CandidateResult], kind: CredentialKind, identity: str | None = None) -> CandidateResult:
    return next(
        row for row in rows if row.candidate.kind is kind and (identity or "") in (row.candidate.identity or "")
    )


def test_laptop__each_credential_has_a_row_and_az_is_selected(world: World) -> None:
    world("laptop")
    rows, pick = compared()
    assert {row.candidate.kind for row in rows} == {
        *MEMBERS,
        CredentialKind.INTERACTIVE_BROWSER,
        CredentialKind.DEVICE_CODE,
    }
    az = row_of(rows, CredentialKind.AZURE_CLI)
    assert pick.result == az
    assert pick.ok
    assert (
        selection_text(pick)
        == "This site uses Azure CLI, dana@contoso.onmicrosoft.com (user). Can read the secret demo."
    )
    assert result_text(az) == "Can read the secret demo."
    assert row_of(rows, CredentialKind.AZURE_POWERSHELL).outcome is Outcome.UNAVAILABLE
    assert "PowerShell was not found on PATH" in result_text(row_of(rows, CredentialKind.AZURE_POWERSHELL))
    assert "requires interactive sign-in" in result_text(row_of(rows, CredentialKind.DEVICE_CODE)).lower()


def test_two_identities__have_different_permissions(world: World) -> None:
    world("app-service-user-assigned")
    rows, pick = compared()
    named = row_of(rows, CredentialKind.MANAGED_IDENTITY, "from AZURE_CLIENT_ID")
    bare = row_of(rows, CredentialKind.MANAGED_IDENTITY, "system-assigned")
    assert pick.result == named
    assert "kvsite-reader" in principal_text(named)
    assert "kvsite-demo" in principal_text(bare)
    assert named.principal_number != bare.principal_number
    assert result_text(bare).startswith("Cannot read the secret: ")


def test_same_principal_by_two_credentials__is_marked(world: World, settings: Any) -> None:
    azure = world("service-principal-secret")
    settings.SECRETS_APP |= {"KVSITE_TENANT_ID": azure.env["AZURE_TENANT_ID"],
                             "KVSITE_CLIENT_ID": azure.env["AZURE_CLIENT_ID"],
                             "KVSITE_CLIENT_SECRET": azure.env["AZURE_CLIENT_SECRET"]}  # fmt: skip
    rows, pick = compared()
    pair = [row_of(rows, CredentialKind.ENVIRONMENT), row_of(rows, CredentialKind.CLIENT_SECRET)]
    assert [row.principal_number for row in pair] == [1, 1]
    assert sorted("Same principal as" in principal_text(row) for row in pair) == [False, True]
    assert pick.result == pair[0]


def test_failure_that_stops_the_chain__is_marked(world: World) -> None:
    world("service-principal-wrong-secret")
    rows, pick = compared()
    assert pick.result == row_of(rows, CredentialKind.ENVIRONMENT)
    assert not pick.has_token
    assert "stops at Environment variables" in selection_text(pick)
    assert principal_mark(pick) == "The chain stops here."


def test_hanging_az__delays_no_other_row(world: World) -> None:
    world("laptop-slow-az")
    rows, pick = compared()
    assert rows[-1].candidate.kind is CredentialKind.AZURE_CLI
    assert rows[-1].reading
    assert rows[-1].diagnosis.main_cause == "az_timeout"
    assert pick.result is None
    assert pick.highlighted == rows[-1]
    assert ". Fix Azure CLI: " in selection_text(pick)


def test_no_token__credential_to_fix_is_marked_as_on_the_home_page(client: Client, world: World) -> None:
    world("vm-two-identities")
    html = b"".join(client.get("/identities/").streaming_content).decode()  # type: ignore[attr-defined]
    rows, pick = compared()
    assert (pick.result, pick.highlighted) == (None, row_of(rows, CredentialKind.MANAGED_IDENTITY))
    assert "Fix Managed identity: Multiple user-assigned identities are attached and none is specified." in html
    assert re.search(r'slot="mark-2">Fix this one\.<', html)
    assert '<a href="/">Who am I</a> for how to fix it.</p>' in html


def test_azure_pipelines__is_tried_when_its_variables_are_complete(
    world: World, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure = world("azure-pipelines")
    rows, _pick = compared()
    row = row_of(rows, CredentialKind.AZURE_PIPELINES)
    assert row.candidate.order is None
    assert result_text(row) == "Can read the secret demo."
    assert not [token for token in azure.tokens if token.text in repr(rows)]
    monkeypatch.delenv("AZURESUBSCRIPTION_CLIENT_ID")
    assert CredentialKind.AZURE_PIPELINES not in {
        candidate.kind for candidate in find_candidates(conf.current(), os.environ)
    }


def test_comparison__leaves_the_sites_connection_unchanged(world: World) -> None:
    world("app-service")
    get_reading(conf.current())
    own = pooled_connection(secret_request(conf.current()))
    own.release()
    compared()
    assert pooled_connection(secret_request(conf.current())) is own
    own.release()
    assert get_reading(conf.current()).token_reused


def test_excluded_credential__is_tried_and_not_selected(world: World) -> None:
    world("laptop")
    os.environ["AZURE_TOKEN_CREDENTIALS"] = "prod"
    rows, pick = compared()
    az = row_of(rows, CredentialKind.AZURE_CLI)
    assert az.reading
    assert az.reading.ok
    assert az.reading.chosen_by is None
    assert az.candidate.order is None
    assert pick.result is None


@pytest.mark.parametrize(("chosen", "picked"), [("azure-cli", True), ("azure-powershell,az", True), ("dev", True)])
def test_selection__follows_the_settings(world: World, settings: Any, chosen: str, picked: bool) -> None:
    world("laptop")
    settings.SECRETS_APP["KVSITE_CREDENTIAL"] = chosen
    rows, pick = compared()
    assert pick.result == row_of(rows, CredentialKind.AZURE_CLI)
    assert pick.has_token is picked
    assert sorted(row.candidate.number for row in rows) == list(range(len(rows)))


def test_without_vault__principals_are_shown(world: World, settings: Any) -> None:
    world("app-service")
    settings.SECRETS_APP = {"KVSITE_RESULT_LIFE_S": "0"}
    rows, pick = compared()
    assert "kvsite-demo" in principal_text(row_of(rows, CredentialKind.MANAGED_IDENTITY))
    assert result_text(row_of(rows, CredentialKind.MANAGED_IDENTITY)).startswith("The vault was not contacted")
    assert not pick.ok


def test_unexpected_principal__is_shown(world: World, settings: Any) -> None:
    world("app-service")
    settings.SECRETS_APP["KVSITE_EXPECTED_APP_ID"] = MACHINE_IDENTITY.client_id
    rows, pick = compared()
    assert result_text(row_of(rows, CredentialKind.MANAGED_IDENTITY)).startswith("Can read the secret demo. However: ")
    assert not pick.ok


@pytest.mark.django_db  # closing a response checks the connection that an earlier test may have left open
def test_page__is_streamed_before_the_first_row(client: Client, world: World, settings: Any) -> None:
    world("laptop-slow-az")
    settings.SECRETS_APP["KVSITE_DEADLINE_S"] = "30"
    response = client.get("/identities/")
    pieces = iter(response.streaming_content)  # type: ignore[attr-defined]
    first = next(pieces).decode()
    assert "Identities on this machine" in first
    assert 'slot="row-' not in first
    assert first.count("Trying...") == len(MEMBERS) + 2
    assert 'slot="row-' in next(pieces).decode()
    under_way = get_comparison(secret_request(conf.current()))
    assert not under_way.is_done
    response.close()  # the visitor disconnects: az, which would take a minute, is ended
    assert [row for row in under_way.follow() if row]
    assert under_way.is_done
    assert not under_way.can_join


def test_page__has_all_rows_and_no_token(client: Client, world: World) -> None:
    azure = world("app-service-user-assigned")
    response = client.get("/identities/")
    html = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    assert html.endswith("</html>\n")
    assert "can it read the secret demo?" in html
    assert html.count("<article") == html.count("</article>")
    assert "Used by this site." in html
    assert "Principal Used: IsAuthenticated:True Type:App AppId:" in html
    assert response.headers["Cache-Control"] == "no-store"
    assert " style=" not in html
    assert not [token for token in azure.tokens if token.text in html]
    assert azure.secret_value not in html


def test_concurrent_visitors__share_one_comparison(world: World) -> None:
    world("laptop", az_latency_s=0.6)
    first = get_comparison(secret_request(conf.current()))
    assert get_comparison(secret_request(conf.current())) is first
    assert len(list(first.follow())) == len([row for row in first.follow() if row]) == len(first.candidates)
    another = get_comparison(secret_request(conf.current()))
    assert another is not first
    list(another.follow())  # a comparison without a reader would wait for the next test


def test_head_request__tries_no_credential(client: Client, world: World) -> None:
    azure = world("app-service")
    response = client.head("/identities/")
    assert (response.status_code, response.content) == (200, b"")
    assert client.get("/identities/?x=1").status_code == 400
    assert client.post("/identities/").status_code == 405
    assert client.get("/identities/", REMOTE_ADDR="203.0.113.9").status_code == 403
    assert azure.requests == ()


def test_command__prints_each_row_and_exits_with_the_selected_rows_code(
    world: World, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    world("no-role")
    with pytest.raises(SystemExit) as ended:
        call_command("principal", "--all")
    output = capsys.readouterr().out
    assert ended.value.code == 1
    assert "Managed identity             succeeded" in output
    lines = output.splitlines()
    assert lines[0] == "Credentials, in the order in which they finish:"
    assert [line.split("  ")[0] for line in lines[-5:-3]] == ["Interactive browser", "Device code"]
    assert lines[-2].startswith(
        "This site uses Managed identity, kvsite-demo (system-assigned managed identity). Cannot read the secret: "
    )
    assert lines[-1] == "Next: python manage.py principal"
    settings.SECRETS_APP["KEY_VAULT_URI"] = "contoso"
    with pytest.raises(SystemExit) as ended:
        call_command("principal", "--all", "--json")
    assert ended.value.code == 2
    assert len(json.loads(capsys.readouterr().out)) > len(MEMBERS)


def test_command__json_is_one_document(world: World) -> None:
    azure = world("laptop")
    result = manage("principal", "--all", "--json")
    document = json.loads(result.stdout)
    assert (result.returncode, result.stderr) == (0, "")
    assert [entry["way"] for entry in document][: len(MEMBERS)] == [str(kind) for kind in MEMBERS]
    assert [entry["way"] for entry in document if entry["picked"]] == ["azure-cli"]
    picked = next(entry for entry in document if entry["picked"])
    assert picked["credential"] == "AzureCliCredential"
    assert picked["reading"]["principal"]["legacy"].startswith("IsAuthenticated:True Type:User")
    assert document[-1]["reading"] is None
    assert not [token for token in azure.tokens if token.text in result.stdout]
