"""Runs the scenario and the website in it, and restarts both when the scenario changes."""

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence

from localazure.demo.site import Site, SiteError
from localazure.demo.suggestions import CommandRun
from localazure.emulator import LocalAzure
from localazure.scenarios import Scenario, find_scenario


class DemoRunner:
    def __init__(
        self,
        open_emulator: Callable[[str], LocalAzure],
        scenario: str,
        command: Sequence[str],
        *,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """`variables`: further environment variables of the site."""
        self._variables = dict(variables or {})
        self._open_emulator = open_emulator
        self.scenario: Scenario = find_scenario(scenario)
        self.error: str | None = None
        """Why the site is not running, in one sentence."""
        self._command = command
        self._azure: LocalAzure | None = None
        self._site: Site | None = None
        self._watch_task: asyncio.Task[None] | None = None
        self._change_lock = asyncio.Lock()
        self.runs: tuple[CommandRun, ...] = ()
        """The suggested commands that were run in this scenario last, and their results."""

    async def site_port(self) -> int | None:
        """The port of the running site, after a pending change; None when it is not running."""
        async with self._change_lock:
            return self._site.port if self._site and not self.error else None

    async def start_scenario(self, name: str) -> None:
        """Stop the site and start it again in this scenario. Raises UnknownScenarioError or SiteError."""
        scenario = find_scenario(name)
        async with self._change_lock:
            await self._stop()
            self.scenario, self.error, self.runs = scenario, None, ()
            self._azure, self._site = self._open_emulator(scenario.name).__enter__(), Site(self._command)
            await self._start_site(self._azure)

    async def run(self, lines: Sequence[str], skipped: Sequence[str] = ()) -> None:
        """Run command lines with the emulated az, until one fails. Restart the site when its environment changed.

        `skipped` are commands that a person has to complete; they are only reported.

        Raises SiteError when the site does not start again.
        """
        async with self._change_lock:
            azure = self._azure
            if azure is None:
                return
            before, runs = azure.env, []
            for line in lines:
                result = await asyncio.to_thread(azure.run_az, line)
                runs.append(CommandRun(line=line, result=result))
                if result.exit_code:
                    break
            self.runs = (*runs, *(CommandRun(line=line) for line in skipped))
            if azure.env != before:  # App Service restarts a site when its identity or app settings change
                await self._stop_site()
                self._site = Site(self._command)
                await self._start_site(azure)

    async def close(self) -> None:
        async with self._change_lock:
            await self._stop()

    async def _start_site(self, azure: LocalAzure) -> None:
        assert self._site is not None  # noqa: S101 - set by the callers
        try:
            await self._site.start({**azure.env, **self._variables})
        except SiteError as error:
            self._report(str(error))
            raise
        self._watch_task = asyncio.create_task(self._watch(self._site))

    async def _stop(self) -> None:
        await self._stop_site()
        if self._azure is not None:
            self._azure.__exit__(None, None, None)
        self._azure = None

    async def _stop_site(self) -> None:
        if self._watch_task is not None:
            self._watch_task.cancel()
        if self._site is not None:
            await self._site.stop()
        self._watch_task = self._site = None

    async def _watch(self, site: Site) -> None:
        self._report(f"The site exited with code {await site.wait()}.")

    def _report(self, error: str) -> None:
        self.error = error
        sys.stderr.write(f"localazure: {error}\n")
