"""Asks all candidates at the same time; each row is there as it finishes, for all who follow."""

import os
import threading
from collections.abc import Iterator
from dataclasses import replace

from secrets_app import vault
from secrets_app.answer import answer_apart
from secrets_app.conf import Config
from secrets_app.identities.candidates import Candidate, candidates
from secrets_app.identities.row import Row
from secrets_app.sign_in import Way

_TICK_S = 1.0
_NO_THREAD = (
    "This machine gives the site no thread to ask it with. Stop other programs, or raise its limit (ulimit -u)."
)
# Who starts a process or asks a network takes longest, so they begin before the others keep this process busy.
_FIRST = (Way.AZURE_CLI, Way.AZURE_POWERSHELL, Way.AZURE_DEVELOPER_CLI, Way.MANAGED_IDENTITY)


class Comparison:
    """One comparison. It touches nothing that the site's own readings keep, and ends when nobody follows it."""

    def __init__(self, config: Config, asked: tuple[Candidate, ...]) -> None:
        self.candidates = asked
        self.config = config
        self._changed = threading.Condition()
        self._rows: list[Row] = [Row(candidate=candidate) for candidate in asked if not candidate.config]
        self._under_way: dict[int, vault.Apart] = {}
        self._begun = False
        self._followers = 0
        self._abandoned = False

    @property
    def may_be_joined(self) -> bool:
        return not self.is_done and not self._abandoned

    @property
    def is_done(self) -> bool:
        return self._begun and not self._under_way

    def follow(self) -> Iterator[Row | None]:
        """Each row as soon as it is there, those of earlier first; None once a second while nothing new is.

        The first who follows begins it, so that a page can leave before a dozen threads start; the last who stops
        following before the end ends it.
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
                left = list(self._under_way.values()) if self._abandoned else []
            for apart in left:
                apart.give_up()

    def _from(self, seen: int) -> Iterator[Row | None]:
        while True:
            news, done = self._news(seen)
            yield from news
            seen += len(news)
            if done:
                return
            if not news:
                yield None

    def _news(self, seen: int) -> tuple[list[Row], bool]:
        """The rows after the first `seen`, waited for a moment; and whether they are the last."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._rows) > seen or self.is_done, timeout=_TICK_S)
            return self._rows[seen:], self.is_done

    def _begin(self) -> None:
        self._begun = True
        for candidate in sorted(self.candidates, key=lambda candidate: candidate.way not in _FIRST):
            if candidate.config:
                self._start(candidate, candidate.config)

    def _start(self, candidate: Candidate, config: Config) -> None:
        apart = vault.Apart(config)
        self._under_way[candidate.number] = apart
        asking = threading.Thread(target=self._ask, args=(candidate, config, apart), name="identity", daemon=True)
        try:
            asking.start()
        except RuntimeError:  # the system gives this process no more threads
            del self._under_way[candidate.number]
            self._rows.append(Row(candidate=replace(candidate, config=None, why_not=_NO_THREAD)))

    def _ask(self, candidate: Candidate, config: Config, apart: vault.Apart) -> None:
        row = None
        try:
            # Whom its own chain of one leaves out is our doing, not the settings'.
            reading = replace(answer_apart(apart, config), chosen_by=None)
            row = Row(candidate=candidate, reading=reading)
        finally:
            with self._changed:
                del self._under_way[candidate.number]
                if row:
                    self._rows.append(self._compared(row))
                self._changed.notify_all()

    def _compared(self, row: Row) -> Row:
        """The row beside those that came before it."""
        if row.principal_key is None:
            return row
        alike = next((other for other in self._rows if other.principal_key == row.principal_key), None)
        if alike:
            return replace(row, same_as=alike.candidate, principal_number=alike.principal_number)
        return replace(row, principal_number=1 + max((other.principal_number or 0 for other in self._rows), default=0))


_lock = threading.Lock()
_latest: list[Comparison] = []


def comparison_of(config: Config) -> Comparison:
    """The comparison under way for this configuration, else a new one: a crowd starts az once, not for each of them."""
    with _lock:
        joins = _latest and _latest[0].config == config and _latest[0].may_be_joined
        if not joins:
            _latest[:] = [Comparison(config, candidates(config, os.environ))]
        return _latest[0]
