"""The app in another Django project: one entry in INSTALLED_APPS, one include, one dict of settings."""

import asyncio
import inspect
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import httpx
import pytest
from django.core.asgi import get_asgi_application
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import clear_script_prefix, clear_url_caches, include, path

from localazure import LocalAzure
from secrets_app import conf, urls
from secrets_app.checks import check_settings
from secrets_app.conf.project import KEYS
from secrets_app.core.security_headers import SECURITY_HEADERS
from secrets_app.urls import with_decorator
from secrets_app.views import guard, streaming
from tests.conftest import HERE, World
from tests.support.access_requests import BROWSER, COOKIE, ELSEWHERE, PASSPHRASE, VALUES_PASSPHRASE, sign_in
from tests.support.command_line import manage
from tests.support.django_project import SNIPPETS, try_in_project

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "/principal"
DJANGO = "django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"
POLICY = "Content-Security-Policy"
Project = Callable[..., Client]


@pytest.fixture
def project(world: World, settings: Any) -> Project:
    """`project("no-role", access="open")` installs the app in a project with these keys in PRINCIPAL_USED."""

    def install(scenario: str = "app-service", *, csrf: bool = False, elsewhere: bool = False, **used: Any) -> Client:
        world(scenario)
        vault = settings.SECRETS_APP["KEY_VAULT_URI"]
        for name in ("SECRETS_APP", "PRODUCTION", "SITE_KEY_IS_STORED", "TRUST_X_FORWARDED_FOR"):
            delattr(settings, name)
        settings.PRINCIPAL_USED = {"key_vault_uri": vault, "secret_name": "demo", **used}
        settings.ROOT_URLCONF, settings.MIDDLEWARE = "tests.support.embedding_urls", list(DJANGO)
        settings.TEMPLATES, settings.INSTALLED_APPS = [], ["django.contrib.staticfiles", "secrets_app"]
        address = ELSEWHERE if elsewhere else {}
        return Client(headers=BROWSER if elsewhere else HERE, enforce_csrf_checks=csrf, **address)  # type: ignore[arg-type]

    return install


def links_of(page: bytes) -> set[str]:
    return set(re.findall(r'(?:href|action|src)="(/[^"]*)"', page.decode()))


@pytest.mark.parametrize("scenario", ["app-service", "no-role"])
def test_pages__work_below_a_prefix_with_one_dict(project: Project, scenario: str) -> None:
    client = project(scenario)
    home = client.get(f"{PREFIX}/")
    assert home.status_code == 200
    assert (b"was read" if scenario == "app-service" else b"cannot read the secret") in home.content
    links = links_of(home.content)
    assert f"{PREFIX}/environment/" in links
    assert not [link for link in links if not link.startswith((f"{PREFIX}/", "/static/secrets_app/"))]
    assert client.get(f"{PREFIX}/api/reading").json()["ok"] is (scenario == "app-service")
    assert client.get(f"{PREFIX}/identities/").status_code == 200


@pytest.mark.parametrize(
    ("scenario", "used"),
    [
        ("no-role", {"access": "open"}),
        ("vm-two-identities", {"credential": "managed-identity"}),
        ("vault-silent", {"deadline_s": 1}),
        ("laptop-signed-out", {"credential": "dev", "exclude_credentials": "azd"}),
    ],
)
def test_texts__name_settings_as_the_project_writes_them(project: Project, scenario: str, used: dict[str, Any]) -> None:
    client = project(scenario, **used)
    pages = ("", "secret/", "token/", "environment/", "report/", "sign-in/", "causes/deadline_exceeded/")
    for page in (*pages, "api/reading?userAssignedClientId=x", "api/reading", "api/"):
        text = re.sub(r'"chosen_setting": "\w*"', "", client.get(f"{PREFIX}/{page}").content.decode())
        assert not re.search(r".{0,40}KVSITE_\w*", text), page
    texts = client.get(f"{PREFIX}/").content.decode() + client.get(f"{PREFIX}/secret/").content.decode()
    assert "PRINCIPAL_USED[" in texts
    assert "KVSITE_" not in manage("principal").stdout + manage("doctor", "-v").stdout


