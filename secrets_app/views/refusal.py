"""Requests that are refused although the visitor may see the pages: choices in `open`, and too many readings."""

import math
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase

from secrets_app import conf
from secrets_app.access import viewer_of
from secrets_app.conf.access import AccessMode
from secrets_app.conf.request import ReadRequest, TokenTarget, secret_request
from secrets_app.core.budget import BudgetExceededError
from secrets_app.views.rendering import render
from secrets_app.views.request_body import is_api

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
            return _refusal(request, FORBIDDEN, "Not available on this site", _OPEN)
        except BudgetExceededError as error:
            seconds = math.ceil(error.retry_after_s)
            response = _refusal(request, TOO_MANY_REQUESTS, "Too many requests", _BUSY.format(seconds=seconds))
            response.headers["Retry-After"] = str(seconds)
            return response

    return respond


def _refusal(request: HttpRequest, status: int, title: str, sentence: str) -> HttpResponseBase:
    if is_api(request):
        return JsonResponse({"error": sentence}, status=status)
    return render(request, "secrets_app/error.html", {"title": title, "sentence": sentence}, status=status)
