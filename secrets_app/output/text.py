"""A reading as sentences, shared by the pages and the terminal."""

from collections.abc import Iterable
from textwrap import shorten
from typing import TYPE_CHECKING

from secrets_app.core.claims import WELL_KNOWN_APPS
from secrets_app.core.formatting import KINDS, PLATFORMS, age, duration, principal_name, rejected_application
from secrets_app.core.hops import Hop, HopOutcome, missing_setting_text
from secrets_app.core.reading import (
    Attempt,
    Certainty,
    Diagnosis,
    Failure,
    LastReadable,
    Outcome,
    Platform,
    Principal,
    PrincipalKind,
    PrincipalType,
    Reading,
    Stage,
)

if TYPE_CHECKING:  # `manage.py principal` starts faster without it
    from secrets_app.diagnosis.evidence import Evidence

KIND_MEANINGS: dict[PrincipalKind, str] = {
    PrincipalKind.USER: "A user account in Microsoft Entra ID.",
    PrincipalKind.SERVICE_PRINCIPAL: "An app registration that signs in with a client secret or certificate.",
    PrincipalKind.SYSTEM_ASSIGNED_MANAGED_IDENTITY: "Tied to one Azure resource and deleted with it.",
    PrincipalKind.USER_ASSIGNED_MANAGED_IDENTITY: "A separate Azure resource, assigned to the resource this runs on.",
    PrincipalKind.WORKLOAD_IDENTITY: "A Kubernetes service account with a federated credential.",
    PrincipalKind.MANAGED_IDENTITY: "Assigned to the Azure resource this runs on. The token does not show which type.",
}
OUTCOMES: dict[Outcome, str] = {
    Outcome.TOKEN: "succeeded",
    Outcome.UNAVAILABLE: "unavailable",
    Outcome.FAILED: "failed",
    Outcome.NOT_REACHED: "not tried",
    Outcome.RUNNING: "no response yet",
}
CERTAINTIES: dict[Certainty, str] = {
    Certainty.SURE: "sure: an error code or an unambiguous message",
    Certainty.LIKELY: "likely: inferred from the service, the operation and the status",
    Certainty.GUESS: "a guess: similar to a known error",
}
"""What each degree of certainty means, for the page and the terminal."""
_DENIED = "The vault denied the request."
_STAGES: dict[Stage, str] = {
    Stage.CONFIGURATION: "The vault was not contacted. Fix the settings first.",
    Stage.TOKEN: "No access token was obtained, so the secret was not requested.",
    Stage.VAULT: _DENIED,
    Stage.NETWORK: "No response was received from the vault.",
    Stage.DEADLINE: "The request timed out.",
}


_CHECK_STAGES: dict[Stage, str] = {
    Stage.CONFIGURATION: "No token was requested. Fix the problem below first.",
    Stage.TOKEN: "No credential returned a token for it.",
    Stage.NETWORK: "No response was received from the token endpoint.",
}
"""For a token check, which has no vault."""
_TOKEN_VAULT_FAILURES: dict[Stage | int | None, str] = {
    Stage.CONFIGURATION: "No request was sent. Fix the Token Vault settings first.",
    Stage.DEADLINE: _STAGES[Stage.DEADLINE],
    401: "Token Vault did not return the token: no user has signed in to it, or the access token was rejected.",
    404: "Token Vault has no token with this name yet.",
}
_TOKEN_VAULT_UNEXPECTED = "Token Vault returned an unexpected response."  # noqa: S105 - a sentence
_VAULT_FAILURES: dict[int | None, str] = {
    401: "The vault rejected the access token.",
    404: "Access was granted, but the secret does not exist.",
}
_VAULT_FAILURES_BY_CLASS: dict[int, str] = {
    2: "The vault responded, but the response is incomplete or invalid.",
    3: "The server responded with a redirect, which is not followed.",
    5: "The vault did not process the request.",
}
TOO_MANY_REQUESTS = 429
_MAX_CODE_LENGTH = 60


HOP_MARKS: dict[HopOutcome, str] = {
    HopOutcome.OK: "ok",
    HopOutcome.FAILED: "FAILED",
    HopOutcome.RUNNING: "..",
    HopOutcome.NOT_REACHED: "--",
}

HOP_OUTCOMES: dict[HopOutcome, str] = {
    HopOutcome.OK: "ok",
    HopOutcome.FAILED: "failed",
    HopOutcome.RUNNING: "waiting",
    HopOutcome.NOT_REACHED: "not reached",
}


def last_readable_line(last: LastReadable) -> str:
    """`Last readable 2 hours ago, as kvsite-demo. Since then: the tenant changed from A to B.`"""
    who = f", as {last.principal}" if last.principal else ""
    changes = " ".join(change.sentence for change in last.changes)
    changes = changes[:1].lower() + changes[1:]
    same = "The principal is the same." if last.same_principal else ""
    return f"Last readable {age(last.at)}{who}. {f'Since then: {changes}' if changes else same}".rstrip()


def hop_text(hop: Hop) -> str:
    """`[FAILED] vault contoso, 403 ForbiddenByRbac, 14 ms`."""
    texts = (hop.name, hop.code or "", duration(hop.elapsed_s))
    return f"[{HOP_MARKS[hop.outcome]}] {', '.join(filter(None, texts))}"


