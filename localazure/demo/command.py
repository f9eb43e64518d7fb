"""The demo command: serves a website in a scenario on one port until Ctrl-C."""

import asyncio
import logging
import os
import secrets
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

import httpx
import uvicorn
from starlette.requests import ClientDisconnect

from localazure.demo.csrf import LOOPBACK_NAMES
from localazure.demo.reverse_proxy import demo_app
from localazure.demo.runner import DemoRunner
from localazure.demo.site import SiteError
from localazure.emulator import LocalAzure

FAILED = 1
MISUSE = 2
SHUTDOWN_TIMEOUT_S = 2
KEEP_ALIVE_S = 75
"""Longer than clients keep an idle connection (httpx: 5 s, like uvicorn's default; then both may close it at once)."""
SITE_TIMEOUT_S = 300
"""Longer than any page of the site takes."""


class SignInCode:
    """A random code for the site's sign-in, the same in every scenario until the demo stops.

    In an environment variable: other users of the machine can read the arguments of a process.
    """

    def __init__(self, variable: str, path: str) -> None:
        """`path`: the page that takes the code, with `{code}`."""
        text = secrets.token_urlsafe(24)
        self.variables = {variable: text}
        self.path = path.replace("{code}", text)


def demo(
    open_emulator: Callable[[str], LocalAzure],
    scenario: str,
    command: Sequence[str],
    *,
    host: str,
    port: int,
    code: SignInCode | None = None,
    suggestions: str | None = None,
) -> int:
    """Serve the site until it is stopped. Return 0 then, 1 when it cannot be started, 2 for an invalid address.

    `open_emulator` creates the emulator for a scenario name. `suggestions` is the path of the site's hints as JSON.
    """
    if host not in LOOPBACK_NAMES:
        return _error(
            f"the demo listens only on loopback addresses, not on {host}: use 127.0.0.1, ::1 or localhost", MISUSE
        )
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        return _error(
            f"cannot listen on {host}:{port}: {os.strerror(error.errno or 0)}. "
            "Choose another port with --port (make demo PORT=)",
            FAILED,
        )
    with listener:
        runner = DemoRunner(open_emulator, scenario, command, variables=code.variables if code else {})
        return asyncio.run(_run(runner, scenario, listener, host, code, suggestions))


async def _run(
    runner: DemoRunner,
    scenario: str,
    listener: socket.socket,
    host: str,
    code: SignInCode | None,
    suggestions: str | None,
) -> int:
    stopped = _stopped_by_signal()
    starting = asyncio.create_task(runner.start_scenario(scenario))
    try:
        await asyncio.wait([starting, asyncio.create_task(stopped.wait())], return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            await starting
            await _serve(runner, listener, host, code, suggestions)
    except SiteError:
        return FAILED
    finally:
        starting.cancel()
        with suppress(asyncio.CancelledError, SiteError):
            await starting
        await runner.close()
    return 0


async def _serve(
    runner: DemoRunner, listener: socket.socket, host: str, code: SignInCode | None, suggestions: str | None
) -> None:
    url_host = f"[{host}]" if ":" in host else host
    url = f"http://{url_host}:{listener.getsockname()[1]}"
    sys.stdout.write(f"Demo running at {url}/  (press Ctrl+C to stop)\n")
    if code:
        sys.stdout.write(f"To see secret values, open {url}{code.path}\n")
    sys.stdout.flush()
    logging.getLogger("uvicorn.error").addFilter(_IgnoreDisconnects())
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(trust_env=False, timeout=SITE_TIMEOUT_S, limits=limits) as client:
        config = uvicorn.Config(
            demo_app(runner, client, suggestions),
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=SHUTDOWN_TIMEOUT_S,
        )
        await uvicorn.Server(config).serve(sockets=[listener])


class _IgnoreDisconnects(logging.Filter):
    """Drops log records about a site or browser that disconnects during a response."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, (httpx.TransportError, ClientDisconnect))


def _stopped_by_signal() -> asyncio.Event:
    """Set by Ctrl-C and SIGTERM. uvicorn handles both while it serves and raises them again afterwards."""
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopped.set))
    return stopped


def _error(message: str, code: int) -> int:
    sys.stderr.write(f"localazure: {message}.\n")
    return code
