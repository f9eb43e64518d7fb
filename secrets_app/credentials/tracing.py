"""Watches a credential: what each member of the chain did, how long it took, and whose token came of it."""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from azure.core.credentials import AccessTokenInfo, SupportsTokenInfo, TokenRequestOptions
from azure.core.exceptions import AzureError, DecodeError, IncompleteReadError
from azure.identity import ChainedTokenCredential, CredentialUnavailableError

from secrets_app.azure_client import cancellation
from secrets_app.core.reading import Attempt, Outcome, Principal
from secrets_app.core.redaction import redact
from secrets_app.credentials.claims import principal_of

# The chain puts a stand-in where a member's constructor refused; in azure-identity 1.27 (default.py) only this one can.
# One of ours says itself whom it stands for.
_PLACEHOLDERS = {"FailedDACCredential": "WorkloadIdentityCredential"}
_CACHE_SIZE = 8


@dataclass(frozen=True, kw_only=True)
class TokenProvenance:
    """How a token was got and whom it speaks for."""

    attempts: tuple[Attempt, ...]
    principal: Principal
    tenant_id: str | None
    """The tenant the vault's challenge asked a token of."""


@dataclass
class TraceStep:
    started: float
    attempt: Attempt


@dataclass
class TokenTrace:
    """One walk along the chain. Another thread may look at it while it goes on."""

    names: tuple[str, ...]
    before: tuple[Attempt, ...] = ()
    """The last walk that ended in a token: the chain remembers its winner and asks no other again."""
    principal: Principal | None = None
    tenant_id: str | None = None
    to_certificate: "TokenTrace | None" = None
    """The walk of those who read the certificate that a member signs in with, where it lies in a vault."""
    _steps: dict[str, TraceStep] = field(default_factory=dict)

    @property
    def started(self) -> bool:
        """A token was asked for."""
        return bool(self._steps)

    @property
    def running(self) -> str | None:
        """The member that has not answered yet."""
        return next((a.credential for a in self.attempts() if a.outcome is Outcome.RUNNING), None)

    def attempts(self) -> tuple[Attempt, ...]:
        """What every member did so far, in the chain's order; those who read a certificate come first."""
        steps = dict(self._steps)  # the walking thread may add to them meanwhile
        passed = self._passed_earlier(steps)
        own = tuple(
            _as_of_now(steps[name]) if name in steps else passed.get(name) or _not_reached(name) for name in self.names
        )
        return (*self._readers(), *own)

    def _readers(self) -> tuple[Attempt, ...]:
        walk = self.to_certificate
        if walk is None:
            return ()
        attempts = walk.attempts() if walk.started else walk.before or walk.attempts()
        return tuple(replace(attempt, reads_certificate=True) for attempt in attempts)

    def _passed_earlier(self, steps: Collection[str]) -> dict[str, Attempt]:
        """The members before the winner that an earlier walk has asked: this one went straight to the winner."""
        last = max((self.names.index(name) for name in steps if name in self.names), default=0)
        own = (attempt for attempt in self.before if not attempt.reads_certificate)
        return {attempt.credential: attempt for attempt in own if attempt.credential in self.names[:last]}

    @contextmanager
    def step(self, name: str, tenant_id: str | None, member: Any = None) -> Iterator[None]:
        """Notes how the block, one member's try for a token, ends."""
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


def _as_of_now(step: TraceStep) -> Attempt:
    if step.attempt.outcome is Outcome.RUNNING:
        return replace(step.attempt, elapsed_s=time.monotonic() - step.started)
    return step.attempt


def _not_reached(name: str) -> Attempt:
    return Attempt(credential=name, outcome=Outcome.NOT_REACHED)


def error_message(error: Exception) -> str:
    """The error's own words without the answer's body: cut short or garbled, that may hold a token or a secret.

    `str()` of azure-core's errors adds the body wherever it is not an error object of the service.
    """
    if isinstance(error, DecodeError) and not isinstance(error, IncompleteReadError):
        return f"The answer, HTTP status {error.status_code}, cannot be read as what it says it is."
    return _without_body(str(error.message) if isinstance(error, AzureError) else str(error))


