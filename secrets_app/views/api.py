"""The JSON API beside the readings: the checks, comparisons, the OpenAPI document and its page."""

from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from secrets_app import conf
from secrets_app.core.reading import SCHEMA_VERSION
from secrets_app.differences import InvalidDocumentError, compare, parse_document
from secrets_app.doctor.service import is_healthy, run_doctor
from secrets_app.openapi import openapi_document, openapi_text
from secrets_app.openapi.reader import operations, schemas
from secrets_app.views.query import parse_query
from secrets_app.views.reading import api_reading
from secrets_app.views.rendering import render
from secrets_app.views.request_body import json_object
from secrets_app.views.visitor_text import from_visitor_only


@csrf_exempt  # as api_reading
@require_http_methods(["GET", "HEAD", "POST"])
def acquire_token(request: HttpRequest, **_old: str) -> HttpResponseBase:
    """The URL of the Java sample's function. A redirect would turn POST into GET."""
    if request.method == "POST":
        return api_reading(request)
    query = request.META.get("QUERY_STRING")
    return HttpResponsePermanentRedirect(reverse("secrets_app:api_reading") + (f"?{query}" if query else ""))


@require_safe
def api_doctor(request: HttpRequest) -> HttpResponse:
    """The checks of this machine as JSON, as `manage.py doctor --json`."""
    parse_query(request)
    checks = run_doctor(conf.current())
    document = {"schema_version": SCHEMA_VERSION, "ok": is_healthy(checks), "checks": [c.as_json() for c in checks]}
    return _json(document)


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
    return _json(compare(a, b).as_json())


@require_safe
def api_schema(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document."""
    parse_query(request)
    return HttpResponse(openapi_text(), content_type="application/json")


@require_safe
def api(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document as a page."""
    parse_query(request)
    document = openapi_document()
    return render(request, "secrets_app/api.html", {"operations": operations(document), "schemas": schemas(document)})


def _json(document: dict[str, Any]) -> JsonResponse:
    return JsonResponse(document, json_dumps_params={"indent": 2})
