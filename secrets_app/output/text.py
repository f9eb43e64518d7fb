"""What a reading says in plain words: the same sentences for the page and for the terminal."""

from collections.abc import Iterable
from datetime import UTC, datetime
from textwrap import shorten

from secrets_app.core.reading import Attempt, Outcome, Principal, PrincipalKind, PrincipalType, Reading, Stage
from secrets_app.credentials.claims import WELL_KNOWN_APPS
from secrets_app.diagnosis import Evidence

KINDS: dict[PrincipalKind, str] = {
    PrincipalKind.USER: "a user",
    PrincipalKind.SERVICE_PRINCIPAL: "a service principal",
    PrincipalKind.SYSTEM_ASSIGNED_MANAGED_IDENTITY: "a system-assigned managed identity",
    PrincipalKind.USER_ASSIGNED_MANAGED_IDENTITY: "a user-assigned managed identity",
    PrincipalKind.WORKLOAD_IDENTITY: "a workload identity",
    PrincipalKind.MANAGED_IDENTITY: "a managed identity",
}
KIND_MEANINGS: dict[PrincipalKind, str] = {
    PrincipalKind.USER: "A person who signed in.",
    PrincipalKind.SERVICE_PRINCIPAL: "An app registration with a secret or certificate of its own.",
    PrincipalKind.SYSTEM_ASSIGNED_MANAGED_IDENTITY: "It belongs to this one Azure resource and goes away with it.",
    PrincipalKind.USER_ASSIGNED_MANAGED_IDENTITY: "An identity of its own that was attached to this resource.",
    PrincipalKind.WORKLOAD_IDENTITY: "A Kubernetes service account that Entra trusts.",
    PrincipalKind.MANAGED_IDENTITY: "Azure gives it to the resource this runs on. The token does not say which sort.",
}
OUTCOMES: dict[Outcome, str] = {
    Outcome.TOKEN: "gave the token",
    Outcome.UNAVAILABLE: "not available here",
    Outcome.FAILED: "failed",
    Outcome.NOT_REACHED: "not asked",
    Outcome.RUNNING: "no answer yet",
}
_DENIED = "The vault answered, and its answer was no."
_STAGES: dict[Stage, str] = {
    Stage.CONFIGURATION: "Nothing was asked of the vault: the settings have to be mended first.",
    Stage.TOKEN: "There is no token, so the vault was not asked for the secret.",
    Stage.VAULT: _DENIED,
    Stage.NETWORK: "No answer came from the vault.",
    Stage.DEADLINE: "Time ran out before there was an answer.",
}


_CHECK_STAGES: dict[Stage, str] = {
    Stage.CONFIGURATION: "Nobody was asked for a token: what was asked for has to be mended first.",
    Stage.TOKEN: "Whoever was asked for it gave none.",
    Stage.NETWORK: "No answer came from the token service.",
}
"""The same for a token check, which has no vault."""
_KEPT_TOKEN: dict[Stage | int | None, str] = {
    Stage.CONFIGURATION: "Nobody was asked: the settings of the Token Vault have to be mended first.",
    Stage.DEADLINE: _STAGES[Stage.DEADLINE],
    401: "The Token Vault does not hand it out: nobody has signed in to it yet, or it does not accept our token.",
    404: "The Token Vault has no token of that name yet.",
}
_TOKEN_VAULT_NO_ANSWER = "The Token Vault gave no answer that helps."  # noqa: S105 - a sentence
_VAULT_ANSWERS: dict[int | None, str] = {
    401: "The vault does not accept the token.",
    404: "The vault let us in, but has nothing to give.",
}
_VAULT_ANSWERS_BY_HUNDREDS: dict[int, str] = {
    2: "The vault answered, but the answer did not arrive whole.",
    3: "Something sent us elsewhere instead of answering.",
    5: "The vault answered that it is in trouble itself.",
}
TOO_MANY_REQUESTS = 429


def headline(reading: Reading) -> str:
    """Did what was asked for come? One line."""
    but = ", but not by whom the settings expect" if reading.mismatches else ""
    if reading.kept_token_url is not None:
        return f"The Token Vault's token was {'' if reading.came else 'not '}read{but if reading.came else ''}."
    if reading.scope:
        return f"A token for {reading.scope} was given{but}." if reading.came else f"No token for {reading.scope}."
    if reading.came:
        return f"The secret {reading.secret_name} was read{but}."
    return f"The secret {reading.secret_name} was not read." if reading.secret_name else "No secret was read."


