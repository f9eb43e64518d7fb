"""Parameters of a request: the query string of a page, and the body of a POST to the API."""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.urls import reverse

from secrets_app.conf.overrides import Overrides

_ONCE = frozenset({"refresh", "watch"})
"""Parameters of one request, which links do not repeat."""


def parse_query(request: HttpRequest, *known: str, lists: Collection[str] = ()) -> dict[str, str]:
    """The query parameters, by the spelling in `known`. Case-insensitive, as in ASP.NET.

    `lists`: those that may be repeated, whose texts are joined by commas. Raises BadRequest for an unknown parameter,
    and for any other one that is repeated.
    """
    names = {name.lower(): name for name in known}
    parameters: dict[str, str] = {}
    for spelling, values in request.GET.lists():
        name = names.get(spelling.lower())
        if name is None:
            supported = f"Supported: {', '.join(known)}." if known else "This URL takes none."
            raise BadRequest(f"Unknown query parameter {spelling[:40]!r}. {supported}")
        if name in parameters or (len(values) > 1 and name not in lists):
            raise BadRequest(f"The query parameter {name} is given more than once.")
        parameters[name] = ",".join(value.strip() for value in values)
    return parameters


def repeat_query(parameters: Mapping[str, str]) -> str:
    """The query string that repeats the request, without `refresh`, so that the cached token is used, and `watch`."""
    return urlencode({name: text for name, text in parameters.items() if text and name not in _ONCE})


def require_valid(overrides: Overrides) -> Overrides:
    """`overrides` itself. Raises BadRequest with the message of its first problem."""
    if overrides.problems:
        problem = overrides.problems[0]
        raise BadRequest(f"{problem.sentence} {problem.hint}")
    return overrides


def hidden_parameters(given: Mapping[str, str], *shown: str) -> Iterator[tuple[str, str]]:
    """Parameters other than the fields that a form shows, to be submitted with it as hidden fields."""
    return ((name, text) for name, text in given.items() if text and name not in {*shown, *_ONCE})


JSON, FORM, MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"
_INVALID = "The request body is not valid JSON."


def is_api(request: HttpRequest) -> bool:
    """Whether the URL is one of the API, whose errors are JSON."""
    return request.path.startswith(reverse("secrets_app:api"))


class UnsupportedContentType(BadRequest):
    """415: the body has a content type that this URL does not take. The message is a complete sentence."""


def json_object(request: HttpRequest) -> dict[str, Any]:
    """The JSON object in the body. Raises BadRequest."""
    if request.content_type != JSON:
        raise UnsupportedContentType(f"The content type must be {JSON}.")
    try:
        document = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise BadRequest(_INVALID) from error
    if not isinstance(document, dict):
        raise BadRequest("The request body must be a JSON object.")
    return document


def with_body_parameters(request: HttpRequest) -> None:
    """Adds the parameters in the body of a POST to those in the query. Raises BadRequest.

    The Azure Function of the Java sample took GET and POST; an empty body may have any content type.
    """
    if request.method != "POST" or not request.body:
        return
    query = request.GET.copy()
    if request.content_type in {FORM, MULTIPART}:
        query.update(request.POST)
    elif request.content_type == JSON:
        for name, value in json_object(request).items():
            if not isinstance(value, str):
                raise BadRequest(f"{name[:40]} must be a string.")
            query.appendlist(name, value)
    else:
        raise UnsupportedContentType(f"The content type must be {JSON} or {FORM}.")
    request.GET = query  # type: ignore[assignment]  # Django's own is immutable only by convention
