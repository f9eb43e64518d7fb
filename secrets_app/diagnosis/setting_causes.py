"""Causes in the settings that no error message names: the credential that would work was never tried."""

from collections.abc import Iterable, Mapping

from secrets_app.core.credential_options import DEV_MEMBERS, CredentialKind
from secrets_app.core.reading import Outcome, Platform, Reading, Stage
from secrets_app.diagnosis.catalog import CAUSES
from secrets_app.diagnosis.cause import Area
from secrets_app.diagnosis.matching import Match

_DEVELOPER_TOOLS = frozenset(kind.class_name for kind in DEV_MEMBERS)
_ENVIRONMENT = CredentialKind.ENVIRONMENT.class_name
_WITHOUT_TOOLS = frozenset(Platform) - {Platform.UNKNOWN, Platform.CLOUD_SHELL}
"""Platforms on which no developer tool is signed in."""
_CONSEQUENCES = frozenset({"no_credential_available", "env_vars_incomplete", "mi_identity_not_assigned"})
_NAMED = ("AZURE_CLIENT_ID", "AZURE_TENANT_ID")
_PROOFS = ("AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH")


def setting_causes(reading: Reading, missing: str | None) -> dict[str, str]:
    """Cause key -> sentence. `missing`: variables that an incomplete service principal lacks."""
    if reading.failure is None or reading.failure.stage is not Stage.TOKEN:
        return {}
    if developer_tools_in_azure(reading):
        return {"developer_credential_in_azure": reading.chosen_by or ""}
    skipped = any(
        attempt.credential == _ENVIRONMENT and attempt.outcome is Outcome.UNAVAILABLE for attempt in reading.attempts
    )
    return {"service_principal_incomplete": f"Not set: {missing}."} if missing and skipped else {}


def developer_tools_in_azure(reading: Reading) -> bool:
    """Whether a setting selects only developer tools, which are not signed in on this platform."""
    return bool(
        reading.place.platform in _WITHOUT_TOOLS
        and reading.chosen_setting
        and reading.attempts
        and all(attempt.credential in _DEVELOPER_TOOLS for attempt in reading.attempts)
    )


def without_consequences(matches: Iterable[Match], found: Mapping[str, str]) -> list[Match]:
    """`matches` without those that only follow from a cause in the settings."""
    if not found:
        return list(matches)
    return [
        match for match in matches if match.cause not in _CONSEQUENCES and CAUSES[match.cause].area is not Area.TOOL
    ]


def missing_service_principal_variables(environ: Mapping[str, str], platform: Platform) -> str | None:
    """The variables that EnvironmentCredential lacks, where others are set; None if none or all are set.

    In Azure, AZURE_CLIENT_ID and AZURE_TENANT_ID alone can select a managed identity.
    """
    has_proof = any(environ.get(name) for name in _PROOFS)
    has_ids = all(environ.get(name) for name in _NAMED) and not environ.get("AZURE_FEDERATED_TOKEN_FILE")
    is_in_azure = platform is not Platform.UNKNOWN or bool(environ.get("IDENTITY_ENDPOINT"))
    if has_proof:
        return " and ".join(name for name in _NAMED if not environ.get(name)) or None
    return "AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH" if has_ids and not is_in_azure else None
