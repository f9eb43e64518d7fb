"""Checks of the reading that the home page makes: the token's age and the secret's own state."""

from datetime import timedelta

from secrets_app.core.reading import Failure, Principal, PrincipalKind, Reading, Secret, Stage
from secrets_app.doctor.check import Check, notice, ok, problem, unknown
from secrets_app.doctor.context import CheckContext
from secrets_app.doctor.registry import TIMEOUT_S, check
from secrets_app.output import text

_READING = "the reading that the home page makes"
_READING_S = TIMEOUT_S + 0.2
_RAISE_DEADLINE = "Run `manage.py principal`; it waits up to {deadline_s} s."
_SOON = timedelta(days=30)
_MANAGED = frozenset(
    {
        PrincipalKind.SYSTEM_ASSIGNED_MANAGED_IDENTITY,
        PrincipalKind.USER_ASSIGNED_MANAGED_IDENTITY,
        PrincipalKind.MANAGED_IDENTITY,
    }
)
# https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/managed-identity-best-practice-recommendations
_DAY_LONG = (
    "Azure keeps a managed identity's token for up to 24 hours. A role that comes through a group, or one that is "
    "taken away, shows only with the next token."
)


@check("secret", "The secret", waits_for=_READING, limit_s=_READING_S, when_late=_RAISE_DEADLINE)
def secret(scene: CheckContext) -> Check:
    reading = scene.reading.result()
    if reading.failure or reading.secret is None:
        return _not_read(reading)
    return _state(reading, reading.secret)


def _not_read(reading: Reading) -> Check:
    hint = reading.hints[0] if reading.hints else None
    return problem(
        f"{text.headline(reading)} {hint.title if hint else ''}".strip().rstrip(".") + ".",
        hint.fix if hint else "The home page has the error in its own words.",
        cause=reading.main_cause,
        commands=hint.commands if hint else (),
        facts=_where(reading.failure) if reading.failure else (),
    )


def _where(failure: Failure) -> list[tuple[str, str]]:
    known = {
        "Stopped at": str(failure.stage),
        "HTTP status": failure.status and str(failure.status),
        "Code": failure.code,
        "Waiting for": failure.waiting_for,
    }
    return [(name, value) for name, value in known.items() if value]


def _state(reading: Reading, secret: Secret) -> Check:
    ends, now = secret.expires_on, reading.started_at
    updated = text.moment(secret.updated_on)
    facts = [("Name", secret.name), ("Version", secret.version or "unknown"), ("Updated", updated)]
    if secret.not_before and secret.not_before > now:
        return notice(f"It was read, but is meant to be used only from {text.moment(secret.not_before)}.",
                      cause="secret_not_yet_valid", facts=facts)  # fmt: skip
    if ends is None:
        return ok("It was read. It is enabled and has no expiry date.", facts=facts)
    facts.append(("Expires", text.moment(ends)))
    if ends <= now:
        return problem(f"It was read, but it expired {text.age(ends, now)}.", cause="secret_expired", facts=facts)
    if ends - now <= _SOON:
        return notice(f"It was read, and it expires {text.age(ends, now)}.",
                      "Store a new version before that day.", facts=facts)  # fmt: skip
    return ok(f"It was read. It is enabled and expires {text.age(ends, now)}.", facts=facts)


@check("token", "The token", waits_for=_READING, limit_s=_READING_S, when_late=_RAISE_DEADLINE)
def token(scene: CheckContext) -> Check:
    reading = scene.reading.result()
    principal = reading.principal
    if principal is None:
        return _no_token(reading)
    if principal.token_issued_at is None or principal.token_expires_at is None:
        return unknown("There is a token. It cannot be read from outside, so its age is not known.")
    return _age(reading, principal)


def _no_token(reading: Reading) -> Check:
    if reading.failure and reading.failure.stage in {Stage.TOKEN, Stage.DEADLINE}:
        return unknown("There is no token, so it has no age. The home page says who was asked for one.")
    return unknown("No token was asked for.")


def _age(reading: Reading, principal: Principal) -> Check:
    made, ends, now = principal.token_issued_at, principal.token_expires_at, reading.started_at
    facts = [
        ("Whose", principal.user_principal_name or principal.name or principal.app_id or "it does not say"),
        ("Kind", text.KINDS[principal.kind] if principal.kind else "it does not say"),
        ("Made", text.moment(made)),
        ("Ends", text.moment(ends)),
        ("From", principal.credential or "unknown"),
    ]
    sentence = f"It was made {text.age(made, now)} and ends {text.age(ends, now)}."
    return ok(f"{sentence} {_DAY_LONG}" if principal.kind in _MANAGED else sentence, facts=facts)
