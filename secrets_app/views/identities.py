"""The page that compares all identities: streamed, each row as soon as it is complete."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from secrets_app import conf
from secrets_app.conf.request import secret_request
from secrets_app.identities import CandidateResult, Comparison, get_comparison, selection_of
from secrets_app.views.query import parse_query

_ROWS_HERE = "<!-- rows -->"
_STILL_HERE = b"\n"
"""Sent while no row is ready, to detect a closed connection."""


@require_safe
def identities(request: HttpRequest) -> HttpResponseBase:
    """Every credential that could work on this machine, side by side."""
    parse_query(request)
    if request.method == "HEAD":
        return HttpResponse()
    comparison = get_comparison(secret_request(conf.current()))
    page = render_to_string("identities.html", {"comparison": comparison}, request)
    return StreamingHttpResponse(_pieces(page, comparison))


def _pieces(page: str, comparison: Comparison) -> Iterator[bytes]:
    """The page up to the rows, each row as it completes, the credential the site uses, and the rest of the page."""
    start, end = page.split(_ROWS_HERE)
    yield start.encode()
    rows: list[CandidateResult] = []
    for row in comparison.follow():
        if row:
            rows.append(row)
        yield render_to_string("_identity.html", {"row": row}).encode() if row else _STILL_HERE
    yield render_to_string("_selection.html", {"pick": selection_of(rows)}).encode()
    yield end.encode()
