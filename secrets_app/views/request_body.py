"""Requests to the API, and the body of a POST to it."""

import json
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.urls import reverse

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
