"""Sites whose Azure is hostile, one for each hop."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from attacks.support.bodies import after_challenge, as_json
from attacks.support.hostile_azure import HOPS, HostileAzure
from attacks.support.hostile_azure import Answer as HostileAnswer
from attacks.support.site import Answer, Site, running_site
from localazure import LocalAzure

DEADLINE_S = 1.0
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

    def visit(self, answer: HostileAnswer) -> list[Answer]:
        """What the pages show when the hop answers like this; a vault sends its challenge first."""
        self.hostile.answer = after_challenge(answer) if self.hop == "vault" else answer
        return [self.site.get(path) for path in PAGES]


@contextmanager
def attacked_sites() -> Iterator[list[Attacked]]:
    """One site for each hop, with a short deadline and no cached results."""
    settings = {"KVSITE_DEADLINE_S": f"{DEADLINE_S:g}", "KVSITE_RESULT_LIFE_S": "0"}
    with ExitStack() as running:
        sites = []
        for name, hop in HOPS.items():
            azure = running.enter_context(LocalAzure(hop.scenario))
            hostile = running.enter_context(HostileAzure(azure, hop.host, None))
            site = running.enter_context(running_site({**hostile.env, **settings}))
            sites.append(Attacked(name, azure, hostile, site))
            sites[-1].visit(as_json(None))  # imports and templates that a worker loads on first use are not measured
        yield sites
