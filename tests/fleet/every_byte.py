"""No token, secret value or client secret in any byte that the fleet stores, logs or sends: `make test-fleet`.

Real processes check targets whose client secret is referenced, with all logs at DEBUG. Then every byte is searched:
files of the database with its journal and log, the broker's files, the log of each process, alerts, pages, JSON and
exports. A marker in a target's name has to be found in each of these places, so that the search itself is tested.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from attacks.support.site import running_site
from localazure import LocalAzure
from tests.fleet.processes import PROGRAMS, Fleet, fleet, needs_servers
from tests.fleet.receiver import Receiver
from tests.fleet.servers import PostgreSQL, Redis, wait_for

MARKER = "marker-that-has-to-be-found-0123456789"
WRONG = "wrong-client-secret-0123456789"
PAGES = (
    "/", "/history/", "/fleet/", "/api/reading", "/api/fleet", "/api/fleet?range=7d", "/api/history",
    "/api/history?format=csv",
)  # fmt: skip
Places = Mapping[str, Iterable[bytes]]
"""Name of a place -> its contents."""


def forms(secret: str) -> set[bytes]:
    """A secret as it may be stored: its text, in a URL, in hex, in UTF-16, and inside of a longer text in base64."""
    text = secret.encode()
    inside = {base64.b64encode(b"x" * skip + text)[skip and 4 : -4].rstrip(b"=") for skip in range(3)}
    return {text, quote(secret, safe="").encode(), text.hex().encode(), secret.encode("utf-16-le"), *inside}


def found_in(places: Places, secrets: Iterable[str]) -> set[str]:
    """The places that contain one of the secrets in any form."""
    searched = {form for secret in secrets for form in forms(secret)}
    return {name for name, contents in places.items() if any(form in one for one in contents for form in searched)}


def bytes_of(*folders: Path) -> Iterator[bytes]:
    """The content of every file."""
    for folder in folders:
        yield from (file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


def environment(azure: LocalAzure, receiver: Receiver) -> dict[str, str]:
    """Settings with every secret, and with as much logged as possible."""
    return {
        "PAYROLL": azure.env["AZURE_CLIENT_SECRET"], "WRONG": WRONG, "KVSITE_LOG_LEVEL": "DEBUG",
        "KVSITE_ALERT_URLS": receiver.url, "KVSITE_ALERT_AFTER_S": "0", "KVSITE_RESULT_LIFE_S": "0",
    }  # fmt: skip


def check_targets(deployment: Fleet, receiver: Receiver) -> None:
    """Success, failure and a wrong client secret, a change, and an alert that is accepted at the second attempt."""
    deployment.shell(
        f"""
url, name = os.environ['KEY_VAULT_URI'], os.environ['SECRET_NAME']
settings = {{'KVSITE_CREDENTIAL': 'client-secret', 'KVSITE_CLIENT_ID': os.environ['AZURE_CLIENT_ID'],
    'KVSITE_TENANT_ID': os.environ['AZURE_TENANT_ID']}}
def add(name, reference, **more): Target.objects.create(name=name, vault_url=url, interval_s=3600,
    settings=settings, references={{'KVSITE_CLIENT_SECRET': reference}}, **more)
