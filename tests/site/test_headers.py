"""Security headers and cookies on every response, whichever middleware or view returns it."""

import os
import runpy
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from secrets_app.core.security_headers import SECURITY_HEADERS
from tests.conftest import HERE, World

ROOT = Path(__file__).resolve().parents[2]
ANSWERS = {
    "/": 200,
    "/api/reading": 200,
    "/report/": 200,
    "/explain/": 200,
    "/causes/": 200,
    "/healthz": 200,
    "/readyz": 503,
    "/nothing": 404,
    "/static/nothing.css": 404,
    "/?nonsense=1": 400,
}


@pytest.mark.parametrize(("path", "status"), ANSWERS.items())
def test_every_response__has_security_headers_and_is_not_cached(
    client: Client, world: World, path: str, status: int
) -> None:
    world("no-role")
    response = client.get(path)
    assert response.status_code == status
    assert {name: response.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("sent", "status"),
    [({"REMOTE_ADDR": "203.0.113.9"}, 403), ({"HTTP_HOST": "other.example.org"}, 403), ({"method": "post"}, 405)],
)
def test_error_response__has_security_headers(client: Client, world: World, sent: dict[str, str], status: int) -> None:
    world("app-service")
    method = sent.pop("method", "get")
    response = getattr(client, method)("/", **sent)
    assert response.status_code == status
    assert {name: response.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert response.headers["Cache-Control"] == "no-store"


def test_csrf_failure__has_security_headers(world: World) -> None:
    world("app-service")
    response = Client(enforce_csrf_checks=True, headers=HERE).post("/explain/", {"text": "AADSTS50055"})
    assert response.status_code == 403
    assert {name: response.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS


def test_content_security_policy__allows_no_inline_code_or_other_site() -> None:
    policy = SECURITY_HEADERS["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert not [word for word in ("unsafe", "data:", "blob:", "http", "*") if word in policy]
    assert "frame-ancestors 'none'" in policy
    assert "camera=(), " in SECURITY_HEADERS["Permissions-Policy"]
    assert "clipboard-write" not in SECURITY_HEADERS["Permissions-Policy"]


def test_stylesheet__is_cacheable(client: Client, world: World) -> None:
    world("app-service")
    first = client.get("/static/secrets_app/principal-used.css")
    first.close()
    assert first.status_code == 200
    assert "public" in first.headers["Cache-Control"]
    assert "max-age=" in first.headers["Cache-Control"]
    assert "Access-Control-Allow-Origin" not in first.headers
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    again = client.get(
        "/static/secrets_app/principal-used.css", headers={"If-Modified-Since": first.headers["Last-Modified"]}
    )
    again.close()
    assert again.status_code == 304


def test_production__redirects_to_https_with_hsts(world: World, settings: Any) -> None:
    world("app-service")
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 31_536_000
    plain, secure = Client(headers=HERE).get("/"), Client(headers=HERE).get("/", secure=True)
    assert (plain.status_code, plain.headers["Location"]) == (301, "https://127.0.0.1:8000/")
    assert plain.headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in plain.headers
    assert secure.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def site_settings(**variables: str) -> dict[str, Any]:
    """The settings of the site in a process with these environment variables."""
    os.environ.update(variables)
    return runpy.run_path(str(ROOT / "kvsite" / "settings.py"))


NAMES_OF_PRODUCTION = (
    *("DEBUG", "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_SECURE"),
    "CSRF_COOKIE_HTTPONLY",
)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"KVSITE_HOSTS": "kvsite.example.org"}, [False, True, 31536000, True, True, True]),
        ({"WEBSITE_HOSTNAME": "kvsite.azurewebsites.net"}, [False, True, 31536000, True, True, True]),
        ({}, [False, False, 0, False, False, True]),
    ],
)
def test_site_with_host_name__is_in_production(variables: dict[str, str], expected: list[object]) -> None:
    found = site_settings(**variables)
    assert [found[name] for name in NAMES_OF_PRODUCTION] == expected


def test_csrf_cookie__is_http_only_and_same_site(client: Client, world: World) -> None:
    world("app-service")
    cookie = client.get("/explain/").cookies["csrftoken"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


@pytest.mark.parametrize(
    ("hsts", "header"),
    [
        ("", "max-age=31536000"),
        ("host", "max-age=31536000"),
        ("subdomains", "max-age=31536000; includeSubDomains"),
        ("preload", "max-age=31536000; includeSubDomains; preload"),
        ("yes", "max-age=31536000"),
    ],
)
def test_production__hsts_and_cookies(hsts: str, header: str, settings: Any) -> None:
    variables = {"KVSITE_HOSTS": "kv.example.org", "KVSITE_ACCESS": "token", "KVSITE_HSTS": hsts}
    found = site_settings(**variables, KVSITE_PASSPHRASE="correct horse battery")
    for name in found:
        if name.startswith(("SECURE_", "CSRF_", "SESSION_")) or name in {"ALLOWED_HOSTS", "SECRETS_APP", "PRODUCTION"}:
            setattr(settings, name, found[name])
    response = Client(headers={"host": "kv.example.org"}).get("/sign-in/", secure=True)
    assert response["Strict-Transport-Security"] == header
    (cookie,) = response.cookies.output().splitlines()
    assert cookie.startswith("Set-Cookie: __Host-csrftoken=")
    assert "Secure" in cookie
    assert "Path=/;" in cookie
    assert "Domain" not in cookie