def failure_line(reading: Reading) -> str:
    """How far the reading came, for somebody who asks whether they were let in. Empty where it came to its end."""
    failure = reading.failure
    if failure is None:
        return ""
    if reading.kept_token_url is not None and failure.stage is not Stage.TOKEN:
        return _KEPT_TOKEN.get(
            failure.status if failure.stage is Stage.VAULT else failure.stage, _TOKEN_VAULT_NO_ANSWER
        )
    if reading.scope and failure.stage in _CHECK_STAGES:
        return _CHECK_STAGES[failure.stage]
    if failure.stage is not Stage.VAULT:
        return _STAGES[failure.stage]
    if failure.status == TOO_MANY_REQUESTS:
        wait = f" It asks us to wait {failure.retry_after_s:g} seconds." if failure.retry_after_s else ""
        return f"The vault turned us away for now.{wait}"
    return _VAULT_ANSWERS.get(failure.status) or _VAULT_ANSWERS_BY_HUNDREDS.get((failure.status or 0) // 100, _DENIED)


def identity_line(reading: Reading) -> str:
    """Who the vault was asked as, or would have been: `Asked as kvsite-demo, a system-assigned managed identity.`"""
    if reading.principal is None:
        return "Nobody to ask as: no credential gave a token." if reading.attempts else "Nobody was asked who we are."
    reached = reading.secret or reading.kept_token or (reading.failure and reading.failure.stage is Stage.VAULT)
    if reading.scope:
        return f"The token speaks for {principal_text(reading.principal)}."
    return f"{'Asked as' if reached else 'You would ask as'} {principal_text(reading.principal)}."


def vault(reading: Reading) -> str:
    """The vault's address; `not set` or `not usable` where the settings give none."""
    return reading.vault_url or _why_none(reading, "KEY_VAULT_URI")


def secret(reading: Reading) -> str:
    """The secret's name; `not set` or `not usable` where the settings give none."""
    return reading.secret_name or _why_none(reading, "SECRET_NAME")


def _why_none(reading: Reading, setting: str) -> str:
    missing = any(hint.cause == "setting_missing" and hint.title.startswith(f"{setting} ") for hint in reading.hints)
    return "not set" if missing else "not usable"


def principal_text(principal: Principal) -> str:
    """The principal in one breath: `kvsite-demo, a system-assigned managed identity`."""
    if principal.type is None or principal.kind is None:
        return "somebody unknown: the token cannot be read"
    name = principal.user_principal_name or principal.name
    if not name and principal.app_id:
        name = f"application {principal.app_id}"
    return f"{name}, {KINDS[principal.kind]}" if name else KINDS[principal.kind]


def application(principal: Principal) -> str:
    """What the token's client id stands for."""
    if principal.type is not PrincipalType.USER:
        return "The application's id. Logs name it."
    tool = WELL_KNOWN_APPS.get(principal.app_id or "")
    return f"The tool that asked for the token{f': {tool}' if tool else ''}. It is not you."


def sentence(text: str) -> str:
    """The text with a full stop at its end."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def duration(seconds: float | None) -> str:
    """`8 ms`, `1.2 s`; nothing for nothing."""
    if seconds is None:
        return ""
    if seconds < 0.001:
        return "under 1 ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 0.9995 else f"{seconds:.1f} s"


def moment(when: datetime | None) -> str:
    """A moment as a person and a ticket can read it, in UTC."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if when else ""


def age(when: datetime | None, now: datetime | None = None) -> str:
    """`12 minutes ago`, `in 23 hours`: how far `when` is from now, in its largest unit."""
    if when is None:
        return ""
    seconds = ((now or datetime.now(UTC)) - when).total_seconds()
    size, unit = next(
        (abs(seconds) // length, name)
        for length, name in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
        if abs(seconds) >= length or length == 1
    )
    words = f"{size:.0f} {unit}{'' if size == 1 else 's'}"
    return f"{words} ago" if seconds >= 0 else f"in {words}"


def span(seconds: int) -> str:
    """`1 hour`, `90 minutes`, `45 seconds`: exact, in the largest unit that needs no fraction."""
    size, unit = next(
        (seconds // length, name)
        for length, name in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
        if seconds % length == 0
    )
    return f"{size} {unit}{'' if size == 1 else 's'}"


def credential_label(attempt: Attempt) -> str:
    """The attempt's credential, and what for where it is not the secret."""
    return f"{attempt.credential} (reads the certificate)" if attempt.reads_certificate else attempt.credential


def short_message(attempt: Attempt) -> str:
    """The attempt's message for a list: whole where it failed, only its beginning where it was not available."""
    line = (attempt.message or "").strip().partition("\n")[0]
    return line if attempt.outcome is Outcome.FAILED else shorten(line, 90, placeholder=" ...")


def evidence_rows(evidence: Evidence) -> list[tuple[str, str]]:
    """What a pasted text holds, as rows of name and value; what is not there has no row."""
    rows: dict[str, Iterable[object]] = {
        "Exception": [evidence.exception or ""],
        "HTTP status": [evidence.status or ""],
        "Code": [evidence.inner_code or evidence.service_code or ""],
        "Entra's number": [f"AADSTS{number}" for number in evidence.aadsts],
        "Key Vault's number": [f"AKV{number}" for number in evidence.akv],
        "Hosts": evidence.hosts,
        "Addresses": evidence.addresses,
        "Ids": evidence.ids,
        "Times": evidence.times,
        "Credentials tried": [attempt.credential for attempt in evidence.attempts],
    }
    return [(name, ", ".join(map(str, values))) for name, values in rows.items() if any(values)]
