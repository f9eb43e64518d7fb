"""A reading as lines of text for a terminal, with the sentences of the pages."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from secrets_app.core import formatting
from secrets_app.core.hops import HopOutcome, hops_of
from secrets_app.core.reading import (
    UNEXPECTED,
    Attempt,
    Diagnosis,
    Hint,
    Outcome,
    Principal,
    Reading,
    Secret,
    TokenVaultToken,
)
from secrets_app.doctor import Check, Status, Translation
from secrets_app.output import text
from secrets_app.output.console import PLAIN, Console, Line, Style, Styled

if TYPE_CHECKING:  # `principal` does not need it, and starts faster without
    from secrets_app.diagnosis.explain import Explanation
    from secrets_app.differences import Differences

_OUTCOME_STYLES = {Outcome.TOKEN: Style.GOOD, Outcome.FAILED: Style.BAD, Outcome.RUNNING: Style.BAD}
_HOP_STYLES = {
    HopOutcome.OK: Style.GOOD,
    HopOutcome.FAILED: Style.BAD,
    HopOutcome.RUNNING: Style.WARNING,
    HopOutcome.NOT_REACHED: Style.QUIET,
}
_TITLE_WIDTH = 28
"""Columns for the titles of the checks."""


def lines_of(reading: Reading, diagnosis: Diagnosis, console: Console = PLAIN) -> Iterator[Line]:
    """The result, the principal, how to fix the failure, and the credential chain."""
    yield _verdict(reading), f"  {formatting.headline(reading)}"
    if reading.failure:
        yield from console.wrap(text.failure_line(reading))
    yield from console.wrap(f"{text.identity_line(reading)} Duration {formatting.duration(reading.elapsed_s)}.")
    yield from _target(reading, diagnosis)
    yield from _hops(reading, diagnosis, console)
    if reading.principal:
        yield ""
        yield f"Principal Used: {reading.principal.legacy}"
        yield from _principal(reading.principal)
    if reading.secret:
        yield from _secret(reading.secret)
    if reading.kept_token:
        yield from _token_vault_token(reading.kept_token, reading.kept_token_url or "")
    for hint in diagnosis.hints:
        yield from _hint(hint, console)
    if reading.failure and diagnosis.main_cause == UNEXPECTED:
        yield from _full_error(reading.failure.message)
    yield from _chain(reading, console)


def line_of_attempt(reading: Reading, diagnosis: Diagnosis) -> Line:
    """One reading of several as one line: `17:42:10  NO   403 ForbiddenByRbac  kv_rbac_denied  29 ms`."""
    failure = reading.failure
    codes = (str(failure.status or ""), failure.code or "") if failure else ()
    words = (*codes, diagnosis.main_cause or "", formatting.duration(reading.elapsed_s))
    verdict = _verdict(reading)
    padding = " " * (3 - len(verdict.text))
    return f"{reading.started_at.astimezone():%H:%M:%S}  ", verdict, f"{padding}  {'  '.join(filter(None, words))}"


def _verdict(reading: Reading) -> Styled:
    return Styled("YES", Style.GOOD) if reading.ok else Styled("NO", Style.BAD)


def _target(reading: Reading, diagnosis: Diagnosis) -> Iterator[Line]:
    """The vault, the secret and the cause key, in one line."""
    words = []
    if not reading.scope and reading.kept_token_url is None:
        words += [f"Vault {text.vault(reading, diagnosis)}", f"secret {text.secret(reading, diagnosis)}"]
    if diagnosis.main_cause:
        words.append(f"cause {diagnosis.main_cause}")
    if words:
        yield f"    {formatting.capitalize(', '.join(words))}"


def _hops(reading: Reading, diagnosis: Diagnosis, console: Console) -> Iterator[Line]:
    """The steps of the reading in one line; below each other where a terminal is too narrow for it."""
    shown = [Styled(text.hop_text(hop), _HOP_STYLES[hop.outcome]) for hop in hops_of(reading, diagnosis)]
    if console.is_terminal and len("    " + " > ".join(part.text for part in shown)) > console.width:
        yield from (("  > " if number else "    ", part) for number, part in enumerate(shown))
    else:
        yield tuple(part for number, hop in enumerate(shown) for part in (" > " if number else "    ", hop))


def _full_error(message: str) -> Iterator[Line]:
    yield ""
    yield Styled("Full error:", Style.TITLE)
    yield from (f"    {line}" for line in message.splitlines())


def _principal(principal: Principal) -> Iterator[Line]:
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
    return ((Styled(f"    {name:<12} ", Style.QUIET), str(value)) for name, value in rows.items() if value)


def _secret(secret: Secret) -> Iterator[Line]:
    yield ""
    yield f"Secret {secret.name}: {secret.length} characters, hidden. Fingerprint {secret.fingerprint}."
    yield f"    Version {secret.version}, updated {formatting.moment(secret.updated_on)}."


def _token_vault_token(token: TokenVaultToken, url: str) -> Iterator[Line]:
    yield ""
    if token.length is not None:
        yield f"Token {url}: {token.length} characters, hidden. Fingerprint {token.fingerprint}."
    yield f"    Status {token.state or 'unknown'}{', just created' if token.created else ''}. Sign in: {url}/login"


def _hint(hint: Hint, console: Console) -> Iterator[Line]:
    yield ""
    yield Styled(hint.title, Style.TITLE)
    for sentence in (hint.why, hint.fix):
        yield from console.wrap(sentence)
    for command, needs in hint.steps:
        yield from (Styled(f"      {line}", Style.COMMAND) for line in command.splitlines())
        yield from console.wrap(f"Requires {needs}.", " " * 8) if needs else ()
    for sentence in hint.otherwise:
        yield from console.wrap(sentence)
    for link in hint.links:
        yield f"    {link}"
    degree = f" ({text.CERTAINTIES[hint.certainty]})" if hint.certainty else ""
    yield Styled(f"    Cause: {hint.cause}{degree}", Style.QUIET)


def _chain(reading: Reading, console: Console) -> Iterator[Line]:
    if reading.attempts or reading.chosen_by:
        yield ""
        yield Styled("Credential chain:", Style.TITLE)
    if reading.chosen_by:
        yield from console.wrap(reading.chosen_by)
    for attempt in reading.attempts:
        yield from _attempt(attempt, console)


def _attempt(attempt: Attempt, console: Console) -> Iterator[Line]:
    outcome, duration = text.OUTCOMES[attempt.outcome], formatting.duration(attempt.elapsed_s)
    start, end = f"    {attempt.credential:<28} ", f" {duration:>10}"
    middle = f"{outcome:<19}" if duration else outcome
    # The note follows the columns, so that it does not shift them.
    note = f"{'Reads the certificate. ' if attempt.reads_certificate else ''}{text.short_message(attempt)}".rstrip()
    is_short = not console.is_terminal or len(f"{start}{middle}{end}  {note}") <= console.width
    style = _OUTCOME_STYLES.get(attempt.outcome, Style.QUIET)
    yield start, Styled(middle, style), f"{end}  {note}".rstrip() if is_short else end.rstrip()
    yield from () if is_short else console.wrap(note, " " * 8)


def lines_of_translation(translation: Translation | None, console: Console = PLAIN) -> Iterator[Line]:
    """The connection string's meaning and its equivalent settings; empty where none is set."""
    return _lines_of_translation(translation, console) if translation else iter(())


