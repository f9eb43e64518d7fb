"""Tries all candidates in parallel and streams each row to all followers as it completes."""

import os
import threading
from collections.abc import Iterator
from dataclasses import replace

from secrets_app.conf import Config
from secrets_app.conf.request import ReadRequest
from secrets_app.core.credential_options import CredentialKind
from secrets_app.core.runtime import shared
from secrets_app.identities.candidates import Candidate, candidates
from secrets_app.identities.result import CandidateResult
from secrets_app.keyvault import ReadOperation
from secrets_app.service import diagnose, isolated_read

_TICK_S = 1.0
_NO_THREAD = "No thread could be started to try this credential. Stop other programs or raise the limit (ulimit -u)."
# Credentials that start a process or use the network take longest, so they start first.
_SLOWEST = (
    CredentialKind.AZURE_CLI,
    CredentialKind.AZURE_POWERSHELL,
    CredentialKind.AZURE_DEVELOPER_CLI,
    CredentialKind.MANAGED_IDENTITY,
)


class Comparison:
    """One comparison, isolated from the site's cached credentials; canceled when its last follower leaves."""

    def __init__(self, request: ReadRequest, asked: tuple[Candidate, ...]) -> None:
        self.candidates = asked
        self.request = request
        self._changed = threading.Condition()
        self._rows: list[CandidateResult] = [
            CandidateResult(candidate=candidate) for candidate in asked if not candidate.config
        ]
        self._running: dict[int, ReadOperation] = {}
        self._begun = False
        self._followers = 0
        self._abandoned = False

    @property
    def can_join(self) -> bool:
        return not self.is_done and not self._abandoned

    @property
    def is_done(self) -> bool:
        return self._begun and not self._running

    def follow(self) -> Iterator[CandidateResult | None]:
        """Each row as soon as it is complete, earlier ones first; None once a second while there is no new row.

        The first follower starts the comparison, so that the page header is sent before a dozen threads start. If the
        last follower leaves before the end, the comparison is canceled.
        """
        with self._changed:
            self._followers += 1
            if not self._begun:
                self._begin()
        try:
            yield from self._from(0)
        finally:
            with self._changed:
                self._followers -= 1
                self._abandoned = self._abandoned or not self._followers
                left = list(self._running.values()) if self._abandoned else []
            for read in left:
                read.cancel()

    def _from(self, seen: int) -> Iterator[CandidateResult | None]:
        while True:
            news, done = self._news(seen)
            yield from news
            seen += len(news)
            if done:
                return
            if not news:
                yield None

    def _news(self, seen: int) -> tuple[list[CandidateResult], bool]:
        """The rows after the first `seen`, waiting up to one second; and whether they are the last."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._rows) > seen or self.is_done, timeout=_TICK_S)
            return self._rows[seen:], self.is_done

    def _begin(self) -> None:
        self._begun = True
        for candidate in sorted(self.candidates, key=lambda candidate: candidate.kind not in _SLOWEST):
            if candidate.config:
                self._start(candidate, candidate.config)

    def _start(self, candidate: Candidate, config: Config) -> None:
        request = replace(self.request, config=config)
        read = self._running[candidate.number] = isolated_read(request)
        reader = threading.Thread(target=self._read, args=(candidate, request, read), name="identity", daemon=True)
        try:
            reader.start()
        except RuntimeError:  # the thread limit is reached
            del self._running[candidate.number]
            self._rows.append(CandidateResult(candidate=replace(candidate, config=None, why_not=_NO_THREAD)))

    def _read(self, candidate: Candidate, request: ReadRequest, read: ReadOperation) -> None:
        row = None
        try:
            reading = read.run()
            diagnosis = diagnose(reading, request)
            # `chosen_by` describes the chain of one made here, not the settings.
            reading = replace(reading, chosen_by=None)
            row = CandidateResult(candidate=candidate, reading=reading, diagnosis=diagnosis)
        finally:
            with self._changed:
                del self._running[candidate.number]
                if row:
                    self._rows.append(self._compared(row))
                self._changed.notify_all()

    def _compared(self, row: CandidateResult) -> CandidateResult:
        """The row, numbered by its principal among the earlier rows."""
        if row.principal_key is None:
            return row
        alike = next((other for other in self._rows if other.principal_key == row.principal_key), None)
        if alike:
            return replace(row, same_as=alike.candidate, principal_number=alike.principal_number)
        return replace(row, principal_number=1 + max((other.principal_number or 0 for other in self._rows), default=0))


class _Comparisons:
    """The latest comparison in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest: Comparison | None = None

    def get(self, request: ReadRequest) -> Comparison:
        with self._lock:
            latest = self._latest
            if latest is None or latest.request != request or not latest.can_join:
                latest = self._latest = Comparison(request, candidates(request.config, os.environ))
            return latest


def get_comparison(request: ReadRequest) -> Comparison:
    """The comparison in progress for this request, else a new one: concurrent visitors start az only once."""
    return shared(_Comparisons).get(request)
