"""The check of the web server."""

import pytest

from secrets_app.conf import Config
from secrets_app.conf.server import WORKER_VARIABLE
from secrets_app.doctor import Status
from secrets_app.doctor.checks.server import SERVER_VARIABLE
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
