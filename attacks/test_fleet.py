"""The history and the fleet under attack: queries, headers, visitors, crowds, and what other sites answer."""

import json
import random
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from attacks.conftest import Figure
from attacks.support.bodies import gzip_bomb
from attacks.support.site import ROOT, Site, running_site
from attacks.test_exhaustion import Probe
from fleet.urls import urlpatterns
from localazure import LocalAzure

PATHS = tuple(f"/{pattern.pattern}" for pattern in urlpatterns)
PASSPHRASE = "correct horse battery staple"
QUERIES, VIEWERS, VIEWS = 400, 24, 8
MARKUP = "<img src=x onerror=alert(1)>{{7*7}}{% csrf_token %}\x1b[31m\u202e\u2028\r\nX-Injected: 1"


@pytest.fixture(scope="module")
def stored(azure: LocalAzure, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a site with 200 example targets."""
    file = tmp_path_factory.mktemp("fleet") / "fleet.sqlite3"
    environment = {**azure.env, "KVSITE_HISTORY": "on", "KVSITE_DATABASE_URL": f"sqlite:///{file}"}
    manage(environment, "demo_history")
    return environment


@pytest.fixture(scope="module")
def fleet_site(stored: dict[str, str]) -> Iterator[Site]:
    with running_site(stored) as site:
        site.get("/")
        yield site


def _of_command(environment: Mapping[str, str]) -> dict[str, str]:
    return {**environment, "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "kvsite.settings"}


def manage(environment: Mapping[str, str], *arguments: str) -> str:
    """What the command prints, of which a failing check of a target is a normal end."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments], env=_of_command(environment),
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode in {0, 1}, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


NAMES = (
    *("state", "q", "cause", "label", "group", "page", "range", "target", "format", "STATE", "id__in", "", "\u202e"),
    *("name__regex", "labels__team", "order_by", "callback", "__proto__"),
)
VALUES = (
    *("refused", "failing", "24h", "7d", "90d", "1", "csv", "json", "team", "team=payments", "team=", "="),
    *("0", "-1", "1e9", "\u00b2", "9" * 30, "9223372036854775808", "%", "_%_", "\\", "'", '"', "';--", "$.team", '"]'),
    *("' OR 1=1 --", "\0", "\x1b[31m", "\u202e", "\ud800", MARKUP, "../../etc/passwd", "=cmd()", "a" * 101, "a" * 5000),
    *("2024=x", 'a"b=x', "$[0]=x", "team=payments," * 50, "none", "-", " ", "+", "[]", "{}", "null"),
)


def test_random_queries__are_answered_or_refused(fleet_site: Site, seed: int, figure: Figure) -> None:
    rng = random.Random(seed)
    workers = fleet_site.workers()

    def query() -> str:
        pairs = [(rng.choice(NAMES), rng.choice(VALUES)) for _ in range(rng.choice((1, 1, 1, 2, 3, 30)))]
        encoded = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs)
        return f"{rng.choice(PATHS)}?{encoded}"

    queries = [query() for _ in range(QUERIES)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(fleet_site.get, queries))
    found = dict(zip(queries, answers, strict=True))
    assert {answer.status for answer in answers} <= {200, 400, 404, 414}, f"seed {seed}: {_failed(found)}"
    assert any(answer.status == 200 for answer in answers)
    assert not [query for query, answer in found.items() if _is_unsafe(query, answer.body)], f"seed {seed}"
    assert not any("x-injected" in answer.headers for answer in answers)
    assert "Traceback" not in fleet_site.log()
    assert fleet_site.workers() == workers
    figure(
        "a page of the fleet for any query, 8 at once", max(answer.elapsed_s for answer in answers), "s", at_most=3.0
    )


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def _failed(found: Mapping[str, Any]) -> list[str]:
    return [query[:200] for query, answer in found.items() if answer.status not in {200, 400, 404, 414}]


def _is_unsafe(path: str, body: bytes) -> bool:
    """Whether markup or control characters are in it. In JSON, markup is a text; control characters are escaped."""
    forbidden = [b"\x1b", "\u202e".encode(), "\u2028".encode(), b"{{49", b"\0"]
    return any(text in body for text in (*forbidden, *([] if path.startswith("/api/") else [b"<img src=x"])))


