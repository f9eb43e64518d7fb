"""The properties of a reading that are compared, and which of them explain a failure."""

from collections.abc import Callable
from typing import NamedTuple

from secrets_app.core.formatting import PLATFORMS
from secrets_app.core.reading import Platform, Stage
from secrets_app.differences.saved_reading import SavedReading

_ACCESS_CODES = frozenset({"ForbiddenByRbac", "AccessDenied", "ForbiddenByPolicy", "Forbidden"})
_NETWORK_CODES = frozenset({"ForbiddenByFirewall", "ForbiddenByConnection"})
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = "401", "403", "404"


class Topic(NamedTuple):
    """One property of a reading."""

    key: str
    title: str
    value: Callable[[SavedReading], str | None]
    meaning: Callable[[SavedReading, SavedReading], str]
    """What a difference means: of the reading that works (or the first one) and the one that fails (or the second)."""


def likely_topics(bad: SavedReading) -> tuple[str, ...]:
    """The topics that usually explain a failure of this kind, the most likely first."""
    status, code = bad.text("failure.status"), bad.text("failure.code")
    if bad.stage == Stage.CONFIGURATION:
        return "vault", "secret", "selection"
    if bad.stage == Stage.TOKEN:
        return "credential", "selection", "platform"
    if code in _NETWORK_CODES:
        return "vault", "client_address"
    if status == _UNAUTHORIZED:
        return "tenant", "vault_tenant", "vault"
    if code in _ACCESS_CODES or status == _FORBIDDEN:
        return "vault", "principal", "secret", "tenant"
    if status == _NOT_FOUND or bad.stage == Stage.VAULT:
        return "vault", "secret"
    if bad.stage in {Stage.NETWORK, Stage.DEADLINE}:
        return "vault", "platform", "client_address", "credential"
    return ("principal",) if bad.document.get("mismatches") else ()


def _value(path: str) -> Callable[[SavedReading], str | None]:
    return lambda reading: reading.text(path)


def _secret(reading: SavedReading) -> str | None:
    name, version = reading.text("secret_name"), reading.text("secret_version")
    return f"{name}, version {version}" if name and version else name


def _principal(reading: SavedReading) -> str | None:
    object_id = reading.text("principal.object_id")
    return f"{reading.principal}, object ID {object_id}" if object_id else reading.principal


def _platform(reading: SavedReading) -> str | None:
    key, name = reading.text("place.platform"), reading.text("place.resource_name")
    if key == Platform.UNKNOWN:
        return "no Azure platform"
    shown = PLATFORMS.get(Platform(key), key) if key in list(Platform) else key
    return ", ".join(filter(None, (shown, name))) or None


def _attempts(reading: SavedReading) -> str | None:
    tried = (
        f"{attempt.text('credential')} {attempt.text('outcome')}"
        for attempt in reading.items("attempts")
        if attempt.text("outcome") not in {"not_reached", None}
    )
    return ", ".join(tried) or None


def _about_principal(good: SavedReading, bad: SavedReading) -> str:
    if bad.principal is None:
        return "The failing reading has no principal, because it obtained no token."
    if good.ok and bad.text("failure.code") in _ACCESS_CODES:
        return f"{good.principal} can read the secret; {bad.principal} needs access of its own."
    return "Each principal needs access of its own."


def _about_credential(good: SavedReading, bad: SavedReading) -> str:
    credential = good.text("principal.credential")
    if bad.text("principal.credential") or not credential:
        return ""
    outcome = next(
        (item.text("outcome") for item in bad.items("attempts") if item.text("credential") == credential), None
    )
    there = f" It was {outcome.replace('not_reached', 'not tried')} in {bad.name}." if outcome else ""
    return f"{credential} returned the token in {good.name}.{there}"


def _about_tenant(_good: SavedReading, bad: SavedReading) -> str:
    vault, token = bad.text("vault_tenant_id"), bad.text("principal.tenant_id")
    if not token or vault == token:
        return ""
    return f"The vault accepts only tokens of its own tenant{f', {vault}' if vault else ''}."


def _always(sentence: str) -> Callable[[SavedReading, SavedReading], str]:
    return lambda _good, _bad: sentence


TOPICS = (
    Topic("vault", "Vault", _value("vault_url"), _always("Different vaults: check KEY_VAULT_URI.")),
    Topic("secret", "Secret", _secret, _always("Different secrets: check SECRET_NAME and SECRET_VERSION.")),
    Topic("scope", "Scope", _value("scope"), _always("The tokens are for different resources.")),
    Topic("principal", "Principal", _principal, _about_principal),
    Topic("credential", "Credential", _value("principal.credential"), _about_credential),
    Topic(
        "selection", "Selection of the credential", _value("chosen_by"),
        _always("The settings select different credentials."),
    ),
    Topic("tenant", "Tenant of the token", _value("principal.tenant_id"), _about_tenant),
    Topic("vault_tenant", "Tenant of the vault", _value("vault_tenant_id"), _always("")),
    Topic(
        "client_address", "Client IP address", _value("vault_saw.client_address"),
        _always("The vault's firewall allows or blocks an address."),
    ),
    Topic(
        "platform", "Platform", _platform,
        _always("Managed identities exist only in Azure, developer credentials only on a developer's machine."),
    ),
    Topic("attempts", "Credentials tried", _attempts, _always("")),
)  # fmt: skip
"""In the order in which differences are shown that do not explain the failure."""
