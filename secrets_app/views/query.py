"""The query parameters of a page, and the error for any other."""

from collections.abc import Mapping
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import HttpRequest

from secrets_app.conf.overrides import Overrides


def parse_query(request: HttpRequest, *known: str) -> dict[str, str]:
    """The query parameters, by the spelling in `known`. Case-insensitive, as in ASP.NET.

    Raises BadRequest for an unknown or repeated parameter.
    """
    names = {name.lower(): name for name in known}
    found: dict[str, str] = {}
    for given, values in request.GET.lists():
        name = names.get(given.lower())
        if name is None:
            takes = f"Supported: {', '.join(known)}." if known else "This URL takes none."
            raise BadRequest(f"Unknown query parameter {given[:40]!r}. {takes}")
        if name in found or len(values) > 1:
            raise BadRequest(f"The query parameter {name} is given more than once.")
        found[name] = values[0].strip()
    return found


def repeat_query(given: Mapping[str, str]) -> str:
    """The query string that repeats the request, without `refresh`: the cached token is kept."""
    return urlencode({name: text for name, text in given.items() if text and name != "refresh"})


def require_valid(chosen: Overrides) -> Overrides:
    """`chosen` itself. Raises BadRequest with the message of its first problem."""
    if chosen.problems:
        problem = chosen.problems[0]
        raise BadRequest(f"{problem.sentence} {problem.hint}")
    return chosen
