"""Throttling of sign-in attempts after wrong passphrases."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from cachetools import LRUCache

FREE_ATTEMPTS = 3
MAX_WAIT_S = 300
_RESET_AFTER_S = 3600
_MAX_ADDRESSES = 1024


@dataclass
class _Record:
    """Failed attempts of one address, and the time from which the next one is allowed."""

    failures: int = 0
    next_at: float = 0.0


class LoginThrottle:
    """Attempts by client address, in this process only; the oldest are evicted, so memory is bounded."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._records: LRUCache[str, _Record] = LRUCache(_MAX_ADDRESSES)

    def check(self, address: str) -> float:
        """0.0 if an attempt is allowed now, which then counts as failed until reset; otherwise the seconds to wait.

        No thread sleeps, and of a hundred concurrent attempts only the first few are checked.
        """
        with self._lock:
            now, record = self._clock(), self._record(address)
            if now < record.next_at:
                return record.next_at - now
            if record.failures and now > record.next_at + _RESET_AFTER_S:
                record.failures = 0
            record.failures += 1
            record.next_at = now + _wait_s(record.failures)
            return 0.0

    def reset(self, address: str) -> None:
        """Reset the count after a correct passphrase that grants everything."""
        with self._lock:
            self._records.pop(_group(address), None)

    def refund(self, address: str) -> None:
        """Undo one attempt: the passphrase was correct, but another one grants more. Earlier failures still count.

        Otherwise a user of the first passphrase could guess the second one without limit, using their own in between.
        """
        with self._lock:
            record = self._record(address)
            record.failures = max(0, record.failures - 1)
            record.next_at = self._clock()

    def _record(self, address: str) -> _Record:
        return self._records.setdefault(_group(address), _Record())


def _wait_s(failures: int) -> float:
    return 0.0 if failures <= FREE_ATTEMPTS else min(MAX_WAIT_S, 2.0 ** min(failures - FREE_ATTEMPTS, 20))


def _group(address: str) -> str:
    """The address; for IPv6 its /56 network, because one client may use any address in it."""
    try:
        if ip_address(address).version == 6:
            return str(ip_network(f"{address.partition('%')[0]}/56", strict=False))
    except ValueError:
        pass
    return address
