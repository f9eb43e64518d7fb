"""History and fleet: checks of many targets, the pages with a year of history, and what the history costs a page.

    python -m benchmarks.fleet [TARGETS]     by default 2,000; on Linux
    python -m benchmarks.fleet home_page     only what the history costs a page

Each target has a secret of its own, in one of 20 vaults of Local Azure, which respond in 50 ms. The same targets are
checked by one embedded worker with SQLite and files, then, where both are installed, by two workers with PostgreSQL and
Redis. Everything shares this machine; the CPU time of each part is what its processes used, with their start.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from localazure import LocalAzure
from tests.fleet.servers import PostgreSQL, Redis, Server, find_postgresql

ROOT = Path(__file__).resolve().parent.parent
TARGETS = 2_000
VAULTS = 20
VAULT_LATENCY_S = 0.050
THREADS = 16
WORKER_LIMIT_S = 1_800
PAGE_CALLS = 60
TURNS, PAGES_PER_TURN = 60, 20
_TICKS = os.sysconf("SC_CLK_TCK")
_SETUP = "import django; django.setup()\n"
_MODELS = "import os; from datetime import *; from fleet.models import *\n"


def main(targets: int) -> None:
    print(f"{targets} targets in {VAULTS} vaults that respond in {VAULT_LATENCY_S * 1000:g} ms")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, ExitStack() as stack:
        embedded = {"KVSITE_DATABASE_URL": f"sqlite:///{folder}/history.sqlite3"}
        check_all("embedded, SQLite", targets, 1, embedded, {})
        servers = start_servers(stack)
        if servers:
            postgresql, redis = servers
            urls = {"KVSITE_DATABASE_URL": postgresql.url, "KVSITE_BROKER_URL": redis.url}
            check_all("2 workers, PostgreSQL, Redis", targets, 2, urls, {"PostgreSQL": postgresql, "Redis": redis})
        else:
            print("  NOT MEASURED: PostgreSQL or redis-server is not installed.")
        growth({"KVSITE_DATABASE_URL": f"sqlite:///{folder}/growth.sqlite3"})
        fleet_page(embedded, targets)
        history_page(embedded)
        home_page(embedded)


def start_servers(stack: ExitStack) -> tuple[PostgreSQL, Redis] | None:
    """A new PostgreSQL and Redis; None where they are not installed."""
    programs = find_postgresql()
    if programs is None or not any((Path(folder) / "redis-server").exists() for folder in os.get_exec_path()):
        return None
    folders = [Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))) for _ in range(2)]
    redis, postgresql = Redis(folders[0]), PostgreSQL(folders[1], programs)
    for server in (redis, postgresql):
        stack.callback(server.kill)
        server.start()
    postgresql.create_database()
    return postgresql, redis


def check_all(
    name: str, targets: int, workers: int, settings: Mapping[str, str], servers: Mapping[str, Server]
) -> None:
    """Prints how long the workers take to check every target once, and the CPU time of each part for one check."""
    with azure_process(targets) as (azure, environ):
        environ = _environ(environ, settings)
        _manage(environ, "migrate", "--verbosity=0")
        _shell(environ, _ADD_TARGETS % (VAULTS, VAULTS, targets))
        others = {name: server.pid for name, server in servers.items()} | {"Local Azure": azure.pid}
        before, start = {name: cpu_s(pid) for name, pid in others.items()}, time.monotonic()
        with _watching(environ, workers) as processes:
            _shell(environ, _WAIT)
            elapsed_s = time.monotonic() - start
            used = {f"{workers} worker{'s' * (workers > 1)}": sum(cpu_s(process.pid) for process in processes)}
        used |= {name: cpu_s(pid) - before[name] for name, pid in others.items()}
    rows = float(_shell(environ, "print(Observation.objects.count() / Target.objects.count())"))
    failed = int(_shell(environ, "print(Target.objects.exclude(ok=True).count())"))
    print(f"  {name}: {elapsed_s:.1f} s from the start to the last result, {targets / elapsed_s:.0f} checks/s")
    parts = ", ".join(f"{part} {1000 * seconds / targets:.2f}" for part, seconds in used.items())
    print(f"    CPU time in ms for a check: {parts}; all {1000 * sum(used.values()) / targets:.2f}")
    print(f"    {rows:.2f} rows for a target, {failed} not readable")


_ADD_TARGETS = """
Target.objects.bulk_create(Target(name=f'target {n}', interval_s=86400, labels={'team': f'team {n %% 20}'},
    vault_url=f'https://fleet-{n %% %d}.vault.azure.net', secret_name=f'secret-{n // %d}') for n in range(%d))