def test_filters_of_any_size__cost_little(fleet_site: Site, figure: Figure) -> None:
    fleet_site.reset_peak()
    labels = "&".join(f"label=team{number}=x" for number in range(300))
    for query in (
        labels,
        f"label={'a=b,' * 1500}",
        f"q={'x' * 7000}",
        f"q={'%25' * 100}",
        "&".join(["state=refused"] * 400),
    ):
        for path in ("/fleet/", "/api/fleet"):
            assert fleet_site.get(f"{path}?{query}").status in {200, 400, 414}, query[:80]
    answer = fleet_site.get(
        "/fleet/?label=a=1&label=b=1&label=c=1&label=d=1&label=e=1&q=%25_%25&state=failing&range=7d"
    )
    assert answer.status == 200
    figure("the page with all filters at once", answer.elapsed_s, "s", at_most=2.0)
    figure("memory of a worker, filters of any size", fleet_site.memory_mib(peak=True), "MiB", at_most=150)


HEADERS: tuple[dict[str, str], ...] = (
    {"Host": "evil.example"},
    {"Host": "127.0.0.1", "X-Forwarded-Host": "evil.example"},
    {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "https"},
    {"X-MS-CLIENT-PRINCIPAL": "e30=", "X-MS-CLIENT-PRINCIPAL-NAME": "admin"},
    {"Authorization": "Bearer x"},
    {"Cookie": "kvsite_session=a:b:c"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Origin": "https://evil.example"},
    {"Accept": "text/csv"},
    {"Range": "bytes=0-0"},
    {"X-HTTP-Method-Override": "DELETE"},
)


@pytest.mark.parametrize("headers", HEADERS, ids=lambda headers: next(iter(headers)))
def test_headers__change_nothing(fleet_site: Site, headers: dict[str, str]) -> None:
    for path in PATHS:
        answer = fleet_site.get(path, headers)
        assert answer.status in {200, 400, 403, 404}, (path, answer.status)
        assert b"evil.example" not in answer.body
        assert "evil.example" not in str(answer.headers)
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", PATHS)
def test_methods__no_page_changes_anything(fleet_site: Site, path: str) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE"):
        assert fleet_site.request(method, path, b"{}").status in {403, 405, 415}, method


@pytest.mark.parametrize(
    "mode", [{"KVSITE_ACCESS": "token", "KVSITE_PASSPHRASE": PASSPHRASE}, {"KVSITE_ACCESS": "easy-auth"}]
)
def test_closed_site__shows_no_target(stored: dict[str, str], mode: dict[str, str]) -> None:
    with running_site({**stored, **mode, "KVSITE_SECRET_KEY": "k" * 60}) as site:
        for path in (*PATHS, "/fleet/?q=payments", "/history/?target=1", "/api/history?target=1&format=csv"):
            for method in ("GET", "HEAD", "POST", "OPTIONS"):
                forged = {"X-MS-CLIENT-PRINCIPAL-NAME": "admin", "X-MS-CLIENT-PRINCIPAL-ID": "1"}
                answer = site.request(method, path, b"", forged)
                assert answer.status in {302, 403, 405}, (method, path, answer.status)
                assert not any(text in answer.body for text in (b"payments", b"ForbiddenBy", b"203.0.113."))
        if mode["KVSITE_ACCESS"] == "token":
            opened = site.get("/api/fleet", {"Authorization": f"Bearer {PASSPHRASE}"})
            assert opened.status == 200
            assert json.loads(opened.body)["count"] >= 200


def test_crowd__sees_the_fleet_and_the_probe_answers(fleet_site: Site, figure: Figure) -> None:
    fleet_site.reset_peak()
    with Probe(fleet_site) as probe, ThreadPoolExecutor(VIEWERS) as pool:
        paths = [
            ("/fleet/", "/api/fleet?range=7d", "/history/?target=1", "/fleet/?page=2")[n % 4]
            for n in range(VIEWERS * VIEWS)
        ]
        statuses = [answer.status for answer in pool.map(lambda path: fleet_site.get(path, timeout_s=60), paths)]
    assert set(statuses) <= {200, 404}
    figure("/healthz while 24 visitors load the fleet", probe.slowest_s, "s", at_most=1.0)
    figure("memory of a worker, 24 visitors of the fleet", fleet_site.memory_mib(peak=True), "MiB", at_most=200)
    assert "Traceback" not in fleet_site.log()


def _reading(**more: Any) -> bytes:
    return json.dumps({"ok": True, "attempts": [], **more}).encode()


_EVERYWHERE = {
    "ok": False, "vault_url": MARKUP, "secret_name": MARKUP, "hints": [{"cause": MARKUP, "title": MARKUP}],
    "principal": dict.fromkeys(("type", "kind", "name", "app_id", "object_id", "tenant_id", "credential"), MARKUP),
    "failure": {"stage": "vault", "status": 403, "code": MARKUP, "message": MARKUP},
    "vault_saw": {"client_address": MARKUP}, "secret": {"version": MARKUP, "fingerprint": MARKUP},
}  # fmt: skip
ANSWERS: dict[str, tuple[int, dict[str, str], bytes]] = {
    "markup in every text": (200, {}, _reading(**_EVERYWHERE)),
    "a readable secret with markup": (200, {}, _reading(**{**_EVERYWHERE, "ok": True, "failure": None})),
    "half a character": (200, {}, b'{"ok": true, "attempts": [], "secret_name": "\\ud800"}'),
    "numbers that are too large": (200, {}, _reading(failure={"stage": "vault", "status": 10**30, "code": "x"})),
    "NaN": (200, {}, b'{"ok": true, "attempts": [], "token_elapsed_s": NaN, "vault_elapsed_s": 1e400}'),
    "deep JSON": (200, {}, b"[" * 100_000),
    "a list": (200, {}, b"[]"),
    "many attempts": (200, {}, _reading(attempts=[{"credential": "x" * 100, "outcome": "failed"}] * 900)),
    "gzip of 64 MiB": (200, {"Content-Encoding": "gzip"}, gzip_bomb(64)),
    "a length of 8 EiB": (200, {"Content-Length": str(2**63)}, b"{}"),
    "a redirect to another host": (302, {"Location": "https://evil.example/.auth/login/aad"}, b""),
    "a redirect with markup": (302, {"Location": "/.auth/login/" + "<img src=x>" * 500}, b""),
    "a challenge": (401, {"WWW-Authenticate": 'Bearer authorization_uri="https://evil.example"'}, b""),
    "cookies": (200, {"Set-Cookie": "session=x; Domain=evil.example"}, _reading()),
    "an expired secret of the year 9999": (200, {}, _reading(secret={"expires_on": "9999-12-31T23:59:59-12:00"})),
}


@contextmanager
def answering(status: int, headers: dict[str, str], body: bytes) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_answers_of_another_site__break_no_page_and_no_terminal(
    azure: LocalAzure, tmp_path: Path, figure: Figure
) -> None:
    """Each hostile answer is a target; its name and label are hostile too, as far as the command takes them."""
    environment = {**azure.env, "KVSITE_HISTORY": "on", "KVSITE_DATABASE_URL": f"sqlite:///{tmp_path}/fleet.sqlite3"}
    manage(environment, "migrate")
    with _all_answering() as urls:
        file = tmp_path / "targets.csv"
        rows = [f'"<img src=x> {name}",{url},"<img src=x>{{{{7*7}}}}"' for name, url in urls.items()]
        file.write_text("\n".join(["name,site,label.team", *rows]))
        assert f"{len(ANSWERS)} targets added" in manage(environment, "fleet", "import", str(file))
        outputs = [manage(environment, "fleet", "run"), manage(environment, "fleet", "run")]  # once more: changes
    outputs.append(manage(environment, "fleet", "list"))
    assert not any(_is_unsafe("/api/", output.encode()) for output in outputs), outputs
    with running_site(environment) as site:
        document = json.loads(site.get("/api/fleet").body)
        assert len(document["targets"]) == len(ANSWERS)
        histories = [
            f"{path}?target={target['id']}" for target in document["targets"] for path in ("/history/", "/api/history")
        ]
        for path in ("/fleet/", "/fleet/?q=%3Cimg", "/api/fleet?range=24h", *histories):
            answer = site.get(path)
            assert answer.status == 200, path
            assert not _is_unsafe(path, answer.body), path
            assert b'href="https://evil.example' not in answer.body
        csv = site.get(histories[1] + "&format=csv")
        assert csv.status == 200
        assert "Traceback" not in site.log()
        figure("memory of a worker, pages of hostile targets", site.memory_mib(), "MiB", at_most=150)


@contextmanager
def _all_answering() -> Iterator[dict[str, str]]:
    with ExitStack() as servers:
        yield {name: servers.enter_context(answering(*answer)) for name, answer in ANSWERS.items()}


@pytest.mark.parametrize("name", ["\u202eevil", "a\x1b[31mb", "a\rb", "a\u2028b", "this site: x"])
def test_hostile_names__are_refused(stored: dict[str, str], name: str) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "fleet", "add", f"name={name}", "vault=contoso", "secret=demo"],
        env=_of_command(stored), capture_output=True, check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == 2
    assert not _is_unsafe("/api/", done.stdout + done.stderr)
