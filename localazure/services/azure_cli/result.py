"""The result of an `az` command: output, errors and exit code."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class CommandResult:
    stdout: str = ""
    stderr: str = ""
    exit_code: int = 0


class CliError(Exception):
    """az fails with this message and exit code."""

    def __init__(self, text: str, exit_code: int = 1) -> None:
        super().__init__(text)
        self.result = CommandResult(stderr=f"ERROR: {text}\n", exit_code=exit_code)
