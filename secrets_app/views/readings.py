"""The pages over one reading of the secret, and over one examination of this machine."""

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from secrets_app import conf
from secrets_app.access import viewer_of
from secrets_app.answer import answer
from secrets_app.doctor import examination, headline, problems_beside, sound
from secrets_app.reading import Reading
from secrets_app.report import markdown
from secrets_app.views.query import query
from secrets_app.views.shared_page import shared_page

_SWITCH = {"": True, "1": True, "true": True, "0": False, "false": False}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Who am I, was I let in, what do I do now."""
    reading = _reading(request)
    beside = problems_beside(reading, conf.current())
    return shared_page(request, "home.html", reading, here="home", beside=beside, viewer=viewer_of(request))


@require_safe
def api_reading(request: HttpRequest) -> HttpResponse:
    """The same reading as JSON; `ok` tells, the status is 200 in both cases."""
    return JsonResponse(_reading(request).as_json(), json_dumps_params={"indent": 2})


@require_safe
def environment(request: HttpRequest) -> HttpResponse:
    """What this machine tells about itself."""
    checks = examination(conf.current())
    return render(request, "environment.html", {"checks": checks, "headline": headline(checks), "sound": sound(checks)})


@require_safe
def report(request: HttpRequest) -> HttpResponse:
    """A reading and what this machine tells, as Markdown for a ticket; `ids=short` cuts the ids short."""
    ids = query(request, "ids").get("ids", "whole")
    if ids not in {"whole", "short"}:
        raise BadRequest("ids is either whole or short.")
    config = conf.current()
    text = markdown(answer(config), examination(config), shorten_ids=ids == "short")
    return render(request, "report.html", {"markdown": text, "short": ids == "short"})


def _reading(request: HttpRequest) -> Reading:
    refresh = query(request, "refresh").get("refresh", "0").lower()
    if refresh not in _SWITCH:
        raise BadRequest("refresh is either 1, to ask for a new token, or 0.")
    return answer(conf.current(), refresh=_SWITCH[refresh])
