"""The token check: request a token for any resource and show its principal, never the token."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from secrets_app import conf
from secrets_app.conf.request import ReadRequest, token_request
from secrets_app.core.reading_json import reading_json
from secrets_app.service import diagnose, get_reading
from secrets_app.views.errors import answers_refusals, require_own
from secrets_app.views.parameters import parse_query, repeat_query
from secrets_app.views.reading_page import TokenPage
from secrets_app.views.rendering import render


@answers_refusals
@require_safe
def token(request: HttpRequest) -> HttpResponseBase:
    """A form for the scope, and the result."""
    scope = parse_query(request, "scope").get("scope")
    if scope is None:
        return render(request, "secrets_app/token.html")
    if not scope.strip():
        error = "Enter the resource to request a token for, such as https://management.azure.com."
        return render(request, "secrets_app/token.html", {"error": error}, status=400)
    return TokenPage(
        request=request,
        read_request=_token_request(request, scope),
        template="secrets_app/token.html",
        fragment="secrets_app/_token_reading.html",
        name="token",
        query=repeat_query({"scope": scope}),
    ).respond(scope=scope)


@answers_refusals
@require_safe
def api_token(request: HttpRequest) -> HttpResponse:
    """The result as JSON, in the format of /api/reading."""
    read_request = _token_request(request, parse_query(request, "scope").get("scope", ""))
    reading = get_reading(read_request)
    return JsonResponse(reading_json(reading, diagnose(reading, read_request)), json_dumps_params={"indent": 2})


def _token_request(request: HttpRequest, scope: str) -> ReadRequest:
    return require_own(request, token_request(conf.current(), scope))
