"""Comparison of two readings: the rules, the command and the page."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from secrets_app.differences import compare, parse_document, parse_reading
from tests.conftest import World
from tests.support.command_line import manage
from tests.support.json_schemas import errors_in
from tests.support.scenario_visits import api_reading

ROOT = Path(__file__).resolve().parents[1]


def document(scenario: str) -> dict[str, Any]:
    """What `/api/reading` returns in the scenario."""
    found: dict[str, Any] = json.loads(api_reading(scenario))
    return found


@pytest.mark.parametrize(
    ("works", "fails", "first", "headline"),
    [
        ("laptop", "no-role", "principal", "fails (403 ForbiddenByRbac). Most likely cause: principal."),
        ("laptop", "no-policy", "principal", "Most likely cause: principal."),
        ("laptop", "wrong-tenant", "tenant", "fails (401 AKV10032). Most likely cause: tenant of the token."),
        ("laptop", "app-service-off", "credential", "fails (no access token). Most likely cause: credential."),
        ("app-service", "laptop-signed-out", "credential", "Most likely cause: credential."),
        ("app-service", "vault-unknown", "vault", "fails (no response). Most likely cause: vault."),
        ("app-service", "secret-missing", None, "nothing else that a reading records differs"),
        ("laptop", "firewall", None, "None of the differences explains it."),
    ],
)
def test_most_likely_cause__comes_first(works: str, fails: str, first: str | None, headline: str) -> None:
    a, b = (parse_document(document(name), side) for name, side in ((works, "A"), (fails, "B")))
    result, reverse = compare(a, b), compare(b, a)
    assert headline in result.headline
    assert result.headline == reverse.headline
    explaining = [difference.key for difference in result.differences if difference.explains_failure]
    assert explaining[:1] == ([first] if first else [])
    assert [d.explains_failure for d in result.differences] == sorted(
        (d.explains_failure for d in result.differences), reverse=True
    )
    assert [(d.a, d.b) for d in reverse.differences] == [(d.b, d.a) for d in result.differences]
    assert result.fix
    assert result.fix.cause == document(fails)["hints"][0]["cause"]
    assert errors_in("Differences", json.loads(json.dumps(result.as_json()))) == []


@pytest.mark.parametrize(
    ("started_at", "shown"),
    [
        ("2026-01-31T12:00:00.123456+00:00", "2026-01-31 12:00:00 UTC"),
        ("2026-01-31T12:00:00+02:00", "2026-01-31 10:00:00 UTC"),
        ("0001-01-01T00:00:00+02:00", "time unknown"),
        ("yesterday", "time unknown"),
        (None, "time unknown"),
    ],
)
def test_time_of_a_reading__is_in_utc(started_at: str | None, shown: str) -> None:
    a = parse_document(document("laptop") | {"started_at": started_at}, "A")
    assert compare(a, a).a.endswith(f", {shown}")


def test_two_failures_and_two_successes() -> None:
    no_role, firewall = (parse_document(document(name), name) for name in ("no-role", "firewall"))
    works = parse_document(document("laptop"), "laptop")
    assert compare(no_role, no_role).headline == "Both readings failed in the same way."
    assert compare(no_role, firewall).headline == (
        "Both readings failed: 403 ForbiddenByRbac and 403 ForbiddenByFirewall."
    )
    same = compare(works, works)
    assert (same.headline, same.differences, same.fix) == ("Both readings succeeded.", (), None)
    assert "Vault" in same.same


def test_expected_principal__explains_a_mismatch() -> None:
    good = document("app-service")
    mismatch = {"what": "object ID", "expected": "x", "found": "y"}
    bad = {**document("laptop"), "ok": False, "mismatches": [mismatch]}
    result = compare(parse_document(good, "A"), parse_document(bad, "B"))
    assert result.differences[0].key == "principal"
    assert result.differences[0].explains_failure


INVALID = [
    ("", "A is empty."),
    ("{", "A is not JSON."),
    ("[" * 100_000, "A is not JSON."),
    ("[]", "A is not a reading."),
    ('{"ok": "yes", "attempts": []}', "A is not a reading."),
    ('{"ok": true, "checks": []}', "A is the doctor's result, not a reading."),
    (json.dumps("x" * 140_000), "A is longer than 128 KiB."),
]


@pytest.mark.parametrize(("text", "sentence"), INVALID)
def test_invalid_document__has_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence.replace(".", r"\.")):
        parse_reading(text, "A")


@pytest.mark.parametrize("junk", [None, 5, [], "x", {"a": 1}, [1, {"commands": 7}], True, 1e400, "\x1b[2J"])
def test_foreign_values__do_no_harm(junk: Any) -> None:
    good = document("laptop")
    for key in good:
        if key not in {"ok", "attempts"}:
            bad = {**good, "ok": False, key: junk}
            result = compare(parse_document(good, "A"), parse_document(bad, "B"))
            assert "\x1b" not in json.dumps(result.as_json(), ensure_ascii=False)


def test_secrets_in_a_document__are_redacted(client: Client, world: World) -> None:
    world("app-service")
    token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0." + "s" * 40
    bad = document("no-role")
    bad["vault_url"] = f"https://contoso.vault.azure.net?client_secret={'q' * 30}"
    bad["principal"]["name"] = token
    bad["hints"][0]["fix"] = f"Authorization: Bearer {token}"
    bad["hints"][0]["commands"] = [f"az login --password {'q' * 30}"]
    posted = {"a": json.dumps(document("laptop")), "b": json.dumps(bad)}
    html = client.post("/compare/", posted).content.decode()
    assert "[hidden]" in html
    assert token not in html
    assert "q" * 30 not in html


def test_page__shows_the_differences_and_keeps_invalid_input(client: Client, world: World) -> None:
    azure = world("app-service")
    texts = [json.dumps(document(name)) for name in ("laptop", "no-role")]
    page = client.post("/compare/", dict(zip("ab", texts, strict=True))).content.decode()
    assert "Reading A works, Reading B fails (403 ForbiddenByRbac). Most likely cause: principal." in page
    assert "az role assignment create" in page
    invalid = client.post("/compare/", {"a": texts[0], "b": "<b>not JSON</b>"})
    assert invalid.status_code == 400
    shown = invalid.content.decode()
    assert "Reading B is not JSON." in shown
    assert "&lt;b&gt;not JSON&lt;/b&gt;</textarea>" in shown  # nothing is lost
    assert shown.count('aria-invalid="true"') == 1
    assert client.post("/compare/", {"a": "x" * 1_100_000}).status_code == 413
    assert azure.requests == ()


def test_command__compares_files_and_standard_input(tmp_path: Path) -> None:
    laptop, azure = tmp_path / "laptop.json", tmp_path / "azure.json"
    laptop.write_text(json.dumps(document("laptop")))
    azure.write_text(json.dumps(document("no-role")))
    result = manage("compare", str(laptop), str(azure))
    assert result.returncode == 1
    assert result.stdout.startswith("laptop.json works, azure.json fails (403 ForbiddenByRbac).")
    assert "Principal (explains the failure)" in result.stdout
    as_json = manage("compare", str(laptop), "-", "--json", given=azure.read_bytes())
    assert errors_in("Differences", json.loads(as_json.stdout)) == []
    assert manage("compare", str(laptop), str(laptop)).returncode == 0
    assert manage("compare", "-", "-").returncode == 2
    missing = manage("compare", str(laptop), str(tmp_path / "none.json"))
    assert (missing.returncode, missing.stderr) == (2, f"Error: {tmp_path / 'none.json'}: No such file or directory.\n")
    folder = manage("compare", str(tmp_path), str(laptop))
    assert folder.returncode == 2
    assert "Traceback" not in folder.stderr


@pytest.mark.program
def test_command__starts_without_the_app_registry() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "manage.py", "compare", "README.md", "README.md"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "django.db.models" not in done.stderr
