"""The history of the site's own secret: recorded by readings, shown by pages, JSON and the diagnosis."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fleet.models import Observation, Target
from fleet.problems import Breaker, HistoryUnavailableError, sentence_of
from fleet.recorder import Recorder, own_target
from fleet.recording import record
from kvsite.database import databases
from secrets_app import conf
from secrets_app.core.history import register_history
from tests.conftest import World
from tests.fleet.conftest import OK, WAIT_S, seen
from tests.fleet.servers import wait_for
from tests.support.readings import get_reading

ROOT = Path(__file__).resolve().parents[2]


def readable(minutes_ago: float, **more: Any) -> None:
    """A successful reading of the scenario's secret in the past."""
    config = conf.current()
    assert config.vault_url
    assert config.secret_name
    target = own_target(config.vault_url, config.secret_name)
    at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    record(target.pk, replace(seen(0, OK, **more), at=at))


def principal_of(reading: Any) -> dict[str, str]:
    principal = reading.principal
    return {"object_id": principal.object_id, "tenant_id": principal.tenant_id, "credential": principal.credential,
            "principal_name": principal.name or "", "app_id": principal.app_id}  # fmt: skip


def test_page__records_its_reading_once(world: World, client: Client, recorder: Recorder) -> None:
    world("no-role")
    assert client.get("/").status_code == 200
    assert client.get("/readyz").status_code == 503
    assert recorder.flush(WAIT_S)
    [target] = Target.objects.all()
    assert (target.kind, target.cause, target.code) == ("own", "kv_rbac_denied", "403 ForbiddenByRbac")
    assert sum(Observation.objects.values_list("count", flat=True)) == 2
    assert client.get("/secret/?name=other").status_code == 200
    assert recorder.flush(WAIT_S)
    assert Target.objects.count() == 1


def test_failing_page__names_the_last_success_and_the_change(world: World, client: Client, recorder: Recorder) -> None:
    world("no-role")
    readable(120, principal_name="kvsite-before", object_id="object-before")
    page = client.get("/").content.decode()
    assert "Last readable 2 hours ago, as kvsite-before (system-assigned managed identity)." in page
    assert "Since then: the principal changed from kvsite-before (system-assigned managed identity) to " in page
    assert 'href="/history/"' in page


def test_diagnosis__same_principal__a_role_was_removed(world: World, recorder: Recorder) -> None:
    world("no-role")
    before = principal_of(get_reading(conf.current()))
    assert recorder.flush(WAIT_S)
    readable(60, **before)
    reading = get_reading(conf.current())
    assert reading.hints[0].cause == "kv_rbac_denied"
    assert "the same principal read this secret. Its role assignment was removed since then" in reading.hints[0].why
    document = json.loads(json.dumps(reading.as_json()))
    assert document["last_readable"]["same_principal"] is True


@pytest.mark.parametrize(
    ("scenario", "before", "expected"),
    [
        ("firewall", {"client_address": "198.51.100.9"}, "The client address changed from 198.51.100.9 to"),
        ("wrong-tenant", {"tenant_id": "00000000-0000-0000-0000-000000000001"}, "The tenant changed from"),
    ],
)
def test_diagnosis__the_change_that_explains_the_cause_comes_first(
    world: World, recorder: Recorder, scenario: str, before: dict[str, str], expected: str
) -> None:
    world(scenario)
    principal = principal_of(get_reading(conf.current()))
    assert recorder.flush(WAIT_S)
    readable(60, **{**principal, **before})
    assert get_reading(conf.current()).hints[0].why.startswith(expected)


def test_without_an_earlier_success__nothing_is_added(world: World, client: Client, recorder: Recorder) -> None:
    world("no-role")
    assert "Last readable" not in client.get("/").content.decode()


@pytest.mark.django_db
def test_history_page__shows_states_changes_and_tables(world: World, client: Client) -> None:
    world("app-service")
    readable(300)
    readable(120, tenant_id="tenant-2")
    page = client.get("/history/").content.decode()
    assert "The tenant changed from tenant-1 to tenant-2." in page
    assert 'aria-label="24 hours: 2 single readings, none of them failed"' in page
    assert page.count("<svg") == 4
    assert "<th scope=" in page
    for name in ("7d", "90d"):
        assert client.get(f"/history/?range={name}").status_code == 200


