"""The demo command: a site inside a scenario, shown on one port until Ctrl-C."""

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

import httpx
import uvicorn
from starlette.requests import ClientDisconnect

from localazure.demo.proxy import demo_app
from localazure.demo.same_site import LOOPBACK_NAMES
from localazure.demo.site import SiteError
from localazure.demo.stage import Stage
from localazure.local_azure import LocalAzure

FAILED = 1
MISUSE = 2
CLOSE_WITHIN_S = 2
KEEP_ALIVE_S = 75
"""Longer than clients keep an idle connection (httpx: 5 s, like uvicorn's default; then both may close it at once)."""
SITE_LIMIT_S = 300
"""Longer than a site takes for any page."""


def demo(
    open_world: Callable[[str], LocalAzure], scenario: str, command: Sequence[str], *, host: str, port: int
) -> int:
    """Shows the site until it is stopped. Returns 0 then, 1 when it cannot be shown, 2 for an address we refuse.

    `open_world` makes the world of a scenario's name.
    """
    if host not in LOOPBACK_NAMES:
        return _say(f"the demo listens on this machine only, not on {host}: use 127.0.0.1, ::1 or localhost", MISUSE)
    try:
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        return _say(
            f"port {port} of {host} cannot be used: {os.strerror(error.errno or 0)}. Choose another with --port", FAILED
        )
    with listening:
        return asyncio.run(_show(Stage(open_world, scenario, command), scenario, listening, host))


async def _show(stage: Stage, scenario: str, listening: socket.socket, host: str) -> int:
    stopped = _stopped_by_signal()
    starting = asyncio.create_task(stage.show(scenario))
    try:
        await asyncio.wait([starting, asyncio.create_task(stopped.wait())], return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            await starting
            await _serve(stage, listening, host)
    except SiteError:
        return FAILED
    finally:
        starting.cancel()
        with suppress(asyncio.CancelledError, SiteError):
            await starting
        await stage.close()
    return 0


async def _serve(stage: Stage, listening: socket.socket, host: str) -> None:
    address = f"[{host}]" if ":" in host else host
    sys.stdout.write(
        f"Local Azure shows the site on http://{address}:{listening.getsockname()[1]}/  (Ctrl-C stops it)\n"
    )
    sys.stdout.flush()
    logging.getLogger("uvicorn.error").addFilter(_SomebodyWentAway())
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(trust_env=False, timeout=SITE_LIMIT_S, limits=limits) as client:
        config = uvicorn.Config(
            demo_app(stage, client),
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=CLOSE_WITHIN_S,
        )
        await uvicorn.Server(config).serve(sockets=[listening])


class _SomebodyWentAway(logging.Filter):
    """A site or a visitor that leaves in the middle of an answer is no fault of the demo."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, (httpx.TransportError, ClientDisconnect))


def _stopped_by_signal() -> asyncio.Event:
    """Set at Ctrl-C or SIGTERM. uvicorn takes both over while it serves, and raises them once more when it is done."""
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopped.set))
    return stopped


def _say(sentence: str, code: int) -> int:
    sys.stderr.write(f"localazure: {sentence}.\n")
    return code
