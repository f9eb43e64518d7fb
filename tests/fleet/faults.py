"""Faults of the surroundings, with real processes: `make test-fleet`.

Databases and brokers that are away or killed, a full disk, a read-only file system, a clock that is set, two
schedulers, and a worker that is killed while it sends an alert. Each is one sentence; checks and pages go on, and
nothing is lost.
"""

import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from attacks.support.site import Site, running_site
from tests.fleet.processes import PROGRAMS, ROOT, SETTINGS, Fleet, expire_leases, fleet, needs_servers
from tests.fleet.receiver import Receiver
from tests.fleet.servers import LIMIT_S, PostgreSQL, Redis, wait_for

LEASE_S = 120
LONG_S = LEASE_S + LIMIT_S
"""For what may cost a lease."""
CLOCK = Path(__file__).with_name("clock.c")


def problems_of(deployment: Fleet) -> list[str]:
    """What the log of the workers says on faults."""
    lines = deployment.log.read_text().splitlines()
    return [line.partition("fleet.problems ")[2] for line in lines if " fleet.problems " in line]


def wait_for_readings(deployment: Fleet, count: int = 4) -> None:
    """Wait until so many further readings are recorded."""
    before = deployment.readings()
    wait_for(f"{count} further readings", lambda: deployment.readings() >= before + count, limit_s=LONG_S)


def assert_no_traceback(deployment: Fleet) -> None:
    text = deployment.log.read_text()
    assert "Traceback" not in text
    assert "PendingDeprecationWarning" not in text


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is NOT installed")
def test_broker_away_at_the_start_and_killed_later(tmp_path: Path) -> None:
    folder = tmp_path / "redis"
    folder.mkdir()
    redis, url = Redis(folder), f"sqlite:///{tmp_path}/history.sqlite3"
    away, back = "Checks wait for the message broker. It is not reachable.", "The message broker responds again."
    with fleet(tmp_path, KVSITE_DATABASE_URL=url, KVSITE_BROKER_URL=redis.url) as deployment:
        deployment.migrated().add_targets(3, interval_s=10)
        deployment.start_worker()
        try:
            wait_for("the sentence", lambda: problems_of(deployment) == [away])
            redis.start()
            wait_for("all targets are checked", lambda: deployment.checked() == 4, limit_s=LONG_S)
            redis.kill()
            wait_for("the sentence again", lambda: problems_of(deployment) == [away, back, away])
            redis.start()
            wait_for_readings(deployment)
        finally:
            redis.kill()
        assert problems_of(deployment)[:4] == [away, back, away, back]
        assert_no_traceback(deployment)


def page_sentence(site: Site) -> str:
    """The site reads its secret, and says why it has no history."""
    assert site.get("/").status == 200
    assert site.get("/readyz").status == 200
    answer = site.get("/history/")
    assert answer.status == 503
    return answer.body.decode()


@pytest.mark.skipif(PROGRAMS is None, reason="PostgreSQL is NOT installed")
def test_postgresql_away_at_the_start_and_killed_later(tmp_path: Path) -> None:
    assert PROGRAMS
    folder = tmp_path / "postgresql"
    folder.mkdir()
    postgresql = PostgreSQL(folder, PROGRAMS)
    with fleet(tmp_path, KVSITE_DATABASE_URL=postgresql.url) as deployment:
        try:
            with running_site(deployment.environ) as site:
                assert "The database of the history " in page_sentence(site)
                wait_for("the sentence", lambda: "Readings go on, but their history is not recorded." in site.log())
                postgresql.start()
                postgresql.create_database()
                deployment.migrated().add_targets(3, interval_s=10)
                deployment.start_worker()
                wait_for("all targets are checked", lambda: deployment.checked() == 4)
                wait_for("the history page", lambda: site.get("/history/").status == 200)
                wait_for("readings of the time before", lambda: "The history is recorded again." in site.log())
                postgresql.kill()
                assert "The database of the history " in page_sentence(site)
                wait_for("the sentence of the worker", lambda: bool(problems_of(deployment)))
                postgresql.start()
                wait_for_readings(deployment)
                wait_for("the history page again", lambda: site.get("/history/").status == 200)
                assert site.log().count("Readings go on, but their history is not recorded.") < 5
                assert not re.search(f"{postgresql.password}|{postgresql.port}|psycopg|Traceback", site.log())
        finally:
            deployment.stop()
            postgresql.kill()
        first, *others = problems_of(deployment)
        assert first.startswith("Checks wait for the database. The database of the history ")
        assert "The database of the history can be used again." in others
        assert len(others) < 10
        assert postgresql.password not in deployment.log.read_text()
        assert_no_traceback(deployment)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MiB, if this machine lets the test mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder))
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("a file system can NOT be mounted: root with CAP_SYS_ADMIN is needed")
    yield folder
    subprocess.run(("umount", "--lazy", str(folder)), check=True)


