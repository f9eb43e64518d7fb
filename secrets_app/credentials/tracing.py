"""Traces a credential: each token request is recorded, with the principal of the token."""

import hashlib
import threading
from typing import Any

from azure.core.credentials import AccessTokenInfo, SupportsTokenInfo, TokenRequestOptions
from azure.identity import ChainedTokenCredential
from cachetools import LRUCache

from secrets_app.azure_client import cancellation
from secrets_app.core.claims import principal_of
from secrets_app.core.credential_options import CredentialKind
from secrets_app.core.known_secrets import known_secrets
from secrets_app.core.reading import Attempt
from secrets_app.credentials.token_trace import TokenProvenance, TokenTrace

# DefaultAzureCredential replaces a member whose constructor failed; in azure-identity 1.27 (default.py) that can only
# be this one. This product's own replacement has the attribute `credential_name`.
_PLACEHOLDERS = {"FailedDACCredential": CredentialKind.WORKLOAD_IDENTITY.class_name}
_CACHE_SIZE = 8


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

    def discard_request(self) -> None:
        """Forget this thread's token request: it failed, and a token from an earlier one is used."""
        trace: TokenTrace | None = getattr(self._thread, "trace", None)
        if trace:
            trace.discard_request()

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
            known_secrets().add(token.token)
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
