"""Tries all candidates in parallel and streams each result to all followers as it completes."""

import os
import threading
from collections.abc import Iterator
from dataclasses import replace

from secrets_app.conf import Config
from secrets_app.conf.request import ReadRequest
from secrets_app.core.budget import VisitorBudget
from secrets_app.core.credential_options import CredentialKind
from secrets_app.core.formatting import join_words
from secrets_app.core.runtime import shared
from secrets_app.identities.candidates import Candidate, find_candidates
from secrets_app.identities.result import CandidateResult
from secrets_app.keyvault import ReadOperation
from secrets_app.service import diagnose, isolated_read

_KEEP_ALIVE_S = 1.0
_NO_THREAD = "No thread could be started to try this credential. Stop other programs or raise the limit (ulimit -u)."
# Credentials that start a process or use the network take longest, so they start first.
_SLOWEST = (
    CredentialKind.AZURE_CLI,
    CredentialKind.AZURE_POWERSHELL,
    CredentialKind.AZURE_DEVELOPER_CLI,
    CredentialKind.MANAGED_IDENTITY,
)


class Comparison:
    """One comparison, isolated from the site's cached credentials; cancelled when its last follower leaves."""

    def __init__(self, request: ReadRequest, candidates: tuple[Candidate, ...]) -> None:
        self.candidates = candidates
        self.request = request
        self._changed = threading.Condition()
        self._results: list[CandidateResult] = [
            CandidateResult(candidate=candidate) for candidate in candidates if not candidate.config
        ]
        self._running: dict[int, ReadOperation] = {}
        self._started = False
        self._followers = 0
        self._cancelled = False

    @property
    def can_join(self) -> bool:
        return not self.is_done and not self._cancelled

    @property
    def is_done(self) -> bool:
        return self._started and not self._running

    def waiting_for(self) -> tuple[str, float] | None:
        """The credentials without a result, and the seconds until the last deadline; None when there are none."""
        with self._changed:
            running = dict(self._running)
        if not running:
            return None
        names = [candidate.name for candidate in self.candidates if candidate.number in running]
        return join_words(names), max(operation.progress().left_s for operation in running.values())

    def follow(self) -> Iterator[CandidateResult | None]:
        """Each result as soon as it is complete, earlier ones first; None once a second while there is no new result.

        The first follower starts the comparison, so that the page header is sent before a dozen threads start. If the
        last follower leaves before the end, the comparison is cancelled.
        """
        with self._changed:
            self._followers += 1
            if not self._started:
                self._start_all()
        try:
            yield from self._results_after(0)
        finally:
            with self._changed:
                self._followers -= 1
                self._cancelled = self._cancelled or not self._followers
                running = list(self._running.values()) if self._cancelled else []
            for operation in running:
                operation.cancel()

    def _results_after(self, count: int) -> Iterator[CandidateResult | None]:
        while True:
            new_results, done = self._new_results(count)
            yield from new_results
            count += len(new_results)
            if done:
                return
            if not new_results:
                yield None

    def _new_results(self, count: int) -> tuple[list[CandidateResult], bool]:
        """The results after the first `count`, waiting up to one second; and whether they are the last."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._results) > count or self.is_done, timeout=_KEEP_ALIVE_S)
            return self._results[count:], self.is_done

    def _start_all(self) -> None:
        self._started = True
        for candidate in sorted(self.candidates, key=lambda candidate: candidate.kind not in _SLOWEST):
            if candidate.config:
                self._start(candidate, candidate.config)

    def _start(self, candidate: Candidate, config: Config) -> None:
        request = replace(self.request, config=config)
        operation = self._running[candidate.number] = isolated_read(request)
        thread = threading.Thread(target=self._read, args=(candidate, request, operation), name="identity", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the thread limit is reached
            del self._running[candidate.number]
            self._results.append(
                CandidateResult(candidate=replace(candidate, config=None, not_tried_because=_NO_THREAD))
            )

    def _read(self, candidate: Candidate, request: ReadRequest, operation: ReadOperation) -> None:
        result = None
        try:
            reading = operation.run()
            diagnosis = diagnose(reading, request)
            # `chosen_by` describes the single-credential configuration, not the settings.
            reading = replace(reading, chosen_by=None)
            result = CandidateResult(candidate=candidate, reading=reading, diagnosis=diagnosis)
        finally:
            with self._changed:
                del self._running[candidate.number]
                if result:
                    self._results.append(self._with_principal_number(result))
                self._changed.notify_all()

    def _with_principal_number(self, result: CandidateResult) -> CandidateResult:
        """The result, numbered by its principal among the earlier results."""
        if result.principal_key is None:
            return result
        same = next((other for other in self._results if other.principal_key == result.principal_key), None)
        if same:
            return replace(result, same_as=same.candidate, principal_number=same.principal_number)
        return replace(
            result, principal_number=1 + max((other.principal_number or 0 for other in self._results), default=0)
        )


class _Comparisons:
    """The latest comparison in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest: Comparison | None = None

    def get(self, request: ReadRequest) -> Comparison:
        with self._lock:
            latest = self._latest
            if latest is None or latest.request != request or not latest.can_join:
                candidates = find_candidates(request.config, os.environ)
                shared(VisitorBudget).take(sum(candidate.config is not None for candidate in candidates))
                latest = self._latest = Comparison(request, candidates)
            return latest


def get_comparison(request: ReadRequest) -> Comparison:
    """The comparison in progress for this request, or a new one: concurrent visitors start az only once.

    Raises BudgetExceededError.
    """
    return shared(_Comparisons).get(request)
