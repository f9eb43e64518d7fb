"""What visitors may choose: nothing in `open`, and elsewhere ten new readings a second in all."""

from typing import Any

import pytest
from django.test import Client

from secrets_app.core.budget import READINGS_PER_S, BudgetExceededError, VisitorBudget
from secrets_app.core.runtime import shared
from tests.conftest import HERE, World, open_link

IDENTITY = "91bc4621-2e5a-436e-bb44-75d5e0f13b45"
CHOICES = (
    "/secret/?name=other", "/secret/?version=0123456789abcdef0123456789abcdef", f"/secret/?userassignedid={IDENTITY}",
    "/secret/?name=https://contoso.vault.azure.net/secrets/other", f"/?userAssignedClientId={IDENTITY}",
    f"/?userAssignedObjectId={IDENTITY}", f"/api/reading?userassignedid={IDENTITY}",
    "/token/?scope=https://management.azure.com", "/api/token?scope=https://graph.microsoft.com",
)  # fmt: skip
OWN = (
    "/", "/?refresh=1", "/api/reading", "/secret/", "/secret/?name=demo", "/token/", "/environment/", "/report/",
    "/token/?scope=https://vault.azure.net", "/api/token?scope=https://vault.azure.net/.default",
)  # fmt: skip


def test_open__refuses_every_choice_before_a_request_is_sent(client: Client, world: World, settings: Any) -> None:
    azure = world("app-service")
    settings.SECRETS_APP["KVSITE_ACCESS"] = "open"
    for path in CHOICES:
        response = client.get(path)
        assert response.status_code == 403, path
        assert "KVSITE_ACCESS=easy-auth, token or loopback." in response.content.decode()
    response = client.post("/api/reading", {"userassignedid": IDENTITY})
    assert response.status_code == 403
    assert azure.requests == ()


def test_open__answers_for_what_is_configured(client: Client, world: World, settings: Any) -> None:
    world("app-service")
    settings.SECRETS_APP["KVSITE_ACCESS"] = "open"
    for path in OWN:
        assert client.get(path).status_code == 200, path
    assert 'name="name"' not in client.get("/secret/").content.decode()


def test_other_modes__allow_choices(client: Client, world: World) -> None:
    world("app-service")
    assert [client.get(path).status_code for path in CHOICES[:5]] == [200] * 5


SPENT = 5000
"""More than the budget of the test's duration."""


@pytest.mark.parametrize("path", [*CHOICES[:2], *CHOICES[4:], "/identities/"])
def test_too_many_choices__are_answered_429(client: Client, world: World, path: str) -> None:
    azure = world("app-service")
    shared(VisitorBudget).take(SPENT)
    response = client.get(path)
    assert response.status_code == 429
    assert 400 < int(response["Retry-After"]) <= SPENT / READINGS_PER_S
    assert "Visitors request too many readings at the same time." in response.content.decode()
    assert azure.requests == ()
    assert client.get("/").status_code == 200  # the site's own reading does not count
    assert client.get("/readyz").status_code == 200


def test_the_same_choice__is_one_reading(client: Client, world: World, settings: Any) -> None:
    world("app-service")
    settings.SECRETS_APP["KVSITE_RESULT_LIFE_S"] = "60"
    assert {client.get("/secret/?name=other").status_code for _ in range(3 * READINGS_PER_S)} == {200}


def test_value_of_a_choice__counts(world: World) -> None:
    world("app-service")
    client = Client(headers=HERE)
    open_link(client)
    shared(VisitorBudget).take(SPENT)
    assert client.post("/value/?name=other").status_code == 429
    assert client.post("/value/").status_code == 200


def test_budget__refills_with_time() -> None:
    now = [0.0]
    budget = VisitorBudget(lambda: now[0])
    for _ in range(READINGS_PER_S):
        budget.take()
    with pytest.raises(BudgetExceededError) as raised:
        budget.take()
    assert raised.value.retry_after_s == pytest.approx(0.1)
    now[0] = 0.1
    budget.take(12)  # together, in advance
    now[0] = 1.2
    with pytest.raises(BudgetExceededError):
        budget.take()
    now[0] = 1.31
    budget.take()
