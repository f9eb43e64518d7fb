"""Durations, dates, counts, lists, kinds of principals and the headline of a reading as text."""

from collections.abc import Iterable
from datetime import UTC, datetime

from secrets_app.core.reading import Outcome, Platform, Principal, PrincipalKind, Reading, Stage

KINDS: dict[PrincipalKind, str] = {
    PrincipalKind.USER: "user",
    PrincipalKind.SERVICE_PRINCIPAL: "service principal",
    PrincipalKind.SYSTEM_ASSIGNED_MANAGED_IDENTITY: "system-assigned managed identity",
    PrincipalKind.USER_ASSIGNED_MANAGED_IDENTITY: "user-assigned managed identity",
    PrincipalKind.WORKLOAD_IDENTITY: "workload identity",
    PrincipalKind.MANAGED_IDENTITY: "managed identity",
}

PLATFORMS: dict[Platform, str] = {
    Platform.APP_SERVICE: "App Service",
    Platform.FUNCTIONS: "Azure Functions",
    Platform.CONTAINER_APPS: "Azure Container Apps",
    Platform.KUBERNETES: "Kubernetes",
    Platform.ARC: "Azure Arc-enabled server",
    Platform.CLOUD_SHELL: "Azure Cloud Shell",
    Platform.MACHINE_LEARNING: "Azure Machine Learning",
    Platform.SERVICE_FABRIC: "Service Fabric",
    Platform.VIRTUAL_MACHINE: "Azure VM",
}
"""Display names; Platform.UNKNOWN has none."""


def headline(reading: Reading) -> str:
    """The result in one line."""
    suffix = ", but as an unexpected principal" if reading.mismatches else ""
    if reading.kept_token_url is not None:
        return (
            f"The Token Vault token was {'' if reading.succeeded else 'not '}read{suffix if reading.succeeded else ''}."
        )
    if reading.scope:
        return (
            f"A token for {reading.scope} was issued{suffix}."
            if reading.succeeded
            else f"No token for {reading.scope}."
        )
    if reading.succeeded:
        return f"The secret {reading.secret_name} was read{suffix}."
    if application_id := rejected_application(reading):
        return f"Application {application_id} cannot sign in."
    if names_principal(reading) and reading.principal:
        return f"{_subject(reading.principal)} cannot read the secret {reading.secret_name}."
    return f"The secret {reading.secret_name} was not read." if reading.secret_name else "No secret was read."


def _subject(principal: Principal) -> str:
    """The principal at the start of a sentence: a name keeps its case."""
    name = principal_name(principal)
    return name if name in (principal.name, principal.user_principal_name) else capitalize(name)


def rejected_application(reading: Reading) -> str | None:
    """The application (client) ID that the settings name, if its sign-in failed; None otherwise."""
    named = reading.identity_asked
    failed = {attempt.credential for attempt in reading.attempts if attempt.outcome is Outcome.FAILED}
    if reading.principal or not named or named.kind != "client_id" or failed.isdisjoint(_OF_APPLICATIONS):
        return None
    return named.value


_OF_APPLICATIONS = frozenset(
    {"EnvironmentCredential", "ClientSecretCredential", "CertificateCredential", "WorkloadIdentityCredential"}
)
"""Credentials that sign in as an application."""


def names_principal(reading: Reading) -> bool:
    """Whether the headline is about the principal: it is known, and the request was, or would have been, sent."""
    is_configured = reading.failure is not None and reading.failure.stage is not Stage.CONFIGURATION
    has_name = reading.principal is not None and bool(principal_name(reading.principal))
    return bool(is_configured and has_name and reading.secret_name and not reading.succeeded)


def principal_name(principal: Principal) -> str:
    """The user principal name, the display name or `application <ID>`; empty for an opaque token."""
    if principal.type is None:
        return ""
    name = principal.user_principal_name or principal.name
    return name or (f"application {principal.app_id}" if principal.app_id else "")


def sentence(text: str) -> str:
    """The text, ending with a full stop."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def capitalize(text: str) -> str:
    """The text with its first letter in upper case; str.capitalize would change the others too."""
    return text[:1].upper() + text[1:]


def plural(count: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def join_words(words: Iterable[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def duration(seconds: float | None) -> str:
    """`8 ms`, `1.2 s`; empty for None."""
    if seconds is None:
        return ""
    if seconds < 0.001:
        return "under 1 ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 0.9995 else f"{seconds:.1f} s"


def moment(when: datetime | None) -> str:
    """`2026-01-31 12:00:00 UTC`; empty for None."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if when else ""


def age(when: datetime | None, now: datetime | None = None) -> str:
    """`12 minutes ago`, `in 23 hours`: the distance from now, in the largest unit."""
    if when is None:
        return ""
    now = now or datetime.now(UTC)
    return f"{elapsed(when, now)} ago" if now >= when else f"in {elapsed(when, now)}"


def elapsed(when: datetime | None, now: datetime | None = None) -> str:
    """`12 minutes`: the time between then and now, in the largest unit; empty for None."""
    if when is None:
        return ""
    seconds = abs(((now or datetime.now(UTC)) - when).total_seconds())
    size, unit = next(
        (seconds // length, name)
        for length, name in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
        if seconds >= length or length == 1
    )
    return plural(int(size), unit)


def span(seconds: int) -> str:
    """`1 hour`, `90 minutes`, `45 seconds`: exact, in the largest unit without a fraction."""
    size, unit = next(
        (seconds // length, name)
        for length, name in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
        if seconds % length == 0
    )
    return plural(size, unit)
