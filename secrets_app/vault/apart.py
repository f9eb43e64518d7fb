"""One reading that shares nothing: no connection, no token, no result."""

from secrets_app.vault.connection import Connection
from secrets_app.vault.errand import Errand


class Apart(Errand):
    """A reading with a connection of its own, closed when it has ended; what others have kept stays as it is."""

    def give_up(self) -> None:
        """Nobody waits any more: what is still under way is ended."""
        self._cutoff.pull()

    def _connect(self) -> Connection:
        connection = Connection(self._config)
        connection.borrow()
        connection.retire()  # it closes when it is given back
        connection.open()
        return connection