@pytest.mark.django_db
def test_history_page__without_readings__says_what_records_them(world: World, client: Client) -> None:
    world("app-service")
    assert "No readings are recorded yet." in client.get("/history/").content.decode()
    assert client.get("/api/history").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["range=1y", "target=x", "target=²", "nonsense=1"])
def test_invalid_query__is_400(world: World, client: Client, query: str) -> None:
    world("app-service")
    assert client.get(f"/history/?{query}").status_code == 400
    assert client.get(f"/api/history?{query}").status_code == 400


@pytest.mark.django_db
def test_csv__escapes_formulas(world: World, client: Client) -> None:
    world("app-service")
    readable(30, principal_name="=cmd()")
    answer = client.get("/api/history?format=csv")
    assert answer["Content-Type"].startswith("text/csv")
    [header, row] = answer.content.decode().splitlines()
    assert header.startswith("target,first_at,last_at,count,ok,")
    assert ",'=cmd() (system-assigned managed identity)," in row


@pytest.mark.django_db
def test_access__is_that_of_the_site(settings: Any, world: World) -> None:
    world("app-service")
    settings.SECRETS_APP = {**settings.SECRETS_APP, "KVSITE_ACCESS": "loopback"}
    remote = Client(headers={"host": "127.0.0.1:8000"}, REMOTE_ADDR="203.0.113.5")
    assert remote.get("/history/").status_code == 403
    assert remote.get("/api/history").status_code == 403


def test_old_schema__is_one_sentence_the_site_goes_on_and_no_reading_is_lost(
    world: World, client: Client, transactional_db: None
) -> None:
    world("no-role")
    recorder = Recorder(cache_s=0, lookup_s=WAIT_S, retry_s=0.2)
    register_history(recorder)
    call_command("migrate", "fleet", "zero", verbosity=0, skip_checks=True)
    try:
        assert client.get("/").status_code == 200
        assert recorder.flush(WAIT_S)
        assert recorder.problem.endswith("Run: python manage.py migrate")
        answer = client.get("/history/")
        assert answer.status_code == 503
        assert "Run: python manage.py migrate" in answer.content.decode()
        assert client.get("/api/history").json()["error"].endswith("Run: python manage.py migrate")
    finally:
        register_history(None)
        connection.close()
        call_command("migrate", "fleet", verbosity=0, skip_checks=True)
    wait_for("the reading is recorded", Observation.objects.exists)
    wait_for("the problem is over", lambda: not recorder.problem)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("database or disk is full", "The disk of the history's database is full."),
        ("attempt to write a readonly database", "The database of the history is read-only"),
        ("disk I/O error", "cannot be read or written"),
        ("unable to open database file", "The file of the history's database cannot be opened"),
        ('connection to server at "10.0.0.4" failed: Connection refused', "is not reachable"),
        (TimeoutError(), "did not respond in time"),
        ('relation "fleet_target" does not exist', "older schema"),
        ("file is not a database", "is not an SQLite database"),
    ],
)
def test_errors_of_the_database__are_one_sentence_without_their_text(message: str | Exception, sentence: str) -> None:
    error = message if isinstance(message, Exception) else OperationalError(message)
    assert sentence in sentence_of(error)
    assert "10.0.0.4" not in sentence_of(error)


@pytest.mark.parametrize(
    "difference",
    [
        "ALTER TABLE fleet_observation DROP COLUMN code",
        # As a column without a default, which SQLite cannot add to a table with rows.
        "CREATE TRIGGER later BEFORE INSERT ON fleet_observation BEGIN SELECT RAISE(ABORT, 'NOT NULL failed'); END",
    ],
)
def test_newer_schema__is_one_sentence_and_the_site_goes_on(
    world: World, client: Client, transactional_db: None, difference: str
) -> None:
    world("no-role")
    recorder = Recorder(cache_s=0, lookup_s=WAIT_S)
    register_history(recorder)
    migrations = MigrationRecorder(connection)
    try:
        with connection.cursor() as cursor:
            cursor.execute(difference)
        migrations.record_applied("fleet", "9999_later")
        assert client.get("/").status_code == 200
        assert recorder.flush(WAIT_S)
        assert recorder.problem.endswith("has the schema of a newer version of this site. Update this one.")
    finally:
        register_history(None)
        migrations.record_unapplied("fleet", "9999_later")
        call_command("migrate", "fleet", "zero", verbosity=0, skip_checks=True)
        call_command("migrate", "fleet", verbosity=0, skip_checks=True)