add('by reference', 'env:PAYROLL', secret_name=name)
add('{MARKER}', 'env:WRONG', secret_name=name)
add('missing', 'env:PAYROLL', secret_name='no-such')
result = 0"""
    )
    receiver.status = 500
    deployment.start_worker()
    wait_for("all targets are checked", lambda: deployment.checked() == 4)
    assert deployment.shell("result = dict(Target.objects.exclude(kind='own').values_list('name', 'ok'))") == {
        "by reference": True, "missing": False, MARKER: False,
    }  # fmt: skip
    deployment.shell(f"result = Target.objects.filter(name='{MARKER}').update(alerted_ok=True)")
    wait_for("the alert", lambda: bool(receiver.received))
    receiver.status = 200
    wait_for("the next attempt", lambda: len(receiver.received) > 1, limit_s=120)
    deployment.stop()


def exports_of(deployment: Fleet, site_log: Path) -> list[bytes]:
    """The output of every command, and every page and document of the site."""
    commands = [("fleet", "list"), ("fleet", "list", "--json")]
    commands += [("history", "--target", MARKER, *form) for form in ((), ("--json",), ("--csv",))]
    printed = [deployment.manage(*command).encode() for command in commands]
    with site_log.open("w") as log, running_site(deployment.environ, log=log) as site:
        answers = [site.get(path) for path in PAGES]
        assert [answer.status for answer in answers] == [200] * len(PAGES)
        wait_for("the site's readings are recorded", lambda: deployment.readings() > 4)
    return printed + [answer.body for answer in answers]


def secrets_of(azure: LocalAzure, *others: str) -> set[str]:
    """Everything that must not be found: each token as a whole, and its signature."""
    tokens = {token.text for token in azure.tokens}
    signatures = {token.rpartition(".")[2] for token in tokens}
    assert tokens
    return {azure.secret_value, azure.env["AZURE_CLIENT_SECRET"], WRONG, "pass-of-the-service", *tokens, *signatures,
            *others}  # fmt: skip


def test_search__finds_a_secret_in_each_form() -> None:
    for shift in range(3):
        inside = base64.b64encode(json.dumps([[f"{'y' * shift}{MARKER}"], {}]).encode())
        assert found_in({"place": [inside]}, [MARKER]) == {"place"}
    assert found_in({"place": [MARKER.encode()[:-1]]}, [MARKER]) == set()


def test_embedded__no_byte_of_a_secret(tmp_path: Path, receiver: Receiver) -> None:
    database = tmp_path / "database"
    database.mkdir()
    with fleet(tmp_path, "service-principal-secret") as deployment:
        url = f"sqlite:///{database}/history.sqlite3"
        deployment.environ |= {**environment(deployment.azure, receiver), "KVSITE_DATABASE_URL": url}
        check_targets(deployment.migrated(), receiver)
        site_log = tmp_path / "site.txt"
        places = {
            "exports": exports_of(deployment, site_log),
            "alerts": [json.dumps(receiver.received).encode()],
            "log of the worker": [deployment.log.read_bytes()],
            "log of the site": [site_log.read_bytes()],
            "database": list(bytes_of(database)),
        }
        assert found_in(places, secrets_of(deployment.azure)) == set()
        assert found_in(places, [MARKER]) == places.keys() - {"log of the site"}


@needs_servers
def test_scaled_out__no_byte_of_a_secret(tmp_path: Path, receiver: Receiver) -> None:
    assert PROGRAMS
    folders = tmp_path / "redis", tmp_path / "postgresql"
    for folder in folders:
        folder.mkdir()
    redis, postgresql = Redis(folders[0]), PostgreSQL(folders[1], PROGRAMS)
    try:
        for server in (redis, postgresql):
            server.start()
        postgresql.create_database()
        with fleet(tmp_path, "service-principal-secret") as deployment:
            urls = {"KVSITE_DATABASE_URL": postgresql.url, "KVSITE_BROKER_URL": redis.url}
            deployment.environ |= {**environment(deployment.azure, receiver), **urls}
            check_targets(deployment.migrated(), receiver)
            site_log = tmp_path / "site.txt"
            exports = exports_of(deployment, site_log)
            deployment.shell(
                f"from fleet.engine import app; app.send_task('fleet.marker', args=['{MARKER}']); result = 0"
            )
    finally:
        postgresql.kill()
        redis.kill()
    places = {
        "exports": exports,
        "alerts": [json.dumps(receiver.received).encode()],
        "log of the worker": [deployment.log.read_bytes()],
        "log of the site": [site_log.read_bytes()],
        "files and log of PostgreSQL": list(bytes_of(postgresql.folder)),
        "files and log of Redis": list(bytes_of(redis.folder)),
    }
    assert found_in(places, secrets_of(deployment.azure, postgresql.password)) == set()
    assert found_in(places, [MARKER]) == places.keys() - {"log of the site"}
