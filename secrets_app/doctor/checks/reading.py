"""Checks of the reading that the home page shows: the token's age and the secret's state."""

from datetime import timedelta

from secrets_app.core import formatting
from secrets_app.core.reading import Diagnosis, Failure, Principal, PrincipalKind, Reading, Secret, Stage
from secrets_app.doctor.check import Check, notice, ok, problem, unknown
from secrets_app.doctor.registry import TIMEOUT_S, CheckContext, check

_READING = "the secret to be read"
_READING_S = TIMEOUT_S + 0.2
_RAISE_DEADLINE = "Run `manage.py principal`, which waits up to {deadline_s} s."
_EXPIRY_WARNING = timedelta(days=30)
_MANAGED = frozenset(
    {
        PrincipalKind.SYSTEM_ASSIGNED_MANAGED_IDENTITY,
        PrincipalKind.USER_ASSIGNED_MANAGED_IDENTITY,
        PrincipalKind.MANAGED_IDENTITY,
    }
)
# https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/managed-identity-best-practice-recommendations
_CACHING_NOTE = (
    "Azure caches a managed identity's token for up to 24 hours. Changes to its group memberships and app "
    "roles take effect only with the next token."
)


@check("secret", "Secret", waits_for=_READING, timeout_s=_READING_S, timeout_advice=_RAISE_DEADLINE)
def secret(context: CheckContext) -> Check:
    """Uses the home page's reading.

    A problem when the secret was not read or has expired, a notice when it is not yet valid or expires within 30 days.
    """
    reading = context.reading.result()
    if reading.failure or reading.secret is None:
        return _not_read(reading, context.diagnose(reading))
    return _secret_state(reading, reading.secret)


def _not_read(reading: Reading, diagnosis: Diagnosis) -> Check:
    hint = diagnosis.hints[0] if diagnosis.hints else None
    return problem(
        f"{formatting.headline(reading)} {hint.title if hint else ''}".strip().rstrip(".") + ".",
        hint.fix if hint else "The home page shows the original error message.",
        cause=diagnosis.main_cause,
        commands=hint.commands if hint else (),
        facts=_failure_facts(reading.failure) if reading.failure else (),
    )


def _failure_facts(failure: Failure) -> list[tuple[str, str]]:
    facts = {
        "Failed stage": str(failure.stage),
        "HTTP status": failure.status and str(failure.status),
        "Error code": failure.code,
        "Waiting for": failure.waiting_for,
    }
    return [(name, value) for name, value in facts.items() if value]


def _secret_state(reading: Reading, secret: Secret) -> Check:
    ends, now = secret.expires_on, reading.started_at
    updated = formatting.moment(secret.updated_on)
    facts = [("Name", secret.name), ("Version", secret.version or "unknown"), ("Updated", updated)]
    if secret.not_before and secret.not_before > now:
        return notice(f"The secret was read, but is not valid before {formatting.moment(secret.not_before)}.",
                      cause="secret_not_yet_valid", facts=facts)  # fmt: skip
    if ends is None:
        return ok("The secret was read. It is enabled and has no expiry date.", facts=facts)
    facts.append(("Expires", formatting.moment(ends)))
    if ends <= now:
        return problem(
            f"The secret was read, but expired {formatting.age(ends, now)}.", cause="secret_expired", facts=facts
        )
    if ends - now <= _EXPIRY_WARNING:
        return notice(f"The secret was read, but expires {formatting.age(ends, now)}.",
                      "Add a new version before it expires.", facts=facts)  # fmt: skip
    return ok(f"The secret was read. It is enabled and expires {formatting.age(ends, now)}.", facts=facts)


@check("token", "Access token", waits_for=_READING, timeout_s=_READING_S, timeout_advice=_RAISE_DEADLINE)
def token(context: CheckContext) -> Check:
    """Uses the token of the home page's reading. Never a problem; unknown without a token that can be decoded."""
    reading = context.reading.result()
    principal = reading.principal
    if principal is None:
        return _no_token(reading)
    if principal.token_issued_at is None or principal.token_expires_at is None:
        return unknown("An access token was obtained, but it cannot be decoded, so its age is unknown.")
    return _age(reading, principal)


def _no_token(reading: Reading) -> Check:
    if reading.failure and reading.failure.stage in {Stage.TOKEN, Stage.DEADLINE}:
        return unknown("No access token was obtained. The home page lists the credentials that were tried.")
    return unknown("No access token was requested.")


def _age(reading: Reading, principal: Principal) -> Check:
    issued, ends, now = principal.token_issued_at, principal.token_expires_at, reading.started_at
    facts = [
        ("Principal", principal.user_principal_name or principal.name or principal.app_id or "unknown"),
        ("Kind", formatting.KINDS[principal.kind] if principal.kind else "unknown"),
        ("Issued", formatting.moment(issued)),
        ("Expires", formatting.moment(ends)),
        ("Credential", principal.credential or "unknown"),
    ]
    sentence = f"Issued {formatting.age(issued, now)}; expires {formatting.age(ends, now)}."
    return ok(f"{sentence} {_CACHING_NOTE}" if principal.kind in _MANAGED else sentence, facts=facts)
