"""A reading as Markdown for a ticket, without the token and the secret value.

Values are in code blocks: they need no escapes there, so the text also reads well where Markdown is not rendered.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from secrets_app.core.formatting import KINDS, PLATFORMS, duration, headline, join_words, plural
from secrets_app.core.hops import hops_of
from secrets_app.core.hosts import shorten_ids as shorten_guids
from secrets_app.core.reading import Attempt, Diagnosis, Failure, Hint, HostEnvironment, Principal, Reading
from secrets_app.core.redaction import redact
from secrets_app.diagnosis.diagnose import evidence_of
from secrets_app.diagnosis.explain import Explanation
from secrets_app.doctor import Check, Status
from secrets_app.output.text import (
    CERTAINTIES,
    OUTCOMES,
    credential_label,
    evidence_rows,
    hop_text,
    last_readable_line,
    short_message,
)

# Characters that Markdown or HTML would interpret in a sentence; an underscore only at the edge of a word.
_SPECIAL = re.compile(r"([\\`*\[\]<|~]|(?<=\S)>|(?<!\w)_|_(?!\w)|(?<!\S)@|^[#>]+)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
_FENCE = re.compile(r"`{3,}|~{3,}")
_MAX_LENGTH = 8000
"""Characters shown of one message."""
_REPEATED = re.compile(r"\n+Code: [^\n]*\nMessage: (?P<text>.*?)(?=\n+Inner error:|\Z)", re.DOTALL)
"""azure-core appends the message of a service a second time, after its code."""


def markdown(reading: Reading, diagnosis: Diagnosis, checks: Iterable[Check] = (), *, shorten_ids: bool = False) -> str:
    """The reading as Markdown: result, principal and fix; then, folded, error, chain, other causes and `checks`.

    Tokens, keys and passwords in any text are redacted. `shorten_ids` keeps the first eight digits of each GUID.
    """
    first, others = diagnosis.hints[:1], diagnosis.hints[1:]
    sections = (
        _summary(reading, diagnosis),
        *map(_fix, first),
        _failure(reading.failure),
        _attempts(reading),
        _others(others),
        _checks(tuple(checks)),
    )
    text = "\n".join(line for section in sections for line in (*section, ""))
    text = re.sub(r"\n{3,}", "\n\n", text)
    return (shorten_guids(text) if shorten_ids else text).rstrip("\n") + "\n"


def markdown_of_explanation(explanation: Explanation) -> str:
    """A pasted error without a known cause, as Markdown: its text and the evidence found in it."""
    lines = ["## Unrecognized error", ""]
    lines += [_sentence(explanation.evidence.summary), ""] if explanation.evidence.summary else []
    lines += [*_block(explanation.text.splitlines()), ""]
    lines += _block(_rows(dict(evidence_rows(explanation.evidence))))
    return "\n".join(lines) + "\n"


def _summary(reading: Reading, diagnosis: Diagnosis) -> Iterator[str]:
    failure = reading.failure
    codes = " ".join(filter(None, (str(failure.status or ""), failure.code))) if failure else ""
    rows = {
        "Result": "OK" if reading.ok else f"failed{f', {codes}' if codes else ''}",
        "Cause": diagnosis.main_cause,
        "Last readable": last_readable_line(diagnosis.last_readable) if diagnosis.last_readable else None,
        "Token Vault": reading.kept_token_url,
        "Scope": reading.scope,
        "Vault": reading.vault_url,
        "Secret": f"{reading.secret_name}{f', version {reading.secret_version}' if reading.secret_version else ''}"
        if reading.secret_name
        else None,
        "Read": f"{reading.started_at:%Y-%m-%d %H:%M:%S %Z}".strip() + f", {duration(reading.elapsed_s)}",
        **_principal(reading.principal),
        "Vault tenant ID": reading.vault_tenant_id,
        "Client IP": reading.vault_saw.client_address if reading.vault_saw else None,
        "Host": _host(reading.place),
    }
    yield f"## {_sentence(headline(reading))}"
    yield ""
    steps = ["", *map(hop_text, hops_of(reading, diagnosis))]
    legacy = ["", f"Principal Used: {reading.principal.legacy}"] if reading.principal else []
    yield from _block([*_rows(rows), *steps, *legacy])


def _principal(principal: Principal | None) -> dict[str, str | None]:
    if principal is None:
        return {"Principal": "none: no access token was obtained"}
    kind = KINDS[principal.kind] if principal.kind else "opaque token"
    name = principal.name or principal.user_principal_name
    sign_in_name = principal.user_principal_name if principal.user_principal_name != name else None
    expires = principal.token_expires_at
    return {
        "Principal": f"{name} ({kind})" if name else kind,
        "Sign-in name": sign_in_name,
        "Object ID": principal.object_id,
        "Application ID": principal.app_id,
        "Tenant ID": principal.tenant_id,
        "Credential": principal.credential,
        "Token expires": f"{expires:%Y-%m-%d %H:%M:%S %Z}".strip() if expires else None,
    }


def _host(host: HostEnvironment) -> str:
    parts = (
        PLATFORMS.get(host.platform, "no Azure platform"),
        host.resource_name,
        f"resource group {host.resource_group}" if host.resource_group else None,
        f"{host.system}{' container' if host.in_container else ''}",
    )
    return ", ".join(filter(None, parts))


def _fix(hint: Hint) -> Iterator[str]:
    yield "### How to fix"
    yield ""
    yield f"**{_sentence(hint.title)}.** {_sentence(hint.why)} {_sentence(hint.fix)}"
    if hint.certainty:
        yield ""
        yield f"Cause: `{hint.cause}`, {CERTAINTIES[hint.certainty]}"
    if hint.commands:
        yield ""
        yield from _block(line for command in hint.commands for line in command.splitlines())
    needs = list(dict.fromkeys(needs for needs in hint.command_needs if needs))
    if needs:
        yield ""
        yield f"Requires {_sentence('; '.join(needs))}."
    if hint.links:
        yield ""
        yield from (f"- <{link}>" for link in hint.links)


def _failure(failure: Failure | None) -> Iterator[str]:
    if failure:
        rows = {
            "Stage": failure.stage,
            "Evidence": evidence_of(failure).summary,
            "Exception": failure.exception,
            "Waiting for": failure.waiting_for,
        }
        message = _once(redact(failure.message))
        yield from _folded("Full error", [*_rows(rows), "", *message.splitlines()])


def _once(message: str) -> str:
    """The message without its repetition."""
    match = _REPEATED.search(message)
    if match and match["text"].strip() in message[: match.start()]:
        return message[: match.start()] + message[match.end() :]
    return message


def _attempts(reading: Reading) -> Iterator[str]:
    """The credentials that were tried, each with the first line of its message; the others by name."""
    tried = [attempt for attempt in reading.attempts if attempt.outcome != "not_reached"]
    untried = [attempt.credential for attempt in reading.attempts if attempt.outcome == "not_reached"]
    if reading.attempts:
        lines = [reading.chosen_by] if reading.chosen_by else []
        lines += map(_attempt, tried)
        lines += [f"Not tried: {join_words(untried)}"] if untried else []
        yield from _folded(f"Credential chain: {len(tried)} of {len(reading.attempts)} tried", lines)


def _attempt(attempt: Attempt) -> str:
    message = short_message(attempt).removeprefix(f"{attempt.credential} authentication unavailable. ")
    words = (OUTCOMES[attempt.outcome], duration(attempt.elapsed_s), message)
    return f"{credential_label(attempt)}: {', '.join(filter(None, words))}"


def _others(hints: tuple[Hint, ...]) -> Iterator[str]:
    if hints:
        lines = [f"{hint.title} ({hint.cause}): {hint.fix}" for hint in hints]
        yield from _folded(f"If that does not help: {plural(len(hints), 'other cause')}", lines)


def _checks(checks: tuple[Check, ...]) -> Iterator[str]:
    """The findings, worst first; those that are fine are only counted."""
    if not checks:
        return
    counts = {status: len(list(found)) for status, found in groupby(checks, key=lambda check: check.verdict)}
    lines = [
        f"{check.verdict.label.upper()}  {check.title}: {check.finding}"
        for check in checks
        if check.verdict is not Status.OK
    ]
    summary = ", ".join(f"{count} {status.label}" for status, count in counts.items())
    yield from _folded(f"Configuration checks: {summary}", lines or ["No errors and no warnings."])


def _folded(summary: str, lines: Iterable[str]) -> Iterator[str]:
    """A section that is closed where Markdown is rendered with HTML. `summary` is the product's own text."""
    yield from (f"<details><summary>{summary}</summary>", "", *_block(lines), "", "</details>")


def _rows(values: dict[str, str | None]) -> list[str]:
    """The values in a column."""
    return [f"{name:<15} {' '.join(str(value).split())}" for name, value in values.items() if value]


def _sentence(text: str) -> str:
    """One line of prose with Markdown and HTML escaped. Redacted first: an escape inside a token would hide it."""
    return _SPECIAL.sub(r"\\\1", _CONTROL.sub(" ", redact(text)[:_MAX_LENGTH]).strip())


def _block(lines: Iterable[str]) -> Iterator[str]:
    """A fenced code block; fences inside the text are replaced, so they cannot end it."""
    yield "```text"
    for line in redact("\n".join(lines))[:_MAX_LENGTH].splitlines():
        yield _FENCE.sub("'''", _CONTROL.sub(" ", line))
    yield "```"
