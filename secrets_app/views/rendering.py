"""Renders the app's templates the same in every project, and caches rendered pages for one second.

The app has its own template engine: it does not depend on the project's TEMPLATES, context processors, builtins or
language. A project replaces a template as usual, with one of the same name in an app listed before this one.
Concurrent visitors with the same reading share one rendering.
"""

import secrets
from collections.abc import Callable, Hashable, Mapping
from functools import cache, wraps
from typing import Any
from urllib.parse import unquote_plus

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template import Context, Engine, RequestContext
from django.urls import get_script_prefix
from django.utils.safestring import SafeString

from secrets_app.core.caching import ResultCache
from secrets_app.core.reading import Reading
from secrets_app.core.runtime import shared
from secrets_app.output import gate
from secrets_app.output.page import shell_of


@cache
def engine() -> Engine:
    """The engine. It finds templates in the apps' folders `templates/`, as Django's default settings do."""
    return Engine(
        app_dirs=True,
        builtins=["secrets_app.templatetags.filters", "django.templatetags.static"],
        libraries={"static": "django.templatetags.static"},
        context_processors=[
            "django.template.context_processors.request",
            "secrets_app.views.rendering.current_page",
            "secrets_app.access.viewer.context_processor",
        ],
    )


def render_to_string(
    template: str, values: Mapping[str, Any] | None = None, request: HttpRequest | None = None
) -> SafeString:
    """The text of a template, with numbers as in English: the pages have no translations."""
    context = (
        Context(dict(values or {}), use_l10n=False)
        if request is None
        else RequestContext(request, dict(values or {}), use_l10n=False)
    )
    return engine().get_template(template).render(context)


def render(
    request: HttpRequest, template: str, values: Mapping[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """The response with a template, as django.shortcuts.render."""
    return HttpResponse(render_to_string(template, values, request), status=status)


# Placeholder for each visitor's CSRF token; random, so that no input can contain it.
_CSRF_PLACEHOLDER = secrets.token_hex(32)


class _Pages(ResultCache[object, list[bytes]]):
    def __init__(self) -> None:
        super().__init__(size=16, life_s=1.0)  # pages show relative times such as `5 seconds ago`


def cached_page(request: HttpRequest, template: str, **values: Hashable) -> HttpResponse:
    """The page that `template` makes of `values`; equal values share one page."""
    response = HttpResponse(cached_fragment(request, template, **values))
    setattr(response, gate.IS_CHECKED, True)  # when it was rendered
    return response


def cached_fragment(request: HttpRequest, template: str, **values: Hashable) -> bytes:
    """What `template` makes of `values`; equal values share one rendering for a second.

    The template gets no `request`, so that data of one visitor cannot reach another: it has to be passed as a value.
    The CSRF token in forms is the visitor's own.
    """
    key = template, get_script_prefix(), *((name, _key_of(value)) for name, value in values.items())
    pieces = shared(_Pages).get(key, lambda: _rendered(template, dict(values)))
    return pieces[0] if len(pieces) == 1 else get_token(request).encode().join(pieces)


def _key_of(value: Hashable) -> Hashable:
    """The value itself; of a reading, its ID and age, because its claims cannot be a key."""
    return (value.id, value.age_s) if isinstance(value, Reading) else value


def _rendered(template: str, context: dict[str, object]) -> list[bytes]:
    """The page's bytes, split at the CSRF token."""
    page = render_to_string(template, {**context, "csrf_token": _CSRF_PLACEHOLDER})
    content = gate.redact_content(page.encode(), given=unquote_plus(str(context.get("query", ""))))
    return content.split(_CSRF_PLACEHOLDER.encode())


def current_page(request: HttpRequest) -> dict[str, str | None]:
    """Context processor: the URL name, for the navigation of pages that are not cached, and the visitor's shell."""
    name = request.resolver_match.url_name if request.resolver_match else None
    return {"current_page": name, "shell": shell_of(request.META.get("HTTP_USER_AGENT", ""))}


View = Callable[..., HttpResponse]


def from_visitor_only(view: View) -> View:
    """Mark the view's response as checked: it consists of the visitor's own text and of the catalog.

    It is not compared with the secrets in use: a visitor could paste a list of guesses, and see which one is hidden.
    """

    @wraps(view)
    def respond(*args: Any, **kwargs: Any) -> HttpResponse:
        response = view(*args, **kwargs)
        setattr(response, gate.IS_CHECKED, True)
        return response

    return respond
