"""A reading as Markdown for a ticket, without the token and the secret value."""

import re
from collections.abc import Iterable, Iterator

from secrets_app.core.formatting import duration, headline
from secrets_app.core.hops import hops_of
from secrets_app.core.hosts import shorten_ids as shorten_guids
from secrets_app.core.reading import Attempt, Diagnosis, Failure, Hint, HostEnvironment, Principal, Reading
from secrets_app.core.redaction import redact
from secrets_app.diagnosis import Explanation
from secrets_app.doctor import Check
from secrets_app.output.text import CERTAINTIES, HOP_OUTCOMES, credential_label, evidence_rows

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&@])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
_FENCE = re.compile(r"`{3,}|~{3,}")
_MAX_LENGTH = 8000
"""Characters shown of one message."""


def markdown(reading: Reading, diagnosis: Diagnosis, checks: Iterable[Check] = (), *, shorten_ids: bool = False) -> str:
    """The reading as Markdown: result, principal, credential chain, failure, causes with fixes, and `checks`.

    Tokens, keys and passwords in any text are redacted. `shorten_ids` keeps the first eight digits of each GUID.
    """
    sections = (
        _summary(reading),
        _hops(reading, diagnosis),
        _principal(reading.principal),
        _attempts(reading, diagnosis),
        _failure(reading.failure),
        _host(reading.place),
        *map(_hint, diagnosis.hints),
        _checks(checks),
    )
    text = "\n".join(line for section in sections for line in (*section, ""))
    return (shorten_guids(text) if shorten_ids else text).rstrip("\n") + "\n"


def markdown_of_explanation(explanation: Explanation) -> str:
    """A pasted error without a known cause, as Markdown: its text and the evidence found in it."""
    lines = ["## Unrecognized error", "", *_block(explanation.text), ""]
    lines += _table(dict(evidence_rows(explanation.evidence)))
    return "\n".join(lines) + "\n"


def _summary(reading: Reading) -> Iterator[str]:
    yield f"## {_cell(headline(reading))}"
    yield ""
    yield from _table(
        {
            "Token Vault": reading.kept_token_url,
            "Scope": reading.scope,
            "Vault": reading.vault_url,
            "Secret": reading.secret_name,
            "Version": reading.secret_version,
            "Started": f"{reading.started_at:%Y-%m-%d %H:%M:%S %Z}".strip(),
            "Duration": f"{reading.elapsed_s:.3f} s",
            "Vault tenant ID": reading.vault_tenant_id,
            "Client IP address": reading.vault_saw.client_address if reading.vault_saw else None,
        }
    )


def _hops(reading: Reading, diagnosis: Diagnosis) -> Iterator[str]:
    yield "| Step | Result | Time | Details |"
    yield "| --- | --- | --- | --- |"
    for hop in hops_of(reading, diagnosis):
        result = f"{HOP_OUTCOMES[hop.outcome]}{f', {hop.code}' if hop.code else ''}"
        yield f"| {' | '.join(map(_cell, (hop.name, result, duration(hop.elapsed_s), ', '.join(hop.facts))))} |"


def _principal(principal: Principal | None) -> Iterator[str]:
    if not principal:
        return
    yield "### Principal"
    yield ""
    yield from _table(
        {
            "Type": principal.type,
            "Kind": principal.kind,
            "Name": principal.name or principal.user_principal_name,
            "User principal name": principal.user_principal_name,
            "Application (client) ID": principal.app_id,
            "Object ID": principal.object_id,
            "Tenant ID": principal.tenant_id,
            "Credential": principal.credential,
            "Principal Used": principal.legacy,
            "Token issued": principal.token_issued_at.isoformat() if principal.token_issued_at else None,
            "Token expires": principal.token_expires_at.isoformat() if principal.token_expires_at else None,
        }
    )


def _attempts(reading: Reading, diagnosis: Diagnosis) -> Iterator[str]:
    rows = [_attempt(*pair) for pair in zip(reading.attempts, diagnosis.causes, strict=True)]
    if rows:
        yield "### Credential chain"
        yield ""
        yield from (_cell(reading.chosen_by), "") if reading.chosen_by else ()
        yield "| Credential | Outcome | Seconds | Cause | Message |"
        yield "| --- | --- | --- | --- | --- |"
        yield from rows


def _attempt(attempt: Attempt, cause: str | None) -> str:
    seconds = "" if attempt.elapsed_s is None else f"{attempt.elapsed_s:.3f}"
    cells = (credential_label(attempt), attempt.outcome, seconds, cause or "", attempt.message or "")
    return f"| {' | '.join(map(_cell, cells))} |"


def _failure(failure: Failure | None) -> Iterator[str]:
    if not failure:
        return
    yield "### Failure"
    yield ""
    status = None if failure.status is None else str(failure.status)
    yield from _table(
        {
            "Stage": failure.stage,
            "HTTP status": status,
            "Error code": failure.code,
            "Exception": failure.exception,
            "Waiting for": failure.waiting_for,
        }
    )
    yield ""
    yield from _block(failure.message)


def _host(host: HostEnvironment) -> Iterator[str]:
    yield "### Host"
    yield ""
    yield from _table(
        {
            "Platform": host.platform,
            "Operating system": host.system,
            "Container": "yes" if host.in_container else "no",
            "Resource": host.resource_name,
            "Resource group": host.resource_group,
        }
    )


def _hint(hint: Hint) -> Iterator[str]:
    yield f"### {_cell(hint.title)}"
    yield ""
    yield f"{_cell(hint.why)} {_cell(hint.fix)}"
    if hint.certainty:
        yield ""
        yield f"Cause: `{hint.cause}` ({CERTAINTIES[hint.certainty]})"
    if hint.commands:
        yield ""
        yield from _block("\n".join(hint.commands))
    if any(hint.command_needs):
        yield ""
        yield from (f"- `{_cell(command)}` requires {_cell(needs)}." for command, needs in hint.steps if needs)
    yield from ("", *(f"- <{link}>" for link in hint.links))


def _checks(checks: Iterable[Check]) -> Iterator[str]:
    rows = [f"| {' | '.join(map(_cell, (check.verdict.label, check.title, check.finding)))} |" for check in checks]
    if rows:
        yield "### Configuration checks"
        yield ""
        yield "| Status | Check | Finding |"
        yield "| --- | --- | --- |"
        yield from rows


def _table(values: dict[str, str | None]) -> Iterator[str]:
    rows = [f"| {name} | {_cell(value)} |" for name, value in values.items() if value]
    if rows:
        yield from ("| | |", "| --- | --- |", *rows)


def _cell(text: str) -> str:
    """One line with Markdown and HTML escaped. Redacted first: an escape inside a token would hide it."""
    return _SPECIAL.sub(r"\\\1", _CONTROL.sub(" ", redact(text)[:_MAX_LENGTH]).strip())


def _block(text: str) -> Iterator[str]:
    """A fenced code block; fences inside the text are replaced, so they cannot end it."""
    yield "```text"
    for line in redact(text)[:_MAX_LENGTH].splitlines():
        yield _FENCE.sub("'''", _CONTROL.sub(" ", line))
    yield "```"
