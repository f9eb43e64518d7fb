"""Causes seen in the values of a reading rather than in an error text, each with a sentence about this case."""

from collections.abc import Sequence
from datetime import timedelta

from secrets_app.core.reading import Reading, Stage

_SKEW = timedelta(minutes=5)
_DENIED = frozenset({"kv_rbac_denied", "kv_access_policy_denied"})


def observed_causes(reading: Reading, causes: Sequence[str], untried: str) -> dict[str, str]:
    """Cause key -> sentence. `causes`: those of the failure; `untried`: the sentence on untried credentials, or ""."""
    retired = {} if reading.kept_token_url is None else {"token_vault_retired": _of_the_retired(reading)}
    found = retired | {**_seen_at_failure(reading, causes), **_seen_in_secret(reading), **_seen_in_token(reading)}
    if untried:
        found["chain_stopped_early"] = untried
    if "kv_wrong_tenant" in causes:
        found.pop("tenant_mismatch_ahead", None)
    if reading.mismatches:
        found["unexpected_principal"] = _differences(reading)
    return found


def _seen_at_failure(reading: Reading, causes: Sequence[str]) -> dict[str, str]:
    found = {}
    if "deadline_exceeded" in causes and reading.failure and reading.failure.waiting_for:
        found["deadline_exceeded"] = f"This site was waiting for {reading.failure.waiting_for}."
    if reading.failure and reading.failure.deleted_on:
        found["secret_deleted"] = f"It was deleted on {reading.failure.deleted_on:%d %B %Y}."
    if reading.scope and "mi_endpoint_error" in causes:
        found["resource_not_in_tenant"] = "App Service returns this error if it does not know the resource."
    if not _DENIED.isdisjoint(causes):
        found["role_may_be_on_its_way"] = _age_of_token(reading)
    return found


def _of_the_retired(reading: Reading) -> str:
    if reading.kept_token:
        return "This one still responds, but the real service was shut down."
    return "Its hosts do not respond." if reading.failure and reading.failure.stage is Stage.NETWORK else ""


def _age_of_token(reading: Reading) -> str:
    issued = reading.principal.token_issued_at if reading.principal else None
    if not issued:
        return ""
    minutes = max(0, round((reading.started_at - issued).total_seconds() / 60))
    # Microsoft Entra ID backdates tokens by five minutes, so this is not the token's age.
    return f"The token was issued {minutes} minute{'' if minutes == 1 else 's'} ago."


def _seen_in_secret(reading: Reading) -> dict[str, str]:
    secret, now = reading.secret, reading.started_at
    found = {}
    if secret and secret.expires_on and secret.expires_on <= now:
        found["secret_expired"] = f"It expired on {secret.expires_on:%d %B %Y}."
    if secret and secret.not_before and secret.not_before > now:
        found["secret_not_yet_valid"] = f"It is valid from {secret.not_before:%d %B %Y}."
    return found


def _seen_in_token(reading: Reading) -> dict[str, str]:
    principal, found = reading.principal, {}
    if not principal:
        return {}
    starts = principal.token_issued_at
    if starts and starts - reading.started_at > _SKEW:
        found["clock_skew"] = (
            f"The token was issued at {starts:%H:%M:%S} UTC, "
            f"but this machine's clock shows {reading.started_at:%H:%M:%S} UTC."
        )
    if principal.tenant_id and reading.vault_tenant_id and principal.tenant_id != reading.vault_tenant_id:
        found["tenant_mismatch_ahead"] = f"Vault: {reading.vault_tenant_id}. Token: {principal.tenant_id}."
    return found


def _differences(reading: Reading) -> str:
    """One sentence for each mismatch. Fix these first: an unexpected principal explains most other errors."""
    return " ".join(
        f"The {point.what} should be {point.expected}, but {f'is {point.found}' if point.found else 'is not known'}."
        for point in reading.mismatches
    )
