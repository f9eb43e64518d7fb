"""Explaining a pasted error as a page, as JSON and as a command, and the catalog of causes."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils.html import strip_tags

from secrets_app.diagnosis.catalog import CAUSES
from tests.conftest import HERE
from tests.support.command_line import manage

ROOT = Path(__file__).resolve().parents[2]
NO_ROLE = (
    "(Forbidden) Caller is not authorized to perform action on resource.\r\n"
    "Caller: appid=aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee;oid=41baaa1d-3381-4fb6-83c8-cc76b4500d0d;"
    "iss=https://sts.windows.net/11111111-2222-4333-8444-555555555555/\r\n"
    "Vault: contoso-kv;location=westeurope\nInner error: {\n    \"code\": \"ForbiddenByRbac\"\n}"
)  # fmt: skip
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJvaWQiOiI0MWJhYWExZCJ9.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"


def paste(client: Client, text: str) -> Any:
    return client.post("/explain/", {"text": text})


def ask(client: Client, body: Any, content_type: str = "application/json") -> Any:
    return client.post("/api/explain", body, content_type=content_type)


def test_pasted_error__has_its_cause_and_a_filled_in_command(client: Client) -> None:
    html = paste(client, NO_ROLE).content.decode()
    assert 'data-cause="kv_rbac_denied"' in html
    assert "--assignee-object-id 41baaa1d-3381-4fb6-83c8-cc76b4500d0d" in strip_tags(html)
    assert "contoso-kv" in html


def test_evidence__is_shown(client: Client) -> None:
    html = paste(client, NO_ROLE).content.decode()
    for found in ("ForbiddenByRbac", "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", "sts.windows.net"):
        assert found in html


def test_token_in_the_text__is_hidden(client: Client) -> None:
    text = f"Authorization: Bearer {TOKEN}\nAADSTS7000215: Invalid client secret provided. client_secret=Hunter2Hunter2"
    for output in (paste(client, text).content.decode(), json.dumps(ask(client, json.dumps({"message": text})).json())):
        assert TOKEN not in output
        assert TOKEN.rpartition(".")[2] not in output
        assert "Hunter2Hunter2" not in output
        assert "client_secret_wrong" in output


def test_unknown_error__is_reported_as_unknown(client: Client) -> None:
    assert ask(client, json.dumps({"message": "the cat sat on the mat"})).json()["causes"] == ["unexpected"]


@pytest.mark.parametrize(
    ("text", "status", "expected"),
    [("", 400, "Paste an error text first"), ("x" * (256 * 1024 + 1), 413, "longer than 256 KiB")],
)
def test_too_short_or_long_text__has_a_message(client: Client, text: str, status: int, expected: str) -> None:
    response = paste(client, text)
    assert response.status_code == status
    assert expected in response.content.decode()


def test_text_of_maximum_length__is_explained(client: Client) -> None:
    text = "x " * (128 * 1024 - 100) + "AADSTS7000215: Invalid client secret provided."
    assert 'data-cause="client_secret_wrong"' in paste(client, text).content.decode()


def test_oversized_body__has_the_same_message(client: Client) -> None:
    for response in (paste(client, "x" * 2_000_000), ask(client, "x" * 2_000_000, "text/plain")):
        assert response.status_code == 413
        assert "256 KiB" in response.content.decode()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("{", "not valid JSON"),
        ("[1]", "must be a JSON object"),
        ("{}", "no `message`"),
        ('{"message": 7}', "`message` must be a string"),
        ('{"message": "x", "http_status": "403"}', "`http_status` must be a number"),
        ('{"message": "x", "http_status": true}', "`http_status` must be a number"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_invalid_body__has_one_message(client: Client, body: str, expected: str) -> None:
    response = ask(client, body)
    assert response.status_code == 400
    assert expected in response.json()["error"]


def test_api__accepts_plain_text(client: Client) -> None:
    assert ask(client, NO_ROLE, "text/plain").json()["causes"][0] == "kv_rbac_denied"


def test_api__uses_status_and_code(client: Client) -> None:
    known = {"message": "Operation returned an invalid status 'Forbidden'", "http_status": 403, "error_code": "ForbiddenByRbac"}  # fmt: skip  # noqa: E501
    assert ask(client, json.dumps(known)).json()["causes"][0] == "kv_rbac_denied"


def test_form__requires_a_csrf_token() -> None:
    strict = Client(enforce_csrf_checks=True, headers=HERE)
    response = strict.post("/explain/", {"text": NO_ROLE})
    assert response.status_code == 403
    assert "The form has expired" in response.content.decode()


def test_explain__needs_access(client: Client) -> None:
    assert client.get("/explain/", REMOTE_ADDR="203.0.113.9").status_code == 403


def test_every_cause__has_a_linked_page(client: Client) -> None:
    catalog = client.get("/causes/").content.decode()
    for key in CAUSES:
        assert f'href="/causes/{key}/"' in catalog
        page = client.get(f"/causes/{key}/")
        assert page.status_code == 200
        assert CAUSES[key].title.partition("'")[0] in page.content.decode()


def test_catalog__is_searchable(client: Client) -> None:
    found = re.findall(r'href="/causes/(\w+)/"', client.get("/causes/?q=soft+deleted").content.decode())
    assert "kv_soft_deleted" in found
    assert len(found) < 20
    assert "No cause matches" in client.get("/causes/?q=zebra").content.decode()


def test_unknown_cause__is_not_found(client: Client) -> None:
    assert client.get("/causes/nonsense/").status_code == 404
    assert client.get("/causes/?x=1").status_code == 400


def test_command__reads_standard_input() -> None:
    result = manage("explain", given=NO_ROLE.encode())
    assert result.returncode == 0
    assert "no role assignment that allows reading secrets" in result.stdout
    assert "az role assignment create" in result.stdout


def test_command__reads_a_file_and_prints_json(tmp_path: Path) -> None:
    file = tmp_path / "error.txt"
    file.write_text(NO_ROLE)
    assert json.loads(manage("explain", str(file), "--json").stdout)["causes"][0] == "kv_rbac_denied"


def test_json_lines__continue_after_an_invalid_line() -> None:
    lines = [json.dumps({"message": NO_ROLE}), "nonsense", "", "[]", json.dumps({"message": "x" * 300_000}), json.dumps({"message": "x"})]  # fmt: skip  # noqa: E501
    no_utf8 = b'{"message": "\xff"}'
    result = manage("explain", "--jsonl", given="\n".join(lines).encode() + b"\n" + no_utf8)
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.returncode == 0
    assert answers[0]["causes"][0] == "kv_rbac_denied"
    assert answers[1] == {"error": "This line is not JSON."}
    assert "JSON object" in answers[2]["error"]
    assert "256 KiB" in answers[3]["error"]
    assert answers[4]["causes"] == ["unexpected"]
    assert len(answers) == 6


@pytest.mark.parametrize(
    ("arguments", "given", "expected"),
    [
        (("/no/such/file",), "", "/no/such/file: No such file or directory."),
        (("/",), "", "/: Is a directory."),
        (("--json", "--jsonl"), "", "not allowed with argument"),
        ((), "x" * 300_000, "longer than 256 KiB"),
        ((), " \n", "The input is empty."),
    ],
)
def test_command__invalid_input_is_exit_2(arguments: tuple[str, ...], given: str, expected: str) -> None:
    result = manage("explain", *arguments, given=given.encode())
    assert result.returncode == 2
    assert expected in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.program
def test_undecodable_bytes__are_explained() -> None:
    result = subprocess.run(
        [sys.executable, "manage.py", "explain"],
        cwd=ROOT, env=dict(os.environ), input=b"\xff\xfe\x00AADSTS7000215\x80", capture_output=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0
    assert b"The client secret is invalid" in result.stdout
    assert b"Traceback" not in result.stderr


def test_unknown_error__has_a_report(client: Client) -> None:
    html = paste(client, f"the cat sat on contoso.vault.azure.net with {TOKEN}").content.decode()
    assert "## Unrecognized error" in html
    assert TOKEN not in html


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("System.Net.Http.HttpRequestException: No such host is known. (kv1.vault.azure.net:443)",
         "nslookup kv1.vault.azure.net"),
        ("java.net.UnknownHostException: kv1.vault.azure.net", "nslookup kv1.vault.azure.net"),
        ("java.net.ConnectException: Connection refused: kv1.vault.azure.net/20.61.1.4:443",
         "nc -vz kv1.vault.azure.net 443"),
        ("AKV10032: Invalid issuer. Expected one of https://sts.windows.net/f8cdef31-a31e-4b4a-93e4-5f571e91255a/, "
         "https://sts.windows.net/11111111-2222-4333-8444-555555555555/, found https://sts.windows.net/9/.",
         "az login --tenant 11111111-2222-4333-8444-555555555555"),
    ],
)  # fmt: skip
def test_command__uses_names_from_the_text(client: Client, text: str, command: str) -> None:
    hints = ask(client, json.dumps({"message": text})).json()["hints"]
    assert command in hints[0]["commands"]


@pytest.mark.parametrize("address", ["10.0.0.4", "192.168.1.9", "2603:1020:a01::5"])
def test_invalid_client_address__has_no_firewall_command(client: Client, address: str) -> None:
    text = f"Client address is not authorized and caller is not a trusted service.\r\nClient address: {address}\r\n"
    hints = ask(client, json.dumps({"message": text, "error_code": "ForbiddenByFirewall"})).json()["hints"]
    assert hints[0]["cause"] == "kv_firewall_denied"
    assert address not in json.dumps([(hint["commands"], hint["shells"]) for hint in hints])


def test_partial_vault_name__is_not_used(client: Client) -> None:
    text = "(ForbiddenByRbac) Caller is not authorized\r\nAction: 'Microsoft.KeyVault/vaults/secre"
    assert "--name secre" not in json.dumps(ask(client, json.dumps({"message": text})).json())
