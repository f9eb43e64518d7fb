"""The demo: a website behind the toolbar, whose form changes the scenario."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from localazure import SCENARIOS
from localazure.demo.csrf import safe_redirect
from localazure.demo.suggestions import CommandRun
from localazure.demo.toolbar import FIX_PATH, FORM_PATH, STYLE_PATH, ToolbarInserter, toolbar
from localazure.services.azure_cli.result import CommandResult

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
        if self.path == "/healthz":
            return self.send_error(404)  # as a Django project without the pages of the site answers
        if self.path == "/hints":
            return self.answer("application/json", open(sys.argv[2], "rb").read())
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
    hints: Path

    def run(self, *commands: str, **headers: str) -> httpx.Response:
        """Let the site suggest these commands and press the button."""
        self.hints.write_text(json.dumps({"hints": [{"commands": commands}]}))
        own = headers or {"Origin": str(self.client.base_url).rstrip("/")}
        return self.client.post(FIX_PATH, data={"back": "/secret/"}, headers=own)

    def change(self, scenario: str, **headers: str) -> httpx.Response:
        own = headers or {"Origin": str(self.client.base_url).rstrip("/")}
        return self.client.post(FORM_PATH, data={"scenario": scenario, "back": "/secret/?x=1"}, headers=own)


def selected_scenario(demo: Demo) -> str:
    """The scenario that the toolbar shows."""
    return re.search(r"<option selected>([^<]*)", demo.client.get("/").text)[1]


def start(folder: Path, *command: str, port: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "localazure", "demo", "--port", str(port), "--suggestions", "/hints", "--", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": "/usr/bin:/bin", "TMPDIR": str(folder)},
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder, hints = tmp_path_factory.mktemp("demo"), tmp_path_factory.mktemp("hints") / "hints.json"
    process = start(folder, sys.executable, "-c", SITE, "{port}", str(hints), port=0)
    address = re.search(r"http://127\.0\.0\.1:[1-9][0-9]*(?=/)", process.stdout.readline())[0]
    with httpx.Client(base_url=address, trust_env=False, timeout=30) as client:
        yield Demo(process, client, folder, hints)
    process.terminate()
    assert process.wait(timeout=30) == 0
    process.stdout.close()
    process.stderr.close()
    assert list(folder.iterdir()) == []


@pytest.mark.program
def test_page__toolbar_follows_the_body_tag(demo: Demo) -> None:
    text = demo.client.get("/").text
    assert re.search(r"<BODY class=x>\s*<link rel=\"stylesheet\" href=\"/.localazure/toolbar.css\">\s*<aside", text)
    assert "Local Azure</strong> · <b>" in text


@pytest.mark.program
def test_other_content__is_unchanged(demo: Demo) -> None:
    response = demo.client.get("/plain")
    assert "<aside" not in response.text
    assert response.headers["ETag"] == "x"
    assert demo.client.post("/anything", content=b"a=1&b=2").content == b"a=1&b=2"


@pytest.mark.program
def test_request__is_forwarded_unchanged(demo: Demo) -> None:
    text = demo.client.get("/a%20b?c=%2F&c").text
    assert "/a%20b?c=%2F&c" in text
    assert f"host: {demo.client.base_url.netloc.decode()}" in text.lower()
    assert "x-forwarded" not in text.lower()


@pytest.mark.program
def test_response_headers__are_forwarded(demo: Demo) -> None:
    headers = demo.client.get("/").headers
    assert headers.get_list("Set-Cookie") == ["a=1", "b=2"]
    assert headers["Content-Security-Policy"] == "default-src 'self'"
    assert "ETag" not in headers


@pytest.mark.program
def test_toolbar__has_no_inline_styles_or_scripts(demo: Demo) -> None:
    style = demo.client.get(STYLE_PATH)
    assert style.headers["Content-Type"].startswith("text/css")
    assert "prefers-color-scheme: dark" in style.text
    page = demo.client.get("/").text
    assert " style=" not in page
    assert "<script" not in page
    assert "<style" not in page


@pytest.mark.program
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
def test_change__cross_site_request__is_rejected(demo: Demo, headers: dict[str, str]) -> None:
    before = selected_scenario(demo)
    assert demo.change("laptop", **headers).status_code == 403
    assert selected_scenario(demo) == before != "laptop"


@pytest.mark.program
def test_change__restarts_the_site_in_the_scenario(demo: Demo) -> None:
    response = demo.change("vault-unknown")
    assert (response.status_code, response.headers["Location"]) == (303, "/secret/?x=1")
    text = demo.client.get("/").text
    assert SCENARIOS["vault-unknown"].vault.uri in text
    assert "<option selected>vault-unknown</option>" in text
    assert len(list(demo.folder.iterdir())) == 1
    assert demo.change("app-service", **{"Sec-Fetch-Site": "same-origin"}).status_code == 303
    assert "https://contoso.vault.azure.net kvsite-demo" in demo.client.get("/").text


ASSIGN = (
    "az role assignment create --role 'Key Vault Secrets User'"
    " --assignee-object-id f1ca3ee6-14e4-4286-994e-4ea68d1a79d8"
    ' --assignee-principal-type ServicePrincipal --scope "$(az keyvault show --name contoso --query id --output tsv)"'
)


@pytest.mark.program
def test_suggestion__runs_in_the_scenario_and_is_reported(demo: Demo) -> None:
    demo.change("no-role")
    done = demo.run("az keyvault show --name contoso --query name --output tsv", ASSIGN)
    assert (done.status_code, done.headers["Location"]) == (303, "/secret/")
    text = demo.client.get("/").text
    assert text.count("exit code 0") == 2
    assert "ERROR" not in text
    assert "Changed by the commands below. At its start: The managed identity has no role assignment" in text
    demo.change("no-role")  # the button Reset sends the same form
    text = demo.client.get("/").text
    assert "exit code" not in text
    assert "Changed by" not in text


@pytest.mark.program
def test_suggestion__is_never_given_to_a_shell(demo: Demo, tmp_path: Path) -> None:
    demo.change("no-role")
    created = tmp_path / "created"
    for line in ("; touch {}", "--query '$(touch {})'", "$(touch {})", "| touch {}", "`touch {}`", "&& touch {}"):
        demo.run(f"az account show {line.format(created)}")
        assert "exit code 2: ERROR:" in demo.client.get("/").text
    assert not created.exists()


@pytest.mark.program
@pytest.mark.parametrize("line", ["touch x", "kubectl get pods", "export A=b"])
def test_suggestion__other_commands__are_not_run(demo: Demo, line: str) -> None:
    demo.change("no-role")
    assert "suggests no command that can be run here" in demo.run(line).text


@pytest.mark.program
def test_suggestion__placeholder__is_completed_in_the_toolbar(demo: Demo) -> None:
    demo.change("no-role")
    incomplete, own = ASSIGN.replace("contoso", "<name>"), {"Origin": str(demo.client.base_url).rstrip("/")}
    demo.run("az account show --query name", incomplete)
    page = demo.client.get("/").text
    assert "<samp>&quot;Contoso Production&quot;</samp>" in page
    assert "not run: replace the text in &lt;&gt;" in page
    assert 'name="command" value="az ' in page
    assert demo.client.post(FIX_PATH, data={"command": "touch x", "back": "/"}, headers=own).status_code == 400
    assert demo.client.post(FIX_PATH, data={"command": "az version", "back": "/"}, headers=own).status_code == 303
    assert "<code>az version</code> exit code 0" in demo.client.get("/").text


@pytest.mark.parametrize(
    "line",
    [
        "az keyvault secret show --name demo",
        "az account get-access-token",
        "az webapp config appsettings list --name x",
    ],
)
def test_output__of_commands_that_can_print_a_secret__is_not_shown(line: str) -> None:
    assert CommandRun(line=line, result=CommandResult(stdout="a secret")).output == ""


@pytest.mark.program
def test_suggestion__cross_site_request__is_rejected(demo: Demo) -> None:
    demo.change("no-role")
    assert demo.run(ASSIGN, Origin="http://evil.example").status_code == 403
    assert "exit code" not in demo.client.get("/").text


@pytest.mark.program
def test_suggestion__unreadable_hints__error_page(demo: Demo) -> None:
    demo.run("az version")
    demo.hints.write_text("[" * 100)
    own = {"Origin": str(demo.client.base_url).rstrip("/")}
    assert demo.client.post(FIX_PATH, data={"back": "/"}, headers=own).status_code == 502


@pytest.mark.program
def test_change__unknown_scenario__error_page_with_toolbar(demo: Demo) -> None:
    response = demo.change("nowhere")
    assert response.status_code == 400
    assert "<aside" in response.text


@pytest.mark.program
def test_site_exits__error_page_and_restart(demo: Demo) -> None:
    assert demo.client.get("/die").status_code == 502
    assert "The site exited with code 7." in demo.process.stderr.readline()
    response = demo.client.get("/")
    assert response.status_code == 502
    assert "exited with code 7" in response.text
    assert "<aside" in response.text
    assert demo.change("app-service").status_code == 303
    assert demo.client.get("/").status_code == 200


@pytest.mark.program
def test_port_in_use__one_line(demo: Demo, tmp_path: Path) -> None:
    process = start(tmp_path, "true", port=demo.client.base_url.port)
    stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stdout) == (1, "")
    assert re.fullmatch(
        r"localazure: cannot listen on 127.0.0.1:\d+: Address already in use. "
        r"Choose another port with --port \(make demo PORT=\).\n",
        stderr,
    )


@pytest.mark.program
@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("no-such-command",), "no-such-command cannot be started: No such file or directory"),
        ((sys.executable, "-c", "raise SystemExit(3)"), "The site exited with code 3 before it was ready"),
    ],
)
def test_site_does_not_start__one_line(tmp_path: Path, command: tuple[str, ...], sentence: str) -> None:
    process = start(tmp_path, *command, port=0)
    stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stdout, stderr) == (1, "", f"localazure: {sentence}.\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_toolbar_inserter__any_chunk_size(size: int) -> None:
    inserter = ToolbarInserter("[toolbar]")
    chunks = [inserter.feed(PAGE[at : at + size]) for at in range(0, len(PAGE), size)]
    whole = b"".join([*chunks, inserter.end()])
    assert whole == PAGE.replace(b"<body class='x'>", b"<body class='x'>[toolbar]")


@pytest.mark.parametrize("page", [b"", b"<tbody>", b"<p>part of a page", b"x" * 200_000])
def test_toolbar_inserter__page_without_body__is_unchanged(page: bytes) -> None:
    inserter = ToolbarInserter("[toolbar]")
    assert inserter.feed(page) + inserter.end() == page


def test_toolbar__is_labelled_for_screen_readers() -> None:
    tags: list[tuple[str, dict[str, str | None]]] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.append((tag, dict(attributes)))
    parser.feed(toolbar(SCENARIOS["no-role"], back='/?a="><b>'))
    found = dict(tags)
    assert found["aside"]["aria-label"] == "Local Azure"
    assert found["label"]["for"] == found["select"]["id"]
    backs = [attributes["value"] for tag, attributes in tags if tag == "input" and attributes["name"] == "back"]
    assert set(backs) == {'/?a="><b>'}
    assert sum(tag == "option" for tag, _ in tags) == len(SCENARIOS)


@pytest.mark.parametrize("address", ["//evil.example", "https://evil.example", "", "/\\evil", "/a\r\nb", "x", "/é"])
def test_safe_redirect__other_sites__front_page(address: str) -> None:
    assert safe_redirect(address) == "/"


def test_safe_redirect__path_on_this_site() -> None:
    assert safe_redirect("/secret/?name=a%20b") == "/secret/?name=a%20b"
