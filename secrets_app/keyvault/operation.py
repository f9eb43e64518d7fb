"""One reading in progress: it runs in a separate thread and ends at the deadline."""

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from azure.core.pipeline import PipelineResponse

from secrets_app.azure_client import cancellation
from secrets_app.conf.host_environment import detect_host
from secrets_app.conf.request import ReadRequest
from secrets_app.core.reading import Attempt, Failure, Mismatch, Principal, Reading
from secrets_app.core.redaction import cleaned
from secrets_app.core.runtime import shared
from secrets_app.credentials.selection import describe_selection, requested_identity, selecting_setting
from secrets_app.credentials.token_trace import TokenProvenance, TokenTrace
from secrets_app.keyvault import errors
from secrets_app.keyvault.client import Connection
from secrets_app.keyvault.pool import pooled_connection

T = TypeVar("T")
Connect = Callable[[ReadRequest], Connection]

MAX_CONCURRENT_READS = 64
"""Readings in progress in this process, including those past their deadline that have not ended yet."""
MAX_VISITOR_READS = 16
"""In addition, those with visitors' overrides: each may start az, and many of them must not block the site's own."""
VISITOR_WAIT_S = 1.0
"""Seconds that a visitor's reading waits for a slot."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A reading that has not ended."""

    waiting_for: str
    """As a phrase: `AzureCliCredential to return a token`."""
    elapsed_s: float
    left_s: float
    """Seconds until its deadline."""
    attempts: tuple[Attempt, ...] = ()
    """The credential chain so far."""


class ReadSlots:
    """How many readings may run at the same time."""

    def __init__(self) -> None:
        self.site = threading.BoundedSemaphore(MAX_CONCURRENT_READS)
        self.visitors = threading.BoundedSemaphore(MAX_VISITOR_READS)


