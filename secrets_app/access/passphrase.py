"""A pass-phrase to sign in with, and the signed ticket that a browser keeps for it."""

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
    """What a pass-phrase lets somebody do."""

    LOOK = "look"
    SEE_VALUES = "see values"


_NAMES = {Role.LOOK: "somebody with the pass-phrase", Role.SEE_VALUES: "somebody with the pass-phrase for values"}


def viewer(request: HttpRequest, config: Config) -> Viewer:
    """Whoever has a ticket."""
    if config.passphrase is None:
        return Viewer(
            how=AccessMode.TOKEN,
            name="somebody",
            closed_because="It lets in who knows its pass-phrase, and none is set that could be used.",
            opens_with=("KVSITE_PASSPHRASE", EXAMPLE_PASSPHRASE),
        )
    role = _role_of_cookie(request.COOKIES.get(COOKIE, ""), config)
    return Viewer(
        how=AccessMode.TOKEN,
        name=_NAMES[role] if role else "somebody",
        may_view=role is not None,
        may_see_values=role is Role.SEE_VALUES,
        closed_because="It lets in who knows its pass-phrase.",
        no_values_because="Values take the other pass-phrase, KVSITE_VALUES_PASSPHRASE: sign in again with that one."
        if config.values_passphrase
        else "Values take a pass-phrase of their own, and KVSITE_VALUES_PASSPHRASE is not set.",
        sign_in_at=SIGN_IN_URL,
        sign_out_at=SIGN_OUT_URL if role else None,
    )


def role_for(given: str, config: Config) -> Role | None:
    """What `given` opens. Takes as long for a wrong pass-phrase as for a right one."""
    # Every one is compared, and as digests: neither which one nor its length can be told from the time.
    fits = {role: _same(given, passphrase, config) for role, passphrase in _passphrases(config).items()}
    return next((role for role, right in fits.items() if right), None)


def opens_all(role: Role, config: Config) -> bool:
    """Whether no other pass-phrase opens more than this role has."""
    return role is Role.SEE_VALUES or not config.values_passphrase


def set_login_cookie(response: HttpResponse, role: Role, config: Config, *, secure: bool) -> None:
    """Put the ticket into the browser: unreadable for scripts, not sent along by other sites' forms."""
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
    """Its key is made of the site's key and the pass-phrase: a ticket ends when either changes."""
    return TimestampSigner(key=_digest(passphrase, config).hex(), salt=f"secrets_app.access.{role.name}")


def _same(given: str, passphrase: str, config: Config) -> bool:
    return hmac.compare_digest(_digest(given, config), _digest(passphrase, config))


def _digest(text: str, config: Config) -> bytes:
    return hmac.digest(config.fingerprint_key.encode(), text.encode("utf-8", "surrogatepass"), hashlib.sha256)
