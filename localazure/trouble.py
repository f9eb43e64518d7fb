"""What can be wrong with a service from outside: lateness, silence, and answers that are broken on the way."""

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus


class Fault(StrEnum):
    """What becomes of an answer."""

    SILENCE = "silence"
    RESET = "reset"
    HTML = "html"
    WRONG_TYPE = "wrong-type"
    TRUNCATED = "truncated"
    HUGE = "huge"


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """The trouble of one service."""

    latency_s: float = 0.0
    fault: Fault | None = None
    status: int | None = None
    """Every request is refused with this status, in the service's own form."""

    @property
    def keeps_waiting(self) -> bool:
        """Whether a client sees nothing but its own patience end."""
        return self.fault is Fault.SILENCE


class UnknownTroubleError(ValueError):
    """There is no such trouble; the text lists what there is."""


def trouble_named(name: str) -> Trouble:
    """The trouble of that name: a Fault, or an HTTP status of an error. Raises UnknownTroubleError."""
    if name in set(Fault):
        return Trouble(fault=Fault(name))
    if name.isdigit() and int(name) in set(HTTPStatus) and int(name) >= HTTPStatus.BAD_REQUEST:
        return Trouble(status=int(name))
    raise UnknownTroubleError(f"There is no trouble {name!r}. There are: {', '.join(Fault)}, and a status such as 503.")
