"""The pages and the JSON of the history."""

from dataclasses import asdict
from datetime import UTC, datetime

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from fleet.exports import observations_csv
from fleet.filters import UNCHECKED
from fleet.models import Target
from fleet.plots import band, latency_plot
from fleet.problems import HistoryUnavailableError, database
from fleet.results import Outcome, facts
from fleet.targets import find_target
from fleet.timeline import RANGES, TITLES, Timeline, timeline
from secrets_app.views.parameters import parse_query
from secrets_app.views.rendering import render

UNAVAILABLE = 503


@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """The history of the site's own secret, or of `target`."""
    parameters = parse_query(request, "range", "target")
    range_name = _range(parameters)
    try:
        with database():
            target = _target(parameters)
            now = datetime.now(UTC)
            timelines = {name: timeline(target, name, now) for name in RANGES} if target else {}
    except Http404:
        return render(request, "fleet/history.html", {"is_missing": True}, status=404)
    except HistoryUnavailableError as error:
        return render(request, "fleet/history.html", {"problem": str(error)}, status=UNAVAILABLE)
    shown = timelines.get(range_name)
    context = {
        "target": target,
        "is_own": target is None or target.kind == Target.Kind.OWN,
        "bands": [band(each) for each in timelines.values()],
        "shown": shown,
        "outcome": Outcome.of(target.state or UNCHECKED, target.code, target.cause) if target else None,
        "facts": list(facts(target)) if target else [],
        "plot": latency_plot(shown) if shown else None,
        "ranges": TITLES,
        "range": range_name,
        "range_title": TITLES[range_name],
    }
    return render(request, "fleet/history.html", context)


@require_safe
def api_history(request: HttpRequest) -> HttpResponse:
    """The history as JSON, or its observations as CSV with `format=csv`."""
    parameters = parse_query(request, "range", "target", "format")
    if parameters.get("format", "json") not in {"json", "csv"}:
        raise BadRequest("format must be json or csv.")
    range_name = _range(parameters)
    try:
        with database():
            target = _target(parameters)
            found = timeline(target, range_name, datetime.now(UTC)) if target else None
    except HistoryUnavailableError as error:
        return JsonResponse({"error": str(error)}, status=UNAVAILABLE)
    if found is None:
        raise Http404("There are no readings yet.")
    return _csv(found) if parameters.get("format") == "csv" else JsonResponse(asdict(found))


def _csv(found: Timeline) -> HttpResponse:
    headers = {"Content-Disposition": 'attachment; filename="history.csv"'}
    return HttpResponse(observations_csv(found), content_type="text/csv; charset=utf-8", headers=headers)


def _range(parameters: dict[str, str]) -> str:
    name = parameters.get("range", "24h")
    if name not in RANGES:
        raise BadRequest(f"range must be one of {', '.join(RANGES)}.")
    return name


def _target(parameters: dict[str, str]) -> Target | None:
    """The target with this number, or the site's own; None if nothing was recorded of that yet. Raises Http404."""
    number = parameters.get("target")
    if number is None:
        return find_target()
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise BadRequest("target must be the number of a target, as in the links of the fleet.")
    target = Target.objects.filter(pk=int(number)).first()
    if target is None:
        raise Http404("No such target.")
    return target
