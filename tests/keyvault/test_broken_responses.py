"""Broken responses of Azure: the page responds in time, names the problem and shows nothing of the response body."""

from typing import Any

import pytest
from django.test import Client

from localazure.scenarios.faults import Fault, FaultInjection
from secrets_app import conf
from tests.conftest import World
from tests.support.readings import get_reading

SERVICES = ("keyvault", "app-service")


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("service", SERVICES)
def test_broken_response__none_of_it_is_shown(
    client: Client, world: World, settings: Any, service: str, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    azure = world("app-service", faults={service: FaultInjection(fault=fault)})
    deadline_s = "1" if fault in {Fault.SILENCE, Fault.DRIP} else "30"
    settings.SECRETS_APP |= {"KVSITE_DEADLINE_S": deadline_s, "KVSITE_RESULT_LIFE_S": "60"}
    caplog.set_level("DEBUG", logger="secrets_app")
    reading = get_reading(conf.current())
    page = client.get("/")
    output = f"{page.content.decode()}{client.get('/api/reading').content.decode()}{reading!r}{caplog.text}"
    assert page.status_code == 200
    assert reading.ok is (fault is Fault.WRONG_TYPE)  # the SDK parses JSON with any content type
    assert reading.ok or reading.failure
    assert "its answer was no" not in page.content.decode()
    assert azure.secret_value not in output
    assert azure.secret_value[:12] not in output
    for token in azure.tokens:
        assert token.text[:40] not in output


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 410, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("service", SERVICES)
def test_any_status__has_a_page_with_a_cause(
    client: Client, world: World, settings: Any, service: str, status: int
) -> None:
    world("app-service", faults={service: FaultInjection(status=status)})
    settings.SECRETS_APP["KVSITE_DEADLINE_S"] = "30"
    page = client.get("/")
    assert page.status_code == 200
    assert '<section class="answer is-no"' in page.content.decode()
    assert "data-cause=" in page.content.decode()


@pytest.mark.parametrize("fault", [Fault.TRUNCATED, Fault.HTML])
def test_unreadable_token_response__names_the_token_service(world: World, fault: Fault) -> None:
    world("app-service", faults={"app-service": FaultInjection(fault=fault)})
    assert get_reading(conf.current()).main_cause == "imds_unreadable_answer"


def test_fault_that_ends__is_recovered_from(world: World) -> None:
    world("app-service", faults={"keyvault": FaultInjection(fault=Fault.TRUNCATED)})
    assert not get_reading(conf.current()).ok
    world("app-service")
    assert get_reading(conf.current()).ok
