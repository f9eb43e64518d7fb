"""What can be wrong with a service from outside: lateness, silence, and answers that are broken on the way."""

import re
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

    def __str__(self) -> str:
        late = f"{self.latency_s:g}s" if self.latency_s else ""
        return ", ".join(filter(None, (late, self.fault, str(self.status or ""))))

    @property
    def keeps_waiting(self) -> bool:
        """Whether a client sees nothing but its own patience end."""
        return self.fault is Fault.SILENCE


class UnknownTroubleError(ValueError):
    """There is no such trouble; the text lists what there is."""


SERVICES = (
    *("keyvault", "entra", "arm", "imds", "app-service", "arc", "cloud-shell", "azure-ml", "service-fabric"),
    "token-vault",
)
"""The services that can be in trouble, by the names the requests of a world have."""
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s")


def trouble_named(name: str) -> Trouble:
    """The trouble of that name: a Fault, the HTTP status of an error, or a latency as `2.5s`.

    Raises UnknownTroubleError.
    """
    if name in set(Fault):
        return Trouble(fault=Fault(name))
    if name.isdigit() and int(name) in set(HTTPStatus) and int(name) >= HTTPStatus.BAD_REQUEST:
        return Trouble(status=int(name))
    if seconds := _SECONDS.fullmatch(name):
        return Trouble(latency_s=float(seconds[1]))
    kinds = ", ".join(Fault)
    raise UnknownTroubleError(f"There is no trouble {name!r}. There are: {kinds}, a status as 503, a latency as 2.5s")


def combined(one: Trouble, other: Trouble) -> Trouble:
    """Both troubles at once; where they contradict each other, `other` counts."""
    return Trouble(
        latency_s=other.latency_s or one.latency_s, fault=other.fault or one.fault, status=other.status or one.status
    )
