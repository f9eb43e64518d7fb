"""The page that compares all identities: streamed, each result as soon as it is complete."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from secrets_app import conf
from secrets_app.conf.request import secret_request
from secrets_app.identities import CandidateResult, Comparison, get_comparison, selection_of
from secrets_app.output.identities import principals_that_can_read
from secrets_app.views.errors import answers_refusals
from secrets_app.views.parameters import parse_query
from secrets_app.views.rendering import render_to_string

_RESULTS_MARKER = "<!-- results -->"
_KEEP_ALIVE = b"\n"
"""Sent while no result is ready, to detect a closed connection."""


@answers_refusals
@require_safe
def identities(request: HttpRequest) -> HttpResponseBase:
    """Every credential that could work on this machine, side by side."""
    parse_query(request)
    if request.method == "HEAD":
        return HttpResponse()
    comparison = get_comparison(secret_request(conf.current()))
    page = render_to_string("secrets_app/identities.html", {"comparison": comparison}, request)
    return StreamingHttpResponse(_stream(page, comparison))


def _stream(page: str, comparison: Comparison) -> Iterator[bytes]:
    """The page: each result as it completes, then the credential that the site uses."""
    start, end = page.split(_RESULTS_MARKER)
    yield start.encode()
    results: list[CandidateResult] = []
    for result in comparison.follow():
        if result:
            results.append(result)
        yield render_to_string("secrets_app/_identity.html", {"result": result}).encode() if result else _KEEP_ALIVE
    yield render_to_string(
        "secrets_app/_selection.html",
        {"selection": selection_of(results), "readable": principals_that_can_read(results)},
    ).encode()
    yield end.encode()
