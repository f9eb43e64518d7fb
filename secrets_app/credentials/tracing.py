"""Traces a credential: the result and duration of each chain member, and the principal of the token."""

import hashlib
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from azure.core.credentials import AccessTokenInfo, SupportsTokenInfo, TokenRequestOptions
from azure.core.exceptions import AzureError, DecodeError, IncompleteReadError
from azure.identity import ChainedTokenCredential, CredentialUnavailableError
from cachetools import LRUCache

from secrets_app.azure_client import cancellation
from secrets_app.core.own_messages import UNDECODABLE_RESPONSE
from secrets_app.core.reading import Attempt, Outcome, Principal
from secrets_app.core.redaction import redact
from secrets_app.credentials.claims import principal_of

# DefaultAzureCredential replaces a member whose constructor failed; in azure-identity 1.27 (default.py) that can only
# be this one. This product's own replacement has the attribute `credential_name`.
_PLACEHOLDERS = {"FailedDACCredential": "WorkloadIdentityCredential"}
_CACHE_SIZE = 8


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
        self._end(name, Outcome.TOKEN, getattr(member, "remark", None))

    def _end(self, name: str, outcome: Outcome, message: str | None) -> None:
        step = self._steps[name]
        elapsed_s = time.monotonic() - step.started
        message = redact(message) if message else message
        self._steps[name] = replace(
            step, attempt=replace(step.attempt, outcome=outcome, elapsed_s=elapsed_s, message=message)
        )


def _current_attempt(step: TraceStep) -> Attempt:
    if step.attempt.outcome is Outcome.RUNNING:
        return replace(step.attempt, elapsed_s=time.monotonic() - step.started)
    return step.attempt


def _not_reached(name: str) -> Attempt:
    return Attempt(credential=name, outcome=Outcome.NOT_REACHED)


def error_message(error: Exception) -> str:
    """The error's message without the response body, which may contain a token or a secret.

    `str()` of azure-core's errors adds the body unless it is an error object of the service.
    """
    if isinstance(error, DecodeError) and not isinstance(error, IncompleteReadError):
        return f"The response (HTTP status {error.status_code}) could not be decoded: {UNDECODABLE_RESPONSE}."
    return _without_body(str(error.message) if isinstance(error, AzureError) else str(error))


def _without_body(text: str) -> str:
    """Without the body that azure-core 1.41 adds if JSON is invalid; credentials copy it into their own messages."""
    message, separator, body = text.partition("\nContent: ")
    if not separator or "JSON is invalid: " not in message:
        return text
    end = body.rfind("\nTo mitigate this issue")  # the end of a chain's message
    return message if end < 0 else message + body[end:]


class CredentialTracer:
    """Records every token request of a credential. Shared by threads; each reading starts its own trace."""

    def __init__(self, credential: SupportsTokenInfo) -> None:
        self._provenance: LRUCache[bytes, TokenProvenance] = LRUCache(_CACHE_SIZE)
        self._lock = threading.Lock()
        self._last_attempts: tuple[Attempt, ...] = ()
        """The attempts of the last request that returned a token."""
        if isinstance(credential, ChainedTokenCredential):
            members = tuple(TracedCredential(member, self) for member in credential.credentials)
            credential.credentials = members
            self.credential: SupportsTokenInfo = credential
        else:
            members = (TracedCredential(credential, self),)
            self.credential = members[0]
        self.names = tuple(member.name for member in members)
        readers = (CredentialTracer(member.reader) for member in members if member.reader)
        self._reader_tracer = next(readers, None)
        self._thread = threading.local()
        """`trace`: the trace of this thread's reading."""

    def start_trace(self) -> TokenTrace:
        """A new trace; this thread's token requests are recorded in it from now on."""
        trace = TokenTrace(self.names, previous=self._last_attempts)
        trace.reader_trace = self._reader_tracer.start_trace() if self._reader_tracer else None
        self._thread.trace = trace
        return trace

    def use_trace(self, trace: TokenTrace) -> None:
        """Record this thread's token requests in a trace that another thread started."""
        self._thread.trace = trace
        if self._reader_tracer and trace.reader_trace:
            self._reader_tracer.use_trace(trace.reader_trace)

    def provenance_of(self, token: str) -> TokenProvenance | None:
        """How `token` was obtained, if this credential returned it."""
        with self._lock:
            return self._provenance.get(_digest(token))

    def close(self) -> None:
        """Close the credential's connections."""
        self.credential.close()

    def get_token(self, name: str, member: SupportsTokenInfo, scopes: tuple[str, ...], options: Any) -> AccessTokenInfo:
        """The token that `member` returns, recorded with its attempts. Raises what the member raises."""
        cancellation.current().check()  # else the chain would continue with its next member
        trace = getattr(self._thread, "trace", None) or self.start_trace()
        with trace.step(name, (options or {}).get("tenant_id"), member):
            token = member.get_token_info(*scopes, options=options)
        thumbprint = getattr(member, "certificate_thumbprint", None)
        trace.principal = principal_of(token.token, credential=name, certificate_thumbprint=thumbprint)
        self._last_attempts = trace.attempts()
        provenance = TokenProvenance(attempts=self._last_attempts, principal=trace.principal, tenant_id=trace.tenant_id)
        with self._lock:
            self._provenance[_digest(token.token)] = provenance
        return token


class TracedCredential(SupportsTokenInfo):
    """One traced member of the chain."""

    def __init__(self, member: Any, tracer: CredentialTracer) -> None:
        class_name = type(member).__name__
        self.name: str = getattr(member, "credential_name", None) or _PLACEHOLDERS.get(class_name, class_name)
        # The chain's error message uses this attribute as the member's name, if it exists.
        self._credential_name = self.name
        self.reader: SupportsTokenInfo | None = getattr(member, "reader", None)
        """The credential that reads this member's certificate, if that is stored in a vault."""
        self._member = member
        self._tracer = tracer

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        return self._tracer.get_token(self.name, self._member, scopes, options)

    def close(self) -> None:
        self._member.close()

    def __enter__(self) -> "TracedCredential":
        self._member.__enter__()
        return self

    def __exit__(self, *args: object) -> None:
        self._member.__exit__(*args)


def _digest(token: str) -> bytes:
    """The key under which a token is recorded: not the token itself."""
    return hashlib.sha256(token.encode()).digest()
