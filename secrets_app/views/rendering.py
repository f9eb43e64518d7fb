"""Renders the app's templates the same in every project.

The app has its own template engine: it does not depend on the project's TEMPLATES, context processors, builtins or
language. A project replaces a template as usual, with one of the same name in an app listed before this one.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import Context, Engine, RequestContext
from django.utils.safestring import SafeString


@cache
def engine() -> Engine:
    """The engine. It finds templates in the apps' folders `templates/`, as Django's default settings do."""
    return Engine(
        app_dirs=True,
        builtins=["secrets_app.templatetags.filters", "django.templatetags.static"],
        libraries={"static": "django.templatetags.static"},
        context_processors=[
            "django.template.context_processors.request",
            "secrets_app.views.page_cache.current_page",
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
