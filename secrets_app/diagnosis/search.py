"""The catalogue of causes as people browse it: by where a cause lives, by its words, one at a time."""

from collections.abc import Iterable
from itertools import groupby

from secrets_app.core.reading import Hint
from secrets_app.diagnosis import CAUSES, Cause
from secrets_app.diagnosis.cause import Area
from secrets_app.diagnosis.command_values import CommandValues
from secrets_app.diagnosis.hints import hint


def search(words: str) -> list[Cause]:
    """The causes with all of these words in them, in any case; all causes for no words."""
    asked = words.lower().split()
    return [cause for cause in CAUSES.values() if all(word in _text(cause) for word in asked)]


def by_area(causes: Iterable[Cause]) -> list[tuple[Area, list[Cause]]]:
    """The causes with those that live in the same place together, from this program out to the vault."""
    areas = list(Area)
    ordered = sorted(causes, key=lambda cause: areas.index(cause.area))
    return [(area, list(members)) for area, members in groupby(ordered, key=lambda cause: cause.area)]


def general_hint(cause: Cause) -> Hint:
    """What to do about a cause when nothing is known of the case: its commands have <placeholders>."""
    return hint(cause, CommandValues())


def related(cause: Cause) -> list[Cause]:
    """The causes it is easily taken for."""
    return [CAUSES[key] for key in cause.alike]


def _text(cause: Cause) -> str:
    """What a cause is found by: its words, and the codes and numbers it is recognised by."""
    codes = [
        code
        for sign in cause.signs
        for code in (
            *sign.codes,
            *(f"aadsts{n}" for n in sign.aadsts),
            *(f"akv{n}" for n in sign.akv),
            *map(str, sign.status),
        )
    ]
    return " ".join([cause.key, cause.title, cause.why, cause.fix, cause.area, *codes]).lower()
