"""Each fault of each service: a response in time with the right cause, and recovery in the same process afterwards."""

import os
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from localazure import Fault, FaultInjection, LocalAzure, Scenario
from localazure.scenarios import find_scenario
from secrets_app import conf
from tests.conftest import World
from tests.support.deadlines import read_as
from tests.support.leak_checks import ends, leftovers
from tests.support.readings import get_reading

FAST_S = 0.5
"""The deadline where the fault makes a reading wait for it."""
SLOW_S = 2.0
"""The deadline elsewhere: such a fault is known at once."""

HOPS = {
    "app-service": ("app-service", "app-service"),
    "metadata": ("vm", "imds"),
    "entra": ("service-principal-secret", "entra"),
    "vault": ("app-service", "keyvault"),
}
"""Hop -> a scenario that passes it, and the service there."""

FAULTS = {
    "silent": FaultInjection(fault=Fault.SILENCE),
    "late": FaultInjection(latency_s=60),
    "drips": FaultInjection(fault=Fault.DRIP),
    "resets": FaultInjection(fault=Fault.RESET),
    "gateway's page": FaultInjection(fault=Fault.HTML),
    "half of the JSON": FaultInjection(fault=Fault.TRUNCATED),
    "64 MiB": FaultInjection(fault=Fault.HUGE),
    "redirects": FaultInjection(fault=Fault.REDIRECT),
    "410": FaultInjection(status=410),
    "429 for an hour": FaultInjection(status=429, retry_after_s=3600),
    "500": FaultInjection(status=500),
    "503 for an hour": FaultInjection(status=503, retry_after_s=3600),
}
WAITS = {"silent", "late", "drips"}

CAUSES = {
    #                    App Service's             the metadata service's     Entra's                the vault's
    "silent": ("network_interrupted", "no_credential_available", "network_interrupted", "deadline_exceeded"),
    "late": ("network_interrupted", "no_credential_available", "network_interrupted", "deadline_exceeded"),
    "drips": ("deadline_exceeded", "deadline_exceeded", "deadline_exceeded", "deadline_exceeded"),
    "resets": ("network_interrupted", "network_interrupted", "network_interrupted", "network_interrupted"),
    "gateway's page": ("imds_unreadable_answer", "imds_unreadable_answer", "service_error", "service_error"),
    "half of the JSON": (
        "imds_unreadable_answer", "imds_unreadable_answer", "network_interrupted", "network_interrupted",
    ),
    "64 MiB": ("imds_unreadable_answer", "no_credential_available", "network_interrupted", "network_interrupted"),
    "redirects": ("imds_unreadable_answer", "imds_unreadable_answer", "tenant_id_wrong", "service_error"),
    # An error from Entra's OpenID configuration looks like a wrong tenant: MSAL hides the status.
    "410": ("mi_endpoint_error", "mi_endpoint_error", "tenant_id_wrong", "unexpected"),
    "429 for an hour": ("mi_endpoint_error", "mi_endpoint_error", "tenant_id_wrong", "kv_throttled"),
    "500": ("mi_endpoint_error", "mi_endpoint_error", "service_error", "service_error"),
    "503 for an hour": ("mi_endpoint_error", "mi_endpoint_error", "service_error", "service_error"),
}  # fmt: skip
"""Fault -> the cause at each hop."""

MATRIX = [
    pytest.param(hop, fault, cause, id=f"{hop}: {fault}")
    for fault, causes in CAUSES.items()
    for hop, cause in zip(HOPS, causes, strict=True)
]


def world_of_its_own(name: str) -> Scenario:
    """The scenario with a vault host that no other test uses: the SDK caches challenges by host."""
    scenario = find_scenario(name)
    return replace(scenario, vault=replace(scenario.vault, name=f"v{uuid.uuid4().hex[:12]}"))


def check(azure: LocalAzure, service: str, trouble: FaultInjection, deadline_s: float, cause: str) -> None:
    azure.inject_fault(service, trouble)
    assert read_as(lambda reading: reading.main_cause == cause, deadline_s).main_cause == cause
    azure.inject_fault(service, FaultInjection())
    assert read_as(lambda reading: reading.ok, SLOW_S).ok
    assert ends(lambda: not leftovers())


@pytest.mark.parametrize(("hop", "fault", "cause"), MATRIX)
def test_fault__is_diagnosed_in_time_and_leaves_nothing(world: World, hop: str, fault: str, cause: str) -> None:
    scenario, service = HOPS[hop]
    azure = world(world_of_its_own(scenario))
    check(azure, service, FAULTS[fault], FAST_S if fault in WAITS else SLOW_S, cause)


@pytest.mark.parametrize("fault", FAULTS)
def test_vault_fault_after_a_success__is_diagnosed(world: World, fault: str) -> None:
    azure = world(world_of_its_own("app-service"))
    deadline_s = FAST_S if fault in WAITS else SLOW_S
    assert read_as(lambda reading: reading.ok, SLOW_S).ok
    check(azure, "keyvault", FAULTS[fault], deadline_s, CAUSES[fault][-1])


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        ("sleep 60", "az_timeout"),
        ("echo '{\"accessToken\": '", "tool_output_unexpected"),
        ("exit 3", "az_broken_install"),
        ("echo \"Please run 'az login' to setup account.\" >&2; exit 1", "az_not_logged_in"),
        ("kill -9 $$", "az_broken_install"),
    ],
)
def test_broken_az__is_diagnosed_and_recovers_without_restart(
    world: World, tmp_path: Path, script: str, cause: str
) -> None:
    world("laptop")
    good = os.environ["PATH"]
    (tmp_path / "az").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "az").chmod(0o755)
    os.environ["PATH"] = f"{tmp_path}{os.pathsep}{good}"
    deadline_s = 1.5 if cause == "az_timeout" else SLOW_S
    assert read_as(lambda reading: reading.main_cause == cause, deadline_s).main_cause == cause
    os.environ["PATH"] = good
    assert get_reading(conf.current()).ok
    assert ends(lambda: not leftovers())
