"""The world on show and the site inside it, and how both are changed together."""

import asyncio
import sys
from collections.abc import Callable, Sequence

from localazure.demo.site import Site, SiteError
from localazure.local_azure import LocalAzure
from localazure.scenario import Scenario
from localazure.scenarios import find_scenario


class Stage:
    def __init__(self, open_world: Callable[[str], LocalAzure], scenario: str, command: Sequence[str]) -> None:
        self._open_world = open_world
        self.scenario: Scenario = find_scenario(scenario)
        self.trouble: str | None = None
        """Why there is no site to show, in one sentence."""
        self._command = command
        self._azure: LocalAzure | None = None
        self._site: Site | None = None
        self._watch: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()

    async def site_port(self) -> int | None:
        """The port of the running site, after any change that is under way; None when it does not run."""
        async with self._changing:
            return self._site.port if self._site and not self.trouble else None

    async def show(self, scenario: str) -> None:
        """Stops the site and starts it again in another world. Raises UnknownScenarioError or SiteError."""
        entry = find_scenario(scenario)
        async with self._changing:
            await self._clear()
            self.scenario, self.trouble = entry, None
            self._azure, self._site = self._open_world(entry.name).__enter__(), Site(self._command)
            try:
                await self._site.start(self._azure.env)
            except SiteError as error:
                self._report(str(error))
                raise
            self._watch = asyncio.create_task(self._watch_site(self._site))

    async def close(self) -> None:
        async with self._changing:
            await self._clear()

    async def _clear(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        if self._site is not None:
            await self._site.stop()
        if self._azure is not None:
            self._azure.__exit__(None, None, None)
        self._watch = self._site = self._azure = None

    async def _watch_site(self, site: Site) -> None:
        self._report(f"The site ended with exit code {await site.ended()}.")

    def _report(self, trouble: str) -> None:
        self.trouble = trouble
        sys.stderr.write(f"localazure: {trouble}\n")