def test_headers__are_set_on_own_views_only(project: Project) -> None:
    client = project(access="open")
    for page in ("/", "/causes/", "/nothing", "/api/reading", "/?nonsense=1"):
        response = client.get(f"{PREFIX}{page}")
        assert {name: response.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS, page
        assert response.headers["Cache-Control"] == "no-store"
    for page in ("/", "/own/", "/nothing"):
        response = client.get(page)
        assert not set(SECURITY_HEADERS) & set(response.headers), page
        assert "Cache-Control" not in response.headers


def test_access__is_closed_below_the_prefix_and_open_elsewhere(project: Project) -> None:
    client = project(elsewhere=True)
    names = [pattern.name for pattern in urls.urlpatterns if pattern.name]
    assert len(names) > 15
    for page in ("", "secret/", "value/", "sign-out/", "causes/dns/", "api/reading", "api/explain", "nothing", "a/b"):
        for method in (client.get, client.post):
            response = method(f"{PREFIX}/{page}")
            assert response.status_code == 403, page
            assert b"contoso" not in response.content
    assert client.get("/own/").content == b"a page of the project"
    page = client.get(f"{PREFIX}/").content.decode()
    assert "PRINCIPAL_USED[&quot;access&quot;]" in page
    assert "appsettings" not in page


def test_every_view__is_guarded() -> None:
    unguarded = [pattern for pattern in urls.urlpatterns if not getattr(pattern.callback, "is_guarded", False)]
    assert unguarded == []


def test_every_view__is_found_by_its_name() -> None:
    views = [inspect.unwrap(pattern.callback) for pattern in urls.urlpatterns]
    lazy = [view for view in views if isinstance(view, urls.LazyView)]
    assert lazy
    assert all(callable(view.view) for view in lazy)


_START = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "kvsite.settings"
import kvsite.wsgi, localazure.pytest_plugin, secrets_app.urls, secrets_app.views.reading
few_need = ("secrets_app.diagnosis.catalog", "secrets_app.doctor.service", "secrets_app.openapi", "prometheus_client")
sys.exit(", ".join({*few_need, "localazure.emulator"} & {*sys.modules}) or 0)
"""


@pytest.mark.program
def test_worker_and_pytest_plugin__load_only_what_every_start_needs() -> None:
    done = subprocess.run([sys.executable, "-c", _START], cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("middleware", [(), DJANGO])
def test_csrf__is_checked_with_and_without_the_middleware(
    project: Project, settings: Any, middleware: tuple[str, ...]
) -> None:
    client = project(csrf=True)
    settings.MIDDLEWARE = list(middleware)
    refused = client.post(f"{PREFIX}/explain/", {"text": "AADSTS50055"})
    assert refused.status_code == 403
    assert b"The form has expired" in refused.content
    assert refused.headers[POLICY].startswith("default-src 'none'")
    token = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', client.get(f"{PREFIX}/explain/").content)
    assert token
    sent = {"text": "AADSTS50055", "csrfmiddlewaretoken": token[1].decode()}
    assert client.post(f"{PREFIX}/explain/", sent).status_code == 200
    assert client.post(f"{PREFIX}/api/explain", "x", content_type="text/plain").status_code == 200


def test_language__of_the_project_changes_nothing(project: Project, settings: Any) -> None:
    client = project("no-role")
    settings.USE_I18N, settings.LANGUAGE_CODE, settings.USE_THOUSAND_SEPARATOR = True, "de", True
    settings.MIDDLEWARE = ["django.middleware.locale.LocaleMiddleware", *DJANGO]
    settings.ROOT_URLCONF = "tests.support.translated_urls"
    german = client.get("/de/who/", headers={"accept-language": "de"})
    assert german.status_code == 200
    assert b"cannot read the secret" in german.content
    assert not [link for link in links_of(german.content) if not link.startswith(("/de/who/", "/static/"))]
    assert client.get("/de/who/causes/").content.count(b'<html lang="en">') == 1


def test_script_name__is_part_of_every_link(project: Project) -> None:
    client = project()
    page = client.get(f"/app{PREFIX}/", SCRIPT_NAME="/app").content
    clear_script_prefix()
    assert not [link for link in links_of(page) if not link.startswith((f"/app{PREFIX}/", "/app/static/"))]
    assert links_of(client.get(f"{PREFIX}/").content).isdisjoint(links_of(page))


def test_sign_in__has_its_own_cookie_and_needs_no_session_of_the_project(project: Project) -> None:
    client = project(access="token", passphrase=PASSPHRASE, values_passphrase=VALUES_PASSPHRASE, elsewhere=True)
    assert client.get(f"{PREFIX}/").status_code == 403
    response = sign_in(client, VALUES_PASSPHRASE, f"{PREFIX}/sign-in/")
    assert (response.status_code, response["Location"]) == (302, f"{PREFIX}/")
    assert response.cookies[COOKIE]["path"] == f"{PREFIX}/"
    assert client.get(f"{PREFIX}/").status_code == 200
    assert client.post(f"{PREFIX}/value/").status_code == 200
    assert client.post(f"{PREFIX}/sign-out/")["Location"] == f"{PREFIX}/sign-in/"
    assert client.get(f"{PREFIX}/").status_code == 403


@pytest.mark.parametrize("debug", [False, True])
def test_unexpected_error__shows_no_page_of_the_project(
    project: Project, settings: Any, monkeypatch: pytest.MonkeyPatch, debug: bool, caplog: pytest.LogCaptureFixture
) -> None:
    client = project()
    settings.DEBUG, client.raise_request_exception = debug, False

    def fail(*_: object) -> None:
        token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJvaWQiOiIxIn0.c2lnbmF0dXJl"
        raise RuntimeError(token)

    monkeypatch.setattr(guard, "decide", fail)
    response = client.get(f"{PREFIX}/")
    assert response.status_code == 500
    assert b"Internal server error" in response.content
    assert b"eyJ0" not in response.content
    assert response.headers[POLICY]
    assert "RuntimeError" in caplog.text
    assert "eyJ0" not in caplog.text


def test_asgi__answers_whole_pages(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project("no-role")
    monkeypatch.setattr(streaming, "WAIT_S", 0.0)  # under WSGI, this page would be streamed

    async def visit(path: str) -> httpx.Response:
        transport = httpx.ASGITransport(get_asgi_application())  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            return await client.get(f"{PREFIX}{path}")

    for page in ("/", "/identities/", "/api/reading"):
        response = asyncio.run(visit(page))
        assert response.status_code == 200, page
        assert int(response.headers["Content-Length"]) == len(response.content)
        assert response.headers[POLICY] == SECURITY_HEADERS[POLICY]
        assert "</html>" in response.text or page.startswith("/api/")
        assert "kvsite-demo" in response.text


def test_static_files_of_another_host__are_allowed_by_the_policy(project: Project, settings: Any) -> None:
    client = project()
    settings.STATIC_URL = "https://static.example.org/assets/"
    headers = client.get(f"{PREFIX}/causes/").headers
    assert "style-src 'self' https://static.example.org;" in headers[POLICY]
    assert "connect-src 'self';" in headers[POLICY]


WRONG = {
    "a list": (["access"], "E102", "PRINCIPAL_USED is not a dict, but of type list."),
    "misspelled": ({"secret_nam": "x"}, "E103", "PRINCIPAL_USED has the key 'secret_nam', which is not a setting."),
    "upper case": ({"KVSITE_ACCESS": "open"}, "E103", "PRINCIPAL_USED has the key 'KVSITE_ACCESS'"),
    "of the site": ({"hosts": "a"}, "E103", 'PRINCIPAL_USED["hosts"] is a setting of the stand-alone site only.'),
    "a set": ({"people": {"a"}}, "E104", 'PRINCIPAL_USED["people"] is of type set'),
    "a boolean": ({"deadline_s": True}, "E104", 'PRINCIPAL_USED["deadline_s"] is of type bool'),
    "a wrong value": ({"access": "all"}, "E009", "PRINCIPAL_USED[\"access\"] has the unsupported value 'all'."),
    "too long": ({"deadline_s": 1e9}, "E010", 'PRINCIPAL_USED["deadline_s"]'),
}


@pytest.mark.parametrize(("used", "check", "sentence"), WRONG.values(), ids=WRONG)
def test_wrong_dict__is_one_sentence_and_exit_code_2(
    project: Project, settings: Any, used: Any, check: str, sentence: str
) -> None:
    client = project()
    settings.PRINCIPAL_USED = {**settings.PRINCIPAL_USED, **used} if isinstance(used, dict) else used
    found = {message.id: message.msg for message in check_settings()}
    assert sentence in found[f"secrets_app.{check}"]
    with pytest.raises(SystemCheckError, match=re.escape(sentence)):
        call_command("check")
    if check != "E009":  # the access mode has a safe default, with which the secret is read
        command = manage("principal")
        assert command.returncode == 2
        assert sentence in command.stdout
    assert client.get(f"{PREFIX}/").status_code == 200


def test_numbers_and_lists__are_settings_too(project: Project) -> None:
    client = project(
        deadline_s=7.5, allowed_vault_hosts=("vault.example.org", "other.example.org"), tenant_id=None,
        access="token", passphrase=123456789012,
    )  # fmt: skip
    assert check_settings() == []
    assert (conf.current().deadline_s, conf.current().passphrase) == (7.5, "123456789012")
    assert client.get(f"{PREFIX}/api/reading", headers={"authorization": "Bearer 123456789012"}).json()["ok"]


def test_keys__are_unambiguous() -> None:
    assert {"access", "key_vault_uri", "secret_name", "credential", "deadline_s"} <= set(KEYS)
    assert "hosts" not in KEYS


@pytest.mark.parametrize(
    ("change", "check"),
    [({"ROOT_URLCONF": "tests.support.no_urls"}, "W105"), ({"INSTALLED_APPS": ["secrets_app"]}, "W106")],
)
def test_incomplete_project__is_told_what_is_missing(
    project: Project, settings: Any, change: dict[str, Any], check: str
) -> None:
    project()
    assert check_settings() == []
    for name, value in change.items():
        setattr(settings, name, value)
    (found,) = check_settings()
    assert found.id == f"secrets_app.{check}"
    assert not found.is_serious()


def test_documented_snippets__are_the_whole_set_up(project: Project, settings: Any) -> None:
    project()
    names: dict[str, Any] = {"INSTALLED_APPS": ["django.contrib.staticfiles"], "urlpatterns": []}
    for snippet in SNIPPETS[:2]:
        exec(snippet, names)  # noqa: S102 - the documentation's own code
    assert names["INSTALLED_APPS"] == settings.INSTALLED_APPS
    settings.PRINCIPAL_USED = names["PRINCIPAL_USED"]
    settings.ROOT_URLCONF = _module(urlpatterns=names["urlpatterns"])
    clear_url_caches()
    assert check_settings() == []
    assert b"was read" in Client(headers=HERE).get(f"{PREFIX}/").content


def test_documented_decorator__applies_to_every_view(project: Project, settings: Any) -> None:
    project(access="open")
    names: dict[str, Any] = {"urlpatterns": []}
    exec(SNIPPETS[2], names)  # noqa: S102
    settings.ROOT_URLCONF = _module(urlpatterns=names["urlpatterns"])
    settings.MIDDLEWARE = [f"{__name__}.as_staff", *DJANGO]
    clear_url_caches()
    assert Client(headers=HERE).get(f"{PREFIX}/").status_code == 200
    closed = with_decorator(lambda _: lambda _request, **_values: HttpResponse(status=418))
    settings.ROOT_URLCONF = _module(urlpatterns=[path("principal/", include(closed))])
    clear_url_caches()
    for below in ("", "causes/", "api/reading", "nothing"):
        assert Client(headers=HERE).get(f"{PREFIX}/{below}").status_code == 418, below


def as_staff(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware of a project whose visitor has signed in."""

    def respond(request: HttpRequest) -> HttpResponse:
        request.user = SimpleNamespace(is_active=True, is_staff=True)  # type: ignore[attr-defined]
        return get_response(request)

    return respond


def _module(**names: Any) -> ModuleType:
    module = ModuleType("project_urls")
    vars(module).update(names)
    return module


@pytest.mark.program
@pytest.mark.timeout(240)  # it starts two processes, which a busy machine delays
def test_project_of_django_admin__works_under_wsgi_and_asgi(tmp_path: Path) -> None:
    """In a process of its own, with sessions, admin and another language; the database is never created."""
    with LocalAzure("no-role") as azure:
        try_in_project(Path(sys.executable), tmp_path, {**azure.env, "PYTHONPATH": str(ROOT)})
