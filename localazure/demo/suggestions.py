"""The commands that the website suggests, and their results."""

import json
from dataclasses import dataclass

import httpx

from localazure.services.azure_cli.result import CommandResult

MAX_BYTES = 1024 * 1024
TIMEOUT_S = 40.0
"""Longer than the site's deadline for a reading."""
PLACEHOLDERS = frozenset("<>")


@dataclass(frozen=True, kw_only=True)
class CommandRun:
    """A suggested command and its result. Its standard output is not shown: it can be a secret."""

    line: str
    result: CommandResult

    @property
    def error(self) -> str:
        """The first line of the error message."""
        return self.result.stderr.partition("\n")[0] if self.result.exit_code else ""


async def suggested_commands(client: httpx.AsyncClient, port: int, path: str, host: str) -> tuple[str, ...]:
    """Return the az commands of the first hint that the site returns as JSON, `{"hints": [{"commands": [...]}]}`.

    A command with a placeholder is left out. Raises httpx.TransportError and ValueError.
    """
    url = f"http://127.0.0.1:{port}{path}"
    response = await client.get(url, headers={"Host": host, "Accept": "application/json"}, timeout=TIMEOUT_S)
    if len(response.content) > MAX_BYTES:
        raise ValueError("The response of the site is too large.")
    hints = json.loads(response.content).get("hints") or [{}]
    commands = [str(line) for line in hints[0].get("commands", ())]
    return tuple(line for line in commands if line.startswith("az ") and not PLACEHOLDERS & set(line))
