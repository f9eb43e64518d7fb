"""Fault injection for a service: latency, no response, broken responses and error codes."""

import re
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from localazure.scenarios.aadsts import AADSTS_ERRORS


class Fault(StrEnum):
    """How the response is broken."""

    SILENCE = "silence"
    RESET = "reset"
    HTML = "html"
    WRONG_TYPE = "wrong-type"
    TRUNCATED = "truncated"
    HUGE = "huge"
    DRIP = "drip"
    REDIRECT = "redirect"


@dataclass(frozen=True, kw_only=True)
class FaultInjection:
    """The faults of one service."""

    latency_s: float = 0.0
    fault: Fault | None = None
    status: int | None = None
    """Every request fails with this HTTP status, in the service's own error format."""
    retry_after_s: int | None = None
    """The `Retry-After` header of responses that have `status`."""
    aadsts: int | None = None
    """Entra rejects every token request with this error code."""

    def __str__(self) -> str:
        latency = f"{self.latency_s:g}s" if self.latency_s else ""
        code = f"AADSTS{self.aadsts}" if self.aadsts else ""
        retry = f"retry-after-{self.retry_after_s}" if self.retry_after_s else ""
        return ", ".join(filter(None, (latency, self.fault, str(self.status or ""), retry, code)))

    @property
    def times_out(self) -> bool:
        """Whether the client only sees its own timeout."""
        return self.fault in {Fault.SILENCE, Fault.DRIP}


class UnknownFaultError(ValueError):
    """The fault does not exist; the message lists the supported ones."""


SERVICES = (
    *("keyvault", "entra", "arm", "imds", "app-service", "arc", "cloud-shell", "azure-ml", "service-fabric"),
    *("azure-pipelines", "token-vault", "graph"),
)
"""The services that faults can be injected into, named as in the request log."""
_AADSTS = re.compile(r"AADSTS(\d{4,8})")
_RETRY_AFTER = re.compile(r"retry-after-(\d{1,6})")
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s")


def parse_fault(name: str) -> FaultInjection:
    """Parse one fault. Raises UnknownFaultError.

    One of: a Fault, an HTTP error status, `retry-after-3600`, a latency (`2.5s`), an Entra error code (`AADSTS53003`).
    """
    if name in set(Fault):
        return FaultInjection(fault=Fault(name))
    if name.isascii() and name.isdigit() and int(name) in set(HTTPStatus) and int(name) >= HTTPStatus.BAD_REQUEST:
        return FaultInjection(status=int(name))
    if seconds := _SECONDS.fullmatch(name):
        return FaultInjection(latency_s=float(seconds[1]))
    if retry := _RETRY_AFTER.fullmatch(name):
        return FaultInjection(retry_after_s=int(retry[1]))
    code = _AADSTS.fullmatch(name)
    if code and int(code[1]) in AADSTS_ERRORS:
        return FaultInjection(aadsts=int(code[1]))
    kinds = ", ".join(
        (*Fault, "an HTTP status (503)", "retry-after-3600", "a latency (2.5s)", "an Entra error code (AADSTS53003)")
    )
    raise UnknownFaultError(f"Unknown fault {name!r}. Supported faults: {kinds}")


def combine(one: FaultInjection, other: FaultInjection) -> FaultInjection:
    """Both injections; where both set a field, `other` wins."""
    return FaultInjection(
        latency_s=other.latency_s or one.latency_s,
        fault=other.fault or one.fault,
        status=other.status or one.status,
        retry_after_s=other.retry_after_s or one.retry_after_s,
        aadsts=other.aadsts or one.aadsts,
    )
