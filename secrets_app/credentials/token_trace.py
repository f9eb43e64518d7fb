"""The record of one token request: the result and duration of each chain member."""

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from azure.identity import CredentialUnavailableError

from secrets_app.azure_client.responses import error_message
from secrets_app.core.reading import Attempt, Outcome, Principal
from secrets_app.core.redaction import external_text


@dataclass(frozen=True, kw_only=True)
class TokenProvenance:
    """How a token was obtained and which principal it was issued to."""

    attempts: tuple[Attempt, ...]
    principal: Principal
    tenant_id: str | None
    """The tenant ID in the vault's challenge."""


@dataclass
class TraceStep:
    started: float
    attempt: Attempt


@dataclass
class TokenTrace:
    """One token request through the chain. Another thread may read it while it runs."""

    names: tuple[str, ...]
    previous: tuple[Attempt, ...] = ()
    """Attempts of the last request that returned a token: the chain then tries only the successful member."""
    principal: Principal | None = None
    tenant_id: str | None = None
    reader_trace: "TokenTrace | None" = None
    """The token request of the reader of a member's certificate, if that is stored in a vault."""
    _steps: dict[str, TraceStep] = field(default_factory=dict)

    @property
    def started(self) -> bool:
        """A token was requested."""
        return bool(self._steps)

    @property
    def elapsed_s(self) -> float:
        """Seconds of the token request so far, with all members that were tried."""
        return sum(_current_attempt(step).elapsed_s or 0.0 for step in tuple(self._steps.values()))

    def discard_request(self) -> None:
        """As if no token had been requested."""
        self._steps.clear()
        if self.reader_trace:
            self.reader_trace.discard_request()

    @property
    def running(self) -> str | None:
        """The member that has not returned yet."""
        return next((a.credential for a in self.attempts() if a.outcome is Outcome.RUNNING), None)

    def attempts(self) -> tuple[Attempt, ...]:
        """The result of every member so far, in the chain's order; readers of a certificate come first."""
        steps = dict(self._steps)  # the requesting thread may add to it
        earlier = self._tried_earlier(steps)
        members = tuple(
            _current_attempt(steps[name]) if name in steps else earlier.get(name) or _not_reached(name)
            for name in self.names
        )
        return (*self._reader_attempts(), *members)

    def _reader_attempts(self) -> tuple[Attempt, ...]:
        trace = self.reader_trace
        if trace is None:
            return ()
        attempts = trace.attempts() if trace.started else trace.previous or trace.attempts()
        return tuple(replace(attempt, reads_certificate=True) for attempt in attempts)

    def _tried_earlier(self, steps: Collection[str]) -> dict[str, Attempt]:
        """The members that an earlier request tried before the successful one, which this request used directly."""
        last = max((self.names.index(name) for name in steps if name in self.names), default=0)
        attempts = (attempt for attempt in self.previous if not attempt.reads_certificate)
        return {attempt.credential: attempt for attempt in attempts if attempt.credential in self.names[:last]}

    @contextmanager
    def step(self, name: str, tenant_id: str | None, member: Any = None) -> Iterator[None]:
        """Records the result of the block, in which one member requests a token."""
        self.tenant_id = tenant_id or self.tenant_id
        self._steps[name] = TraceStep(time.monotonic(), Attempt(credential=name, outcome=Outcome.RUNNING))
        try:
            yield
        except CredentialUnavailableError as error:
            self._end(name, Outcome.UNAVAILABLE, error.message)
            raise
        except Exception as error:
            self._end(name, Outcome.FAILED, error_message(error))
            raise
        self._end(name, Outcome.TOKEN, getattr(member, "note", None))

    def _end(self, name: str, outcome: Outcome, message: str | None) -> None:
        step = self._steps[name]
        elapsed_s = time.monotonic() - step.started
        message = external_text(message) if message else message
        self._steps[name] = replace(
            step, attempt=replace(step.attempt, outcome=outcome, elapsed_s=elapsed_s, message=message)
        )


def _current_attempt(step: TraceStep) -> Attempt:
    if step.attempt.outcome is Outcome.RUNNING:
        return replace(step.attempt, elapsed_s=time.monotonic() - step.started)
    return step.attempt


def _not_reached(name: str) -> Attempt:
    return Attempt(credential=name, outcome=Outcome.NOT_REACHED)
