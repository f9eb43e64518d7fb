"""`/metrics`: the reading in the formats of Prometheus, for visitors with access and for scrapers with the token."""

import logging
import re
from typing import Any

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from secrets_app.checks import check_settings
from secrets_app.views import metrics
from tests.conftest import World
from tests.support.access_requests import ELSEWHERE

TOKEN = "scraper-0123456789abcdef"
LABELS = {"vault": "contoso", "secret": "demo", "identity": "kvsite-demo"}


def samples_of(text: str) -> dict[str, tuple[dict[str, str], float]]:
    return {
        sample.name: (sample.labels, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_success__is_1_with_the_expiry_of_token_and_secret(client: Client, world: World) -> None:
    world("secret-expired")
    response = client.get("/metrics")
    assert (response.status_code, response["Content-Type"][:10]) == (200, "text/plain")
    samples = samples_of(response.content.decode())
    assert samples["principal_used_reading_ok"] == (LABELS, 1.0)
    assert samples["principal_used_reading_duration_seconds"][1] > 0
    assert samples["principal_used_token_expires_timestamp_seconds"][1] > 1.7e9
    assert samples["principal_used_secret_expires_timestamp_seconds"][1] > 1.5e9
    assert samples["principal_used_info"][0]["version"]
    assert "demo-secret" not in response.content.decode()


def test_failure__is_0_with_the_cause(client: Client, world: World) -> None:
    world("no-role")
    response = client.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert response["Content-Type"].startswith("application/openmetrics-text")
    samples = samples_of(response.content.decode())
    assert samples["principal_used_reading_ok"] == (LABELS, 0.0)
    labels, value = samples["principal_used_cause_info"]
    assert (labels, value) == (LABELS | {"cause": "kv_rbac_denied", "status": "403", "code": "ForbiddenByRbac"}, 1.0)
    assert "principal_used_secret_expires_timestamp_seconds" not in samples


@pytest.mark.parametrize(
    ("header", "status"),
    [(f"Bearer {TOKEN}", 200), (f"bearer  {TOKEN} ", 200), ("Bearer x", 403), (TOKEN, 403), (f"Basic {TOKEN}", 403)],
)
def test_token__admits_a_scraper_to_the_metrics_only(world: World, settings: Any, header: str, status: int) -> None:
    world("app-service")
    settings.SECRETS_APP = {**settings.SECRETS_APP, "KVSITE_METRICS_TOKEN": TOKEN}
    scraper = Client(headers={"host": "127.0.0.1:8000", "authorization": header}, **ELSEWHERE)  # type: ignore[arg-type]
    response = scraper.get("/metrics")
    assert response.status_code == status
    assert TOKEN.encode() not in response.content
    assert scraper.get("/").status_code == 403
    assert scraper.get("/api/reading").status_code == 403


def test_token__of_a_scraper_is_no_wrong_passphrase(
    world: World, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    world("app-service")
    passphrase = "correct horse battery staple"
    access = {"KVSITE_ACCESS": "token", "KVSITE_PASSPHRASE": passphrase, "KVSITE_METRICS_TOKEN": TOKEN}
    settings.SECRETS_APP = {**settings.SECRETS_APP, **access}
    caplog.set_level(logging.INFO)

    def status_of(path: str, token: str) -> int:
        headers = {"host": "127.0.0.1:8000", "authorization": f"Bearer {token}"}
        return Client(headers=headers, **ELSEWHERE).get(path).status_code  # type: ignore[arg-type]

    assert [status_of("/metrics", TOKEN) for _ in range(8)] == [200] * 8
    assert "wrong passphrase" not in caplog.text
    assert status_of("/api/reading", passphrase) == 200  # from the same address: not throttled
    assert status_of("/api/reading", TOKEN) == 403
    assert [status_of("/metrics", f"wrong-{number}-0123456789") for number in range(8)] == [403] * 8
    assert "wrong passphrase" in caplog.text
    assert status_of("/api/reading", passphrase) == 403


@pytest.mark.parametrize("text", ["short", "with a space, and long enough", ""])
def test_invalid_token__admits_no_scraper(world: World, settings: Any, text: str) -> None:
    world("app-service")
    settings.SECRETS_APP = {**settings.SECRETS_APP, "KVSITE_METRICS_TOKEN": text}
    scraper = Client(headers={"host": "127.0.0.1:8000", "authorization": f"Bearer {text}"}, **ELSEWHERE)  # type: ignore[arg-type]
    assert scraper.get("/metrics").status_code == 403
    assert [message.id for message in check_settings()] == (["secrets_app.E107"] if text else [])


def test_missing_package__is_one_sentence(client: Client, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world("app-service")
    monkeypatch.setattr(metrics, "choose_encoder", None)
    response = client.get("/metrics")
    assert response.status_code == 501
    assert re.fullmatch(r"This URL needs .* pip install 'principal-used\[metrics\]'\.\n", response.content.decode())
