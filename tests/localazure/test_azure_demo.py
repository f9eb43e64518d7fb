"""The demo: any site, in front of it the band, and a form that moves the site into another world."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from localazure import SCENARIOS
from localazure.demo.band import FORM_PATH, STYLE_PATH, BandInserter, band
from localazure.demo.same_site import safe_address

SITE = """
import http.server, os, sys

class Site(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, kind, body):
        self.send_response(200)
        for name, value in (("Content-Type", kind), ("Content-Length", len(body)), ("Set-Cookie", "a=1"),
                            ("Set-Cookie", "b=2"), ("ETag", "x"), ("Content-Security-Policy", "default-src 'self'")):
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/die":
            os._exit(7)
        seen = f"{os.environ['KEY_VAULT_URI']} {os.environ.get('WEBSITE_SITE_NAME')} {self.path} {self.headers}"
        page = f"<!DOCTYPE html><html lang=en><title>t</title><BODY class=x><pre>{seen}</pre></body></html>"
        self.answer("text/html; charset=utf-8" if self.path != "/plain" else "text/plain", page.encode())

    def do_POST(self):
        self.answer("text/plain", self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Site).serve_forever()
"""
PAGE = b"<html><head><title>t</title></head><body class='x'><p>hello</p></body></html>"


@dataclass(frozen=True)
class Demo:
    process: subprocess.Popen[str]
    client: httpx.Client
    folder: Path

    def change(self, scenario: str, **headers: str) -> httpx.Response:
        own = headers or {"Origin": str(self.client.base_url).rstrip("/")}
        return self.client.post(FORM_PATH, data={"scenario": scenario, "back": "/secret/?x=1"}, headers=own)


def shown(demo: Demo) -> str:
    """The scenario the band says it is."""
    return re.search(r"<option selected>([^<]*)", demo.client.get("/").text)[1]


def start(folder: Path, *command: str, port: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "localazure", "demo", "--port", str(port), "--", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": "/usr/bin:/bin", "TMPDIR": str(folder)},
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    process = start(folder, sys.executable, "-c", SITE, "{port}", port=0)
    address = re.search(r"http://127\.0\.0\.1:[1-9][0-9]*(?=/)", process.stdout.readline())[0]
    with httpx.Client(base_url=address, trust_env=False, timeout=20) as client:
        yield Demo(process, client, folder)
    process.terminate()
    assert process.wait(timeout=10) == 0
    process.stdout.close()
    process.stderr.close()
    assert list(folder.iterdir()) == []


def test_every_page_has_the_band_right_after_body(demo: Demo) -> None:
    text = demo.client.get("/").text
    assert re.search(r"<BODY class=x>\s*<link rel=\"stylesheet\" href=\"/.localazure/band.css\">\s*<aside", text)
    assert "This Azure is local" in text


def test_what_is_no_page_passes_untouched(demo: Demo) -> None:
    answer = demo.client.get("/plain")
    assert "<aside" not in answer.text
    assert answer.headers["ETag"] == "x"
    assert demo.client.post("/anything", content=b"a=1&b=2").content == b"a=1&b=2"


def test_the_site_sees_the_visitors_own_request(demo: Demo) -> None:
    text = demo.client.get("/a%20b?c=%2F&c").text
    assert "/a%20b?c=%2F&c" in text
    assert f"host: {demo.client.base_url.netloc.decode()}" in text.lower()
    assert "x-forwarded" not in text.lower()


def test_the_sites_headers_come_through(demo: Demo) -> None:
    headers = demo.client.get("/").headers
    assert headers.get_list("Set-Cookie") == ["a=1", "b=2"]
    assert headers["Content-Security-Policy"] == "default-src 'self'"
    assert "ETag" not in headers


def test_the_style_is_a_file_because_the_sites_policy_allows_nothing_inline(demo: Demo) -> None:
    style = demo.client.get(STYLE_PATH)
    assert style.headers["Content-Type"].startswith("text/css")
    assert "prefers-color-scheme: dark" in style.text
    page = demo.client.get("/").text
    assert " style=" not in page
    assert "<script" not in page
    assert "<style" not in page


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "null"},
        {"Accept": "*/*"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
        {"Host": "evil.example", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"},
    ],
)
def test_a_foreign_page_cannot_change_the_scenario(demo: Demo, headers: dict[str, str]) -> None:
    before = shown(demo)
    assert demo.change("laptop", **headers).status_code == 403
    assert shown(demo) == before != "laptop"


def test_a_change_starts_the_site_again_in_the_other_world(demo: Demo) -> None:
    answer = demo.change("vault-unknown")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/secret/?x=1")
    text = demo.client.get("/").text
    assert SCENARIOS["vault-unknown"].vault.uri in text
    assert "<option selected>vault-unknown</option>" in text
    assert len(list(demo.folder.iterdir())) == 1
    assert demo.change("app-service", **{"Sec-Fetch-Site": "same-origin"}).status_code == 303
    assert "https://contoso.vault.azure.net kvsite-demo" in demo.client.get("/").text


def test_an_unknown_scenario_is_refused_on_a_page_with_the_band(demo: Demo) -> None:
    answer = demo.change("nowhere")
    assert answer.status_code == 400
    assert "<aside" in answer.text


def test_a_site_that_ends_is_told_and_can_be_started_again(demo: Demo) -> None:
    assert demo.client.get("/die").status_code == 502
    assert "The site ended with exit code 7." in demo.process.stderr.readline()
    answer = demo.client.get("/")
    assert answer.status_code == 502
    assert "exit code 7" in answer.text
    assert "<aside" in answer.text
    assert demo.change("app-service").status_code == 303
    assert demo.client.get("/").status_code == 200


def test_a_taken_port_is_one_sentence(demo: Demo, tmp_path: Path) -> None:
    process = start(tmp_path, "true", port=demo.client.base_url.port)
    said, complained = process.communicate(timeout=10)
    assert (process.returncode, said) == (1, "")
    assert re.fullmatch(
        r"localazure: port \d+ of 127.0.0.1 cannot be used: Address already in use. Choose another with --port.\n",
        complained,
    )


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("no-such-command",), "no-such-command cannot be run: No such file or directory"),
        ((sys.executable, "-c", "raise SystemExit(3)"), "The site ended with exit code 3 before it was ready"),
    ],
)
def test_a_site_that_does_not_start_is_one_sentence(tmp_path: Path, command: tuple[str, ...], sentence: str) -> None:
    process = start(tmp_path, *command, port=free_port())
    said, complained = process.communicate(timeout=20)
    assert (process.returncode, said, complained) == (1, "", f"localazure: {sentence}.\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_the_band_is_put_in_wherever_the_page_is_cut(size: int) -> None:
    inserter = BandInserter("[band]")
    pieces = [inserter.feed(PAGE[at : at + size]) for at in range(0, len(PAGE), size)]
    whole = b"".join([*pieces, inserter.end()])
    assert whole == PAGE.replace(b"<body class='x'>", b"<body class='x'>[band]")


@pytest.mark.parametrize("page", [b"", b"<tbody>", b"<p>part of a page", b"x" * 200_000])
def test_a_page_without_a_body_stays_as_it_is(page: bytes) -> None:
    inserter = BandInserter("[band]")
    assert inserter.feed(page) + inserter.end() == page


def test_the_band_is_labelled_for_those_who_do_not_see_it() -> None:
    tags: list[tuple[str, dict[str, str | None]]] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.append((tag, dict(attributes)))
    parser.feed(band(SCENARIOS["no-role"], back='/?a="><b>'))
    found = dict(tags)
    assert found["aside"]["aria-label"] == "Local Azure"
    assert found["label"]["for"] == found["select"]["id"]
    assert found["input"]["value"] == '/?a="><b>'
    assert sum(tag == "option" for tag, _ in tags) == len(SCENARIOS)


@pytest.mark.parametrize("address", ["//evil.example", "https://evil.example", "", "/\\evil", "/a\r\nb", "x", "/é"])
def test_a_change_never_leads_away_from_the_site(address: str) -> None:
    assert safe_address(address) == "/"


def test_a_change_leads_back_to_the_page() -> None:
    assert safe_address("/secret/?name=a%20b") == "/secret/?name=a%20b"
