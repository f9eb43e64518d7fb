"""Sign-in with a passphrase, and the signed cookie for it."""

import hashlib
import hmac
from enum import StrEnum

from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponse

from secrets_app.access.viewer import Viewer
from secrets_app.conf import Config
from secrets_app.conf.access import EXAMPLE_PASSPHRASE, AccessMode

SIGN_IN_URL = "/sign-in/"
SIGN_OUT_URL = "/sign-out/"
COOKIE = "kvsite_ticket"
LOGIN_LIFETIME_S = 8 * 3600


class Role(StrEnum):
    """What a passphrase grants."""

    LOOK = "view"
    SEE_VALUES = "view values"


_NAMES = {Role.LOOK: "passphrase user", Role.SEE_VALUES: "passphrase user with access to values"}


def viewer(request: HttpRequest, config: Config) -> Viewer:
    """The viewer with a valid sign-in cookie."""
    if config.passphrase is None:
        return Viewer(
            how=AccessMode.TOKEN,
            name="anonymous",
            closed_because="Access requires a passphrase, but no valid passphrase is set.",
            opens_with=("KVSITE_PASSPHRASE", EXAMPLE_PASSPHRASE),
        )
    role = _role_of_cookie(request.COOKIES.get(COOKIE, ""), config)
    return Viewer(
        how=AccessMode.TOKEN,
        name=_NAMES[role] if role else "anonymous",
        may_view=role is not None,
        may_see_values=role is Role.SEE_VALUES,
        closed_because="Access requires a passphrase.",
        no_values_because="Secret values require the second passphrase, KVSITE_VALUES_PASSPHRASE. Sign in with it."
        if config.values_passphrase
        else "Secret values require a second passphrase, and KVSITE_VALUES_PASSPHRASE is not set.",
        sign_in_at=SIGN_IN_URL,
        sign_out_at=SIGN_OUT_URL if role else None,
    )


def role_for(given: str, config: Config) -> Role | None:
    """The role for the passphrase `given`; None for a wrong one. Takes constant time."""
    # All are compared, as digests, so that timing reveals neither the matching one nor its length.
    fits = {role: _same(given, passphrase, config) for role, passphrase in _passphrases(config).items()}
    return next((role for role, right in fits.items() if right), None)


def opens_all(role: Role, config: Config) -> bool:
    """Whether no other passphrase grants more than this role."""
    return role is Role.SEE_VALUES or not config.values_passphrase


def set_login_cookie(response: HttpResponse, role: Role, config: Config, *, secure: bool) -> None:
    """Set the sign-in cookie: hidden from scripts, not sent with other sites' forms."""
    ticket = _signer(role, _passphrases(config)[role], config).sign(role.name)
    response.set_cookie(COOKIE, ticket, max_age=LOGIN_LIFETIME_S, secure=secure, httponly=True, samesite="Lax")


def clear_login_cookie(response: HttpResponse) -> None:
    response.delete_cookie(COOKIE, samesite="Lax")


def _passphrases(config: Config) -> dict[Role, str]:
    both = {Role.SEE_VALUES: config.values_passphrase, Role.LOOK: config.passphrase}
    return {role: passphrase for role, passphrase in both.items() if passphrase}


def _role_of_cookie(ticket: str, config: Config) -> Role | None:
    for role, passphrase in _passphrases(config).items():
        try:
            if _signer(role, passphrase, config).unsign(ticket, max_age=LOGIN_LIFETIME_S) == role.name:
                return role
        except BadSignature:
            continue
    return None


def _signer(role: Role, passphrase: str, config: Config) -> TimestampSigner:
    """Keyed with the site's key and the passphrase: changing either invalidates the cookies."""
    return TimestampSigner(key=_digest(passphrase, config).hex(), salt=f"secrets_app.access.{role.name}")


def _same(given: str, passphrase: str, config: Config) -> bool:
    return hmac.compare_digest(_digest(given, config), _digest(passphrase, config))


def _digest(text: str, config: Config) -> bytes:
    return hmac.digest(config.fingerprint_key.encode(), text.encode("utf-8", "surrogatepass"), hashlib.sha256)
