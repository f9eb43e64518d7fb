"""What a row and the pick say in plain words: the same sentences for the page and for the terminal."""

from secrets_app.core.reading import Outcome, Reading, Stage
from secrets_app.core.redaction import printable
from secrets_app.identities.result import CandidateResult, Selection
from secrets_app.output import text


def outcome_words(row: CandidateResult) -> str:
    """How the credential ended."""
    if row.reading is None:
        return "not asked"
    if row.outcome is None:
        return "cannot be made here"
    return "gave a token" if row.outcome is Outcome.TOKEN else text.OUTCOMES[row.outcome]


def principal_text(row: CandidateResult) -> str:
    """The principal, and whether another row is the same one."""
    reading = row.reading
    if reading is None or reading.principal is None:
        return ""
    same = f" The same as {row.same_as.title}." if row.same_as else ""
    return f"{_capital(text.principal_text(reading.principal))}.{same}"


def result_text(row: CandidateResult) -> str:
    """May that principal read the secret? Without a token: why there is none."""
    reading = row.reading
    if reading is None:
        return row.candidate.why_not or ""
    if reading.came:
        came = "It is given a token." if reading.scope else f"It reads the secret {reading.secret_name}."
        return came if reading.ok else f"{came} {_but(reading)}"
    if reading.principal is None:
        return _first_hint(reading) or _own_words(reading)
    if reading.failure and reading.failure.stage is Stage.CONFIGURATION:
        return "The vault was not asked: the settings have to be mended first."
    return f"It does not read the secret: {_first_hint(reading) or _own_words(reading)}"


def selection_text(pick: Selection) -> str:
    """Which of them the site itself ends up with."""
    if pick.row is None:
        mend = f" The one to mend is {pick.to_fix.candidate.title}: {result_text(pick.to_fix)}" if pick.to_fix else ""
        return f"None of those that the site asks gives a token.{mend}"
    title = pick.row.candidate.title
    if pick.picked:
        return f"The site picks {title}.{'' if pick.ok else f' {result_text(pick.row)}'}"
    if pick.row.reading is None:
        return f"The site comes to {title}, where a person would have to sign in."
    if pick.row.outcome is Outcome.RUNNING:
        return f"The site is kept waiting by {title}; whoever comes after it is not asked in time."
    return f"The site stops at {title}: its failure ends the search, and whoever comes after it is not asked."


def principal_mark(pick: Selection) -> str:
    """Beside the row where the site's search ends, or that has to be mended."""
    if pick.row is None:
        return "This is the one to mend."
    return "The site picks this one." if pick.picked else "The site gets no further than this one."


def line_of(row: CandidateResult) -> str:
    """The row for a terminal."""
    reading, identity = row.reading, row.candidate.identity
    number = f"[{row.principal_number}]" if row.principal_number else ""
    said = (f"({identity})" if identity else "", number, principal_text(row), result_text(row))
    took = text.duration(reading.elapsed_s) if reading else ""
    line = f"{row.candidate.name:<28} {outcome_words(row):<19} {took:>10}  {' '.join(filter(None, said))}"
    return printable(line.rstrip())


def lines_of_selection(pick: Selection) -> list[str]:
    """What they mean together, and what comes next."""
    return ["", printable(selection_text(pick)), *([] if pick.ok else ["Next: python manage.py principal"])]


def _but(reading: Reading) -> str:
    return f"But: {_first_hint(reading)}" if reading.hints else "But it is not who the site should be."


def _first_hint(reading: Reading) -> str:
    return text.sentence(reading.hints[0].title) if reading.hints else ""


def _own_words(reading: Reading) -> str:
    return text.sentence(reading.failure.message.partition("\n")[0]) if reading.failure else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:] if not text.partition(",")[1] else text
