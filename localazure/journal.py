"""What happened in a world: the requests it received and the tokens it issued, for tests and the status page."""

from collections import deque
from dataclasses import dataclass, field

from localazure.tokens import AccessToken

KEPT = 10_000


@dataclass(frozen=True, kw_only=True)
class ReceivedRequest:
    """One request. The query, the headers and the body are not kept: they may hold a credential."""

    service: str
    method: str
    host: str
    path: str
    status: int | None
    """None when the connection was closed without an answer."""


@dataclass
class Journal:
    requests: deque[ReceivedRequest] = field(default_factory=lambda: deque(maxlen=KEPT))
    tokens: deque[AccessToken] = field(default_factory=lambda: deque(maxlen=KEPT))
