"""The pages: thin skins over one reading."""

from collections.abc import Collection

from django.core.exceptions import BadRequest, DisallowedHost, RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from secrets_app import conf, explain_views
from secrets_app.answer import answer
from secrets_app.doctor import examination, headline, sound
from secrets_app.reading import Reading

_SWITCH = {"": True, "1": True, "true": True, "0": False, "false": False}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Who am I, was I let in, what do I do now."""
    return render(request, "home.html", {"reading": _reading(request)})


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
def healthz(_request: HttpRequest) -> HttpResponse:
    """The process is up; Azure is not asked."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """200 when the secret can be read; 503 with the key of the cause when not."""
    reading = answer(conf.current())
    if reading.ok:
        return JsonResponse({"ready": True})
    return JsonResponse({"ready": False, "cause": reading.main_cause}, status=503)


def _reading(request: HttpRequest) -> Reading:
    query = _query(request, allowed={"refresh"})
    refresh = query.get("refresh", "0").lower()
    if refresh not in _SWITCH:
        raise BadRequest("refresh is either 1, to ask for a new token, or 0.")
    return answer(conf.current(), refresh=_SWITCH[refresh])


def _query(request: HttpRequest, allowed: Collection[str]) -> dict[str, str]:
    """The query parameters, each known and given once. Raises BadRequest with a sentence for the page."""
    for name in request.GET:
        if name not in allowed:
            raise BadRequest(f"This address does not know the parameter {name[:40]!r}; it knows {', '.join(allowed)}.")
        if len(request.GET.getlist(name)) > 1:
            raise BadRequest(f"The parameter {name} is given twice.")
    return request.GET.dict()


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Our own BadRequest has a sentence for people; Django's suspicions of the request have none."""
    sentence = str(exception) if isinstance(exception, BadRequest) else "The request itself is not right."
    if isinstance(exception, RequestDataTooBig):
        return explain_views.too_long(request)
    if isinstance(exception, DisallowedHost):
        sentence = "This site does not answer to that host name. Its names are set with KVSITE_HOSTS."
    return _error_page(request, 400, "That address cannot be read", sentence)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django hands it over by name
    return render(request, "closed.html", {"access": conf.current().access}, status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """A form without its token: from another site, or from a page left open too long."""
    return _error_page(request, 403, "This form is out of date", "Open the page again and send it once more.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    return _error_page(request, 404, "There is no page at this address", "The home page has the answer.")


def server_error(request: HttpRequest) -> HttpResponse:
    return _error_page(
        request, 500, "This page broke", "That is our mistake. What happened is in the site's log, with its traceback."
    )


def _error_page(request: HttpRequest, status: int, title: str, sentence: str) -> HttpResponse:
    return render(request, "error.html", {"title": title, "sentence": sentence}, status=status)