def _lines_of_translation(translation: Translation, console: Console) -> Iterator[Line]:
    yield ""
    yield f"{translation.setting} selects the credential: {translation.description}."
    for warning in translation.warnings:
        yield from console.wrap(f"It {warning.message} {warning.hint}")
    for title, blocks in (
        ("Equivalent settings:", translation.commands),
        ("For any program that uses DefaultAzureCredential:", translation.variables),
        ("In Python:", (translation.python,)),
    ):
        lines = [line for block in blocks for line in block.splitlines()]
        yield from (f"    {title}" for _ in lines[:1])
        yield from (f"      {line}" for line in lines)


def lines_of_explanation(explanation: "Explanation", console: Console = PLAIN) -> Iterator[Line]:
    """What the text tells, the errors in it if it has several, and their causes, the main cause first."""
    if explanation.evidence.summary:
        yield from console.wrap(explanation.evidence.summary)
        yield ""
    if explanation.errors:
        yield Styled(f"The text contains {len(explanation.errors)} different errors:", Style.TITLE)
        yield from (line for error in explanation.errors for line in console.wrap(f"{error.cause}: {error.text}"))
        yield ""
    for number, hint in enumerate(explanation.hints):
        if number == 1:
            yield ""
            yield Styled("Other possible causes:", Style.TITLE)
        yield from (line for line in _hint(hint, console) if line or number)
    if explanation.causes == (UNEXPECTED,):
        yield from _full_error(explanation.text)


_STATUS_STYLES = {Status.PROBLEM: Style.BAD, Status.NOTICE: Style.WARNING, Status.UNKNOWN: Style.QUIET}


def lines_of_checks(checks: Iterable[Check], console: Console = PLAIN, *, with_facts: bool = False) -> Iterator[Line]:
    """One line for each check, and how to fix an error. `with_facts`: everything that each check found."""
    for check in checks:
        status = Styled(f"{check.verdict.label.upper():<8}", _STATUS_STYLES.get(check.verdict, Style.GOOD))
        title = f" {check.title:<{_TITLE_WIDTH}} "
        if with_facts:
            yield ""
            yield status, Styled(f" {check.title}", Style.TITLE)
            yield from console.wrap(check.finding)
        else:
            yield status, title, console.shorten(check.finding, used=len(status.text) + len(title))
        if with_facts or check.verdict is Status.PROBLEM:
            yield from console.wrap(check.advice)
            yield from (Styled(f"      {line}", Style.COMMAND) for text in check.commands for line in text.splitlines())
        if with_facts:
            yield from ((Styled(f"    {name}: ", Style.QUIET), value) for name, value in check.facts)


def lines_of_differences(result: "Differences", a: str, b: str, console: Console = PLAIN) -> Iterator[Line]:
    """The differences between the readings named `a` and `b`, the most likely cause first."""
    yield from console.wrap(result.headline, "", Style.TITLE)
    a, b = f"{a}:".ljust(max(len(a), len(b)) + 2), f"{b}:".ljust(max(len(a), len(b)) + 2)
    for name, summary in ((a, result.a), (b, result.b)):
        yield Styled(f"    {name}", Style.QUIET), summary
    for difference in result.differences:
        yield ""
        mark = " (explains the failure)" if difference.explains_failure else ""
        yield Styled(difference.title, Style.TITLE), Styled(mark, Style.WARNING)
        for name, value in ((a, difference.a), (b, difference.b)):
            yield Styled(f"    {name}", Style.QUIET), value or "none"
        yield from console.wrap(difference.meaning)
    if result.fix:
        yield ""
        yield Styled(result.fix.title, Style.TITLE)
        yield from console.wrap(result.fix.fix)
        for command in result.fix.commands:
            yield from (Styled(f"      {line}", Style.COMMAND) for line in command.splitlines())
    if result.same:
        same = formatting.join_words(title[:1].lower() + title[1:] for title in result.same)
        yield ""
        yield from console.wrap(f"The same in both: {same}.", "", Style.QUIET)
