"""The catalog of causes: search by words, grouping by area, and the general hint of a cause."""

from collections.abc import Iterable
from itertools import groupby

from secrets_app.core.reading import Hint
from secrets_app.diagnosis import CAUSES, Cause
from secrets_app.diagnosis.cause import Area
from secrets_app.diagnosis.command_values import CommandValues
from secrets_app.diagnosis.hints import hint


def search(words: str) -> list[Cause]:
    """The causes that contain all of these words, ignoring case; all causes if there are none."""
    terms = words.lower().split()
    return [cause for cause in CAUSES.values() if all(term in _searchable_text(cause) for term in terms)]


def by_area(causes: Iterable[Cause]) -> list[tuple[Area, list[Cause]]]:
    """The causes grouped by area, in the order of Area."""
    areas = list(Area)
    ordered = sorted(causes, key=lambda cause: areas.index(cause.area))
    return [(area, list(members)) for area, members in groupby(ordered, key=lambda cause: cause.area)]


def general_hint(cause: Cause) -> Hint:
    """The hint for a cause without a specific error: its commands have <placeholders>."""
    return hint(cause, CommandValues())


def related(cause: Cause) -> list[Cause]:
    """The causes listed under "See also"."""
    return [CAUSES[key] for key in cause.related]


def _searchable_text(cause: Cause) -> str:
    """The texts of a cause, and the codes and numbers in its signatures, in lowercase."""
    codes = [
        code
        for signature in cause.signatures
        for code in (
            *signature.codes,
            *(f"aadsts{n}" for n in signature.aadsts),
            *(f"akv{n}" for n in signature.akv),
            *map(str, signature.status),
        )
    ]
    return " ".join([cause.key, cause.title, cause.why, cause.fix, cause.area, *codes]).lower()
