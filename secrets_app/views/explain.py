"""The pages that need no Azure access: explain a pasted error, and the catalog of causes."""

import json

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from secrets_app.conf.hints import in_project
from secrets_app.diagnosis import search
from secrets_app.diagnosis.catalog import CAUSES
from secrets_app.diagnosis.catalog.examples import examples
from secrets_app.diagnosis.explain import (
    TOO_LONG_MESSAGE,
    ErrorReport,
    TooLongError,
    explanation_json,
    parse_error_report,
)
from secrets_app.output.report import markdown_of_explanation
from secrets_app.views.parameters import is_api, parse_query
from secrets_app.views.rendering import from_visitor_only, render

EXAMPLES = (
    '(Forbidden) Caller is not authorized to perform action on resource. Inner error: { "code": "ForbiddenByRbac" }',
    "AADSTS7000222: The provided client secret keys for app '00000000-0000-0000-0000-000000000000' are expired.",
    "DefaultAzureCredential failed to retrieve a token from the included credentials. AzureCliCredential: Please run "
    "'az login' to set up an account",
)
"""Error texts to try the page with."""


@from_visitor_only
@require_http_methods(["GET", "HEAD", "POST"])
def explain(request: HttpRequest) -> HttpResponse:
    """Explain a pasted error. The text is not sent to Azure and not stored."""
    if request.method != "POST":
        return _explain_page(request)
    text = request.POST.get("text", "")
    try:
        explanation = ErrorReport(message=text).explanation()
    except TooLongError as error:
        return _explain_page(request, status=413, error=str(error))
    if not text.strip():
        return _explain_page(request, status=400, error="Paste an error text first.")
    return _explain_page(request, explanation=explanation, report=markdown_of_explanation(explanation))


def _explain_page(request: HttpRequest, *, status: int = 200, **context: object) -> HttpResponse:
    return render(request, "secrets_app/explain.html", {"examples": EXAMPLES, **context}, status=status)


# No CSRF token: the request changes nothing, and another site cannot read the response.
@csrf_exempt
@from_visitor_only
@require_POST
def api_explain(request: HttpRequest) -> HttpResponse:
    """The same as JSON. Body: `{"message": ...}` with optional fields, or plain text with any other content type."""
    try:
        body = request.body.decode("utf-8", errors="replace")
        pasted = (
            parse_error_report(json.loads(body))
            if request.content_type == "application/json"
            else ErrorReport(message=body)
        )
        return JsonResponse(explanation_json(pasted), json_dumps_params={"indent": 2})
    except TooLongError as error:
        return JsonResponse({"error": str(error)}, status=413)
    except (ValueError, RecursionError) as error:
        sentence = (
            "The request body is not valid JSON."
            if isinstance(error, (json.JSONDecodeError, RecursionError))
            else str(error)
        )
        return JsonResponse({"error": sentence}, status=400)


@from_visitor_only
@require_safe
def causes(request: HttpRequest) -> HttpResponse:
    """The catalog of causes, or those that match the words of `q`."""
    query = parse_query(request, "q").get("q", "")[: search.MAX_QUERY]
    found = search.find(query)
    areas = [] if query.strip() else search.by_area(CAUSES.values())
    count = len(found) if query.strip() else len(CAUSES)
    return render(request, "secrets_app/causes.html", {"areas": areas, "found": found, "query": query, "count": count})


@from_visitor_only
@require_safe
def cause(request: HttpRequest, key: str) -> HttpResponse:
    """One cause at its own URL."""
    entry = CAUSES.get(key)
    if entry is None:
        raise Http404
    context = {
        "cause": entry,
        "hint": in_project(search.general_hint(entry)),
        "related": search.related(entry),
        "settings": search.settings_by_stack(entry),
        "examples": examples().get(key, ()),
    }
    return render(request, "secrets_app/cause.html", context)


def too_long(request: HttpRequest) -> HttpResponse:
    """413: the request body exceeds Django's limit."""
    if is_api(request):
        return JsonResponse({"error": TOO_LONG_MESSAGE}, status=413)
    return _explain_page(request, status=413, error=TOO_LONG_MESSAGE)
