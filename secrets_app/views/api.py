"""The JSON API beside the readings: the checks, the OpenAPI document and its page."""

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from secrets_app import conf
from secrets_app.core.reading import SCHEMA_VERSION
from secrets_app.doctor.service import is_healthy, run_doctor
from secrets_app.openapi import openapi_document, openapi_text
from secrets_app.openapi.reader import operations, schemas
from secrets_app.views.parameters import parse_query
from secrets_app.views.reading import api_reading
from secrets_app.views.rendering import render


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
    return JsonResponse(document, json_dumps_params={"indent": 2})


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
