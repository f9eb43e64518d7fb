"""The results and the selected credential as sentences, shared by the page and the terminal."""

from collections.abc import Iterable

from secrets_app.core import formatting
from secrets_app.core.reading import Outcome, Reading, Stage
from secrets_app.identities.result import CandidateResult, Selection
from secrets_app.output import text
from secrets_app.output.console import Line, Style, Styled


def outcome_text(result: CandidateResult) -> str:
    """The outcome of the credential."""
    if result.reading is None:
        return "not tried"
    if result.outcome is None:
        return "cannot be created"
    return "succeeded" if result.outcome is Outcome.TOKEN else text.OUTCOMES[result.outcome]


def principal_text(result: CandidateResult) -> str:
    """The principal, and another result with the same one."""
    reading = result.reading
    if reading is None or reading.principal is None:
        return ""
    same = f" Same principal as {result.same_as.title}." if result.same_as else ""
    return f"{_capitalize_label(text.principal_text(reading.principal))}.{same}"


def result_text(result: CandidateResult) -> str:
    """Whether the principal can read the secret; without a token, the reason."""
    reading = result.reading
    if reading is None:
        return result.candidate.not_tried_because or ""
    if reading.succeeded:
        success = "A token is issued." if reading.scope else f"Can read the secret {reading.secret_name}."
        return success if reading.ok else f"{success} {_however(result)}"
    if reading.principal is None:
        return _first_hint(result) or _failure_message(reading)
    if reading.failure and reading.failure.stage is Stage.CONFIGURATION:
        return "The vault was not contacted. Fix the settings first."
    return f"Cannot read the secret: {_first_hint(result) or _failure_message(reading)}"


def selection_text(selection: Selection) -> str:
    """The credential that the site itself uses, or where its chain stops."""
    if selection.result is None:
        fix = f" Fix {selection.to_fix.candidate.title}: {result_text(selection.to_fix)}" if selection.to_fix else ""
        return f"None of the credentials this site uses returns a token.{fix}"
    title = selection.result.candidate.title
    if selection.has_token:
        who = principal_text(selection.result).partition(". Same principal as")[0].rstrip(".")
        return f"This site uses {title}{f', {who}' if who else ''}. {result_text(selection.result)}"
    if selection.result.reading is None:
        return f"The chain stops at {title}, which requires interactive sign-in."
    if selection.result.outcome is Outcome.RUNNING:
        return f"{title} does not respond, so the credentials after it are not tried in time."
    return f"The chain stops at {title}: it failed, so the credentials after it are not tried."


def principals_that_can_read(results: Iterable[CandidateResult]) -> list[str]:
    """The principals that can read the secret, each with its credentials: `dana@contoso.com (Azure CLI)`."""
    credentials: dict[str, list[str]] = {}
    for result in sorted(results, key=lambda result: result.candidate.number):
        if result.reading and result.reading.ok and result.reading.principal:
            name = text.principal_text(result.reading.principal).partition(" (")[0]
            credentials.setdefault(name, []).append(result.candidate.name)
    return [f"{name} ({', '.join(found)})" for name, found in credentials.items()]


def principal_mark(selection: Selection) -> str:
    """The label of the result at which the site's chain ends, or that has to be fixed."""
    if selection.result is None:
        return "Fix this one."
    return "Used by this site." if selection.has_token else "The chain stops here."


def line_of(result: CandidateResult) -> Line:
    """The result as one line for a terminal."""
    reading, identity = result.reading, result.candidate.identity
    number = f"[{result.principal_number}]" if result.principal_number else ""
    details = (f"({identity})" if identity else "", number, principal_text(result), result_text(result))
    duration = formatting.duration(reading.elapsed_s) if reading else ""
    style = Style.GOOD if reading and reading.ok else Style.BAD if reading and reading.principal else Style.QUIET
    rest = f" {duration:>10}  {' '.join(filter(None, details))}".rstrip()
    return f"{result.candidate.name:<28} ", Styled(f"{outcome_text(result):<19}", style), rest


def lines_of_selection(selection: Selection) -> list[Line]:
    """The credential the site uses and, without success, the next command to run."""
    sentence = Styled(selection_text(selection), Style.GOOD if selection.ok else Style.BAD)
    return ["", sentence, *([] if selection.ok else ["Next: python manage.py principal"])]


def _however(result: CandidateResult) -> str:
    return (
        f"However: {_first_hint(result)}"
        if result.diagnosis.hints
        else "However, the settings expect another principal."
    )


def _first_hint(result: CandidateResult) -> str:
    return formatting.sentence(result.diagnosis.hints[0].title) if result.diagnosis.hints else ""


def _failure_message(reading: Reading) -> str:
    return formatting.sentence(reading.failure.message.partition("\n")[0]) if reading.failure else ""


def _capitalize_label(text: str) -> str:
    return text if " (" in text else formatting.capitalize(text)
