"""The error pages: access denied, with the setting that grants it; all others with one sentence.

Also requests that are refused although the visitor may see the pages: choices in `open`, and too many readings.
"""

import json
import math
import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from http import HTTPStatus
from typing import Any, NamedTuple

from django.core.exceptions import BadRequest, DisallowedHost, RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from secrets_app import conf
from secrets_app.access import POLICIES, Viewer, viewer_of
from secrets_app.conf.access import MODE, AccessMode
from secrets_app.conf.hints import commands_that_set
from secrets_app.conf.project import is_embedded, shown_name, use_shown_names
from secrets_app.conf.request import ReadRequest, TokenTarget, secret_request
from secrets_app.core.budget import BudgetExceededError
from secrets_app.core.reading import HostEnvironment
from secrets_app.service import detect_host
from secrets_app.views.parameters import UnsupportedContentType, is_api
from secrets_app.views.rendering import render

NOT_ALLOWED, UNSUPPORTED_MEDIA_TYPE = 405, 415
ACCESS = MODE.name


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400. The views' BadRequest has a message for users; Django's SuspiciousOperation has none."""
    sentence = str(exception) if isinstance(exception, BadRequest) else "The request is malformed."
    if isinstance(exception, RequestDataTooBig):
        return too_long(request)
    if isinstance(exception, DisallowedHost):
        setting = "ALLOWED_HOSTS" if is_embedded() else "KVSITE_HOSTS"
        sentence = f"This host name is not allowed. Set {setting} to the host names of this site."
    if is_api(request):
        status = UNSUPPORTED_MEDIA_TYPE if isinstance(exception, UnsupportedContentType) else 400
        return JsonResponse({"error": sentence}, status=status)
    return _error_page(request, 400, "Bad request", sentence)


def too_long(request: HttpRequest) -> HttpResponse:
    """413: the request body exceeds Django's limit."""
    if request.path == reverse("secrets_app:compare"):
        return _error_page(request, 413, "Request too long", "A reading has at most 128 KiB.")
    from secrets_app.views import explain  # imported here: the catalog of causes, which few requests need

    return explain.too_long(request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """403 for a form without a valid CSRF token: from another site, or from a page that was open too long."""
    return _error_page(request, 403, "The form has expired", "Reload the page and submit the form again.")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return _error_page(request, 404, "Page not found", "No page exists at this URL.")


def method_not_allowed(request: HttpRequest, allowed: str) -> HttpResponse:
    return _error_page(request, 405, "Method not allowed", f"This URL does not take {request.method}; use {allowed}.")


def server_error(request: HttpRequest) -> HttpResponse:
    return _error_page(
        request,
        500,
        "Internal server error",
        "This site failed to create the page. The traceback is in the site's log.",
    )


def _error_page(request: HttpRequest, status: int, title: str, sentence: str) -> HttpResponse:
    return render(request, "secrets_app/error.html", {"title": title, "sentence": sentence}, status=status)


_API_SENTENCES = {
    400: "The request is malformed.",
    403: "Access denied.",
    404: "No API exists at this URL. /api/schema lists them.",
    413: "The request body is too long.",
    415: "The content type is not supported.",
    429: "Too many requests. Try again later.",
    503: "The site cannot answer now. Try again later.",
}
_UNEXPECTED = "This site failed to answer. The traceback is in the site's log."


def replaced(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """The response; an error of the API as JSON with one sentence, and an empty 405 as a page."""
    if not isinstance(response, HttpResponse) or response.status_code < HTTPStatus.BAD_REQUEST:
        return response
    if is_api(request):
        return api_error(request, response)
    if response.status_code == NOT_ALLOWED and not response.content:
        page = method_not_allowed(request, response.headers["Allow"])
        page.headers["Allow"] = response.headers["Allow"]
        return page
    return response


def traceback_of(error: Exception) -> str:
    return "".join(traceback.format_exception(error)).rstrip()


def api_error(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The error as JSON with one sentence; the status and the headers stay. One that is JSON already is not changed."""
    content_type = response.headers.get("Content-Type", "")
    if content_type.startswith("application/json"):
        return response
    sentence = _API_SENTENCES.get(response.status_code, _UNEXPECTED)
    if response.status_code == NOT_ALLOWED:
        sentence = f"This URL does not take {request.method}; use {response.headers.get('Allow', 'another method')}."
    elif content_type.startswith("text/plain") and response.content.strip():
        sentence = " ".join(response.content.decode(errors="replace").split())
    answer = JsonResponse({"error": sentence}, status=response.status_code)
    for name, value in response.headers.items():
        if name not in {"Content-Type", "Content-Length"}:
            answer.headers[name] = value
    answer.cookies = response.cookies
    return answer


class AccessOption(NamedTuple):
    """One access mode with the commands that enable it, for the operator of the site."""

    mode: str
    description: str
    commands: tuple[str, ...]


def forbidden(request: HttpRequest) -> HttpResponse:
    """A page for browsers, JSON for API clients, plain text for the rest."""
    viewer = viewer_of(request)
    accepts = request.headers.get("Accept", "")
    if "text/html" in accepts and not is_api(request):
        return _page(request, viewer)
    if "json" in accepts or is_api(request):
        body = json.dumps(
            {"error": _sentence(viewer), "access": viewer.access_mode, "setting": _setting(viewer)}, indent=2
        )
        return HttpResponse(body, content_type="application/json", status=403)
    return HttpResponse(_sentence(viewer) + "\n", content_type="text/plain; charset=utf-8", status=403)


def _setting(viewer: Viewer) -> str:
    return shown_name(viewer.required_setting[0] if viewer.required_setting else ACCESS)


def _sentence(viewer: Viewer) -> str:
    return (
        f"Access denied ({shown_name(ACCESS)}={viewer.access_mode}). {viewer.denied_because} "
        f"To allow access, change {_setting(viewer)}; open this URL in a browser for the commands."
    )


def _page(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    # Resource names are hidden from unauthenticated visitors.
    host = replace(detect_host(), resource_name=None, resource_group=None, subscription_id=None)
    next_url = request.get_full_path() if request.method in {"GET", "HEAD"} else reverse("secrets_app:home")
    context = {
        "viewer": viewer,
        "access_setting": shown_name(ACCESS),
        "setting": _setting(viewer),
        "options": _options(viewer, host),
        "next_url": next_url,
    }
    return render(request, "secrets_app/access_denied.html", context, status=403)


def _options(viewer: Viewer, host: HostEnvironment) -> list[AccessOption]:
    if viewer.required_setting:
        setting, example = viewer.required_setting
        return [AccessOption("", "", commands_that_set({setting: example}, host))]
    if viewer.sign_in_url:
        return []
    return [_option(mode, host) for mode in POLICIES if _is_available(mode, host)]


def _is_available(mode: AccessMode, host: HostEnvironment) -> bool:
    platforms = POLICIES[mode].platforms
    return mode is not AccessMode.LOOPBACK and (platforms is None or host.platform in platforms)


def _option(mode: AccessMode, host: HostEnvironment) -> AccessOption:
    policy = POLICIES[mode]
    setup = (policy.setup_command,) if policy.setup_command else ()
    commands = setup + commands_that_set({ACCESS: mode.value, **policy.required_settings}, host)
    return AccessOption(mode, use_shown_names(policy.description), commands)


FORBIDDEN, TOO_MANY_REQUESTS = 403, 429
_OPEN = (
    "With KVSITE_ACCESS=open, this site reads only the configured secret, with the configured identity and scope. "
    "Other secrets, versions, identities and scopes require KVSITE_ACCESS=easy-auth, token or loopback."
)
_BUSY = "Visitors request too many readings at the same time. Try again in {seconds} s."

View = Callable[..., HttpResponseBase]


class ChoiceRefusedError(Exception):
    """The access mode does not allow visitors to choose what is read."""


def require_own(request: HttpRequest, read_request: ReadRequest) -> ReadRequest:
    """`read_request` itself. Raises ChoiceRefusedError where a visitor of a site with `open` access chose it."""
    is_open = viewer_of(request).access_mode is AccessMode.OPEN
    if is_open and read_request.from_visitor and not _is_own_scope(read_request):
        raise ChoiceRefusedError
    return read_request


def _is_own_scope(read_request: ReadRequest) -> bool:
    return isinstance(read_request.target, TokenTarget) and read_request.scope == secret_request(conf.current()).scope


def answers_refusals(view: View) -> View:
    """The view, with 403 for a choice that is not allowed, and 429 with Retry-After for too many readings."""

    @wraps(view)
    def respond(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except ChoiceRefusedError:
            return _refusal(request, FORBIDDEN, "Not available on this site", use_shown_names(_OPEN))
        except BudgetExceededError as error:
            seconds = math.ceil(error.retry_after_s)
            response = _refusal(request, TOO_MANY_REQUESTS, "Too many requests", _BUSY.format(seconds=seconds))
            response.headers["Retry-After"] = str(seconds)
            return response

    return respond


def _refusal(request: HttpRequest, status: int, title: str, sentence: str) -> HttpResponse:
    if is_api(request):
        return JsonResponse({"error": sentence}, status=status)
    return _error_page(request, status, title, sentence)
