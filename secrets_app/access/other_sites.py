"""Whether a page of another site asks behind its visitor's back."""

from django.http import HttpRequest

_OTHERS = frozenset({"cross-site", "same-site"})
"""Another port of this machine is the same site, and still another program's."""


def is_asked_by_another_site(request: HttpRequest) -> bool:
    """Whether another site's page fetches this, as an image or a frame of its own; a link that is followed is not that.

    It could not read the answer, but each question may start az or ask for a token, with the visitor's right to.
    https://www.w3.org/TR/fetch-metadata/
    """
    opens_it = (
        request.headers.get("Sec-Fetch-Mode") == "navigate" and request.headers.get("Sec-Fetch-Dest") == "document"
    )
    return request.headers.get("Sec-Fetch-Site") in _OTHERS and not opens_it
