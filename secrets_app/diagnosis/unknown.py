"""The hint for an error that is not in the catalog: what its text contains, and where to look it up."""

from dataclasses import replace

from secrets_app.core.reading import Hint
from secrets_app.diagnosis.codes import describe_codes
from secrets_app.diagnosis.evidence import Evidence
from secrets_app.diagnosis.services import Service

_MAX_SENTENCES = 4
_NO_SENTENCE = "Look for the HTTP status and the error code in the message of the innermost error."
_WHERE_TO_LOOK = {
    Service.KEY_VAULT: "Look up the HTTP status and the code in Key Vault's list of REST API error codes, and check "
    "the vault's diagnostic logs (AuditEvent).",
    Service.ENTRA: "Look up the code at https://login.microsoftonline.com/error, and find the correlation ID in the "
    "sign-in logs of Microsoft Entra ID.",
    Service.RESOURCE_MANAGER: "Look up the code in the list of common deployment errors, and check the activity log "
    "of the resource.",
    Service.IMDS: "Request a token on the machine itself, and compare the response with the errors of IMDS in the "
    "documentation of managed identities.",
    Service.KUBERNETES: "Read the events of the pod with kubectl describe pod, then the log of the provider on that "
    "node.",
}


def describe(hint: Hint, evidence: Evidence) -> Hint:
    """The hint for an unknown error, with the service, the operation and the codes that its text names."""
    sentences = [*describe_codes(evidence)[:_MAX_SENTENCES]]
    if not sentences and not evidence.summary:
        return hint
    known = " ".join(filter(None, (evidence.summary, *sentences)))
    where = _WHERE_TO_LOOK.get(evidence.service, _NO_SENTENCE) if evidence.service else _NO_SENTENCE
    return replace(hint, why=f"{hint.why} {known}", fix=f"{where} {hint.fix}")
