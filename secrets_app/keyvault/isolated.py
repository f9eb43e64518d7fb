"""One reading that shares nothing: no connection, no token, no result."""

from secrets_app.keyvault.client import Connection
from secrets_app.keyvault.operation import ReadOperation


class IsolatedRead(ReadOperation):
    """A reading with a connection of its own, closed when it has ended; what others have kept stays as it is."""

    def cancel(self) -> None:
        """Nobody waits any more: what is still under way is ended."""
        self._cutoff.cancel()

    def _connect(self) -> Connection:
        connection = Connection(self._config)
        connection.acquire()
        connection.close_when_idle()  # it closes when it is given back
        connection.open()
        return connection
