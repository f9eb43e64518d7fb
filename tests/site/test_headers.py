"""Security headers and cookies on every response, whichever middleware or view returns it."""

import os
import subprocess
import sys
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


SETTINGS_OF_PRODUCTION = """
import json, django, django.conf as c
django.setup()
print(json.dumps([getattr(c.settings, name) for name in (
    "DEBUG", "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_SECURE",
    "CSRF_COOKIE_HTTPONLY")]))
"""


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        ({"KVSITE_HOSTS": "kvsite.example.org"}, "[false, true, 31536000, true, true, true]"),
        ({"WEBSITE_HOSTNAME": "kvsite.azurewebsites.net"}, "[false, true, 31536000, true, true, true]"),
        ({}, "[false, false, 0, false, false, true]"),
    ],
)
def test_site_with_host_name__is_in_production(words: dict[str, str], printed: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", SETTINGS_OF_PRODUCTION],
        cwd=ROOT, env={**os.environ, **words, "DJANGO_SETTINGS_MODULE": "kvsite.settings"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert result.stdout.strip() == printed


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
def test_production__hsts_and_cookies(hsts: str, header: str) -> None:
    """In a process of its own: Django reads the settings once."""
    code = (
        "import django; django.setup(); from django.test import Client;"
        "r = Client(headers={'host': 'kv.example.org'}).get('/sign-in/', secure=True);"
        "print(r['Strict-Transport-Security']); print(r.cookies.output())"
    )
    environ = {"DJANGO_SETTINGS_MODULE": "kvsite.settings", "KVSITE_HOSTS": "kv.example.org", "KVSITE_ACCESS": "token"}
    environ |= {"KVSITE_PASSPHRASE": "correct horse battery", "KVSITE_HSTS": hsts, "PATH": os.environ["PATH"]}
    command = [sys.executable, "-c", code]
    output = subprocess.run(command, env=environ, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    first, cookie = output.strip().splitlines()
    assert first == header
    assert cookie.startswith("Set-Cookie: __Host-csrftoken=")
    assert "Secure" in cookie
    assert "Path=/;" in cookie
    assert "Domain" not in cookie
