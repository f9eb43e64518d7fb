"""One reading as the history keeps it."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db.models import CharField

from fleet.models import Observation, Target
from secrets_app.core.formatting import KINDS, principal_name
from secrets_app.core.reading import Diagnosis, Principal, PrincipalKind, Reading, Stage

UNEXPECTED_PRINCIPAL = "unexpected_principal"
"""Cause key: the secret was read, but by another principal than expected."""
_STATES: dict[str, Target.State] = {
    Stage.NETWORK: Target.State.UNREACHABLE,
    Stage.DEADLINE: Target.State.UNREACHABLE,
    Stage.TOKEN: Target.State.NO_TOKEN,
    Stage.CONFIGURATION: Target.State.INVALID,
}
# https://learn.microsoft.com/azure/key-vault/certificates/about-certificates#exportable-or-non-exportable-key
_CERTIFICATE_TYPES = frozenset({"application/x-pkcs12", "application/x-pem-file"})


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What one reading showed. Texts are empty where nothing is known."""

    at: datetime
    ok: bool
    cause: str = ""
    stage: str = ""
    status: int | None = None
    code: str = ""
    principal_type: str = ""
    principal_kind: str = ""
    principal_name: str = ""
    app_id: str = ""
    object_id: str = ""
    tenant_id: str = ""
    credential: str = ""
    secret_version: str = ""
    fingerprint: str = ""
    expires_on: datetime | None = None
    client_address: str = ""
    token_ms: int = 0
    vault_ms: int = 0
    total_ms: int = 0
    count: int = 1
    """Equal readings that this one stands for; the durations of their requests are sums, `total_ms` is the slowest."""
    is_certificate: bool | None = None
    """Whether the secret is that of a certificate; None if it was not read."""
    site_vault_url: str = ""
    """Of another site: the vault that it reads from."""
    site_secret_name: str = ""

    @property
    def state(self) -> Target.State:
        """What a summary counts it as."""
        if self.ok:
            return Target.State.READABLE
        if not self.stage and self.cause == UNEXPECTED_PRINCIPAL:
            return Target.State.UNEXPECTED
        if self.stage in _STATES:
            return _STATES[self.stage]
        is_busy = self.status is not None and (self.status in {408, 429} or self.status >= 500)
        return Target.State.UNREACHABLE if is_busy else Target.State.REFUSED

    @property
    def principal(self) -> str:
        """`kvsite-demo (system-assigned managed identity)`; empty where no token was obtained."""
        return principal_label(self)

    @property
    def result(self) -> str:
        """`OK`, `403 ForbiddenByRbac`, or the cause key."""
        if self.ok:
            return "OK"
        return " ".join(filter(None, (str(self.status or ""), self.code))) or self.cause or "not read"


_OF_TARGET = frozenset({"is_certificate", "site_vault_url", "site_secret_name"})
_NOT_STORED = frozenset({"at", "token_ms", "vault_ms", "total_ms", "count"}) | _OF_TARGET
STORED = tuple(field.name for field in fields(Observed) if field.name not in _NOT_STORED)
"""The fields of an Observation that are those of Observed."""
COMPARED = tuple(name for name in STORED if name != "client_address")
"""Readings that agree in these are merged."""


def principal_label(of: Observed | Observation) -> str:
    """The principal's name or ID, with its kind."""
    name = of.principal_name or of.app_id or of.object_id
    kind = KINDS[PrincipalKind(of.principal_kind)] if of.principal_kind in set(PrincipalKind) else ""
    return f"{name} ({kind})" if name and kind else name


def observed(reading: Reading, diagnosis: Diagnosis) -> Observed:
    """What the history keeps of a reading."""
    failure, secret, saw = reading.failure, reading.secret, reading.vault_saw
    texts: dict[str, Any] = dict(
        fitting(
            {
                "cause": "" if reading.ok else diagnosis.main_cause,
                "stage": failure.stage if failure else "",
                "code": failure.code if failure else "",
                **(_principal(reading.principal) if reading.principal else {}),
                "secret_version": secret.version if secret else "",
                "fingerprint": secret.fingerprint if secret else "",
                "client_address": saw.client_address if saw else "",
            }
        )
    )
    return Observed(
        **texts,
        at=reading.started_at,
        ok=reading.ok,
        status=failure.status if failure else None,
        expires_on=secret.expires_on if secret else None,
        token_ms=_ms(reading.token_elapsed_s),
        vault_ms=_ms(reading.vault_elapsed_s),
        total_ms=_ms(reading.elapsed_s),
        is_certificate=is_certificate(secret.content_type) if secret else None,
    )


def is_certificate(content_type: str | None) -> bool:
    """Whether a secret with this content type is that of a certificate."""
    return (content_type or "").lower() in _CERTIFICATE_TYPES


def _principal(principal: Principal) -> dict[str, str | None]:
    return {
        "principal_type": principal.type,
        "principal_kind": principal.kind,
        "principal_name": principal_name(principal) if principal.user_principal_name or principal.name else "",
        "app_id": principal.app_id,
        "object_id": principal.object_id,
        "tenant_id": principal.tenant_id,
        "credential": principal.credential,
    }


_LENGTHS = {
    column.name: column.max_length for column in Observation._meta.get_fields() if isinstance(column, CharField)
}


def fitting(texts: dict[str, str | None]) -> dict[str, str]:
    """The texts, cut to the length of their columns: SQLite would store longer ones, PostgreSQL raises an error."""
    return {name: str(text).replace("\0", "")[: _LENGTHS[name]] if text else "" for name, text in texts.items()}


def _ms(seconds: float | None) -> int:
    return round((seconds or 0) * 1000)
