"""An isolated reading: it shares no connection, token or result."""

from secrets_app.keyvault.client import Connection
from secrets_app.keyvault.operation import ReadOperation


class IsolatedRead(ReadOperation):
    """A reading with its own connection, which is closed at the end. Cached connections are not affected."""

    def cancel(self) -> None:
        """Cancel the reading."""
        self._cutoff.cancel()

    def _connect(self) -> Connection:
        connection = Connection(self._config)
        connection.acquire()
        connection.close_when_idle()  # so it closes when it is released
        connection.open()
        return connection
