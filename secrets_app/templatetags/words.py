"""The product's words as template filters."""

import json
from typing import Any, NamedTuple

from django import template

from secrets_app import words
from secrets_app.claims import MEANINGS, TIME_CLAIMS, claim_time
from secrets_app.reading import Attempt, Kind, Outcome, Principal
from secrets_app.report import markdown_of_paste

register = template.Library()

for _filter in (
    words.headline,
    words.where_it_stopped,
    words.as_whom,
    words.vault,
    words.secret,
    words.application,
    words.sentence,
    words.duration,
    words.span,
    words.moment,
    words.age,
    words.found,
):
    register.filter(_filter.__name__, _filter)


register.filter("pasted_report", markdown_of_paste)


@register.filter
def kind_meaning(kind: Kind | None) -> str:
    return words.KIND_MEANINGS[kind] if kind else "The token does not say what it speaks for."


@register.filter
def kind_name(kind: Kind | None) -> str:
    return words.KINDS[kind].partition(" ")[2].capitalize() if kind else "Unknown"


@register.filter
def outcome_words(outcome: Outcome) -> str:
    return words.OUTCOMES[outcome]


@register.filter
def claim_meaning(name: str) -> str:
    return MEANINGS.get(name, "")


@register.filter
def claim_value(value: Any) -> str:
    """Text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@register.simple_tag
def claim_moment(principal: Principal, name: str) -> str:
    """The date that a claim's number stands for, where it is one."""
    return words.moment(claim_time(principal.claims, name)) if name in TIME_CLAIMS else ""


class Bar(NamedTuple):
    """One attempt's place on the time line, in thousandths of the whole."""

    attempt: Attempt
    start: float
    width: float


@register.filter
def time_line(attempts: tuple[Attempt, ...]) -> list[Bar]:
    """The attempts one after another, as they were made."""
    whole = sum(attempt.elapsed_s or 0 for attempt in attempts) or 1
    bars, start = [], 0.0
    for attempt in attempts:
        width = 1000 * (attempt.elapsed_s or 0) / whole
        bars.append(Bar(attempt, min(start, 994), max(width, 6 if attempt.elapsed_s is not None else 0)))
        start += width
    return bars
