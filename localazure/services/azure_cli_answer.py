"""What a run of `az` leaves behind: its output, or its error."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Answer:
    stdout: str = ""
    stderr: str = ""
    exit_code: int = 0


class CliError(Exception):
    """az ends with this text and exit code."""

    def __init__(self, text: str, exit_code: int = 1) -> None:
        super().__init__(text)
        self.answer = Answer(stderr=f"ERROR: {text}\n", exit_code=exit_code)
