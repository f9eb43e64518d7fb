"""The page that compares two readings."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from secrets_app.differences import InvalidDocumentError, compare, parse_reading
from secrets_app.views.query import parse_query
from secrets_app.views.rendering import render
from secrets_app.views.visitor_text import from_visitor_only

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
