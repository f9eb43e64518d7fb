"""What can be wrong with a service from outside: lateness, silence, and answers that are broken on the way."""

import re
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from localazure.aadsts import ENTRIES


class Fault(StrEnum):
    """What becomes of an answer."""

    SILENCE = "silence"
    RESET = "reset"
    HTML = "html"
    WRONG_TYPE = "wrong-type"
    TRUNCATED = "truncated"
    HUGE = "huge"
    DRIP = "drip"
    REDIRECT = "redirect"


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """The trouble of one service."""

    latency_s: float = 0.0
    fault: Fault | None = None
    status: int | None = None
    """Every request is refused with this status, in the service's own form."""
    retry_after_s: int | None = None
    """Refusals with a status say so in `Retry-After`."""
    aadsts: int | None = None
    """Entra refuses every token with this code of its own."""

    def __str__(self) -> str:
        late = f"{self.latency_s:g}s" if self.latency_s else ""
        code = f"AADSTS{self.aadsts}" if self.aadsts else ""
        again = f"retry-after-{self.retry_after_s}" if self.retry_after_s else ""
        return ", ".join(filter(None, (late, self.fault, str(self.status or ""), again, code)))

    @property
    def keeps_waiting(self) -> bool:
        """Whether a client sees nothing but its own patience end."""
        return self.fault in {Fault.SILENCE, Fault.DRIP}


class UnknownTroubleError(ValueError):
    """There is no such trouble; the text lists what there is."""


SERVICES = (
    *("keyvault", "entra", "arm", "imds", "app-service", "arc", "cloud-shell", "azure-ml", "service-fabric"),
    *("azure-pipelines", "token-vault"),
)
"""The services that can be in trouble, by the names the requests of a world have."""
_AADSTS = re.compile(r"AADSTS(\d{4,8})")
_RETRY_AFTER = re.compile(r"retry-after-(\d{1,6})")
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s")


def trouble_named(name: str) -> Trouble:
    """The trouble of that name; raises UnknownTroubleError.

    A Fault, the HTTP status of an error, `retry-after-3600` with it, a latency as `2.5s`, a code as `AADSTS53003`.
    """
    if name in set(Fault):
        return Trouble(fault=Fault(name))
    if name.isascii() and name.isdigit() and int(name) in set(HTTPStatus) and int(name) >= HTTPStatus.BAD_REQUEST:
        return Trouble(status=int(name))
    if seconds := _SECONDS.fullmatch(name):
        return Trouble(latency_s=float(seconds[1]))
    if again := _RETRY_AFTER.fullmatch(name):
        return Trouble(retry_after_s=int(again[1]))
    code = _AADSTS.fullmatch(name)
    if code and int(code[1]) in ENTRIES:
        return Trouble(aadsts=int(code[1]))
    kinds = ", ".join(
        (*Fault, "a status as 503", "retry-after-3600 with it", "a latency as 2.5s", "a code of Entra as AADSTS53003")
    )
    raise UnknownTroubleError(f"There is no trouble {name!r}. There are: {kinds}")


def combined(one: Trouble, other: Trouble) -> Trouble:
    """Both troubles at once; where they contradict each other, `other` counts."""
    return Trouble(
        latency_s=other.latency_s or one.latency_s,
        fault=other.fault or one.fault,
        status=other.status or one.status,
        retry_after_s=other.retry_after_s or one.retry_after_s,
        aadsts=other.aadsts or one.aadsts,
    )
