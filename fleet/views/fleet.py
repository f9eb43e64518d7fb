"""The page and the JSON of the fleet."""

import re
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from fleet import overview
from fleet.description import LABEL
from fleet.openapi import openapi_document
from fleet.overview import Filters, Fleet, TargetRow
from fleet.plots import Band, expiry_calendar, heat_map_row, matrix
from fleet.problems import HistoryUnavailableError, database
from fleet.timeline import TITLES, segments_of_targets
from secrets_app.core.formatting import plural
from secrets_app.views.parameters import parse_query
from secrets_app.views.rendering import render

UNAVAILABLE = 503
_PARAMETERS = ("state", "q", "label", "group", "page")
_RANGES = ("24h", "7d")
_MAX_TEXT, _MAX_PAGE = 100, 1000
_NO_GROUP = "none"


class Row(NamedTuple):
    """One target with its row of the heat map."""

    target: TargetRow
    result: str
    """`403 ForbiddenByRbac`; the title of the state where the service sent no code."""
    band: Band


@require_safe
def fleet(request: HttpRequest) -> HttpResponse:
    """The targets: counts, groups, heat map, expiry calendar and identities."""
    parameters = parse_query(request, *_PARAMETERS, "range")
    range_name = parameters.get("range", "24h")
    if range_name not in _RANGES:
        raise BadRequest(f"range must be one of {', '.join(_RANGES)}.")
    filters, now = _filters(parameters), datetime.now(UTC)
    try:
        with database():
            keys = overview.label_keys()
            if not parameters.get("group") and keys:
                filters = replace(filters, group_by=keys[0])
            found = overview.fleet(filters, now)
            intervals = {row.id: row.interval_s for row in found.targets}
            segments = segments_of_targets(intervals, range_name, now)
    except HistoryUnavailableError as error:
        return render(request, "fleet/fleet.html", {"problem": str(error)}, status=UNAVAILABLE)
    context = {
        "fleet": found,
        "headline": _headline(found),
        "rows": [Row(row, _result(row), heat_map_row(segments[row.id], range_name)) for row in found.targets],
        "filters": parameters,
        "state_titles": overview.STATE_TITLES.items(),
        "links": _links(parameters, found, keys),
        "range": range_name,
        "range_title": TITLES[range_name],
        "calendar": expiry_calendar(found.expiry_days, now),
        "matrix": matrix(found.identities),
    }
    return render(request, "fleet/fleet.html", context)


@require_safe
def api_fleet(request: HttpRequest) -> HttpResponse:
    """The same as JSON, without the heat map: /api/history has the states of each target."""
    filters = _filters(parse_query(request, *_PARAMETERS))
    try:
        with database():
            found = overview.fleet(filters, datetime.now(UTC))
    except HistoryUnavailableError as error:
        return JsonResponse({"error": str(error)}, status=UNAVAILABLE)
    return JsonResponse(asdict(found))


@require_safe
def api_fleet_schema(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document of the JSON of the optional app."""
    parse_query(request)
    return JsonResponse(openapi_document(), json_dumps_params={"indent": 1})


def _filters(parameters: dict[str, str]) -> Filters:
    """The filters of a query. Raises BadRequest."""
    state, text, group = (parameters.get(name, "") for name in ("state", "q", "group"))
    page = parameters.get("page", "1") or "1"
    if state and state not in overview.STATE_TITLES:
        raise BadRequest(f"state must be one of {', '.join(overview.STATE_TITLES)}.")
    if not re.fullmatch(r"[0-9]{1,4}", page) or not 1 <= int(page) <= _MAX_PAGE:
        raise BadRequest(f"page must be a number from 1 to {_MAX_PAGE}.")
    if len(text) > _MAX_TEXT or "\0" in text:
        raise BadRequest(f"q must have at most {_MAX_TEXT} characters.")
    if group and not LABEL.fullmatch(group):
        raise BadRequest("group must be the name of a label, or none.")
    return Filters(
        state=state, text=text, labels=_labels(parameters.get("label", "")),
        group_by="" if group == _NO_GROUP else group, page=int(page),
    )  # fmt: skip


def _labels(text: str) -> tuple[tuple[str, str], ...]:
    """The labels of `team=payments,env=prod`; an empty value: the targets without that label. Raises BadRequest."""
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if len(pairs) > 5 or any(not separator or not LABEL.fullmatch(key.strip()) for key, separator, _ in pairs):
        raise BadRequest("label must be NAME=VALUE, or up to five of them, separated by commas.")
    return tuple((key.strip(), value.strip().replace("\0", "")) for key, _, value in pairs)


def _result(row: TargetRow) -> str:
    return row.code if row.code and row.code != row.cause else overview.STATE_TITLES[row.state]


def _headline(found: Fleet) -> str:
    counts = {row.state: row.count for row in found.states}
    total = sum(counts.values())
    failing = total - counts.get("readable", 0) - counts.get(overview.UNCHECKED, 0)
    if total == 1:
        return f"The target is {'not readable' if failing else 'readable' if found.ok else 'not checked yet'}."
    if failing:
        return f"{failing} of {plural(total, 'target')} {'is' if failing == 1 else 'are'} not readable."
    unchecked = counts.get(overview.UNCHECKED, 0)
    if unchecked:
        return f"{unchecked} of {plural(total, 'target')} {'is' if unchecked == 1 else 'are'} not checked yet."
    return f"All {total} targets are readable."


def _links(parameters: dict[str, str], found: Fleet, keys: list[str]) -> dict[str, Any]:
    """The page's own links, each with its text: the same query with something replaced."""

    def to(**changes: object) -> str:
        merged = {**{name: text for name, text in parameters.items() if name != "page"}, **changes}
        return "?" + urlencode({name: text for name, text in merged.items() if text})

    groups = [(group, to(label=f"{found.group_by}={group.value}")) for group in found.groups]
    return {
        "states": [(row, to(state=row.state)) for row in found.states],
        "all_states": to(state=None),
        "groups": groups,
        "group_keys": [(key, to(group=key)) for key in keys],
        "ranges": [(name, TITLES[name], to(range=name, page=found.page)) for name in _RANGES],
        "previous": to(page=found.page - 1) if found.page > 1 else "",
        "next": to(page=found.page + 1) if found.page < found.pages else "",
        "json": to(range=None, page=found.page),
    }
