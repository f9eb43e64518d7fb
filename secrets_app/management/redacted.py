"""A command whose output contains no secret in use."""

import sys
from typing import Any, TextIO, cast

from django.core.management.base import BaseCommand

from secrets_app.core.known_secrets import known_secrets


class RedactedStream:
    """A text stream that replaces each secret in use by `[hidden]`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(known_secrets().hide(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class RedactedCommand(BaseCommand):
    """A command whose output, on both streams, contains no secret in use."""

    def __init__(self, stdout: TextIO | None = None, stderr: TextIO | None = None, **more: Any) -> None:
        super().__init__(_redacted(stdout or sys.stdout), _redacted(stderr or sys.stderr), **more)

    def execute(self, *args: Any, **options: Any) -> str | None:
        streams = {name: _redacted(options[name]) for name in ("stdout", "stderr") if options.get(name)}
        return super().execute(*args, **{**options, **streams})


def _redacted(stream: TextIO) -> TextIO:
    return cast(TextIO, RedactedStream(stream))
