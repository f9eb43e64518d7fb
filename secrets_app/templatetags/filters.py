"""Template filters with the texts of a reading."""

import json
import re
from typing import Any, NamedTuple

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from secrets_app.conf.project import shown_name
from secrets_app.core import formatting
from secrets_app.core.claims import MEANINGS, TIME_CLAIMS, claim_time
from secrets_app.core.hops import has_different_tenants
from secrets_app.core.hosts import GUID_PATTERN
from secrets_app.core.reading import Attempt, Certainty, Diagnosis, Outcome, Principal, PrincipalKind
from secrets_app.output import identities, page, text

register = template.Library()

_ID = re.compile(rf"(?<![\w-])({GUID_PATTERN}|[0-9a-fA-F]{{32,64}}|/subscriptions/[^\s,]+)(?![\w-])")
_OPTION = re.compile(r"((?<!\S)--?[a-zA-Z][\w-]*)")

for _filter in (
    formatting.headline,
    text.failure_line,
    text.identity_line,
    text.application,
    formatting.sentence,
    formatting.duration,
    formatting.span,
    formatting.moment,
    formatting.age,
    formatting.elapsed,
    formatting.principal_name,
    text.evidence_rows,
    text.last_readable_line,
    page.status_code,
    page.page_title,
    page.reason,
    page.hop_boxes,
    page.shell_tabs,
    page.commands_for,
    page.fix_sentence,
    page.portal_steps,
    page.who_and_where,
    page.untried,
    page.watch_time,
    shown_name,
):
    register.filter(_filter.__name__, _filter)


register.filter("different_tenants", has_different_tenants)


@register.filter
def kind_meaning(kind: PrincipalKind | None) -> str:
    return text.KIND_MEANINGS[kind] if kind else "The token does not identify its principal."


@register.filter
def kind_name(kind: PrincipalKind | None) -> str:
    return formatting.KINDS[kind].capitalize() if kind else "Unknown"


@register.filter
def certainty_text(certainty: Certainty) -> str:
    return text.CERTAINTIES[certainty]


@register.filter
def outcome_text(outcome: Outcome) -> str:
    return text.OUTCOMES[outcome]


@register.filter
def copyable_ids(value: str | None, name: str) -> SafeString:
    """The text as HTML in which each ID gets a copy button: a GUID, a version or thumbprint, an ID of a resource."""
    parts = _ID.split(str(value))
    return format_html_join(
        "", "{}", ((_copyable(part, name) if number % 2 else part,) for number, part in enumerate(parts))
    )


def _copyable(text: str, name: str) -> SafeString:
    return format_html('<span data-copy="{}">{}</span>', name, text)


@register.filter
def inline_code(text: str) -> SafeString:
    """The text as HTML in which what stands between backticks is code, as in the descriptions of the schema."""
    parts = text.split("`")
    return format_html_join("", "{}", ((_code(part) if number % 2 else part,) for number, part in enumerate(parts)))


def _code(text: str) -> SafeString:
    return format_html("<code>{}</code>", text)


@register.filter
def unbroken_options(command: str) -> SafeString:
    """The command as HTML whose options are not broken at their hyphens; its text is the same."""
    parts = _OPTION.split(command)
    return format_html_join("", "{}", ((_option(part) if number % 2 else part,) for number, part in enumerate(parts)))


def _option(name: str) -> SafeString:
    return format_html('<span class="option">{}</span>', name)


class ClaimRow(NamedTuple):
    """One claim as text."""

    name: str
    value: str
    """A string unchanged, any other value as JSON."""
    time: str
    """The UTC time of a time claim such as `exp`; empty for other claims."""
    meaning: str


@register.filter
def claim_rows(principal: Principal) -> list[ClaimRow]:
    """The principal's claims, in the token's order."""
    return [_claim_row(name, value, principal) for name, value in principal.claims.items()]


def _claim_row(name: str, value: Any, principal: Principal) -> ClaimRow:
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    time = formatting.moment(claim_time(principal.claims, name)) if name in TIME_CLAIMS else ""
    return ClaimRow(name, shown, time, MEANINGS.get(name, ""))


class Bar(NamedTuple):
    """One attempt's position on the timeline, in thousandths of the total.

    The numbers are strings: a template formats a number for the locale, which takes longer than the rest of the row.
    """

    attempt: Attempt
    cause: str | None
    start: str
    width: str
    """Empty for an attempt without a duration."""


@register.filter
def timeline(attempts: tuple[Attempt, ...], diagnosis: Diagnosis) -> list[Bar]:
    """The attempts that were made, as consecutive bars of a timeline."""
    total = sum(attempt.elapsed_s or 0 for attempt in attempts) or 1
    bars, start = [], 0.0
    for attempt, cause in zip(attempts, diagnosis.causes, strict=True):
        if attempt.outcome is Outcome.NOT_REACHED:
            continue
        width = 1000 * (attempt.elapsed_s or 0) / total
        shown = "" if attempt.elapsed_s is None else f"{max(width, 6):.0f}"
        bars.append(Bar(attempt, cause, f"{min(start, 994):.0f}", shown))
        start += width
    return bars


register.filter("result_outcome", identities.outcome_text)
register.filter("result_principal", identities.principal_text)
register.filter("result_text", identities.result_text)
register.filter("selection_text", identities.selection_text)
register.filter("selection_mark", identities.principal_mark)
