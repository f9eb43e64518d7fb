"""Where an optional app that keeps a history of readings registers itself. Without one, nothing is recorded.

`fleet` does so in its AppConfig. This package does not import it.
"""

from typing import Protocol

from secrets_app.core.reading import Diagnosis, LastReadable, Reading


class History(Protocol):
    """Records the site's own readings. No method raises an error of its database, and none waits long for it."""

    def last_readable(self, reading: Reading) -> LastReadable | None:
        """When this vault's secret was last read, and what has changed until `reading`, which failed."""

    def record(self, reading: Reading, diagnosis: Diagnosis) -> None:
        """Record a reading. Returns at once."""


class _NoHistory:
    """Records nothing."""

    def last_readable(self, _reading: Reading) -> LastReadable | None:
        """Nothing is known."""
        return None

    def record(self, reading: Reading, diagnosis: Diagnosis) -> None:
        """Nothing to do."""


_registered: list[History] = [_NoHistory()]


def register_history(history: History | None) -> None:
    """Record readings in `history` from now on; None: nowhere."""
    _registered[:] = [history or _NoHistory()]


def history() -> History:
    """The registered history."""
    return _registered[0]
