"""`manage.py watch` as real processes, with SQLite and with PostgreSQL and Redis: `make test-fleet`.

Workers, Redis and PostgreSQL are killed in the middle. Then every target is still checked, none twice at once.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from localazure import FaultInjection, LocalAzure
from tests.fleet.servers import LIMIT_S, PostgreSQL, Redis, find_postgresql, wait_for

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = find_postgresql()
needs_servers = pytest.mark.skipif(
    PROGRAMS is None or shutil.which("redis-server") is None,
    reason="PostgreSQL or redis-server is NOT installed: Debian's packages postgresql and redis-server",
)
TARGETS = 40
SETTINGS = {"DJANGO_SETTINGS_MODULE": "kvsite.settings", "KVSITE_HISTORY": "on"}


class Fleet:
    """One deployment: its environment, its workers, and a look into its database."""

    def __init__(self, azure: LocalAzure, folder: Path, **settings: str) -> None:
        self.azure, self.folder = azure, folder
        self.environ = {**os.environ, **azure.env, **SETTINGS, **settings}
        self.log = folder / "log.txt"
        self.workers: list[subprocess.Popen[bytes]] = []

    def shell(self, code: str) -> Any:
        """What `code` assigns to `result`, in a process of its own."""
        setup = "import os, json, django; django.setup(); from fleet.models import *; from datetime import *\n"
        done = subprocess.run(
            [sys.executable, "-c", f"{setup}{code}\nprint('RESULT', json.dumps(result))"], cwd=ROOT, env=self.environ,
            capture_output=True, text=True, check=False, timeout=LIMIT_S,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.rpartition("RESULT")[2])

    def manage(self, *arguments: str) -> str:
        """What the command prints."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environ, check=True, timeout=LIMIT_S, text=True, stdout=subprocess.PIPE
        )
        return done.stdout

    def migrated(self) -> "Fleet":
        """The same, with its tables."""
        self.manage("migrate", "--verbosity=0")
        return self

    def add_targets(self, count: int, interval_s: int) -> None:
        """Targets with a secret each."""
        for number in range(count):
            self.azure.vault()[f"secret-{number}"] = f"value-of-secret-{number}"
        self.shell(
            f"Target.objects.bulk_create(Target(name=f'target {{n}}', vault_url=os.environ['KEY_VAULT_URI'], "
            f"secret_name=f'secret-{{n}}', interval_s={interval_s}) for n in range({count})); result = 0"
        )

    def slow_down(self, latency_s: float) -> None:
        """From now on, the vault responds after this time."""
        self.azure.inject_fault("keyvault", FaultInjection(latency_s=latency_s))

    def reads(self) -> Counter[str]:
        """How often the vault returned each secret of `add_targets`."""
        found = (request for request in self.azure.requests if request.service == "keyvault" and request.status == 200)
        names = (request.path.strip("/").split("/")[1] for request in found)
        return Counter(name for name in names if name.startswith("secret-"))

    def start_worker(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            command = [sys.executable, "manage.py", "watch", "--threads", "8"]
            worker = subprocess.Popen(command, cwd=ROOT, env=self.environ, stdout=log, stderr=log)
        self.workers.append(worker)
        return worker

    def checked(self) -> int:
        """How many targets have been checked."""
        return int(self.shell("result = Target.objects.exclude(checked_at=None).count()"))

    def readings(self) -> int:
        """How many checks have been recorded."""
        return int(self.shell("result = sum(Observation.objects.values_list('count', flat=True))"))

    def stop(self) -> None:
        for worker in self.workers:
            worker.send_signal(signal.SIGTERM)
        for worker in self.workers:
            try:
                worker.wait(LIMIT_S)
            finally:
                worker.kill()


@contextmanager
def fleet(folder: Path, scenario: str = "app-service", **settings: str) -> Iterator[Fleet]:
    with LocalAzure(scenario) as azure:
        started = Fleet(azure, folder, **settings)
        try:
            yield started
        finally:
            started.stop()


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Fleet]:
    """SQLite, and no broker."""
    with fleet(tmp_path, KVSITE_DATABASE_URL=f"sqlite:///{tmp_path}/history.sqlite3") as started:
        yield started.migrated()


@pytest.fixture
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PostgreSQL, Redis]]:
    assert PROGRAMS
    with ExitStack() as stack:
        redis = Redis(tmp_path_factory.mktemp("redis"))
        postgresql = PostgreSQL(tmp_path_factory.mktemp("postgresql"), PROGRAMS)
        for server in (redis, postgresql):
            stack.callback(server.kill)
            server.start()
        postgresql.create_database()
        yield postgresql, redis


@pytest.fixture
def scaled_out(servers: tuple[PostgreSQL, Redis], tmp_path: Path) -> Iterator[Fleet]:
    """PostgreSQL and Redis."""
    postgresql, redis = servers
    with fleet(tmp_path, KVSITE_DATABASE_URL=postgresql.url, KVSITE_BROKER_URL=redis.url) as started:
        yield started.migrated()


