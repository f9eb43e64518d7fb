"""The received requests and issued tokens of a scenario, for tests and the status page."""

from collections import deque
from dataclasses import dataclass, field

from localazure.crypto.tokens import AccessToken

MAX_ENTRIES = 10_000


@dataclass(frozen=True, kw_only=True)
class ReceivedRequest:
    """One request, without query, headers and body because they may contain credentials."""

    service: str
    method: str
    host: str
    path: str
    status: int | None
    """None when the connection was closed without a response."""


@dataclass
class RequestLog:
    requests: deque[ReceivedRequest] = field(default_factory=lambda: deque(maxlen=MAX_ENTRIES))
    tokens: deque[AccessToken] = field(default_factory=lambda: deque(maxlen=MAX_ENTRIES))