def test_postgresql__a_silent_connection_is_closed_unless_the_url_says_otherwise(tmp_path: Path) -> None:
    def options(query: str = "") -> dict[str, Any]:
        settings = databases(f"postgresql://kvsite:password@127.0.0.1/kvsite{query}", tmp_path)["default"]
        known = {name: value for name, value in settings["OPTIONS"].items() if name != "pool"}
        return conninfo_to_dict(make_conninfo("", **known))  # raises an error for an unknown option

    assert int(options()["tcp_user_timeout"]) == 10_000
    assert int(options("?tcp_user_timeout=500")["tcp_user_timeout"]) == 500


def test_breaker__does_not_try_a_failed_database_again_at_once() -> None:
    now, calls = [0.0], []

    def fails() -> None:
        calls.append(1)
        raise OSError(28, "No space left on device")

    breaker = Breaker(clock=lambda: now[0])
    for _ in range(3):
        with pytest.raises(HistoryUnavailableError, match="disk of the history's database is full"):
            breaker.run(fails)
    assert len(calls) == 1
    now[0] = 60
    assert breaker.run(lambda: "ok") == "ok"
    assert breaker.sentence == ""


def test_database_that_answers_nothing__delays_no_page(
    world: World, client: Client, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    world("no-role")
    thawed, lookups = threading.Event(), []

    def frozen(name: str) -> None:
        lookups.append(name)
        assert thawed.wait(2 * WAIT_S)

    monkeypatch.setattr("fleet.recorder._last_success", frozen)
    recorder = Recorder(cache_s=0, lookup_s=0.05)
    register_history(recorder)
    try:
        for _ in range(3):
            assert "Last readable" not in client.get("/").content.decode()
        assert len(lookups) == 1  # the second and third page join it, or do not even try
    finally:
        register_history(None)
        thawed.set()
        assert recorder.flush(WAIT_S)


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True,
        check=False, timeout=50,
    )  # fmt: skip


@pytest.mark.program
def test_site_without_the_setting__has_no_database_and_no_app() -> None:
    code = (
        "import kvsite.settings as s, sys, django; import os; os.environ['DJANGO_SETTINGS_MODULE']='kvsite.settings';"
        "django.setup(); from django.urls import NoReverseMatch, reverse; import kvsite.urls;"
        "assert s.DATABASES == {} and 'fleet' not in s.INSTALLED_APPS and 'fleet' not in sys.modules;"
        "assert not any('history' in str(p.pattern) for p in kvsite.urls.urlpatterns)"
    )
    done = run(code)
    assert done.returncode == 0, done.stderr


def test_migrations__are_complete(db: None) -> None:
    call_command("makemigrations", "fleet", check=True, dry_run=True, verbosity=0, skip_checks=True)


@pytest.mark.django_db
def test_command__prints_text_json_and_csv(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world("app-service")
    readable(90)
    readable(30, tenant_id="tenant-2")
    call_command("history")
    text = capsys.readouterr().out
    assert "/demo: readable since" in text
    assert "The tenant changed from tenant-1 to tenant-2." in text
    call_command("history", "--json", "--range", "7d")
    document = json.loads(capsys.readouterr().out)
    assert document["range"] == "7d"
    assert [change["kind"] for change in document["changes"]] == ["tenant", "outcome"]
    call_command("history", "--csv")
    assert len(capsys.readouterr().out.splitlines()) == 3


@pytest.mark.django_db
def test_command__unknown_target__is_one_sentence(world: World) -> None:
    world("app-service")
    with pytest.raises(CommandError, match="There is no target 'nothing'"):
        call_command("history", "--target", "nothing")


@pytest.mark.program
def test_process_that_ends__records_its_last_reading(world: World, tmp_path: Path) -> None:
    azure = world("app-service")
    code = (
        "import django; django.setup(); from django.core.management import call_command as c; from django.test import "
        "Client; c('migrate', verbosity=0, skip_checks=True); Client(headers={'host': '127.0.0.1'}).get('/readyz')"
    )
    file = tmp_path / "history.sqlite3"
    settings = {"KVSITE_HISTORY": "on", "KVSITE_DATABASE_URL": f"sqlite:///{file}"}
    done = run(code, **azure.env, **settings, DJANGO_SETTINGS_MODULE="kvsite.settings")
    assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT count, ok FROM fleet_observation").fetchall() == [(1, 1)]
