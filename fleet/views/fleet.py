"""The page and the JSON of the fleet."""

import re
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from fleet import overview
from fleet.description import LABEL
from fleet.document import FailureGroup, Fleet, TargetRow, TargetStates
from fleet.filters import PARAMETERS, STATE_FILTERS, InvalidFilterError, parse_filters
from fleet.openapi import openapi_document
from fleet.plots import Band, expiry_calendar, heat_map_row, matrix
from fleet.problems import HistoryUnavailableError, database
from fleet.results import Outcome, split_principal, summary
from fleet.timeline import TITLES, segments_of_targets
from secrets_app.views.parameters import parse_query
from secrets_app.views.rendering import render

UNAVAILABLE = 503
_PARAMETERS = (*PARAMETERS, "group", "page", "range")
_RANGES = ("24h", "7d")
NO_GROUP = "-"
"""In the address: no groups. No label has this name."""


class Row(NamedTuple):
    """One target with its row of the heat map."""

    target: TargetRow
    band: Band

    @property
    def outcome(self) -> Outcome:
        return Outcome.of(self.target.state, self.target.code, self.target.cause)

    @property
    def principal(self) -> tuple[str, str]:
        """Name and kind."""
        return split_principal(self.target.principal)


class Failure(NamedTuple):
    """The targets with one error, and the link to them."""

    group: FailureGroup
    outcome: Outcome
    link: str


@require_safe
def fleet(request: HttpRequest) -> HttpResponse:
    """The targets: counts, errors, groups, heat map, expiry calendar and identities."""
    query = {"range": _RANGES[0], **{name: text for name, text in _parse(request).items() if text}}
    try:
        with database():
            keys = overview.label_keys()
            found = _fleet({"group": keys[0] if keys else "", **query})
    except HistoryUnavailableError as error:
        return render(request, "fleet/fleet.html", {"problem": str(error)}, status=UNAVAILABLE)
    if query["range"] == _RANGES[0]:
        del query["range"]  # links repeat what differs from the default
    context = {
        "fleet": found,
        "headline": summary({row.state: row.count for row in found.states}),
        "failures": [_failure(group, query) for group in found.failures],
        "rows": list(_rows(found)),
        "query": query,
        "is_filtered": bool(found.filters),
        "state_titles": STATE_FILTERS.items(),
        "links": _links(query, found, keys),
        "range_title": TITLES[found.range],
        "calendar": expiry_calendar(found.expiry_days, found.at),
        "matrix": matrix(found.identities),
    }
    return render(request, "fleet/fleet.html", context)


@require_safe
def api_fleet(request: HttpRequest) -> HttpResponse:
    """The same as JSON, with the same parameters."""
    query = _parse(request)
    try:
        with database():
            found = _fleet(query)
    except HistoryUnavailableError as error:
        return JsonResponse({"error": str(error)}, status=UNAVAILABLE)
    return JsonResponse(asdict(found))


@require_safe
def api_fleet_schema(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document of the JSON of the optional app."""
    parse_query(request)
    return JsonResponse(openapi_document(), json_dumps_params={"indent": 1})


def _parse(request: HttpRequest) -> dict[str, str]:
    """The query, checked. Raises BadRequest."""
    query = parse_query(request, *_PARAMETERS, lists=("label",))
    page, group = query.get("page") or "1", query.get("group", "")
    try:
        parse_filters(query)
    except InvalidFilterError as error:
        raise BadRequest(str(error)) from error
    if query.get("range") and query["range"] not in _RANGES:
        raise BadRequest(f"range must be one of {', '.join(_RANGES)}.")
    if not re.fullmatch(r"[0-9]{1,4}", page) or not 1 <= int(page) <= overview.MAX_PAGE:
        raise BadRequest(f"page must be a number from 1 to {overview.MAX_PAGE}.")
    if group and group != NO_GROUP and not LABEL.fullmatch(group):
        raise BadRequest(f"group must be the name of a label; {NO_GROUP}: no groups.")
    return query


def _fleet(query: dict[str, str]) -> Fleet:
    """The targets of a query, with their states if it has a range. Raises django.db.Error."""
    now, group = datetime.now(UTC), query.get("group", "")
    found = overview.fleet(
        parse_filters(query), now, group_by="" if group == NO_GROUP else group, page=int(query.get("page") or "1")
    )
    range_name = query.get("range", "")
    if not range_name:
        return found
    segments = segments_of_targets({row.id: row.interval_s for row in found.targets}, range_name, now)
    histories = tuple(TargetStates(target_id=number, segments=each) for number, each in segments.items())
    return replace(found, range=range_name, histories=histories)


def _rows(found: Fleet) -> Iterator[Row]:
    segments = {each.target_id: each.segments for each in found.histories}
    for row in found.targets:
        yield Row(row, heat_map_row(segments[row.id], found.range))


def _failure(group: FailureGroup, query: dict[str, str]) -> Failure:
    by = {"cause": group.cause} if group.cause else {"q": group.code}
    outcome = Outcome.of(group.state, group.code, group.cause)
    return Failure(group, outcome, _address(query, **by, state=group.state))


def _address(query: dict[str, str], **changes: object) -> str:
    """The address of the same page with something replaced; the page number is that of the old targets."""
    merged = {**query, "page": "", **changes}
    pairs = [(name, merged[name]) for name in _PARAMETERS if merged.get(name) and name != "label"]
    labels = [("label", text) for text in str(merged.get("label", "")).split(",") if text]
    return "?" + urlencode([*pairs, *labels], safe="=/:")


def _with_label(labels: tuple[str, ...], name: str, value: str) -> str:
    """The labels, with this one in place of another value of it."""
    others = [label for label in labels if label.partition("=")[0] != name]
    return ",".join([*others, f"{name}={value}"])


def _links(query: dict[str, str], found: Fleet, keys: list[str]) -> dict[str, Any]:
    """The page's own links, each with its text."""

    def to(**changes: object) -> str:
        return _address(query, **changes)

    labels = found.filters.label
    return {
        "states": [(row, to(state=row.state)) for row in found.states],
        "groups": [(group, to(label=_with_label(labels, found.group_by, group.value))) for group in found.groups],
        "group_keys": [(key, to(group=key)) for key in keys],
        "ranges": [(name, TITLES[name], to(range=name, page=found.page)) for name in _RANGES],
        "previous": to(page=found.page - 1) if found.page > 1 else "",
        "next": to(page=found.page + 1) if found.page < found.pages else "",
        "json": to(range=found.range, group=found.group_by, page=found.page),
    }