class ReadOperation:
    """Gets a token and its principal, without storing the token. Subclasses also read a target with it."""

    def __init__(self, request: ReadRequest, connect: Connect = pooled_connection) -> None:
        """`connect` returns a connection that is released at the end."""
        self._request = request
        self._config = request.config
        self._connect = connect
        slots = shared(ReadSlots)
        self._slots = slots.visitors if request.from_visitor else slots.site
        self._cancellation = cancellation.CancellationToken()
        # With the request's context, to which spans of the Azure SDK belong.
        self._thread = threading.Thread(target=copy_context().run, args=(self._run,), name="reading", daemon=True)
        self._trace = TokenTrace(names=())
        self._connection: Connection | None = None
        self._provenance: TokenProvenance | None = None
        self._failure: Failure | None = None
        self._client_address: str | None = None
        self._started = time.monotonic()
        self._fetch_started: float | None = None
        self._vault_elapsed_s: float | None = None
        self._token_requested_separately = False

    def run(self) -> Reading:
        """The result at the end or at the deadline, when anything still running is cancelled."""
        started_at, self._started = datetime.now(UTC), time.monotonic()
        self._run_for(self._config.deadline_s)
        reading = self._reading(started_at, time.monotonic() - self._started)
        self._cancellation.cancel()  # later results are ignored
        return reading

    def progress(self) -> Progress:
        """What it is waiting for. Any thread may call this while it runs."""
        elapsed_s = time.monotonic() - self._started
        return Progress(
            waiting_for=self._waiting_for(),
            elapsed_s=elapsed_s,
            left_s=max(0.0, self._config.deadline_s - elapsed_s),
            attempts=self._trace.attempts(),
        )

    def cancel(self) -> None:
        """Stop everything that is still running."""
        self._cancellation.cancel()

    # What a subclass reads

    def _fetch(self, connection: Connection) -> None:
        """Read the target. A token check reads nothing: the token is requested separately."""

    def _result(self) -> dict[str, Any]:
        """The fields of Reading that depend on the target."""
        return {"scope": self._request.scope}

    def _has_result(self) -> bool:
        """Whether the target was read: then no earlier failure counts."""
        return False

    def _target_name(self) -> str | None:
        """What a timeout message is waiting for."""
        return None

    # How it runs

    def _run_for(self, seconds: float) -> None:
        start = time.monotonic()
        wait_s = min(seconds, VISITOR_WAIT_S) if self._request.from_visitor else seconds
        if not self._slots.acquire(timeout=wait_s):
            limit = MAX_VISITOR_READS if self._request.from_visitor else MAX_CONCURRENT_READS
            self._failure = errors.deadline_failure(wait_s, f"one of {limit} earlier readings to end")
            return
        # Daemon threads: a pending request must not prevent a finished command from exiting.
        try:
            self._thread.start()
        except RuntimeError as error:  # the system has no more threads for this process
            self._slots.release()
            self._failure = errors.failure_of(error, self._trace)
            return
        self._thread.join(start + seconds / 2 - time.monotonic())
        if self._thread.is_alive() and self._connection and not self._trace.started:
            # The vault has sent no challenge, so no token was requested. Request one, to show the principal.
            self._token_requested_separately = True
            arguments = (self._connection,)
            with suppress(RuntimeError):  # without a thread the principal stays unknown
                threading.Thread(target=self._request_token, args=arguments, name="principal", daemon=True).start()
        self._thread.join(start + seconds - time.monotonic())

    def _reading(self, started_at: datetime, elapsed_s: float) -> Reading:
        failure = self._failure
        if self._has_result():
            failure = None  # the separate token request may have failed, and the vault responded after all
        elif not failure and self._thread.is_alive():
            failure = errors.deadline_failure(self._config.deadline_s, self._waiting_for())
        trace, provenance = self._trace, self._provenance
        reused = provenance is not None and not trace.started
        principal = provenance.principal if provenance else trace.principal
        reading = Reading(
            **self._result(),
            **self._host_and_selection(),
            started_at=started_at,
            elapsed_s=elapsed_s,
            token_elapsed_s=trace.elapsed_s if trace.started else None,
            vault_elapsed_s=self._vault_elapsed_s if self._vault_elapsed_s is not None else self._vault_time_so_far(),
            principal=principal,
            mismatches=self._mismatches(principal),
            vault_tenant_id=provenance.tenant_id if provenance else trace.tenant_id,
            vault_saw=errors.vault_saw(failure, self._client_address),
            attempts=provenance.attempts if provenance and reused else trace.attempts(),
            token_reused=reused,
            failure=failure,
        )
        # The one place where text from Azure, tools, proxies and tokens enters a result.
        return cleaned(reading, given=f"{self._request.target} {reading.identity_asked}")

    def _host_and_selection(self) -> dict[str, Any]:
        """The fields of Reading on the host, and on how the settings select the credential."""
        options, environ = self._config.credential, os.environ
        if options is None:
            return {"place": detect_host(environ)}
        token_credentials = environ.get("AZURE_TOKEN_CREDENTIALS", "")
        return {
            "place": detect_host(environ),
            "chosen_by": describe_selection(options, token_credentials),
            "chosen_setting": selecting_setting(options, token_credentials),
            "identity_asked": requested_identity(options, environ.get("AZURE_CLIENT_ID", "")),
        }

    def _mismatches(self, principal: Principal | None) -> tuple[Mismatch, ...]:
        expected = self._config.expected
        return expected.mismatches(principal) if expected and principal else ()

    def _waiting_for(self) -> str:
        running = self._trace.running
        if self._connection is None:  # a credential's file is a pipe, or on an unavailable network share
            return "the credential's files to be read"
        return f"{running} to return a token" if running else f"{self._target_name()} to respond"

    def _run(self) -> None:
        cancellation.use_token(self._cancellation)
        try:
            if self._request.blocking_problems:
                self._failure = errors.configuration_failure(self._request.blocking_problems)
            connection = (
                self._try(lambda: self._connect(self._request)) if not self._request.cannot_authenticate else None
            )
            if connection:
                self._trace, self._connection = connection.tracer.start_trace(), connection
                self._read_with(connection)
                connection.release()
        finally:
            self._slots.release()

    def _read_with(self, connection: Connection) -> None:
        if not self._request.blocking_problems:
            self._try(lambda: self._timed_fetch(connection))
        if not self._trace.started and not self._provenance:
            self._try(connection.request_token)

    def _timed_fetch(self, connection: Connection) -> None:
        if self._target_name():
            self._fetch_started = time.monotonic()
        try:
            self._fetch(connection)
        finally:
            self._vault_elapsed_s = self._vault_time_so_far()

    def _vault_time_so_far(self) -> float | None:
        """Seconds of the requests to the target, without the token request that they caused; None before the first."""
        if self._fetch_started is None:
            return None
        token_s = 0.0 if self._token_requested_separately else self._trace.elapsed_s
        return max(0.0, time.monotonic() - self._fetch_started - token_s)

    def _request_token(self, connection: Connection) -> None:
        """Request a token separately, while there is no challenge from the vault."""
        cancellation.use_token(self._cancellation)
        connection.acquire()
        connection.tracer.use_trace(self._trace)
        self._try(connection.request_token)
        connection.release()

    def _try(self, work: Callable[[], T]) -> T | None:
        """Run `work`; an exception becomes the reading's failure, unless an earlier one did."""
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - the only such place; failure_of logs unexpected errors
            if not self._cancellation.cancelled:  # otherwise the cancellation caused it
                self._failure = self._failure or errors.failure_of(error, self._trace)
            return None

    def _record(self, connection: Connection) -> Callable[[PipelineResponse[Any, Any]], None]:
        def record(response: PipelineResponse[Any, Any]) -> None:
            """Called by azure-core for every response: records the token used and the client address the vault saw."""
            scheme, _, token = response.http_request.headers.get("Authorization", "").partition(" ")
            if scheme == "Bearer":
                self._provenance = connection.tracer.provenance_of(token)
            self._client_address = errors.client_address(response.http_response.headers) or self._client_address

        return record
