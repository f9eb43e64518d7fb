"""The five hops of a reading, from this program to the secret: which one failed, and how long each took."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from secrets_app.core.credential_options import CredentialKind
from secrets_app.core.formatting import PLATFORMS, age, rejected_application
from secrets_app.core.hosts import cloud_at, vault_name
from secrets_app.core.reading import Attempt, Diagnosis, Failure, HostEnvironment, Outcome, Platform, Reading, Stage

_NOT_FOUND = 404
_AADSTS = "AADSTS"
_CODES_OF_THE_SECRET = frozenset({"SecretNotFound", "SecretDisabled"})


class HopKind(StrEnum):
    """What a hop leads to."""

    PROGRAM = "program"
    CREDENTIAL = "credential"
    ENTRA_ID = "entra_id"
    VAULT = "vault"
    SECRET = "secret"  # noqa: S105 - a hop, not a secret


class HopOutcome(StrEnum):
    """How far the reading got."""

    OK = "ok"
    FAILED = "failed"
    RUNNING = "running"  # only while the reading is in progress
    NOT_REACHED = "not_reached"


@dataclass(frozen=True, kw_only=True)
class Hop:
    """One step of a reading."""

    kind: HopKind
    name: str
    """Display name: `vault contoso`."""
    outcome: HopOutcome = HopOutcome.NOT_REACHED
    code: str | None = None
    """Why it failed, as Azure names it: `403 ForbiddenByRbac`, `AADSTS7000222`, `name does not resolve`."""
    elapsed_s: float | None = None
    """Seconds spent: of the token request for the credential, of the requests to the vault for the vault."""
    facts: tuple[str, ...] = ()
    """What is known about it: `3rd of 9 tried`, `tenant 7f58...`."""

    def as_json(self) -> dict[str, Any]:
        """The hop as plain JSON values; `detail` is its facts as one text."""
        return {
            "kind": str(self.kind),
            "name": self.name,
            "outcome": str(self.outcome),
            "code": self.code,
            "elapsed_s": self.elapsed_s,
            "detail": ", ".join(self.facts) or None,
        }


def hops_of(reading: Reading, diagnosis: Diagnosis) -> tuple[Hop, ...]:
    """The hops in order. A token check ends at Microsoft Entra ID: it reads no secret."""
    target = () if reading.scope else (_vault(reading, diagnosis), _secret(reading, diagnosis))
    hops = (_program(reading), _credential(reading, diagnosis), _entra_id(reading), *target)
    failed = _failed_hop(reading, diagnosis)
    return tuple(_with_outcomes(hops, failed, _code(reading, diagnosis), reading))


def hops_in_progress(
    target: tuple[str | None, str | None] | None, place: HostEnvironment, attempts: tuple[Attempt, ...], waiting: str
) -> tuple[Hop, ...]:
    """The hops of a reading that has not ended; `waiting` is shown at the one that it waits for.

    `target`: URL of the vault and name of the secret; None where only a token is requested.
    """
    outcomes = {attempt.outcome: attempt.credential for attempt in attempts}
    has_token, is_running = Outcome.TOKEN in outcomes, Outcome.RUNNING in outcomes
    credential = outcomes.get(Outcome.RUNNING) or outcomes.get(Outcome.TOKEN) or "Credential"
    signed_in = HopOutcome.OK if has_token else HopOutcome.NOT_REACHED
    hops = (
        Hop(kind=HopKind.PROGRAM, name="This program", outcome=HopOutcome.OK, facts=tuple(host_facts(place))),
        Hop(kind=HopKind.CREDENTIAL, name=credential, outcome=signed_in),
        Hop(kind=HopKind.ENTRA_ID, name="Microsoft Entra ID", outcome=signed_in),
        *(_hops_to_secret(*target) if target else ()),
    )
    running = HopKind.VAULT if target and not is_running else HopKind.CREDENTIAL
    if has_token and not target:
        return hops
    return tuple(
        replace(hop, outcome=HopOutcome.RUNNING, facts=(waiting,)) if hop.kind is running else hop for hop in hops
    )


def _hops_to_secret(vault_url: str | None, secret_name: str | None) -> tuple[Hop, Hop]:
    return (
        Hop(kind=HopKind.VAULT, name=f"vault {_vault_name(vault_url)}" if vault_url else "vault"),
        Hop(kind=HopKind.SECRET, name=f"secret {secret_name}" if secret_name else "secret"),
    )


def _vault_name(url: str) -> str:
    return vault_name(url) if cloud_at(url) else urlsplit(url).hostname or ""


def failing_hop(hops: tuple[Hop, ...]) -> Hop | None:
    """The first hop that failed; None on success."""
    return next((hop for hop in hops if hop.outcome is HopOutcome.FAILED), None)


def _with_outcomes(hops: tuple[Hop, ...], failed: HopKind | None, code: str | None, reading: Reading) -> Iterator[Hop]:
    """The hops before the failed one succeeded, as did the sign-in if there is a token; the others were not reached."""
    signed_in = (HopKind.CREDENTIAL, HopKind.ENTRA_ID) if reading.principal else ()
    is_past = False
    for hop in hops:
        if hop.kind is failed:
            is_past = True
            yield replace(hop, outcome=HopOutcome.FAILED, code=code)
        elif hop.kind is HopKind.CREDENTIAL and reading.mismatches:
            yield replace(hop, outcome=HopOutcome.FAILED, code="unexpected principal")
        elif is_past and hop.kind not in signed_in:
            yield replace(hop, outcome=HopOutcome.NOT_REACHED, elapsed_s=None, facts=())
        else:
            yield replace(hop, outcome=HopOutcome.OK)


def _failed_hop(reading: Reading, diagnosis: Diagnosis) -> HopKind | None:
    failure = reading.failure
    if failure is None:
        return None
    if failure.stage is Stage.CONFIGURATION:
        # With an exception, the settings are valid and a credential could not be created from them.
        return HopKind.CREDENTIAL if failure.exception else HopKind.PROGRAM
    if failure.stage is Stage.TOKEN:
        return HopKind.ENTRA_ID if _rejected_by_entra_id(reading, diagnosis) else HopKind.CREDENTIAL
    if failure.stage is Stage.DEADLINE:
        return _unanswered_hop(reading)
    if reading.scope:
        return HopKind.ENTRA_ID
    is_secret = failure.status == _NOT_FOUND or failure.code in _CODES_OF_THE_SECRET
    return HopKind.SECRET if is_secret else HopKind.VAULT


def _unanswered_hop(reading: Reading) -> HopKind:
    """The hop that did not respond in time."""
    if any(attempt.outcome is Outcome.RUNNING for attempt in reading.attempts):
        return HopKind.CREDENTIAL
    if not reading.attempts:  # no credential exists yet: its files are read, or other readings have to end first
        return HopKind.PROGRAM
    return HopKind.ENTRA_ID if reading.scope else HopKind.VAULT


def _rejected_by_entra_id(reading: Reading, diagnosis: Diagnosis) -> bool:
    """Whether the failure is a response of Microsoft Entra ID, not of the credential itself."""
    attempt = _main_attempt(reading, diagnosis)
    message = (attempt.message if attempt else None) or (reading.failure.message if reading.failure else "")
    return _AADSTS in message


def _main_attempt(reading: Reading, diagnosis: Diagnosis) -> Attempt | None:
    """The attempt that returned the token; else the one that explains why there is none."""
    attempts = reading.attempts
    with_token = (attempt for attempt in attempts if attempt.outcome is Outcome.TOKEN and not attempt.reads_certificate)
    running = (attempt for attempt in attempts if attempt.outcome is Outcome.RUNNING)
    explained = (attempt for index, attempt in enumerate(attempts) if diagnosis.causes[index] == diagnosis.main_cause)
    failed = (attempt for attempt in attempts if attempt.outcome is Outcome.FAILED)
    only = attempts if len(attempts) == 1 else ()
    return next((attempt for group in (with_token, running, explained, failed, only) for attempt in group), None)


def _code(reading: Reading, diagnosis: Diagnosis) -> str | None:
    failure = reading.failure
    if failure is None:
        return None
    if diagnosis.main_cause == "dns_failure":
        return "name does not resolve"
    if failure.stage is Stage.DEADLINE:
        return "no response"
    return code_of(failure) or {Stage.NETWORK: "no response", Stage.CONFIGURATION: "invalid settings"}.get(
        failure.stage
    )


def code_of(failure: Failure) -> str | None:
    """`403 ForbiddenByRbac`, verbatim; None where the failure has neither a status nor a code."""
    return " ".join(str(part) for part in (failure.status, failure.code) if part) or None


def _program(reading: Reading) -> Hop:
    return Hop(kind=HopKind.PROGRAM, name="This program", facts=tuple(host_facts(reading.place)))


def host_facts(place: HostEnvironment) -> Iterator[str]:
    """The platform and the name of the Azure resource, or the operating system."""
    if place.platform is Platform.UNKNOWN:
        yield f"{place.system}, in a container" if place.in_container else place.system
        return
    yield PLATFORMS[place.platform]
    if place.resource_name:
        yield place.resource_name


def _credential(reading: Reading, diagnosis: Diagnosis) -> Hop:
    attempt = _main_attempt(reading, diagnosis)
    members = [attempt for attempt in reading.attempts if not attempt.reads_certificate]
    name = attempt.credential if attempt else CredentialKind.DEFAULT.class_name if len(members) > 1 else "Credential"
    return Hop(
        kind=HopKind.CREDENTIAL,
        name=name,
        elapsed_s=reading.token_elapsed_s,
        facts=tuple(_credential_facts(reading, attempt, members)),
    )


def _credential_facts(reading: Reading, attempt: Attempt | None, members: list[Attempt]) -> Iterator[str]:
    tried = [member for member in members if member.outcome is not Outcome.NOT_REACHED]
    if attempt in members and len(members) > 1:
        yield f"{_ordinal(members.index(attempt) + 1)} of {len(members)}"
    elif len(tried) > 1:
        yield f"{len(tried)} tried, none returned a token"
    if reading.token_reused:
        yield "cached token"
    if application_id := rejected_application(reading):
        yield f"as application {application_id}"


def _ordinal(number: int) -> str:
    """`1st`, `2nd`, `3rd`, `4th`: for fewer than 20."""
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number, 'th') }"


def _entra_id(reading: Reading) -> Hop:
    principal, facts = reading.principal, []
    if principal and principal.tenant_id:
        facts.append(f"tenant {principal.tenant_id}")
    if principal and principal.token_expires_at:
        facts.append(f"token expires {age(principal.token_expires_at, reading.started_at)}")
    return Hop(kind=HopKind.ENTRA_ID, name="Microsoft Entra ID", facts=tuple(facts))


def _vault(reading: Reading, diagnosis: Diagnosis) -> Hop:
    return Hop(
        kind=HopKind.VAULT,
        name=_vault_label(reading, diagnosis),
        elapsed_s=reading.vault_elapsed_s,
        facts=tuple(_vault_facts(reading)),
    )


def missing_setting_text(diagnosis: Diagnosis, setting: str) -> str:
    """Why a setting gives no value: `not set` or `invalid`."""
    missing = any(hint.cause == "setting_missing" and hint.title.startswith(f"{setting} ") for hint in diagnosis.hints)
    return "not set" if missing else "invalid"


def _vault_label(reading: Reading, diagnosis: Diagnosis) -> str:
    if reading.kept_token_url is not None:
        return "Token Vault"
    url = reading.vault_url
    if not url:
        return f"vault {missing_setting_text(diagnosis, 'KEY_VAULT_URI')}"
    return f"vault {_vault_name(url)}"


def _vault_facts(reading: Reading) -> Iterator[str]:
    if has_different_tenants(reading):
        yield f"tenant {reading.vault_tenant_id}"
    saw, principal = reading.vault_saw, reading.principal
    object_id = (saw.object_id if saw else None) or (principal.object_id if principal else None)
    if object_id:
        yield f"object ID {object_id}"
    if saw and saw.client_address:
        yield f"from {saw.client_address}"


def has_different_tenants(reading: Reading) -> bool:
    """Whether the token and the vault belong to different tenants."""
    principal, vault_tenant_id = reading.principal, reading.vault_tenant_id
    return bool(principal and principal.tenant_id and vault_tenant_id and principal.tenant_id != vault_tenant_id)


def _secret(reading: Reading, diagnosis: Diagnosis) -> Hop:
    if reading.kept_token_url is not None:
        return Hop(kind=HopKind.SECRET, name="stored token")
    name = f"secret {reading.secret_name or missing_setting_text(diagnosis, 'SECRET_NAME')}"
    secret = reading.secret
    facts = (f"version {secret.version}", f"{secret.length} characters") if secret else ()
    return Hop(kind=HopKind.SECRET, name=name, facts=facts)
