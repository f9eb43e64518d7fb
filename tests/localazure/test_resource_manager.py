"""Resource Manager's answers to whoever signs in: tenants, subscriptions, and its refusals."""

from collections.abc import Callable

import httpx
import pytest
from azure.identity import DefaultAzureCredential

from localazure import LocalAzure
from localazure.scenarios.directory import CONTOSO, PRODUCTION

pytest_plugins = ["scenario_fixtures"]

Ask = Callable[..., httpx.Response]
BASE = "https://management.azure.com"


@pytest.fixture
def ask(start_scenario: Callable[..., LocalAzure], http_client: Callable[[LocalAzure], httpx.Client]) -> Ask:
    client = http_client(start_scenario("app-service"))

    def get(path: str, audience: str = BASE) -> httpx.Response:
        bearer = DefaultAzureCredential().get_token(f"{audience}/.default").token if audience else ""
        return client.get(BASE + path, headers={"Authorization": f"Bearer {bearer}"} if bearer else {})

    return get


def test_the_tenant_and_its_subscription_are_listed(ask: Ask) -> None:
    (tenant,) = ask("/tenants?api-version=2022-12-01").json()["value"]
    assert (tenant["tenantId"], tenant["defaultDomain"]) == (CONTOSO.id, CONTOSO.domain)
    (subscription,) = ask("/subscriptions?api-version=2022-12-01").json()["value"]
    assert (subscription["subscriptionId"], subscription["state"]) == (PRODUCTION.id, "Enabled")
    assert ask(f"/subscriptions/{PRODUCTION.id}?api-version=2022-12-01").json() == subscription


@pytest.mark.parametrize(
    ("path", "audience", "status", "code"),
    [
        ("/tenants?api-version=2022-12-01", "", 401, "AuthenticationFailed"),
        ("/tenants?api-version=2022-12-01", "https://vault.azure.net", 401, "InvalidAuthenticationTokenAudience"),
        ("/tenants", BASE, 400, "MissingApiVersionParameter"),
        ("/subscriptions/nothing?api-version=2022-12-01", BASE, 404, "SubscriptionNotFound"),
        ("/providers?api-version=2022-12-01", BASE, 404, "NotFound"),
    ],
)
def test_a_refusal_has_resource_managers_form(ask: Ask, path: str, audience: str, status: int, code: str) -> None:
    answer = ask(path, audience)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert ("WWW-Authenticate" in answer.headers) is (status == 401)
