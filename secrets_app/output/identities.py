"""The rows and the selected credential as sentences, shared by the page and the terminal."""

from secrets_app.core import formatting
from secrets_app.core.reading import Outcome, Reading, Stage
from secrets_app.core.redaction import printable
from secrets_app.identities.result import CandidateResult, Selection
from secrets_app.output import text


def outcome_words(row: CandidateResult) -> str:
    """The outcome of the credential."""
    if row.reading is None:
        return "not tried"
    if row.outcome is None:
        return "cannot be created"
    return "succeeded" if row.outcome is Outcome.TOKEN else text.OUTCOMES[row.outcome]


def principal_text(row: CandidateResult) -> str:
    """The principal, and another row with the same one."""
    reading = row.reading
    if reading is None or reading.principal is None:
        return ""
    same = f" Same principal as {row.same_as.title}." if row.same_as else ""
    return f"{_capital(text.principal_text(reading.principal))}.{same}"


def result_text(row: CandidateResult) -> str:
    """Whether the principal can read the secret; without a token, the reason."""
    reading = row.reading
    if reading is None:
        return row.candidate.why_not or ""
    if reading.succeeded:
        came = "A token is issued." if reading.scope else f"Can read the secret {reading.secret_name}."
        return came if reading.ok else f"{came} {_but(row)}"
    if reading.principal is None:
        return _first_hint(row) or _own_words(reading)
    if reading.failure and reading.failure.stage is Stage.CONFIGURATION:
        return "The vault was not contacted. Fix the settings first."
    return f"Cannot read the secret: {_first_hint(row) or _own_words(reading)}"


def selection_text(pick: Selection) -> str:
    """The credential that the site itself uses, or where its chain stops."""
    if pick.row is None:
        mend = f" Fix {pick.to_fix.candidate.title}: {result_text(pick.to_fix)}" if pick.to_fix else ""
        return f"None of the credentials this site uses returns a token.{mend}"
    title = pick.row.candidate.title
    if pick.picked:
        return f"This site uses {title}.{'' if pick.ok else f' {result_text(pick.row)}'}"
    if pick.row.reading is None:
        return f"The chain stops at {title}, which requires interactive sign-in."
    if pick.row.outcome is Outcome.RUNNING:
        return f"{title} does not respond, so the credentials after it are not tried in time."
    return f"The chain stops at {title}: it failed, so the credentials after it are not tried."


def principal_mark(pick: Selection) -> str:
    """The label of the row at which the site's chain ends, or that has to be fixed."""
    if pick.row is None:
        return "Fix this one."
    return "Used by this site." if pick.picked else "The chain stops here."


def line_of(row: CandidateResult) -> str:
    """The row as one line for a terminal."""
    reading, identity = row.reading, row.candidate.identity
    number = f"[{row.principal_number}]" if row.principal_number else ""
    said = (f"({identity})" if identity else "", number, principal_text(row), result_text(row))
    took = formatting.duration(reading.elapsed_s) if reading else ""
    line = f"{row.candidate.name:<28} {outcome_words(row):<19} {took:>10}  {' '.join(filter(None, said))}"
    return printable(line.rstrip())


def lines_of_selection(pick: Selection) -> list[str]:
    """The credential the site uses and, without success, the next command to run."""
    return ["", printable(selection_text(pick)), *([] if pick.ok else ["Next: python manage.py principal"])]


def _but(row: CandidateResult) -> str:
    return f"However: {_first_hint(row)}" if row.diagnosis.hints else "However, the settings expect another principal."


def _first_hint(row: CandidateResult) -> str:
    return formatting.sentence(row.diagnosis.hints[0].title) if row.diagnosis.hints else ""


def _own_words(reading: Reading) -> str:
    return formatting.sentence(reading.failure.message.partition("\n")[0]) if reading.failure else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:] if " (" not in text else text
