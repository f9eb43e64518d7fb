"""Sign-in with a passphrase (access mode `token`) or with the code of the start (`loopback`), in a session."""

from datetime import timedelta
from enum import StrEnum

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from secrets_app.access import audit
from secrets_app.access.client_address import client_address
from secrets_app.access.session import session_of
from secrets_app.access.throttle import LoginThrottle
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
