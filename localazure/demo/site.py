"""The web site of the demo: a real process with a real environment, on a port of its own."""

import asyncio
import os
import signal
import socket
from collections.abc import Mapping, Sequence

import httpx

READY_WITHIN_S = 60.0
POLL_S = 0.05
STOP_WITHIN_S = 5.0


class SiteError(Exception):
    """The site cannot be shown; the text says why."""


class Site:
    """`{port}` in `command` is replaced by the site's port."""

    def __init__(self, command: Sequence[str]) -> None:
        self.port = _free_port()
        self._command = [part.replace("{port}", str(self.port)) for part in command]
        self._process: asyncio.subprocess.Process | None = None

    @property
    def exit_code(self) -> int | None:
        """None while the site runs."""
        return self._process.returncode if self._process else None

    async def start(self, env: Mapping[str, str]) -> None:
        """Returns when `GET /healthz` answers 200. Raises SiteError."""
        try:
            # A session of its own: a terminal's Ctrl-C comes to the demo alone, which stops the site's whole group.
            self._process = await asyncio.create_subprocess_exec(*self._command, env=env, start_new_session=True)
        except OSError as error:
            raise SiteError(f"{self._command[0]} cannot be run: {error.strerror}.") from None
        try:
            async with asyncio.timeout(READY_WITHIN_S):
                await self._become_ready()
        except TimeoutError:
            raise SiteError(f"The site did not answer GET /healthz with 200 in {READY_WITHIN_S:.0f} s.") from None

    async def ended(self) -> int:
        """The exit code, when the site has ended."""
        assert self._process is not None  # noqa: S101 - asked only of a started site
        return await self._process.wait()

    async def stop(self) -> None:
        """Ends the site and whatever it started: asked to, and made to after STOP_WITHIN_S."""
        if self._process is None:
            return
        _signal_group(self._process, signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_WITHIN_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        _signal_group(self._process, getattr(signal, "SIGKILL", signal.SIGTERM))

    async def _become_ready(self) -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", trust_env=False) as client:
            while not await _healthy(client):
                if self.exit_code is not None:
                    raise SiteError(f"The site ended with exit code {self.exit_code} before it was ready.")
                await asyncio.sleep(POLL_S)


async def _healthy(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/healthz")).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _signal_group(process: asyncio.subprocess.Process, number: int) -> None:
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, number)
        elif process.returncode is None:
            process.send_signal(number)
    except ProcessLookupError:
        pass


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port