def _without_body(words: str) -> str:
    """Without what azure-core 1.41 adds where JSON cannot be read; a credential takes that over into its own words."""
    before, mark, body = words.partition("\nContent: ")
    if not mark or "JSON is invalid: " not in before:
        return words
    advice = body.rfind("\nTo mitigate this issue")  # the end of a chain's message
    return before if advice < 0 else before + body[advice:]


class CredentialTracer:
    """A credential whose every try for a token is noted. Shared by threads; each reading begins a walk of its own."""

    def __init__(self, credential: SupportsTokenInfo) -> None:
        self._stories: OrderedDict[bytes, TokenProvenance] = OrderedDict()
        self._last: tuple[Attempt, ...] = ()
        """How the last token was got."""
        if isinstance(credential, ChainedTokenCredential):
            members = tuple(TracedCredential(member, self) for member in credential.credentials)
            credential.credentials = members
            self.credential: SupportsTokenInfo = credential
        else:
            members = (TracedCredential(credential, self),)
            self.credential = members[0]
        self.names = tuple(member.name for member in members)
        readers = (CredentialTracer(member.reader) for member in members if member.reader)
        self._to_certificate = next(readers, None)
        self._here = threading.local()
        """`walk`: the walk of the reading that this thread does."""

    def begin(self) -> TokenTrace:
        """A new walk; what this thread asks of the credential from now on is noted in it."""
        walk = TokenTrace(self.names, before=self._last)
        walk.to_certificate = self._to_certificate.begin() if self._to_certificate else None
        self._here.walk = walk
        return walk

    def follow(self, walk: TokenTrace) -> None:
        """What this thread asks of the credential from now on is noted in a walk that another thread began."""
        self._here.walk = walk
        if self._to_certificate and walk.to_certificate:
            self._to_certificate.follow(walk.to_certificate)

    def provenance_of(self, token: str) -> TokenProvenance | None:
        """How `token` was got, if it came through here."""
        return self._stories.get(_digest(token))

    def close(self) -> None:
        """Closes the credential's connections."""
        self.credential.close()

    def ask(self, name: str, member: SupportsTokenInfo, scopes: tuple[str, ...], options: Any) -> AccessTokenInfo:
        """The token `member` gives, with its story noted. Raises whatever the member raises."""
        cancellation.current().check()  # a chain goes on to its next member whatever happens
        walk = getattr(self._here, "walk", None) or self.begin()
        with walk.step(name, (options or {}).get("tenant_id"), member):
            token = member.get_token_info(*scopes, options=options)
        thumbprint = getattr(member, "certificate_thumbprint", None)
        walk.principal = principal_of(token.token, credential=name, certificate_thumbprint=thumbprint)
        self._last = walk.attempts()
        self._stories[_digest(token.token)] = TokenProvenance(
            attempts=self._last, principal=walk.principal, tenant_id=walk.tenant_id
        )
        while len(self._stories) > _CACHE_SIZE:
            self._stories.popitem(last=False)
        return token


class TracedCredential(SupportsTokenInfo):
    """One member of the chain, watched."""

    def __init__(self, member: Any, watch: CredentialTracer) -> None:
        class_name = type(member).__name__
        self.name: str = getattr(member, "stands_for", None) or _PLACEHOLDERS.get(class_name, class_name)
        # The chain's own error message names its members by this attribute where there is one.
        self._credential_name = self.name
        self.reader: SupportsTokenInfo | None = getattr(member, "reader", None)
        """Who reads the certificate that this member signs in with, where it lies in a vault."""
        self._member = member
        self._watch = watch

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        return self._watch.ask(self.name, self._member, scopes, options)

    def close(self) -> None:
        self._member.close()

    def __enter__(self) -> "TracedCredential":
        self._member.__enter__()
        return self

    def __exit__(self, *args: object) -> None:
        self._member.__exit__(*args)


def _digest(token: str) -> bytes:
    """What a token is known by once it is out of our hands."""
    return hashlib.sha256(token.encode()).digest()
