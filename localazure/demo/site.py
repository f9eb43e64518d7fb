"""The website of the demo: a process on its own port."""

import asyncio
import os
import signal
import socket
from collections.abc import Mapping, Sequence

import httpx

START_TIMEOUT_S = 60.0
POLL_INTERVAL_S = 0.05
STOP_TIMEOUT_S = 5.0


class SiteError(Exception):
    """The site did not start; the message contains the reason."""


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
        """Return when the site answers an HTTP request, with any status. Raises SiteError."""
        try:
            # In a new session, so that Ctrl-C in a terminal reaches only the demo, which stops the site's processes.
            self._process = await asyncio.create_subprocess_exec(*self._command, env=env, start_new_session=True)
        except OSError as error:
            raise SiteError(f"{self._command[0]} cannot be started: {error.strerror}.") from None
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await self._wait_until_ready()
        except TimeoutError:
            raise SiteError(f"The site did not answer an HTTP request within {START_TIMEOUT_S:.0f} s.") from None

    async def wait(self) -> int:
        """Wait until the site exits. Return its exit code."""
        assert self._process is not None  # noqa: S101 - called only after start()
        return await self._process.wait()

    async def stop(self) -> None:
        """Terminate the site and its child processes; kill them after STOP_TIMEOUT_S."""
        if self._process is None:
            return
        _signal_group(self._process, signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        _signal_group(self._process, getattr(signal, "SIGKILL", signal.SIGTERM))

    async def _wait_until_ready(self) -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", trust_env=False) as client:
            while not await _answers(client):
                if self.exit_code is not None:
                    raise SiteError(f"The site exited with code {self.exit_code} before it was ready.")
                await asyncio.sleep(POLL_INTERVAL_S)


async def _answers(client: httpx.AsyncClient) -> bool:
    try:
        await client.get("/healthz")  # any status: not every site has this path, and where it exists, it is cheap
    except httpx.TransportError:
        return False
    return True


def _signal_group(process: asyncio.subprocess.Process, signal_number: int) -> None:
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal_number)
        elif process.returncode is None:
            process.send_signal(signal_number)
    except ProcessLookupError:
        pass


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
