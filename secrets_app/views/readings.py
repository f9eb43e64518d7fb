"""The pages over one reading of the secret, and over one examination of this machine."""

from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from secrets_app import conf
from secrets_app.access import viewer_of
from secrets_app.answer import answer, here
from secrets_app.asking.choosing import IDENTITY_PARAMETERS, SECRET_PARAMETERS, Choice, choice, hidden_parameters
from secrets_app.doctor import examination, headline, problems_beside, sound
from secrets_app.environment import translation
from secrets_app.reading import Reading
from secrets_app.report import markdown
from secrets_app.setting_hints import setting_hints
from secrets_app.sign_in import ManagedIdentityId
from secrets_app.views.query import once_more, query, without_problems
from secrets_app.views.shared_page import shared_page

_SWITCH = {"": True, "1": True, "true": True, "0": False, "false": False}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Who am I, was I let in, what do I do now."""
    given = query(request, "refresh", *IDENTITY_PARAMETERS)
    context = _answered("home", given, without_problems(choice(given)))
    return shared_page(request, "home.html", **context, here="home", viewer=viewer_of(request))


@require_safe
def secret(request: HttpRequest) -> HttpResponse:
    """Get Secret: another secret of the vault, or another identity; the same answer."""
    given = query(request, "refresh", *SECRET_PARAMETERS, *IDENTITY_PARAMETERS)
    chosen = choice(given)
    form = {"given": given, "hidden": list(hidden_parameters(given, *SECRET_PARAMETERS, "userassignedid"))}
    if chosen.problems:
        return render(request, "secret.html", form | {"mistakes": setting_hints(chosen.problems, here())}, status=400)
    return render(request, "secret.html", form | _answered("secret", given, chosen) | {"viewer": viewer_of(request)})


@require_safe
def api_reading(request: HttpRequest) -> HttpResponse:
    """The same reading as JSON; `ok` tells, the status is 200 in both cases."""
    given = query(request, "refresh", *IDENTITY_PARAMETERS)
    reading = _reading(given, without_problems(choice(given)))
    return JsonResponse(reading.as_json(), json_dumps_params={"indent": 2})


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


def _reading(given: dict[str, str], chosen: Choice) -> Reading:
    refresh = given.get("refresh", "0").lower()
    if refresh not in _SWITCH:
        raise BadRequest("refresh is either 1, to ask for a new token, or 0.")
    return answer(chosen.config, refresh=_SWITCH[refresh])


def _answered(page: str, given: dict[str, str], chosen: Choice) -> dict[str, Any]:
    """What the template of an answer takes."""
    reading = _reading(given, chosen)
    return {
        "reading": reading,
        "beside": problems_beside(reading, conf.current()),
        "translation": translation(chosen.config, reading.place),
        "page": page,
        "asked": once_more(given),
        "identity": _in_words(chosen.identity),
    }


def _in_words(identity: ManagedIdentityId | None) -> str:
    return f"{identity.kind.replace('_', ' ')} {identity.value}" if identity else ""
