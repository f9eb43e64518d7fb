"""Causes observed in the values of a reading rather than in an error text, each with a detail sentence."""

from collections.abc import Sequence
from datetime import timedelta

from secrets_app.core.formatting import plural
from secrets_app.core.reading import Mismatch, Reading, Stage

_SKEW = timedelta(minutes=5)
_DENIED = frozenset({"kv_rbac_denied", "kv_access_policy_denied"})


def observed_causes(reading: Reading, causes: Sequence[str], untried: str) -> dict[str, str]:
    """Cause key -> sentence. `causes`: those of the failure; `untried`: the sentence on untried credentials, or ""."""
    token_vault = {} if reading.kept_token_url is None else {"token_vault_retired": _token_vault_detail(reading)}
    details = token_vault | {**_from_failure(reading, causes), **_from_secret(reading), **_from_token(reading)}
    if untried:
        details["chain_stopped_early"] = untried
    if "kv_wrong_tenant" in causes:
        details.pop("tenant_mismatch_ahead", None)
    if reading.mismatches:
        details["unexpected_principal"] = _differences(reading)
    return details


def _from_failure(reading: Reading, causes: Sequence[str]) -> dict[str, str]:
    details = {}
    if "deadline_exceeded" in causes and reading.failure and reading.failure.waiting_for:
        details["deadline_exceeded"] = f"This site was waiting for {reading.failure.waiting_for}."
    if reading.failure and reading.failure.deleted_on:
        details["secret_deleted"] = f"It was deleted on {reading.failure.deleted_on:%d %B %Y}."
    if reading.scope and "mi_endpoint_error" in causes:
        details["resource_not_in_tenant"] = (
            "App Service also returns this error for a resource that does not exist in the tenant."
        )
    if not _DENIED.isdisjoint(causes):
        details["role_may_be_on_its_way"] = _token_age(reading)
    return details


def _token_vault_detail(reading: Reading) -> str:
    if reading.kept_token:
        return "This one still responds, but the real service was shut down."
    return "Its hosts do not respond." if reading.failure and reading.failure.stage is Stage.NETWORK else ""


def _token_age(reading: Reading) -> str:
    issued = reading.principal.token_issued_at if reading.principal else None
    if not issued:
        return ""
    minutes = max(0, round((reading.started_at - issued).total_seconds() / 60))
    # Microsoft Entra ID backdates tokens by five minutes, so this is not the token's age.
    return f"The token was issued {plural(minutes, 'minute')} ago."


def _from_secret(reading: Reading) -> dict[str, str]:
    secret, now = reading.secret, reading.started_at
    details = {}
    if secret and secret.expires_on and secret.expires_on <= now:
        details["secret_expired"] = f"It expired on {secret.expires_on:%d %B %Y}."
    if secret and secret.not_before and secret.not_before > now:
        details["secret_not_yet_valid"] = f"It is valid from {secret.not_before:%d %B %Y}."
    return details


def _from_token(reading: Reading) -> dict[str, str]:
    principal, details = reading.principal, {}
    if not principal:
        return {}
    issued_at = principal.token_issued_at
    if issued_at and issued_at - reading.started_at > _SKEW:
        details["clock_skew"] = (
            f"The token was issued at {issued_at:%H:%M:%S} UTC, "
            f"but this machine's clock shows {reading.started_at:%H:%M:%S} UTC."
        )
    if principal.tenant_id and reading.vault_tenant_id and principal.tenant_id != reading.vault_tenant_id:
        details["tenant_mismatch_ahead"] = f"Vault: {reading.vault_tenant_id}. Token: {principal.tenant_id}."
    return details


def _differences(reading: Reading) -> str:
    """One sentence for each mismatch. Fix these first: an unexpected principal explains most other errors."""
    return " ".join(map(_difference, reading.mismatches))


def _difference(mismatch: Mismatch) -> str:
    actual = f"is {mismatch.found}" if mismatch.found else "is not known"
    return f"The {mismatch.what} should be {mismatch.expected}, but {actual}."
