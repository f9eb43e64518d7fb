"""What a page takes in its query, and the sentence for everything else."""

from collections.abc import Mapping
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import HttpRequest

from secrets_app.conf.overrides import Overrides


def parse_query(request: HttpRequest, *known: str) -> dict[str, str]:
    """The query parameters by the names of `known`, in any case as ASP.NET took them, each given once.

    Raises BadRequest with a sentence for the page.
    """
    names = {name.lower(): name for name in known}
    found: dict[str, str] = {}
    for given, values in request.GET.lists():
        name = names.get(given.lower())
        if name is None:
            takes = f"it knows {', '.join(known)}" if known else "it takes none"
            raise BadRequest(f"This address does not know the parameter {given[:40]!r}; {takes}.")
        if name in found or len(values) > 1:
            raise BadRequest(f"The parameter {name} is given twice.")
        found[name] = values[0].strip()
    return found


def repeat_query(given: Mapping[str, str]) -> str:
    """The query that asks for the same again, without forgetting the token at hand."""
    return urlencode({name: text for name, text in given.items() if text and name != "refresh"})


def require_valid(chosen: Overrides) -> Overrides:
    """The choice. Raises BadRequest with the sentence of its first problem."""
    if chosen.problems:
        problem = chosen.problems[0]
        raise BadRequest(f"{problem.sentence} {problem.hint}")
    return chosen
