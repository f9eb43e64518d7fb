"""Azure Resource Manager: tenants, subscriptions and errors."""

from collections.abc import Callable

import httpx
import pytest
from azure.identity import DefaultAzureCredential

from localazure import LocalAzure
from localazure.scenarios.directory import CONTOSO, PRODUCTION

pytest_plugins = ["scenario_fixtures"]

GetResource = Callable[..., httpx.Response]
BASE = "https://management.azure.com"


@pytest.fixture
def get_resource(
    start_scenario: Callable[..., LocalAzure], http_client: Callable[[LocalAzure], httpx.Client]
) -> GetResource:
    client = http_client(start_scenario("app-service"))

    def get(path: str, audience: str = BASE) -> httpx.Response:
        bearer = DefaultAzureCredential().get_token(f"{audience}/.default").token if audience else ""
        return client.get(BASE + path, headers={"Authorization": f"Bearer {bearer}"} if bearer else {})

    return get


def test_tenant_and_subscription__are_listed(get_resource: GetResource) -> None:
    (tenant,) = get_resource("/tenants?api-version=2022-12-01").json()["value"]
    assert (tenant["tenantId"], tenant["defaultDomain"]) == (CONTOSO.id, CONTOSO.domain)
    (subscription,) = get_resource("/subscriptions?api-version=2022-12-01").json()["value"]
    assert (subscription["subscriptionId"], subscription["state"]) == (PRODUCTION.id, "Enabled")
    assert get_resource(f"/subscriptions/{PRODUCTION.id}?api-version=2022-12-01").json() == subscription


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
def test_error__has_resource_managers_format(
    get_resource: GetResource, path: str, audience: str, status: int, code: str
) -> None:
    response = get_resource(path, audience)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert ("WWW-Authenticate" in response.headers) is (status == 401)
