"""Answers of a hostile Azure at every hop: bounded in memory and time, and reported as an error of Azure."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from attacks.conftest import Figure
from attacks.support.attacked import DEADLINE_S, PAGES, Attacked
from attacks.support.bodies import BODIES, endless_head
from attacks.support.hostile_azure import HOPS, HostileAzure
from attacks.support.site import running_site, wait_for
from localazure import LocalAzure

MAX_MEMORY_MIB = 150


@pytest.mark.parametrize("body", BODIES)
def test_answer__is_bounded_and_reported(attacked: list[Attacked], body: str, figure: Figure) -> None:
    logged = {one.hop: len(one.site.log()) for one in attacked}
    for one in attacked:
        one.site.reset_peak()
    with ThreadPoolExecutor() as pool:
        answers = dict(
            zip((one.hop for one in attacked), pool.map(lambda one: one.visit(BODIES[body]()), attacked), strict=True)
        )
    assert {hop: [answer.status for answer in found] for hop, found in answers.items()} == {
        hop: [200] * len(PAGES) for hop in answers
    }
    logs = {one.hop: one.site.log()[logged[one.hop] :] for one in attacked}
    assert [hop for hop, log in logs.items() if "Traceback" in log] == [], logs
    shown = b"".join(answer.body for found in answers.values() for answer in found) + "".join(logs.values()).encode()
    assert not [secret for one in attacked for secret in one.secrets() if secret.encode() in shown]
    assert not any("evil.example" in request for one in attacked for request in one.hostile.requests)
    memory_mib = max(one.site.memory_mib(peak=True) for one in attacked)
    figure("memory of a worker, any answer of Azure", memory_mib, "MiB", at_most=MAX_MEMORY_MIB)
    slowest_s = max(answer.elapsed_s for found in answers.values() for answer in found)
    figure("response after the deadline, any answer of Azure", slowest_s - DEADLINE_S, "s", at_most=0.6)


DRIPS = {
    "response head": BODIES["headers byte by byte"](),
    "answer to CONNECT": endless_head(b"X: y\r\n", pause_s=0.2),
}


@pytest.mark.parametrize("part", DRIPS)
def test_doctor__recovers_from_a_response_byte_by_byte(part: str) -> None:
    """A check that waits must end: the next run of the doctor joins checks that are still running."""
    hop = HOPS["vault"]
    tunnel = DRIPS[part] if part == "answer to CONNECT" else None
    with (
        LocalAzure(hop.scenario) as azure,
        HostileAzure(azure, hop.host, DRIPS[part], tunnel=tunnel) as hostile,
        running_site({**hostile.env, "KVSITE_DEADLINE_S": "1", "KVSITE_RESULT_LIFE_S": "0"}) as site,
    ):
        assert site.get("/environment/").status == 200
        hostile.heal()
        healed = wait_for(lambda: b"Timed out" not in site.get("/environment/").body, within_s=8)
        assert healed
        assert b"The vault responded in" in site.get("/environment/").body
