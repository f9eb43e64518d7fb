"""The received requests and issued tokens of a scenario, for tests and the status page."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from localazure.crypto.tokens import AccessToken

MAX_ENTRIES = 10_000


@dataclass(frozen=True, kw_only=True)
class ReceivedRequest:
    """One request, without headers and body because they may contain credentials."""

    service: str
    method: str
    host: str
    path: str
    query: str = ""
    """The query, with the values of parameters that may be secret replaced by `***`."""
    identity: str | None = None
    """The name of the principal whose access token the request had; None without one of this scenario."""
    status: int | None
    """None when the connection was closed without a response."""


SHOWN_PARAMETERS = frozenset(
    (
        *("api-version", "resource", "client_id", "clientid", "object_id", "principal_id", "mi_res_id", "msi_res_id"),
        *("maxresults", "$filter", "outcontenttype", "format"),
    )
)
"""Parameters whose values the log shows."""


def shown_query(query_string: bytes) -> str:
    """Return a query for the log."""
    pairs = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)
    return "&".join(f"{name}={value if name.lower() in SHOWN_PARAMETERS else '***'}" for name, value in pairs)


@dataclass
class RequestLog:
    requests: deque[ReceivedRequest] = field(default_factory=lambda: deque(maxlen=MAX_ENTRIES))
    holders: OrderedDict[str, str] = field(default_factory=OrderedDict, repr=False)
    """Text of an issued token -> the name of its principal."""
    tokens: deque[AccessToken] = field(default_factory=lambda: deque(maxlen=MAX_ENTRIES))

    def add_token(self, token: AccessToken, holder: str) -> None:
        """Record an issued token and the name of its principal."""
        self.tokens.append(token)
        self.holders[token.text] = holder
        if len(self.holders) > MAX_ENTRIES:
            self.holders.popitem(last=False)
