"""A keyed hash that distinguishes secret values without revealing them."""

import hashlib
import hmac
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from azure.core.exceptions import ResourceNotFoundError
from azure.core.pipeline import PipelineResponse
from azure.keyvault.secrets import KeyVaultSecret

from secrets_app.azure_client import cancellation
from secrets_app.conf import Config
from secrets_app.core.reading import Failure, Reading, Secret, TokenVaultToken
from secrets_app.core.redaction import well_formed
from secrets_app.credentials.tracing import TokenProvenance, TokenTrace
from secrets_app.keyvault import errors
from secrets_app.keyvault.client import Connection
from secrets_app.keyvault.pool import connection_for


def fingerprint(value: str, key: str) -> str:
    """16 hex digits. Keyed, so that values cannot be guessed offline without the key."""
    return hmac.new(key.encode(), value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:16]


T = TypeVar("T")

MAX_CONCURRENT_READS = 64
"""Concurrent readings in this process, including cancelled ones that have not ended yet."""
MAX_VISITOR_READS = 16
"""A separate limit for visitors' choices: each may start az, and many must not block the site's own readings."""
_VISITOR_WAIT_S = 1.0
_READ_SLOTS = threading.BoundedSemaphore(MAX_CONCURRENT_READS)
_VISITOR_SLOTS = threading.BoundedSemaphore(MAX_VISITOR_READS)