def failure_line(reading: Reading) -> str:
    """Why the reading failed, with the HTTP status and error code; empty on success."""
    if reading.failure is None:
        return ""
    first, stop, rest = _failure_sentence(reading, reading.failure).partition(".")
    return f"{first}{_codes(reading.failure)}{stop}{rest}"


def _codes(failure: Failure) -> str:
    """` (HTTP 403, ForbiddenByRbac)`, verbatim; empty where the failure has neither."""
    status = f"HTTP {failure.status}" if failure.status else ""
    codes = ", ".join(filter(None, (status, shorten(failure.code or "", _MAX_CODE_LENGTH, placeholder="..."))))
    return f" ({codes})" if codes else ""


def _failure_sentence(reading: Reading, failure: Failure) -> str:
    if reading.kept_token_url is not None and failure.stage is not Stage.TOKEN:
        return _TOKEN_VAULT_FAILURES.get(
            failure.status if failure.stage is Stage.VAULT else failure.stage, _TOKEN_VAULT_UNEXPECTED
        )
    if reading.scope and failure.stage in _CHECK_STAGES:
        return _CHECK_STAGES[failure.stage]
    if failure.stage is not Stage.VAULT:
        return _STAGES[failure.stage]
    if failure.status == TOO_MANY_REQUESTS:
        wait = f" Retry in {failure.retry_after_s:g} seconds." if failure.retry_after_s else ""
        return f"The vault is throttling requests.{wait}"
    return _VAULT_FAILURES.get(failure.status) or _VAULT_FAILURES_BY_CLASS.get((failure.status or 0) // 100, _DENIED)


def identity_line(reading: Reading) -> str:
    """The principal of the request: `Signed in as kvsite-demo (system-assigned managed identity).`"""
    if reading.principal is None and rejected_application(reading):
        return f"No token was issued to application {rejected_application(reading)}."
    if reading.principal is None and reading.vault_saw and reading.vault_saw.object_id:
        return f"The vault that holds the certificate saw the principal with object ID {reading.vault_saw.object_id}."
    if reading.principal is None:
        return (
            "No identity: none of the credentials returned a token." if reading.attempts else "No credential was tried."
        )
    reached = reading.secret or reading.kept_token or (reading.failure and reading.failure.stage is Stage.VAULT)
    if reading.scope:
        return f"Token issued to {principal_text(reading.principal)}."
    return f"{'Signed in as' if reached else 'The request would use'} {principal_text(reading.principal)}."


def vault(reading: Reading, diagnosis: Diagnosis) -> str:
    """The vault's URL; `not set` or `invalid` where the settings give none."""
    return reading.vault_url or missing_setting_text(diagnosis, "KEY_VAULT_URI")


def secret(reading: Reading, diagnosis: Diagnosis) -> str:
    """The secret's name; `not set` or `invalid` where the settings give none."""
    return reading.secret_name or missing_setting_text(diagnosis, "SECRET_NAME")


def principal_text(principal: Principal) -> str:
    """The principal's name and kind: `kvsite-demo (system-assigned managed identity)`."""
    if principal.type is None or principal.kind is None:
        return "an unknown principal (opaque token)"
    name = principal_name(principal)
    return f"{name} ({KINDS[principal.kind]})" if name else f"a {KINDS[principal.kind]}"


def application(principal: Principal) -> str:
    """What the token's application (client) ID stands for."""
    if principal.type is not PrincipalType.USER:
        return "Shown in sign-in and audit logs."
    tool = WELL_KNOWN_APPS.get(principal.app_id or "")
    return f"The client that requested the token{f': {tool}' if tool else ''}. Not the ID of the user."


def credential_label(attempt: Attempt) -> str:
    """The attempt's credential, with its purpose where it only reads a certificate."""
    return f"{attempt.credential} (reads the certificate)" if attempt.reads_certificate else attempt.credential


def short_message(attempt: Attempt) -> str:
    """The message's first line: in full for a failed attempt, shortened for the others."""
    line = (attempt.message or "").strip().partition("\n")[0]
    return line if attempt.outcome is Outcome.FAILED else shorten(line, 90, placeholder=" ...")


def evidence_rows(evidence: "Evidence") -> list[tuple[str, str]]:
    """The evidence found in a pasted text, as rows of name and value; empty rows are left out."""
    from secrets_app.diagnosis.services import Service  # loaded: there is evidence

    rows: dict[str, Iterable[object]] = {
        "Printed by": [evidence.stack or ""],
        "Service": [evidence.service or ""],
        "Operation": [str(evidence.operation) if evidence.service is Service.KEY_VAULT else ""],
        "Platform": ["" if evidence.platform is Platform.UNKNOWN else PLATFORMS[evidence.platform]],
        "Cloud": [evidence.cloud or ""],
        "Exception": [evidence.exception or ""],
        "HTTP status": [evidence.status or ""],
        "Error code": [evidence.inner_code or evidence.service_code or ""],
        "Microsoft Entra ID error": [f"AADSTS{number}" for number in evidence.aadsts],
        "Key Vault error": [f"AKV{number}" for number in evidence.akv],
        "Hosts": evidence.hosts,
        "IP addresses": evidence.addresses,
        "IDs": evidence.ids,
        "Timestamps": evidence.times,
        "Credentials tried": [attempt.credential for attempt in evidence.attempts],
    }
    return [(name, ", ".join(map(str, values))) for name, values in rows.items() if any(values)]