def fill(folder: Path) -> Path:
    """A file that takes all that is left."""
    file = folder / "filler"
    with file.open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"x" * 4096)
        except OSError:
            return file


def refused(deployment: Fleet, *arguments: str) -> str:
    """The one line of a command that cannot run."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=deployment.environ, capture_output=True, text=True,
        check=False, timeout=LIMIT_S,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    return line


def test_full_disk_and_read_only_file_system(tmp_path: Path, small_disk: Path) -> None:
    url, full = f"sqlite:///{small_disk}/history.sqlite3", "The disk of the history's database is full."
    read_only = "The file system of the history's database is read-only."
    writing = (("watch",), ("fleet", "add", "vault=contoso", "secret=other"))
    commands = (*writing, ("history",), ("fleet", "list"))
    with fleet(tmp_path, KVSITE_DATABASE_URL=url) as deployment:
        deployment.migrated().add_targets(3, interval_s=10)
        deployment.start_worker()
        wait_for("all targets are checked", lambda: deployment.checked() == 4)
        with running_site(deployment.environ) as site:
            filler = fill(small_disk)
            wait_for("the sentence", lambda: f"Checks wait for the database. {full}" in problems_of(deployment))
            assert {refused(deployment, *command) for command in commands} == {f"Error: {full}"}
            assert site.get("/").status == 200
            wait_for("the sentence of the site", lambda: full in site.log())
            filler.unlink()
            wait_for_readings(deployment)
            wait_for("the history of the site", lambda: "The history is recorded again." in site.log())
            deployment.stop()
            assert_no_traceback(deployment)
            assert deployment.shell("result = Target.objects.count()") == 4
        remount = ("mount", "-o", "remount,ro", str(small_disk))  # as soon as the killed site has closed its files
        wait_for("the mount", lambda: subprocess.run(remount, check=False, capture_output=True).returncode == 0)
        assert {refused(deployment, *command) for command in writing} == {f"Error: {read_only}"}
        with running_site(deployment.environ) as site:
            assert site.get("/").status == 200
            wait_for("the sentence of the site", lambda: read_only in site.log())


@pytest.mark.skipif(shutil.which("cc") is None, reason="a C compiler is NOT installed")
def test_clock_that_is_set__checks_go_on(tmp_path: Path) -> None:
    library, offset = tmp_path / "clock.so", tmp_path / "offset"
    subprocess.run(("cc", "-shared", "-fPIC", "-o", str(library), str(CLOCK), "-ldl"), check=True)
    offset.write_text("0")
    with fleet(tmp_path, KVSITE_DATABASE_URL=f"sqlite:///{tmp_path}/history.sqlite3") as deployment:
        deployment.migrated().add_targets(3, interval_s=10)
        environ = deployment.environ
        deployment.environ = {**environ, "LD_PRELOAD": str(library), "CLOCK_OFFSET": str(offset)}
        deployment.start_worker()
        deployment.environ = environ
        wait_for("all targets are checked", lambda: deployment.checked() == 4)
        for seconds in (7_200, 0, -600, 0):
            offset.write_text(str(seconds))
            wait_for_readings(deployment)
        sentences = set(deployment.shell("result = list(Change.objects.values_list('sentence', flat=True))"))
        by = "The clock of the machine that reads was set back by"
        assert any(sentence.startswith((f"{by} 2 hours", f"{by} 1 hour")) for sentence in sentences)
        assert not any(sentence.startswith("No longer readable") for sentence in sentences)
        assert problems_of(deployment) == []
        assert_no_traceback(deployment)


def test_two_schedulers_on_one_file__no_target_twice(tmp_path: Path) -> None:
    with fleet(tmp_path, KVSITE_DATABASE_URL=f"sqlite:///{tmp_path}/history.sqlite3") as deployment:
        deployment.migrated().add_targets(100, interval_s=3600)
        workers = [deployment.start_worker() for _ in range(2)]
        wait_for("all targets are checked", lambda: deployment.checked() == 101, limit_s=LONG_S)
        assert deployment.reads() == Counter(f"secret-{number}" for number in range(100))
        assert [worker.poll() for worker in workers] == [None, None]
        assert_no_traceback(deployment)


def test_alert__worker_killed_while_it_is_sent__arrives(tmp_path: Path, receiver: Receiver) -> None:
    url = f"sqlite:///{tmp_path}/history.sqlite3"
    alerts = {"KVSITE_ALERT_URLS": receiver.url, "KVSITE_ALERT_AFTER_S": "0"}
    with fleet(tmp_path, "no-role", KVSITE_DATABASE_URL=url, **alerts) as deployment:
        first = deployment.migrated().start_worker()
        wait_for("the check", lambda: deployment.checked() == 1)
        receiver.answers.clear()
        deployment.shell("result = Target.objects.update(alerted_ok=True)")
        wait_for("the alert is being sent", lambda: len(receiver.received) == 1)
        first.kill()
        first.wait(LIMIT_S)
        receiver.answers.set()
        assert deployment.shell("result = Alert.objects.count()") == 1
        deployment.shell("result = Alert.objects.update(not_before=datetime.now(UTC))")  # as if the lease had ended
        expire_leases(deployment)
        deployment.start_worker()
        wait_for("the alert again", lambda: len(receiver.received) == 2)
        wait_for("it is accepted", lambda: deployment.shell("result = Alert.objects.count()") == 0)
        assert receiver.received[0] == receiver.received[1]


@needs_servers
def test_older_schema_on_postgresql__is_one_sentence(tmp_path: Path) -> None:
    assert PROGRAMS
    folder = tmp_path / "postgresql"
    folder.mkdir()
    postgresql = PostgreSQL(folder, PROGRAMS)
    with fleet(tmp_path, KVSITE_DATABASE_URL=postgresql.url) as deployment:
        try:
            postgresql.start()
            postgresql.create_database()
            older = "The database of the history has an older schema, or no tables yet. Run: python manage.py migrate"
            assert refused(deployment, "watch") == f"Error: {older}"
            deployment.manage("migrate", "fleet", "0001", "--verbosity=0")
            assert refused(deployment, "watch") == f"Error: {older}"
            with running_site(deployment.environ) as site:
                assert older in page_sentence(site)
                deployment.migrated()
                wait_for("the history page", lambda: site.get("/history/").status == 200)
                wait_for("readings of the time before", lambda: "The history is recorded again." in site.log())
            newer = "The database of the history has the schema of a newer version of this site. Update this one."
            deployment.shell(
                "from django.db import connection as c\nfrom django.db.migrations.recorder import MigrationRecorder\n"
                "c.cursor().execute('ALTER TABLE fleet_target ADD COLUMN later integer NOT NULL DEFAULT 0')\n"
                "c.cursor().execute('ALTER TABLE fleet_target ALTER COLUMN later DROP DEFAULT')\n"
                "MigrationRecorder(c).record_applied('fleet', '9999_later'); result = 0"
            )
            assert refused(deployment, "fleet", "add", "vault=contoso", "secret=other") == f"Error: {newer}"
        finally:
            postgresql.kill()


def test_settings_name_the_database_of_another_program(tmp_path: Path) -> None:
    """A file that is no database."""
    file = tmp_path / "history.sqlite3"
    file.write_text("not a database, but long enough to be read as one" * 20)
    with fleet(tmp_path, KVSITE_DATABASE_URL=f"sqlite:///{file}", **SETTINGS) as deployment:
        assert "is not an SQLite database" in refused(deployment, "watch")
        assert file.read_text().startswith("not a database")
