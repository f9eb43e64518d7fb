"""Compares two readings: the page and the JSON."""

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from secrets_app.differences import InvalidDocumentError, compare, parse_document, parse_reading
from secrets_app.views.parameters import json_object, parse_query
from secrets_app.views.rendering import from_visitor_only, render

_NAMES = {"a": "Reading A", "b": "Reading B"}


@from_visitor_only
@require_http_methods(["GET", "HEAD", "POST"])
def compare_page(request: HttpRequest) -> HttpResponse:
    """What differs between two pasted readings. The texts are not stored and not sent to Azure."""
    parse_query(request)
    if request.method != "POST":
        return render(request, "secrets_app/compare.html")
    texts = {key: request.POST.get(key, "") for key in _NAMES}
    try:
        a, b = (parse_reading(texts[key], name) for key, name in _NAMES.items())
    except InvalidDocumentError as error:
        # The field that has the error is named first in its message.
        invalid = next((key for key, name in _NAMES.items() if str(error).startswith(name)), "")
        return render(
            request, "secrets_app/compare.html", {**texts, "error": str(error), "invalid": invalid}, status=400
        )
    return render(request, "secrets_app/compare.html", {"result": compare(a, b), "a_name": a.name, "b_name": b.name})


# No CSRF token: the request changes nothing, and another site cannot read the response.
@csrf_exempt
@from_visitor_only
@require_POST
def api_compare(request: HttpRequest) -> HttpResponse:
    """What differs between the readings `a` and `b` of the body."""
    parse_query(request)
    body = json_object(request)
    try:
        a, b = (parse_document(body.get(name), name) for name in ("a", "b"))
    except InvalidDocumentError as error:
        raise BadRequest(str(error)) from error
    return JsonResponse(compare(a, b).as_json(), json_dumps_params={"indent": 2})
