"""A page about a reading is made once a second for all who get the same one, not for each of a crowd."""

import secrets
from collections.abc import Hashable

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.urls import get_script_prefix

from secrets_app.core.object_cache import ObjectCache
from secrets_app.core.reading import Reading

_LIFE_S = 1.0  # pages say `5 seconds ago`
# Stands where each visitor's own CSRF token comes; nobody can have this text come into a page from elsewhere.
_TOKEN_HERE = secrets.token_hex(32)

_pages: ObjectCache[list[bytes]] = ObjectCache()


def cached_page(request: HttpRequest, template: str, reading: Reading, **values: Hashable) -> HttpResponse:
    """The page that `template` makes of `reading` and `values`; both are all it knows, and equal values get one page.

    The template has no `request`, so what one visitor alone may see cannot come to another: it has to be given as a
    value. Its forms' CSRF token is the visitor's own.
    """
    pieces = _pages.get(
        reading,
        lambda: _rendered(template, {**values, "reading": reading}),
        beside=(template, get_script_prefix(), *values.items()),
        life_s=_LIFE_S,
    )
    return HttpResponse(pieces[0] if len(pieces) == 1 else get_token(request).encode().join(pieces))


def _rendered(template: str, context: dict[str, object]) -> list[bytes]:
    """The page's bytes, cut where the CSRF token comes."""
    page = render_to_string(template, {**context, "csrf_token": _TOKEN_HERE})
    return page.encode().split(_TOKEN_HERE.encode())


def here(request: HttpRequest) -> dict[str, str | None]:
    """Context processor: the name of the address, for the navigation of pages that are not shared."""
    return {"here": request.resolver_match.url_name if request.resolver_match else None}
