"""Sign-in with a passphrase (access mode `token`) or with the code of the start (`loopback`), in a session.

Attempts after wrong passphrases are throttled.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address, ip_network

from cachetools import LRUCache
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from secrets_app.access import audit
from secrets_app.access.client_address import client_address
from secrets_app.access.session import session_of
from secrets_app.access.viewer import Viewer
from secrets_app.conf import Config
from secrets_app.conf.access import EXAMPLE_PASSPHRASE, LOGIN_LIFETIME_S, AccessMode
from secrets_app.core.runtime import shared

# Keys in the session.
_ROLE = "_secrets_app_role"
_FINGERPRINT = "_secrets_app_passphrase_hash"


class Role(StrEnum):
    """What a passphrase grants."""

    VIEW = "view"
    VIEW_VALUES = "view values"


_NAMES = {Role.VIEW: "passphrase user", Role.VIEW_VALUES: "passphrase user with access to values"}


def viewer(request: HttpRequest, config: Config) -> Viewer:
    """Access mode `token`: the viewer with a valid sign-in in the session."""
    if config.passphrase is None:
        return Viewer(
            access_mode=AccessMode.TOKEN,
            name="anonymous",
            denied_because="Access requires a passphrase, but no valid passphrase is set.",
            required_setting=("KVSITE_PASSPHRASE", EXAMPLE_PASSPHRASE),
        )
    role = role_in(session_of(request), config) or _role_of_header(request, config)
    return _viewer_with_role(role, config)


def _role_of_header(request: HttpRequest, config: Config) -> Role | None:
    """The role of `Authorization: Bearer PASSPHRASE`, for programs. Either passphrase shows the pages, never values.

    Wrong ones count as in the form: a header must not allow more guesses. https://www.rfc-editor.org/rfc/rfc6750
    """
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not given.strip():
        return None
    throttle, address = shared(LoginThrottle), client_address(request, config)
    if throttle.check(address):
        return None
    role = role_for(given.strip(), config)
    if role is None and is_metrics_token(given.strip(), config):
        throttle.refund(address)  # a scraper of /metrics, not an attempt to guess
        return None
    if role is None:
        audit.record("sign in", "wrong passphrase", request, Viewer(access_mode=config.access, name="anonymous"))
        return None
    (throttle.reset if grants_most(role, config) else throttle.refund)(address)
    return Role.VIEW


def is_metrics_token(given: str, config: Config) -> bool:
    """Whether it is the token of KVSITE_METRICS_TOKEN. Takes constant time."""
    return config.metrics_token is not None and constant_time_compare(given, config.metrics_token)


def _viewer_with_role(role: Role | None, config: Config) -> Viewer:
    return Viewer(
        access_mode=AccessMode.TOKEN,
        name=_NAMES[role] if role else "anonymous",
        may_view=role is not None,
        may_see_values=role is Role.VIEW_VALUES,
        denied_because="Access requires a passphrase.",
        values_denied_because="Secret values require the second passphrase, KVSITE_VALUES_PASSPHRASE. Sign in with it."
        if config.values_passphrase
        else "Secret values require a second passphrase, and KVSITE_VALUES_PASSPHRASE is not set.",
        sign_in_url=reverse("secrets_app:sign_in"),
        sign_out_url=reverse("secrets_app:sign_out") if role else None,
    )


def role_for(given: str, config: Config) -> Role | None:
    """The role for the passphrase or code `given`; None for a wrong one. Takes constant time."""
    # All are compared, as keyed hashes, so that timing reveals neither the matching one nor its length.
    found = _fingerprint(given, config)
    matches = {
        role: constant_time_compare(found, _fingerprint(passphrase, config))
        for role, passphrase in _secrets(config).items()
    }
    return next((role for role, is_match in matches.items() if is_match), None)


def grants_most(role: Role, config: Config) -> bool:
    """Whether no other passphrase grants more than this role."""
    return role is Role.VIEW_VALUES or not config.values_passphrase


def save_sign_in(session: SessionBase, role: Role, config: Config) -> None:
    """Store the sign-in in the session. It ends after LOGIN_LIFETIME_S, or when the passphrase, code or key changes."""
    session.cycle_key()  # as django.contrib.auth.login does, against session fixation
    session[_ROLE] = role.value
    session[_FINGERPRINT] = _fingerprint(_secrets(config)[role], config)
    # A point in time, not an age: independent of SESSION_COOKIE_AGE, and not extended when the session is saved again.
    session.set_expiry(timedelta(seconds=LOGIN_LIFETIME_S))


def _secrets(config: Config) -> dict[Role, str]:
    """What to sign in with, in this access mode."""
    if config.access is AccessMode.LOOPBACK:
        return {Role.VIEW_VALUES: config.sign_in_code} if config.sign_in_code else {}
    both = {Role.VIEW_VALUES: config.values_passphrase, Role.VIEW: config.passphrase}
    return {role: passphrase for role, passphrase in both.items() if passphrase}


def role_in(session: SessionBase, config: Config) -> Role | None:
    """The role of a sign-in that is still valid."""
    passphrases = _secrets(config)
    role = next((role for role in passphrases if role == session.get(_ROLE)), None)
    if role is None or session.get_expiry_age() <= 0:
        return None
    fingerprint = _fingerprint(passphrases[role], config)
    return role if constant_time_compare(session.get(_FINGERPRINT, ""), fingerprint) else None


def _fingerprint(passphrase: str, config: Config) -> str:
    """A hash keyed with the site's key: visitors can read a session cookie, and must not be able to test guesses."""
    text = passphrase.encode("utf-8", "surrogatepass")
    secret = config.fingerprint_key
    return salted_hmac("secrets_app.access.passphrase", text, secret=secret, algorithm="sha256").hexdigest()


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
