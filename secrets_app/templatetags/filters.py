"""Template filters with the texts of a reading."""

import json
from typing import Any, NamedTuple

from django import template

from secrets_app.core import formatting
from secrets_app.core.reading import Attempt, Diagnosis, Outcome, Principal, PrincipalKind
from secrets_app.credentials.claims import MEANINGS, TIME_CLAIMS, claim_time
from secrets_app.output import text
from secrets_app.output.report import markdown_of_explanation

register = template.Library()

for _filter in (
    formatting.headline,
    text.failure_line,
    text.identity_line,
    text.vault,
    text.secret,
    text.application,
    formatting.sentence,
    formatting.duration,
    formatting.span,
    formatting.moment,
    formatting.age,
    text.evidence_rows,
):
    register.filter(_filter.__name__, _filter)


register.filter("pasted_report", markdown_of_explanation)


@register.filter
def kind_meaning(kind: PrincipalKind | None) -> str:
    return text.KIND_MEANINGS[kind] if kind else "The token does not identify its principal."


@register.filter
def kind_name(kind: PrincipalKind | None) -> str:
    return formatting.KINDS[kind].capitalize() if kind else "Unknown"


@register.filter
def outcome_text(outcome: Outcome) -> str:
    return text.OUTCOMES[outcome]


@register.filter
def claim_meaning(name: str) -> str:
    return MEANINGS.get(name, "")


@register.filter
def claim_value(value: Any) -> str:
    """A string unchanged, any other value as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@register.simple_tag
def claim_moment(principal: Principal, name: str) -> str:
    """The UTC time of a time claim such as `exp`; empty for other claims."""
    return formatting.moment(claim_time(principal.claims, name)) if name in TIME_CLAIMS else ""


class Bar(NamedTuple):
    """One attempt's position on the timeline, in thousandths of the total."""

    attempt: Attempt
    cause: str | None
    start: float
    width: float


@register.filter
def timeline(attempts: tuple[Attempt, ...], diagnosis: Diagnosis) -> list[Bar]:
    """The attempts as consecutive bars of a timeline."""
    total = sum(attempt.elapsed_s or 0 for attempt in attempts) or 1
    bars, start = [], 0.0
    for attempt, cause in zip(attempts, diagnosis.causes, strict=True):
        width = 1000 * (attempt.elapsed_s or 0) / total
        bars.append(Bar(attempt, cause, min(start, 994), max(width, 6 if attempt.elapsed_s is not None else 0)))
        start += width
    return bars
