"""The check for django-health-check on its own page and in its own command."""

from types import ModuleType
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import clear_url_caches, include, path
from health_check.views import HealthCheckView

from tests.conftest import HERE, World
from tests.support.django_project import SNIPPETS

CHECKS = [("secrets_app.health.KeyVaultSecret", {}), ("secrets_app.health.KeyVaultSecret", {"secret": "missing"})]


@pytest.fixture
def health(world: World, settings: Any) -> Any:
    """`health("no-role", CHECKS)` returns a client of a site with the page /ht/."""

    def visit(scenario: str, checks: list[Any]) -> Client:
        world(scenario)
        urls = ModuleType("health_urls")
        page = path("ht/", HealthCheckView.as_view(checks=checks), name="health")
        vars(urls).update(urlpatterns=[page, path("", include("secrets_app.urls"))])
        settings.ROOT_URLCONF = urls
        settings.INSTALLED_APPS = ["django.contrib.staticfiles", "secrets_app", "health_check"]
        clear_url_caches()
        return Client(headers={**HERE, "accept": "application/json"})

    return visit


def test_page__is_200_when_the_secret_can_be_read(health: Any) -> None:
    response = health("app-service", CHECKS[:1]).get("/ht/")
    assert (response.status_code, list(response.json().values())) == (200, ["OK"])


def test_page__is_500_with_the_cause_and_no_id(health: Any) -> None:
    response = health("no-role", CHECKS[:1]).get("/ht/")
    assert response.status_code == 500
    assert "kv_rbac_denied" in response.content.decode()
    assert "oid" not in response.content.decode()


def test_expired_secret__is_a_warning(health: Any) -> None:
    assert (
        "Warning: The secret can be read, but: secret_expired"
        in health("secret-expired", CHECKS[:1]).get("/ht/").content.decode()
    )


def test_another_secret__is_named(health: Any) -> None:
    text = health("app-service", CHECKS).get("/ht/").content.decode()
    assert "missing" in text
    assert "kv_secret_not_found" in text


@pytest.mark.parametrize(("scenario", "code"), [("app-service", 0), ("no-role", 1)])
def test_command__has_the_exit_code(health: Any, scenario: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    health(scenario, CHECKS[:1])
    with pytest.raises(SystemExit) as ended:
        call_command("health_check", "health", "--no-http")
    assert ended.value.code == code


def test_documented_page__has_a_check_of_each_secret(health: Any, settings: Any) -> None:
    health("app-service", CHECKS)
    names: dict[str, Any] = {"urlpatterns": []}
    exec(SNIPPETS[3], names)  # noqa: S102 - the documentation's own code
    urls = ModuleType("documented_urls")
    vars(urls).update(urlpatterns=names["urlpatterns"])
    settings.ROOT_URLCONF = urls
    clear_url_caches()
    text = Client(headers=HERE).get("/health/", headers={"accept": "text/plain"}).content.decode()
    assert "KeyVaultSecret(secret=None): OK" in text
    assert "KeyVaultSecret(secret='db-password'): Unavailable" in text
