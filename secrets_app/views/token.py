"""The token check: request a token for any resource and show its principal, never the token."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from secrets_app import conf
from secrets_app.conf.request import token_request
from secrets_app.core.reading import Diagnosis, Reading
from secrets_app.core.reading_json import reading_json
from secrets_app.service import diagnose, get_reading
from secrets_app.views.query import parse_query
from secrets_app.views.refusal import answers_refusals, require_own
from secrets_app.views.rendering import render


@answers_refusals
@require_safe
def token(request: HttpRequest) -> HttpResponse:
    """A form for the scope, and the result."""
    scope = parse_query(request, "scope").get("scope")
    if scope is None:
        return render(request, "secrets_app/token.html")
    if not scope.strip():
        error = "Enter the resource to request a token for, such as https://management.azure.com."
        return render(request, "secrets_app/token.html", {"error": error}, status=400)
    reading, diagnosis = _token_reading(request, scope)
    return render(request, "secrets_app/token.html", {"scope": scope, "reading": reading, "diagnosis": diagnosis})


@answers_refusals
@require_safe
def api_token(request: HttpRequest) -> HttpResponse:
    """The result as JSON, in the format of /api/reading."""
    document = reading_json(*_token_reading(request, parse_query(request, "scope").get("scope", "")))
    return JsonResponse(document, json_dumps_params={"indent": 2})


def _token_reading(request: HttpRequest, scope: str) -> tuple[Reading, Diagnosis]:
    read_request = require_own(request, token_request(conf.current(), scope))
    reading = get_reading(read_request)
    return reading, diagnose(reading, read_request)