"""
_WAIT = "import time\nwhile Target.objects.filter(checked_at=None).exists(): time.sleep(0.5)"


_DAYS = """
from fleet.observed import Observed
from fleet.recording import Result, record_all
from django.db import connection
def size():
    with connection.cursor() as cursor:
        cursor.execute('SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()')
        return cursor.fetchone()[0]
targets = Target.objects.bulk_create(Target(name=f'target {n}', interval_s=300) for n in range(10))
before, start = size(), datetime(2026, 1, 1, tzinfo=UTC)
common = dict(ok=True, principal_type='App', principal_kind='system_assigned_managed_identity',
    principal_name='kvsite-demo', app_id='0' * 36, object_id='1' * 36, tenant_id='2' * 36,
    credential='ManagedIdentityCredential', secret_version='3' * 32, fingerprint='4' * 16)
for n in range(3 * 288):
    at = start + timedelta(minutes=5 * n, seconds=n % 50)
    seen = Observed(at=at, client_address=f'203.0.113.{n % 4}', vault_ms=40 + n % 30, total_ms=45 + n % 30, **common)
    record_all([Result(target.pk, seen) for target in targets])
print((Observation.objects.count() + Change.objects.count()) / 30, (size() - before) / 30)
"""


def growth(settings: Mapping[str, str]) -> None:
    """Prints what a healthy target, checked every 5 minutes from four addresses in turn, adds to the database.

    In three days: also the first change of its history.
    """
    with LocalAzure("app-service") as azure:
        environ = _environ(azure.env, settings)
        _manage(environ, "migrate", "--verbosity=0")
        rows, size = map(float, _shell(environ, _DAYS).split())
        print(f"  a healthy target, every 5 minutes: {rows:.2f} rows and {size / 1000:.1f} kB a day")


@contextmanager
def azure_process(targets: int) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str]]]:
    """Local Azure in a process of its own, with a secret for each target, and the environment of its clients."""
    # Like generated passwords: values with a common word take longer to be redacted.
    values = ((number, hashlib.sha256(str(number).encode()).hexdigest()) for number in range(targets // VAULTS + 1))
    secrets = "\n".join(f'secret-{number} = "{value}"' for number, value in values)
    grant = 'grants = [{to = "kvsite-demo", role = "Key Vault Secrets User"}]'
    vaults = (f'[[vault]]\nname = "fleet-{n}"\n{grant}\n[vault.secrets]\n{secrets}\n' for n in range(VAULTS))
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as seed:
        seed.write("\n".join(vaults))
        seed.flush()
        command = [sys.executable, "-m", "localazure", "serve", "--json", "--seed", seed.name]
        command += ["--vault-latency", str(VAULT_LATENCY_S)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as azure:
            assert azure.stdout
            try:
                yield azure, {**os.environ, **json.loads(azure.stdout.readline())["set"]}
            finally:
                azure.terminate()


def cpu_s(pid: int) -> float:
    """CPU time of a running process, of its children, and of those that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    children = " ".join(file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/children"))
    return sum(map(int, fields[11:15])) / _TICKS + sum(map(cpu_s, map(int, children.split())))


@contextmanager
def _watching(environ: Mapping[str, str], workers: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    command = [sys.executable, "manage.py", "watch", "--threads", str(THREADS)]
    processes = [
        subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(workers)
    ]
    try:
        yield processes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()


def _environ(azure: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    own = {"KVSITE_HISTORY": "on", "DJANGO_SETTINGS_MODULE": "kvsite.settings", "KVSITE_LOG_LEVEL": "ERROR"}
    return {**azure, **own, **settings, "KVSITE_WATCH_INTERVAL_S": "86400"}


def _manage(environ: Mapping[str, str], *arguments: str) -> None:
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=environ, check=True)


def _shell(environ: Mapping[str, str], code: str) -> str:
    """What `code` prints, in a Django process."""
    models = _MODELS if environ["KVSITE_HISTORY"] == "on" else ""
    command = [sys.executable, "-c", _SETUP + models + code]
    done = subprocess.run(command, cwd=ROOT, env=environ, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


_YEAR = """
from fleet.recorder import own_target
target = own_target(os.environ['KEY_VAULT_URI'], os.environ['SECRET_NAME'])
now = datetime.now(UTC)
Observation.objects.filter(target=target).delete()
rows = []
for day in range(365):
    start = (now - timedelta(days=day)).replace(hour=0, minute=0, second=0, microsecond=0)
    hours = {str(hour): [12, 400, 600, 90] for hour in range(24)}
    common = dict(target=target, principal_name='kvsite-demo', object_id='1', tenant_id='2')
    rows.append(Observation(
        first_at=start, last_at=start + timedelta(hours=20), count=240, ok=True, hours=hours, **common))
    rows.append(Observation(
        first_at=start + timedelta(hours=20, minutes=5), last_at=start + timedelta(hours=23, minutes=59),
        count=47, ok=False, status=403, code='ForbiddenByRbac', cause='kv_rbac_denied', hours=hours, **common))
Observation.objects.bulk_create(rows)
Change.objects.bulk_create(Change(target=target, at=row.first_at, kind='outcome', ok=row.ok,
    sentence='No longer readable: 403 ForbiddenByRbac (kv_rbac_denied).') for row in rows)
Target.objects.filter(pk=target.pk).update(ok=True, since=now, checked_at=now)
"""
_PAGES = """
import statistics, time
from django.test import Client
client, times = Client(headers={'host': '127.0.0.1:8000'}), []
for _ in range(%d):
    start = time.process_time()
    answer = client.get('%s')
    times.append(time.process_time() - start)
    assert answer.status_code == 200, answer.status_code
print(statistics.median(times))
"""


def fleet_page(settings: Mapping[str, str], targets: int) -> None:
    """Prints the CPU time of /fleet/ with all targets."""
    with LocalAzure("app-service") as azure:
        environ = _environ(azure.env, settings)
        for path in ("/fleet/", "/fleet/?label=team=team 1", "/api/fleet"):
            seconds = float(_shell(environ, _PAGES % (PAGE_CALLS, path)))
            print(f"  {f'{path}, {targets} targets':<46} {1000 * seconds:6.1f} ms of CPU time")


def history_page(settings: Mapping[str, str]) -> None:
    """Prints the CPU time of /history/ with a year of one target, in 730 rows."""
    with LocalAzure("app-service") as azure:
        environ = _environ(azure.env, settings)
        _shell(environ, f"{_YEAR}\nprint(0)")
        for path in ("/history/", "/history/?range=90d"):
            seconds = float(_shell(environ, _PAGES % (PAGE_CALLS, path)))
            print(f"  {path + ', a year of one target':<46} {1000 * seconds:6.1f} ms of CPU time")


_HOME_PAGES = """
import sys, time
from django.test import Client
client = Client(headers={'host': '127.0.0.1:8000'})
for line in sys.stdin:
    for _ in range(int(line)):
        assert client.get('/').status_code == 200
    print(time.process_time(), flush=True)
"""


def home_page(settings: Mapping[str, str]) -> None:
    """Prints the CPU time of the home page without and with the history, each page with its own reading.

    Two processes take turns. All of their CPU time counts, so that of the thread that writes too.
    """
    for scenario in ("app-service", "no-role"):
        with LocalAzure(scenario) as azure, ExitStack() as stack:
            sites = {}
            for switch in ("off", "on"):
                environ = {**_environ(azure.env, settings), "KVSITE_HISTORY": switch, "KVSITE_RESULT_LIFE_S": "0"}
                if switch == "on":
                    _manage(environ, "migrate", "--verbosity=0")
                sites[switch] = stack.enter_context(_site(environ))
            start = {switch: _used_s(site, PAGE_CALLS) for switch, site in sites.items()}
            end = {}
            for turn in range(TURNS):
                for switch in ("off", "on") if turn % 2 else ("on", "off"):
                    end[switch] = _used_s(sites[switch], PAGES_PER_TURN)
        off, on = ((end[switch] - start[switch]) / TURNS / PAGES_PER_TURN for switch in ("off", "on"))
        print(
            f"  home page, {scenario:<12} without history {1000 * off:5.1f} ms, with {1000 * on:5.1f} ms of CPU time, "
            f"with / without {on / off:.2f}"
        )


@contextmanager
def _site(environ: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", _SETUP + _HOME_PAGES]
    with subprocess.Popen(
        command, cwd=ROOT, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process


def _used_s(site: subprocess.Popen[str], pages: int) -> float:
    """The CPU time of a site's process after so many further pages."""
    assert site.stdin
    assert site.stdout
    site.stdin.write(f"{pages}\n")
    site.stdin.flush()
    return float(site.stdout.readline())


def home_page_alone() -> None:
    """As in `main`, with a new database."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home_page({"KVSITE_DATABASE_URL": f"sqlite:///{folder}/history.sqlite3"})


if __name__ == "__main__":
    if sys.argv[1:] == ["home_page"]:
        home_page_alone()
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else TARGETS)