class ReadOperation:
    """Get the secret and the principal of the token used; keeps neither the token nor the secret's value."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._room = _VISITOR_SLOTS if config.from_visitor else _READ_SLOTS
        self._cutoff = cancellation.CancellationToken()
        self._thread = threading.Thread(target=self._run, name="reading", daemon=True)
        self._walk = TokenTrace(names=())
        self._connection: Connection | None = None
        self._story: TokenProvenance | None = None
        self._secret: Secret | None = None
        self._kept_token: TokenVaultToken | None = None
        self._failure: Failure | None = None
        self._client_address: str | None = None
        self._deleted_on: datetime | None = None

    def run(self) -> Reading:
        """The result at the end or at the deadline, when anything still running is cancelled."""
        started_at, start = datetime.now(UTC), time.monotonic()
        self._run_for(self._config.deadline_s)
        reading = self._reading(started_at, time.monotonic() - start)
        self._cutoff.cancel()  # later results are ignored
        return reading

    def _run_for(self, seconds: float) -> None:
        start = time.monotonic()
        wait_s = min(seconds, _VISITOR_WAIT_S) if self._config.from_visitor else seconds
        if not self._room.acquire(timeout=wait_s):
            most = MAX_VISITOR_READS if self._config.from_visitor else MAX_CONCURRENT_READS
            self._failure = errors.deadline_failure(wait_s, f"one of {most} earlier readings to end")
            return
        # Daemon threads: a pending request must not keep a finished command from exiting.
        try:
            self._thread.start()
        except RuntimeError as error:  # the system has no more threads for this process
            self._room.release()
            self._failure = errors.failure_of(error, self._walk)
            return
        self._thread.join(start + seconds / 2 - time.monotonic())
        if self._thread.is_alive() and self._connection and not self._walk.started:
            # The vault has sent no challenge, so no token was requested. Request one, to show the principal.
            ask, about = self._ask_who_we_are, (self._connection,)
            with suppress(RuntimeError):  # without a thread the principal stays unknown
                threading.Thread(target=ask, args=about, name="principal", daemon=True).start()
        self._thread.join(start + seconds - time.monotonic())

    def _reading(self, started_at: datetime, elapsed_s: float) -> Reading:
        failed = self._failure and replace(self._failure, deleted_on=self._deleted_on)
        if self._secret:
            failed = None  # the separate token request may have failed, and the vault responded after all
        elif not failed and self._thread.is_alive():
            failed = errors.deadline_failure(self._config.deadline_s, self._waiting_for())
        walk, story = self._walk, self._story
        reused = story is not None and not walk.started
        return Reading(
            vault_url=self._config.vault_url,
            secret_name=self._config.secret_name,
            scope=self._config.scope,
            secret_version=self._config.secret_version,
            started_at=started_at,
            elapsed_s=elapsed_s,
            secret=self._secret,
            kept_token=self._kept_token,
            kept_token_url=self._kept_token_url(),
            principal=story.principal if story else walk.principal,
            vault_tenant_id=story.tenant_id if story else walk.tenant_id,
            vault_saw=errors.vault_saw(failed, self._client_address),
            attempts=story.attempts if story and reused else walk.attempts(),
            token_reused=reused,
            failure=failed,
        )

    def _waiting_for(self) -> str:
        running = self._walk.running
        if self._connection is None:  # a credential's file is a pipe, or on an unavailable network share
            return "the credential's files to be read"
        return f"{running} to return a token" if running else f"{self._whom()} to respond"

    def _whom(self) -> str | None:
        return self._kept_token_url() or self._config.vault_url

    def _kept_token_url(self) -> str | None:
        address = self._config.token_vault
        return (address.url if address else "") if self._config.reads_token_vault else None

    def _run(self) -> None:
        cancellation.use_token(self._cutoff)
        try:
            if self._config.mistakes:
                self._failure = errors.configuration_failure(self._config.mistakes)
            connection = self._try(self._connect) if not self._config.cannot_authenticate else None
            if connection:
                self._walk, self._connection = connection.watch.begin(), connection
                self._ask(connection)
                connection.release()
        finally:
            self._room.release()

    def _connect(self) -> Connection:
        """A connection that is released at the end. Raises what a credential's constructor raises."""
        return connection_for(self._config)

    def _ask(self, connection: Connection) -> None:
        if not self._config.mistakes:
            self._try(lambda: self._fetch(connection))
        if not self._walk.started and not self._story:
            self._try(connection.request_token)

    def _ask_who_we_are(self, connection: Connection) -> None:
        """Request a token separately, while there is no challenge from the vault."""
        cancellation.use_token(self._cutoff)
        connection.acquire()
        connection.watch.follow(self._walk)
        self._try(connection.request_token)
        connection.release()

    def _try(self, ask: Callable[[], T]) -> T | None:
        """The one place that catches exceptions: each becomes a Failure, and the first one is kept."""
        try:
            return ask()
        except Exception as error:  # noqa: BLE001 - this is that place; other errors than Azure's are logged
            if not self._cutoff.cancelled:  # otherwise the cancellation caused it
                self._failure = self._failure or errors.failure_of(error, self._walk)
            return None

    def _fetch(self, connection: Connection) -> None:
        """Get the secret; a token check reads none."""
        if self._config.scope:
            return
        name = self._config.secret_name or ""
        try:
            found = connection.get_secret(name, self._config.secret_version, self._note(connection))
        except ResourceNotFoundError:
            self._deleted_on = connection.deleted_on(name)
            raise
        self._keep(found)

    def _note(self, connection: Connection) -> Callable[[PipelineResponse[Any, Any]], None]:
        def note(answer: PipelineResponse[Any, Any]) -> None:
            """azure-core calls this for every response: records the token used and the client address the vault saw."""
            scheme, _, token = answer.http_request.headers.get("Authorization", "").partition(" ")
            if scheme == "Bearer":
                self._story = connection.watch.provenance_of(token)
            self._client_address = errors.client_address(answer.http_response.headers) or self._client_address

        return note

    def _keep(self, found: KeyVaultSecret) -> None:
        self._secret = _without_value(found, self._config.fingerprint_key)


def _date(value: Any) -> datetime | None:
    """The SDK returns a value that is not a date unchanged."""
    return value if isinstance(value, datetime) else None


def _without_value(found: KeyVaultSecret, fingerprint_key: str) -> Secret:
    """All properties of the secret except its value."""
    value = found.value or ""
    properties = found.properties
    return Secret(
        name=properties.name or "",
        version=properties.version,
        content_type=well_formed(str(properties.content_type)) if properties.content_type else None,
        enabled=properties.enabled,
        created_on=_date(properties.created_on),
        updated_on=_date(properties.updated_on),
        not_before=_date(properties.not_before),
        expires_on=_date(properties.expires_on),
        length=len(value),
        fingerprint=fingerprint(value, fingerprint_key),
    )
