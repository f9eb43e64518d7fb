"""Answers of a hostile Azure at every hop: bounded in memory and time, and reported as an error of Azure."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import NamedTuple

import pytest

from attacks.conftest import Figure
from attacks.support.bodies import BODIES, after_challenge, endless_head
from attacks.support.hostile_azure import HOPS, HostileAzure
from attacks.support.site import Answer, Site, running_site, wait_for
from localazure import LocalAzure

DEADLINE_S = 1.0
MAX_MEMORY_MIB = 150
PAGES = ("/", "/api/reading?refresh=1")


class Attacked(NamedTuple):
    """A site whose Azure is hostile at one hop."""

    hop: str
    azure: LocalAzure
    hostile: HostileAzure
    site: Site

    def secrets(self) -> list[str]:
        """What the site sends to authenticate."""
        names = ("AZURE_CLIENT_SECRET", "IDENTITY_HEADER")
        sent = [self.azure.env[name] for name in names if name in self.azure.env]
        return [*sent, *(token.text for token in self.azure.tokens)]

    def visit(self, body: str) -> list[Answer]:
        """What the pages show when the hop answers with this body."""
        answer = BODIES[body]()
        self.hostile.answer = after_challenge(answer) if self.hop == "vault" else answer
        return [self.site.get(path) for path in PAGES]


@pytest.fixture(scope="module")
def attacked() -> Iterator[list[Attacked]]:
    """One site for each hop."""
    with ExitStack() as running:
        sites = []
        for name, hop in HOPS.items():
            azure = running.enter_context(LocalAzure(hop.scenario))
            hostile = running.enter_context(HostileAzure(azure, hop.host, None))
            settings = {"KVSITE_DEADLINE_S": f"{DEADLINE_S:g}", "KVSITE_RESULT_LIFE_S": "0"}
            site = running.enter_context(running_site({**hostile.env, **settings}))
            sites.append(Attacked(name, azure, hostile, site))
            sites[-1].visit("null")  # imports and templates that a worker loads on first use are not measured
        yield sites


@pytest.mark.parametrize("body", BODIES)
def test_answer__is_bounded_and_reported(attacked: list[Attacked], body: str, figure: Figure) -> None:
    logged = {one.hop: len(one.site.log()) for one in attacked}
    for one in attacked:
        one.site.reset_peak()
    with ThreadPoolExecutor() as pool:
        answers = dict(zip((one.hop for one in attacked), pool.map(lambda one: one.visit(body), attacked), strict=True))
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
