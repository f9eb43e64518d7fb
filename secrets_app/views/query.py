"""The query string of a page."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import HttpRequest

from secrets_app.conf.overrides import Overrides

_ONCE = frozenset({"refresh", "watch"})
"""Parameters of one request, which links do not repeat."""


def parse_query(request: HttpRequest, *known: str) -> dict[str, str]:
    """The query parameters, by the spelling in `known`. Case-insensitive, as in ASP.NET.

    Raises BadRequest for an unknown or repeated parameter.
    """
    names = {name.lower(): name for name in known}
    parameters: dict[str, str] = {}
    for spelling, values in request.GET.lists():
        name = names.get(spelling.lower())
        if name is None:
            supported = f"Supported: {', '.join(known)}." if known else "This URL takes none."
            raise BadRequest(f"Unknown query parameter {spelling[:40]!r}. {supported}")
        if name in parameters or len(values) > 1:
            raise BadRequest(f"The query parameter {name} is given more than once.")
        parameters[name] = values[0].strip()
    return parameters


def repeat_query(parameters: Mapping[str, str]) -> str:
    """The query string that repeats the request, without `refresh`, so that the cached token is used, and `watch`."""
    return urlencode({name: text for name, text in parameters.items() if text and name not in _ONCE})


def require_valid(overrides: Overrides) -> Overrides:
    """`overrides` itself. Raises BadRequest with the message of its first problem."""
    if overrides.problems:
        problem = overrides.problems[0]
        raise BadRequest(f"{problem.sentence} {problem.hint}")
    return overrides


def hidden_parameters(given: Mapping[str, str], *shown: str) -> Iterator[tuple[str, str]]:
    """Parameters other than the fields that a form shows, to be submitted with it as hidden fields."""
    return ((name, text) for name, text in given.items() if text and name not in {*shown, *_ONCE})
