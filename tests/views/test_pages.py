"""The pages and the JSON through Django's test client."""

import json
import os
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from kvsite.settings import is_probe
from localazure.scenarios import SCENARIOS
from tests.conftest import HERE, READ_ALL_THE_SAME, World
from tests.support.scenario_visits import Visit


class Text(HTMLParser):
    """The visible text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.feed(html)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def text_in(html: str) -> str:
    return re.sub(r"\s+", " ", " ".join(Text(html).words))


def text_of(response: Any) -> str:
    return text_in(response.content.decode())


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_result__comes_first(visited: Callable[[str], Visit], scenario: str) -> None:
    text = text_in(visited(scenario).pages["/"])
    assert visited(scenario).statuses["/"] == 200
    html = visited(scenario).pages["/"]
    if "The secret demo was read." in text:
        assert SCENARIOS[scenario].cause in {None, *READ_ALL_THE_SAME}
        assert "How to fix" not in text
    else:
        assert '<section class="answer is-no"' in html
        assert html.index('id="headline"') < html.index('class="hops"') < html.index("How to fix")
        assert html.index("How to fix") < html.index("Credential chain")
        assert f">{SCENARIOS[scenario].cause}</code>" in html


def test_legacy_principal_used_line__is_shown(client: Client, world: World) -> None:
    world("laptop")
    assert "Principal Used: IsAuthenticated:True Type:User TenantId:" in text_of(client.get("/"))


def test_every_claim__has_a_description(client: Client, world: World) -> None:
    for scenario in ("laptop", "app-service"):
        world(scenario)
        html = client.get("/?refresh=1").content.decode()
        rows = re.findall(r'<th scope="row"><code>(\w+)</code></th><td>.*?</td><td>(.*?)</td>', html)
        assert len(rows) > 8
        assert [name for name, meaning in rows if not meaning] == []


def test_page__loads_nothing_external(client: Client, world: World) -> None:
    world("no-role")
    html = client.get("/").content.decode()
    assert not re.findall(r'(?:src|srcset|action)="(?:https?:)?//', html)
    assert not re.findall(r'<link[^>]+href="(?:https?:)?//', html)
    assert " style=" not in html
    assert "<style" not in html
    assert "onclick" not in html


def test_claims__are_collapsed(client: Client, world: World) -> None:
    world("app-service")
    html = client.get("/").content.decode()
    assert re.search(r"<details><summary>[0-9]+ token claims</summary>", html)


def test_page__has_security_headers(client: Client, world: World) -> None:
    world("app-service")
    headers = client.get("/").headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_missing_setting__is_shown_on_the_page(client: Client, world: World, settings: Any) -> None:
    world("app-service")
    settings.SECRETS_APP = {}
    text = text_of(client.get("/"))
    assert "KEY_VAULT_URI is not set" in text
    assert "SECRET_NAME is not set" in text
    assert "kvsite-demo (system-assigned managed identity)" in text


def test_invalid_settings__are_not_called_missing(client: Client, world: World, settings: Any) -> None:
    world("app-service")
    settings.SECRETS_APP = {"KEY_VAULT_URI": "contoso", "SECRET_NAME": "my_secret"}
    text = text_of(client.get("/"))
    assert "vault invalid" in text
    assert "secret invalid" in text
    assert "KEY_VAULT_URI is not a valid vault URL: it must begin with https://" in text
    assert "KEY_VAULT_NAME=contoso" in text
    assert "The request would use kvsite-demo" in text
    assert "not set" not in text
    settings.SECRETS_APP = {"SECRET_NAME": "demo"}
    assert "vault not set" in text_of(client.get("/"))


@pytest.mark.parametrize("password", ["Passw0rd1234", "hunter2x9q", "trustno1but4me"])
def test_possible_password__is_not_shown_as_vault_name(
    client: Client, world: World, settings: Any, password: str
) -> None:
    world("app-service")
    settings.SECRETS_APP = {"KEY_VAULT_URI": password, "SECRET_NAME": "demo"}
    assert password not in client.get("/").content.decode()


@pytest.mark.parametrize(
    ("scenario", "status"),
    [
        ("no-role", "No · 403 ForbiddenByRbac · kv_rbac_denied"),
        ("secret-missing", "No · 404 SecretNotFound · kv_secret_not_found"),
        ("throttled", "No · 429 Throttled · kv_throttled"),
        ("service-principal-expired-secret", "No · AADSTS7000222 · client_secret_expired"),
        ("vault-unknown", "No · name does not resolve · dns_failure"),
        ("laptop-no-az", "No · no_credential_available"),
    ],
)
def test_status_line__quotes_status_error_code_and_cause(
    visited: Callable[[str], Visit], scenario: str, status: str
) -> None:
    text = text_in(visited(scenario).pages["/"])
    assert status in text
    assert text.index(status) < text.index("How to fix")


def test_json__has_the_documented_shape(client: Client, world: World) -> None:
    world("no-role")
    document = client.get("/api/reading").json()
    assert document["ok"] is False
    assert document["secret"] is None
    assert document["vault_url"] == "https://contoso.vault.azure.net"
    assert document["principal"]["legacy"].startswith("IsAuthenticated:True Type:App AppId:")
    assert document["principal"]["claims"]["aud"] == "https://vault.azure.net"
    assert document["failure"]["code"] == "ForbiddenByRbac"
    assert document["hints"][0]["cause"] == "kv_rbac_denied"
    assert [attempt["outcome"] for attempt in document["attempts"]][:3] == ["unavailable", "unavailable", "token"]


def test_success_json__has_the_secret_without_its_value(client: Client, world: World) -> None:
    world("app-service")
    secret = client.get("/api/reading").json()["secret"]
    assert set(secret) == {
        "name", "version", "content_type", "enabled", "created_on", "updated_on", "not_before", "expires_on",
        "length", "fingerprint",
    }  # fmt: skip


def test_healthz__sends_no_request_to_azure(client: Client, world: World) -> None:
    azure = world("app-service")
    assert client.get("/healthz").status_code == 200
    assert azure.requests == ()


def test_readyz__is_200_when_the_secret_is_readable(client: Client, world: World) -> None:
    world("app-service")
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"ready": True})


def test_readyz__is_503_with_the_cause_only(client: Client, world: World) -> None:
    world("no-role")
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (503, {"ready": False, "cause": "kv_rbac_denied"})


@pytest.mark.parametrize(
    ("path", "status", "expected"),
    [
        ("/?refresh=maybe", 400, "refresh must be 1"),
        ("/?refresh=1&refresh=0", 400, "more than once"),
        ("/?secret=other", 400, "Unknown query parameter 'secret'"),
        ("/api/reading?x=<script>", 400, "Unknown query parameter"),
        ("/nothing", 404, "Page not found"),
    ],
)
def test_invalid_query__has_one_message(client: Client, world: World, path: str, status: int, expected: str) -> None:
    world("app-service")
    response = client.get(path)
    assert response.status_code == status
    assert expected in text_of(response)
    assert "Traceback" not in text_of(response)


@pytest.mark.parametrize("path", ["/", "/api/token", "/healthz", "/readyz"])
def test_other_methods__are_405(client: Client, path: str, world: World) -> None:
    world("app-service")
    assert client.post(path).status_code == 405


@pytest.mark.parametrize(
    "sent",
    [
        {"REMOTE_ADDR": "203.0.113.9"},
        {"REMOTE_ADDR": ""},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_X_FORWARDED_HOST": "127.0.0.1"},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
        {"HTTP_VIA": "1.1 proxy"},
        {"HTTP_X_REAL_IP": "127.0.0.1"},
        {"HTTP_CF_CONNECTING_IP": "127.0.0.1"},
        {"HTTP_X_ORIGINAL_URL": "/"},
        {"HTTP_X_AZURE_CLIENTIP": "127.0.0.1"},
        {"SERVER_PROTOCOL": "HTTP/1.0"},
        {"HTTP_HOST": "kvsite.example.org"},
    ],
)
def test_loopback__rejects_other_machines(client: Client, sent: dict[str, str], world: World, settings: Any) -> None:
    azure = world("app-service")
    settings.ALLOWED_HOSTS = ["*"]
    for path in ("/", "/api/reading"):
        response = client.get(path, **sent)  # type: ignore[arg-type]
        assert response.status_code == 403
        assert "KVSITE_ACCESS" in text_of(response)
        assert "kvsite-demo" not in text_of(response)
    assert client.get("/healthz", **sent).status_code == 200  # type: ignore[arg-type]
    assert azure.requests == ()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "localhost:8000", "[::1]:8000", "[::1]", "LOCALHOST"])
def test_loopback__accepts_any_local_name(host: str, world: World) -> None:
    world("app-service")
    assert Client().get("/", headers={"host": host}).status_code == 200


def test_open_mode__accepts_any_visitor(world: World, settings: Any) -> None:
    world("app-service")
    settings.SECRETS_APP = {**settings.SECRETS_APP, "KVSITE_ACCESS": "open"}
    assert Client().get("/", REMOTE_ADDR="203.0.113.9").status_code == 200


def test_json__is_valid(client: Client, world: World) -> None:
    world("laptop-signed-out")
    response = client.get("/api/reading")
    assert response.headers["Content-Type"] == "application/json"
    assert json.loads(response.content)["principal"] is None


def test_report__has_the_reading_and_the_doctor(client: Client, world: World) -> None:
    azure = world("no-role")
    whole = text_of(client.get("/report/"))
    assert "## kvsite-demo cannot read the secret demo." in whole
    assert "az role assignment create" in whole
    assert "Configuration checks: 1 Error" in whole
    reading = client.get("/api/reading").json()
    assert reading["principal"]["object_id"] in whole
    short = text_of(client.get("/report/?ids=short"))
    assert reading["principal"]["object_id"] not in short
    assert not [token for token in azure.tokens if token.text in whole]
    assert client.get("/report/?ids=none").status_code == 400


def test_failing_probe__does_not_fill_the_log(client: Client, world: World, caplog: Any) -> None:
    world("no-role")
    client.get("/readyz")
    for record in caplog.records:
        assert is_probe(record)
    client.get("/nothing")
    assert not is_probe(caplog.records[-1])


def test_probes__accept_any_host_name(client: Client, world: World) -> None:
    world("app-service")
    assert client.get("/healthz", headers={"host": "10.1.2.3:8000"}).status_code == 200
    assert client.get("/", headers={"host": "10.1.2.3:8000"}).status_code == 403


def test_error_page__shows_nothing_of_the_environment(world: World) -> None:
    world("app-service")
    strict = Client(headers=HERE, raise_request_exception=False)
    html = strict.get("/?nonsense=1", IDENTITY_HEADER="from-the-environment", DATABASE_URL="with-a-password")
    assert html.status_code == 400
    assert "from-the-environment" not in html.content.decode()
    assert "with-a-password" not in html.content.decode()


def test_failing_reading__shows_related_problems(client: Client, world: World) -> None:
    world("no-role")
    assert "Other problems on this machine" not in text_of(client.get("/"))
    os.environ["AZURE_CLIENT_ID"] = "not-a-guid"
    text = text_of(client.get("/"))
    assert "Other problems on this machine" in text
    assert "AZURE_CLIENT_ID. The value is not a client ID" in text
