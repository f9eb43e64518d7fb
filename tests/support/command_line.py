"""Run `manage.py` commands in this process: a separate process spends half a second on imports."""

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass

import pytest
from django.core.management import load_command_class


@dataclass(frozen=True)
class CompletedCommand:
    """Exit code and output of a command."""

    returncode: int
    stdout: str
    stderr: str


def manage(command: str, *arguments: str, given: bytes = b"") -> CompletedCommand:
    """Run the command with these arguments, and `given` as standard input."""
    output, errors = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(output), redirect_stderr(errors):
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        code = exit_code(command, *arguments)
    return CompletedCommand(code, output.getvalue(), errors.getvalue())


def exit_code(command: str, *arguments: str) -> int:
    """Run the command in this process with the standard streams as they are."""
    try:
        load_command_class("secrets_app", command).run_from_argv(["manage.py", command, *arguments])
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0
