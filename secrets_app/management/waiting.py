"""What a command waits for, on standard error while nothing else is printed."""

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from secrets_app.core.redaction import printable
from secrets_app.output.console import Console

_FIRST_AFTER_S = 1.0
"""A reading that works takes less."""
_EVERY_S = 1.0


@contextmanager
def shows_wait(stream: Any, console: Console, waiting_for: Callable[[], tuple[str, float] | None]) -> Iterator[None]:
    """While the block runs, show what it waits for: a phrase and the seconds left.

    On a terminal one line that counts down and disappears at the end; elsewhere one line for each phrase.
    """
    ended = threading.Event()
    line = _StatusLine(stream, console)

    def show() -> None:
        while not ended.wait(line.pause_s):
            line.show(waiting_for())

    thread = threading.Thread(target=show, name="waiting", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        line.clear()


class _StatusLine:
    def __init__(self, stream: Any, console: Console) -> None:
        self._stream, self._console = stream, console
        self._shown = ""
        self.pause_s = _FIRST_AFTER_S

    def show(self, wait: tuple[str, float] | None) -> None:
        self.pause_s = _EVERY_S
        if wait is None:
            return
        phrase, left_s = wait
        if self._console.is_terminal:
            text = f"Waiting for {phrase}, {math.ceil(left_s)} s left"
            self._stream.write("\r" + self._fitted(text), ending="")
        elif phrase != self._shown:
            self._stream.write(printable(f"Waiting for {phrase}, {math.ceil(left_s)} s left"))
        self._shown = phrase
        self._stream.flush()

    def clear(self) -> None:
        if self._shown and self._console.is_terminal:
            self._stream.write("\r" + self._fitted("") + "\r", ending="")
            self._stream.flush()

    def _fitted(self, text: str) -> str:
        """One line, without the last column: some terminals begin a new line there."""
        width = self._console.width - 1
        return printable(text)[:width].ljust(width)
