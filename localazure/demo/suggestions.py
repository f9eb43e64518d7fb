"""The commands that the website suggests, and their results."""

import asyncio
import json
import re
from dataclasses import dataclass

import httpx

from localazure.services.azure_cli.result import CommandResult

MAX_BYTES = 1024 * 1024
TIMEOUT_S = 40.0
"""Longer than the site's deadline for a reading."""
PLACEHOLDERS = frozenset("<>")
MAX_OUTPUT = 300
SHOWS_NO_SECRET = re.compile(
    r"az (?:account|ad sp|ad signed-in-user|identity|keyvault|keyvault network-rule|role assignment|vm identity|webapp"
    r"|webapp identity|functionapp|functionapp identity) (?:list|show)(?:\s|$)"
    r"|az keyvault secret list(?:-deleted)?(?:\s|$)"
)
"""Other commands, such as `az keyvault secret show`, can print a secret or a token."""
POLL_INTERVAL_S = 0.2
MAX_POLLS = 15
"""A site can answer from a cache for about a second."""


@dataclass(frozen=True, kw_only=True)
class CommandRun:
    """A suggested command and its result."""

    line: str
    result: CommandResult | None = None
    """None: not run, because a value has to be filled in."""

    @property
    def outcome(self) -> str:
        """The exit code and the first line of an error message."""
        if self.result is None:
            return "not run: replace the text in <>"
        error = self.result.stderr.partition("\n")[0] if self.result.exit_code else ""
        return f"exit code {self.result.exit_code}" + (f": {error}" if error else "")

    @property
    def is_change(self) -> bool:
        """Whether the command succeeded and may have changed something."""
        return self.result is not None and not self.result.exit_code and not SHOWS_NO_SECRET.match(self.line)

    @property
    def output(self) -> str:
        """The start of the standard output, of commands that only show what is no secret."""
        if self.result is None or not SHOWS_NO_SECRET.match(self.line):
            return ""
        text = " ".join(self.result.stdout.split())
        return text if len(text) <= MAX_OUTPUT else f"{text[:MAX_OUTPUT]}..."


async def suggested_commands(client: httpx.AsyncClient, port: int, path: str, host: str) -> tuple[str, ...]:
    """Return the az commands of the first hint that the site returns as JSON, `{"hints": [{"commands": [...]}]}`.

    Raises httpx.TransportError and ValueError.
    """
    url = f"http://127.0.0.1:{port}{path}"
    response = await client.get(url, headers={"Host": host, "Accept": "application/json"}, timeout=TIMEOUT_S)
    if len(response.content) > MAX_BYTES:
        raise ValueError("The response of the site is too large.")
    hints = json.loads(response.content).get("hints") or [{}]
    commands = [str(line) for line in hints[0].get("commands", ())]
    return tuple(line for line in commands if line.startswith("az "))


def can_run(line: str) -> bool:
    """Whether a command has no placeholder, `<...>`, that a person has to fill in."""
    return not PLACEHOLDERS & set(line)


async def wait_for_change(client: httpx.AsyncClient, port: int, path: str, host: str, before: tuple[str, ...]) -> None:
    """Return when the site suggests other commands than `before`, or after some seconds.

    Raises httpx.TransportError and ValueError.
    """
    for _ in range(MAX_POLLS):
        if await suggested_commands(client, port, path, host) != before:
            return
        await asyncio.sleep(POLL_INTERVAL_S)
