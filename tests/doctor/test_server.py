"""The check of the web server."""

import html
from ipaddress import ip_network

import pytest
from django.test import Client, RequestFactory

from secrets_app.access.client_address import note_forwarded
from secrets_app.conf import Config
from secrets_app.conf.server import WORKER_VARIABLE
from secrets_app.doctor import Status
from secrets_app.doctor.checks.server import SERVER_VARIABLE
from tests.conftest import World
from tests.support.doctor_factories import SITE, run_check

GUNICORN = {SERVER_VARIABLE: "gunicorn/27.0.1"}
OURS = {WORKER_VARIABLE: "128 threads, timeout 75 s"}
POD = {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}
HOSTS = ("kvsite.example.org",)


@pytest.mark.parametrize(
    ("environ", "hosts", "verdict", "sentence"),
    [
        ({}, (), Status.OK, "not served by gunicorn"),
        ({**GUNICORN, **OURS}, (), Status.OK, "runs with the site's configuration"),
        (GUNICORN, (), Status.PROBLEM, "one request at a time"),
        ({**GUNICORN, **OURS, **POD}, HOSTS, Status.NOTICE, "FORWARDED_ALLOW_IPS is not set"),
        ({**GUNICORN, **OURS, **POD}, (), Status.OK, "runs with the site's configuration"),
        ({**GUNICORN, **OURS, **POD, "FORWARDED_ALLOW_IPS": "*"}, HOSTS, Status.OK, "the site's configuration"),
    ],
)
def test_server__is_judged_by_what_it_states(
    environ: dict[str, str], hosts: tuple[str, ...], verdict: Status, sentence: str
) -> None:
    found = run_check("server", environ, config=Config(hosts=hosts))
    assert found.verdict is verdict
    assert sentence in found.finding


def test_app_service__is_told_the_startup_command() -> None:
    assert "startup command" in run_check("server", {**GUNICORN, **SITE}).advice
    assert "startup command" not in run_check("server", GUNICORN).advice


APP_SERVICE = {"HTTP_X_ARR_LOG_ID": "1", "HTTP_X_ARR_SSL": "2048", "HTTP_X_FORWARDED_FOR": "203.0.113.9:50123"}
FRONT_DOOR = {"HTTP_X_FORWARDED_FOR": "203.0.113.9, 10.0.0.4:1", "HTTP_X_AZURE_FDID": "x"}
HTTPS = {"HTTP_X_FORWARDED_PROTO": "https"}
OWN = {"HTTP_X_FORWARDED_FOR": "203.0.113.9", "HTTP_X_FORWARDED_PROTO": "http", "REMOTE_ADDR": "10.0.0.4"}
TRUSTED = Config(trusted_proxies=(ip_network("10.0.0.4"),))


@pytest.mark.parametrize(
    ("environ", "sent", "config", "verdict", "sentence"),
    [
        ({}, {}, Config(), Status.OK, "no request with the headers of a proxy"),
        (SITE, {}, Config(), Status.OK, "no request with the headers of a proxy"),
        (SITE, {**APP_SERVICE, **HTTPS, "wsgi.url_scheme": "https"}, Config(), Status.OK, "complete, and are used"),
        (SITE, {**APP_SERVICE, **HTTPS}, Config(), Status.NOTICE, "redirects to HTTPS again"),
        (SITE, {"HTTP_X_FORWARDED_FOR": "203.0.113.9"}, Config(), Status.NOTICE, "lacks headers that App Service"),
        (
            SITE,
            {
                **APP_SERVICE,
                "HTTP_X_FORWARDED_FOR": "a, b:1",
                "HTTP_X_AZURE_FDID": "x",
                **HTTPS,
                "wsgi.url_scheme": "https",
            },
            Config(),
            Status.NOTICE,
            "Azure Front Door is in front of App Service",
        ),
        ({}, OWN, Config(), Status.NOTICE, "A proxy at 10.0.0.4 forwards requests"),
        ({}, OWN, TRUSTED, Status.OK, "complete, and are used"),
    ],
)
def test_forwarded_headers__are_judged_by_the_last_request(
    environ: dict[str, str], sent: dict[str, str], config: Config, verdict: Status, sentence: str
) -> None:
    note_forwarded(RequestFactory().get("/", **sent))  # type: ignore[arg-type]
    note_forwarded(RequestFactory().get("/"))  # without such headers: changes nothing
    found = run_check("forwarded_headers", environ, config=config)
    assert (found.verdict, sentence in found.finding) == (verdict, True), found.finding
    assert "203.0.113.9" not in str(found.as_json())  # a visitor's address


@pytest.mark.parametrize("header", ["HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_FOR", "REMOTE_ADDR"])
def test_forged_headers__are_not_repeated(header: str) -> None:
    note_forwarded(RequestFactory().get("/", HTTP_X_ARR_LOG_ID="1", **{header: "<forged>"}))  # type: ignore[arg-type]
    assert "forged" not in str(run_check("forwarded_headers", SITE).as_json())


def test_doctor_page__shows_what_the_proxy_of_its_own_request_sent(client: Client, world: World) -> None:
    world("app-service")
    client.get("/", headers={"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https"})
    assert "redirects to HTTPS again" in html.unescape(client.get("/environment/").content.decode())