@pytest.mark.parametrize(("stop", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_embedded__checks_everything_and_ends_on_a_signal(embedded: Fleet, stop: signal.Signals, code: int) -> None:
    embedded.add_targets(TARGETS, interval_s=3600)
    worker = embedded.start_worker()
    wait_for("all targets and the own one are checked", lambda: embedded.checked() == TARGETS + 1)
    worker.send_signal(stop)
    assert worker.wait(LIMIT_S) == code
    assert embedded.readings() == TARGETS + 1


def test_embedded__worker_killed__the_next_one_checks_the_rest(embedded: Fleet) -> None:
    embedded.add_targets(TARGETS * 10, interval_s=3600)
    embedded.slow_down(0.5)  # 8 threads: at least 25 s for all
    first = embedded.start_worker()
    wait_for("the first results", lambda: embedded.checked() > 1)
    first.kill()
    first.wait(LIMIT_S)
    assert embedded.checked() < TARGETS * 10
    embedded.slow_down(0)
    expire_leases(embedded)
    embedded.start_worker()
    wait_for("all targets are checked", lambda: embedded.checked() == TARGETS * 10 + 1)
    reads = embedded.reads()
    assert len(reads) == TARGETS * 10
    assert max(reads.values()) <= 2  # a reading of the killed worker was not stored


def test_embedded__worker_paused_beyond_its_lease__ends_no_other_lease(embedded: Fleet) -> None:
    """As a virtual machine that is migrated: its check goes on after another worker has checked the target."""
    embedded.add_targets(1, interval_s=3600)
    embedded.slow_down(3)
    paused = embedded.start_worker()
    wait_for("the lease", lambda: embedded.shell("result = Target.objects.filter(lease_until__isnull=False).exists()"))
    paused.send_signal(signal.SIGSTOP)
    expire_leases(embedded)
    embedded.start_worker()
    wait_for("all targets are checked", lambda: embedded.checked() == 2)
    state = "result = [str(row) for row in Target.objects.order_by('pk').values_list('next_due', 'lease_until', 'ok')]"
    before = embedded.shell(state)
    paused.send_signal(signal.SIGCONT)
    paused.send_signal(signal.SIGTERM)
    assert paused.wait(LIMIT_S) == 0
    assert embedded.shell(state) == before
    assert embedded.readings() == 2


def expire_leases(deployment: Fleet) -> None:
    """As if the time of a lease had passed."""
    deployment.shell("result = Target.objects.filter(lease_until__isnull=False).update(lease_until=datetime.now(UTC))")


@needs_servers
def test_scaled_out__two_workers_share_the_targets_and_check_each_once(scaled_out: Fleet) -> None:
    scaled_out.add_targets(TARGETS * 5, interval_s=3600)
    scaled_out.start_worker()
    scaled_out.start_worker()
    wait_for("all targets are checked", lambda: scaled_out.checked() == TARGETS * 5 + 1)
    assert scaled_out.shell("result = Target.objects.filter(lease_until__isnull=False).count()") == 0
    # Each worker sets the own target due when it starts.
    assert TARGETS * 5 + 1 <= scaled_out.readings() <= TARGETS * 5 + 2
    assert scaled_out.reads() == Counter(f"secret-{number}" for number in range(TARGETS * 5))


@needs_servers
def test_scaled_out__worker_killed__the_other_one_checks_the_rest(scaled_out: Fleet) -> None:
    scaled_out.add_targets(TARGETS * 5, interval_s=3600)
    scaled_out.slow_down(2)
    first = scaled_out.start_worker()
    wait_for("the first results", lambda: scaled_out.checked() > 1)
    scaled_out.start_worker()
    first.kill()
    first.wait(LIMIT_S)
    assert scaled_out.checked() < TARGETS * 5
    scaled_out.slow_down(0)
    expire_leases(scaled_out)
    wait_for("all targets are checked", lambda: scaled_out.checked() == TARGETS * 5 + 1, limit_s=3 * LIMIT_S)
    assert len(scaled_out.reads()) == TARGETS * 5


@needs_servers
def test_scaled_out__redis_and_postgresql_killed__nothing_is_lost(
    scaled_out: Fleet, servers: tuple[PostgreSQL, Redis]
) -> None:
    scaled_out.add_targets(TARGETS, interval_s=10)
    scaled_out.start_worker()
    wait_for("the first round", lambda: scaled_out.checked() == TARGETS + 1)
    postgresql, redis = servers
    for server in (redis, postgresql):
        server.kill()
        server.start()
    scaled_out.shell(
        "result = Target.objects.filter(lease_until__isnull=False).update(lease_until=datetime.now(UTC) - timedelta(1))"
    )
    since = scaled_out.shell("result = datetime.now(UTC).isoformat()")
    again = f"result = Target.objects.filter(checked_at__gt=datetime.fromisoformat('{since}'), interval_s=10).count()"
    wait_for("another round of all targets", lambda: scaled_out.shell(again) == TARGETS, limit_s=3 * LIMIT_S)


def test_database_not_reachable__is_one_sentence(tmp_path: Path) -> None:
    url = "postgresql://kvsite:password-of-the-database@127.0.0.1:9/kvsite"
    environ = {**os.environ, **SETTINGS, "KVSITE_DATABASE_URL": url}
    done = subprocess.run(
        [sys.executable, "manage.py", "watch"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False,
        timeout=LIMIT_S,
    )  # fmt: skip
    assert done.returncode == 2
    assert "The database of the history" in done.stderr
    assert "password-of-the-database" not in done.stdout + done.stderr
