"""What a page takes in its query, and the sentence for everything else."""

from django.core.exceptions import BadRequest
from django.http import HttpRequest


def query(request: HttpRequest, *known: str) -> dict[str, str]:
    """The query parameters, each known and given once. Raises BadRequest with a sentence for the page."""
    for name in request.GET:
        if name not in known:
            takes = f"it knows {', '.join(known)}" if known else "it takes none"
            raise BadRequest(f"This address does not know the parameter {name[:40]!r}; {takes}.")
        if len(request.GET.getlist(name)) > 1:
            raise BadRequest(f"The parameter {name} is given twice.")
    return request.GET.dict()
