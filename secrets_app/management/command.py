"""The base of this project's commands: its version, its own help without Django's options, and the console.

Their output, on both streams, contains no secret in use.
"""

import logging
import os
import sys
import textwrap
from argparse import RawDescriptionHelpFormatter
from collections.abc import Iterable
from typing import Any, TextIO, cast

from django.core.management.base import BaseCommand, CommandError

from secrets_app import __version__
from secrets_app.core.known_secrets import known_secrets
from secrets_app.output.console import Console, Line, console_for

COULD_NOT_RUN = 2
_HELP_WIDTH = 100


class RedactedStream:
    """A text stream that replaces each secret in use by `[hidden]`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(known_secrets().hide(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _redacted(stream: TextIO) -> TextIO:
    return cast(TextIO, RedactedStream(stream))


class Error(CommandError):
    """An error of the user's input, printed as `Error: ...`. The exit code is 2."""

    def __init__(self, message: str) -> None:
        super().__init__(message, returncode=COULD_NOT_RUN)


class Command(BaseCommand):
    """A command that also runs with invalid settings: it reports them."""

    summary = ""
    """A few words for the list of commands."""
    examples: tuple[tuple[str, str], ...] = ()
    """Arguments and what they do, shown by --help."""
    requires_system_checks = ()
    # Django's own options still work.
    suppressed_base_arguments = {  # noqa: RUF012 - Django's type
        "--version", "--verbosity", "--settings", "--pythonpath", "--traceback", "--no-color", "--force-color",
    }  # fmt: skip

    def __init__(self, stdout: TextIO | None = None, stderr: TextIO | None = None, **more: Any) -> None:
        super().__init__(_redacted(stdout or sys.stdout), _redacted(stderr or sys.stderr), **more)

    def get_version(self) -> str:
        return version()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        examples = [f"  {f'{prog_name} {subcommand} {arguments}':<46}  {what}" for arguments, what in self.examples]
        kwargs["formatter_class"] = RawDescriptionHelpFormatter
        kwargs["epilog"] = "\n".join(["examples:", *examples]) if examples else None
        # `resolve`: a command may use -v for itself.
        parser = super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)
        parser.description = textwrap.fill(self.help, _HELP_WIDTH)
        return parser

    def execute(self, *args: Any, **options: Any) -> Any:
        self._colour = True if options.get("force_color") else False if options.get("no_color") else None
        azure_log = logging.getLogger("azure")
        if azure_log.level == logging.NOTSET:  # in a project that does not configure it: the result has each attempt
            azure_log.setLevel(logging.ERROR)
        if not self.console_of(self.stderr).has_colours:
            self.stderr.style_func = None
        streams = {name: _redacted(options[name]) for name in ("stdout", "stderr") if options.get(name)}
        return super().execute(*args, **{**options, **streams})

    def console_of(self, stream: Any) -> Console:
        """The console of `self.stdout` or `self.stderr`."""
        return console_for(stream, os.environ, colour=self._colour)

    @property
    def console(self) -> Console:
        """The console of standard output."""
        return self.console_of(self.stdout)

    def print_lines(self, lines: Iterable[Line]) -> None:
        """Write lines to standard output at once, as far as its encoding has their characters."""
        console = self.console
        self.print_text("\n".join(map(console.show, lines)))

    def print_text(self, text: str) -> None:
        """Write text that is already safe to standard output. A character that it cannot encode becomes `?`."""
        encoding = sys.stdout.encoding or "utf-8"
        self.stdout.write(text.encode(encoding, errors="replace").decode(encoding))
        self.stdout.flush()


def version() -> str:
    """`Principal Used 1.2.3`."""
    return f"Principal Used {__version__}"
