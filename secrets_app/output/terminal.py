"""A reading as lines of text for a terminal, with the sentences of the pages."""

import textwrap
from collections.abc import Iterator

from secrets_app.core import formatting
from secrets_app.core.hops import hops_of
from secrets_app.core.reading import UNEXPECTED, Diagnosis, Hint, Principal, Reading, Secret, TokenVaultToken
from secrets_app.core.redaction import printable
from secrets_app.diagnosis import Explanation
from secrets_app.doctor import Translation
from secrets_app.output import text

_WIDTH = 100


def lines_of(reading: Reading, diagnosis: Diagnosis) -> Iterator[str]:
    """The result, the principal, how to fix the failure, and the credential chain."""
    return map(printable, _lines_of(reading, diagnosis))


def _lines_of(reading: Reading, diagnosis: Diagnosis) -> Iterator[str]:
    yield f"{'YES' if reading.ok else 'NO'}  {formatting.headline(reading)}"
    yield f"    {text.identity_line(reading)} Duration {formatting.duration(reading.elapsed_s)}."
    if reading.failure:
        yield f"    {text.failure_line(reading)}"
    yield f"    {text.hops_line(hops_of(reading, diagnosis))}"
    if reading.principal:
        yield ""
        yield f"Principal Used: {reading.principal.legacy}"
        yield from _principal(reading.principal)
    if reading.secret:
        yield from _secret(reading.secret)
    if reading.kept_token:
        yield from _token_vault_token(reading.kept_token, reading.kept_token_url or "")
    for hint in diagnosis.hints:
        yield from _hint(hint)
    if reading.failure and diagnosis.main_cause == UNEXPECTED:
        yield from _full_error(reading.failure.message)
    yield from _chain(reading)


def _full_error(text: str) -> Iterator[str]:
    yield ""
    yield "Full error:"
    yield from (f"    {line}" for line in text.splitlines())


def _principal(principal: Principal) -> Iterator[str]:
    rows = {
        "Kind": principal.kind and formatting.KINDS[principal.kind],
        "Name": principal.name,
        "Object ID": principal.object_id,
        "Resource ID": principal.managed_identity_resource_id,
        "Credential": principal.credential,
        "Expires": f"{formatting.moment(principal.token_expires_at)}, {formatting.age(principal.token_expires_at)}"
        if principal.token_expires_at
        else None,
    }
    return (f"    {name:<12} {value}" for name, value in rows.items() if value)


def _secret(secret: Secret) -> Iterator[str]:
    yield ""
    yield f"Secret {secret.name}: {secret.length} characters, hidden. Fingerprint {secret.fingerprint}."
    yield f"    Version {secret.version}, updated {formatting.moment(secret.updated_on)}."


def _token_vault_token(token: TokenVaultToken, url: str) -> Iterator[str]:
    yield ""
    if token.length is not None:
        yield f"Token {url}: {token.length} characters, hidden. Fingerprint {token.fingerprint}."
    yield f"    Status {token.state or 'unknown'}{', just created' if token.created else ''}. Sign in: {url}/login"


def _hint(hint: Hint) -> Iterator[str]:
    yield ""
    yield hint.title
    for sentence in (hint.why, hint.fix):
        yield from textwrap.wrap(sentence, _WIDTH, initial_indent="    ", subsequent_indent="    ")
    for command in hint.commands:
        yield from (f"      {line}" for line in command.splitlines())
    for link in hint.links:
        yield f"    {link}"


def _chain(reading: Reading) -> Iterator[str]:
    if reading.attempts or reading.chosen_by:
        yield ""
        yield "Credential chain:"
    if reading.chosen_by:
        yield from textwrap.wrap(reading.chosen_by, _WIDTH, initial_indent="    ", subsequent_indent="    ")
    for attempt in reading.attempts:
        outcome, duration = text.OUTCOMES[attempt.outcome], formatting.duration(attempt.elapsed_s)
        # The note follows the columns, so that it does not shift them.
        note = f"{'Reads the certificate. ' if attempt.reads_certificate else ''}{text.short_message(attempt)}"
        yield f"    {attempt.credential:<28} {outcome:<19} {duration:>10}  {note}".rstrip()


def lines_of_translation(translation: Translation | None) -> Iterator[str]:
    """The connection string's meaning and its equivalent settings; empty where none is set."""
    return map(printable, _lines_of_translation(translation) if translation else ())


def _lines_of_translation(translation: Translation) -> Iterator[str]:
    yield ""
    yield f"{translation.setting} selects the credential: {translation.description}."
    for warning in translation.warnings:
        yield from textwrap.wrap(
            f"It {warning.message} {warning.hint}", _WIDTH, initial_indent="    ", subsequent_indent="    "
        )
    for title, blocks in (
        ("Equivalent settings:", translation.commands),
        ("For any program that uses DefaultAzureCredential:", translation.variables),
        ("In Python:", (translation.python,)),
    ):
        lines = [line for block in blocks for line in block.splitlines()]
        yield from (f"    {title}" for _ in lines[:1])
        yield from (f"      {line}" for line in lines)


def lines_of_explanation(explanation: Explanation) -> Iterator[str]:
    """The causes of a pasted error, the main cause first."""
    return map(printable, _lines_of_explanation(explanation))


def _lines_of_explanation(explanation: Explanation) -> Iterator[str]:
    for number, hint in enumerate(explanation.hints):
        if number == 1:
            yield ""
            yield "Other possible causes:"
        yield from (line for line in _hint(hint) if line or number)
    if explanation.causes == (UNEXPECTED,):
        yield from _full_error(explanation.text)
