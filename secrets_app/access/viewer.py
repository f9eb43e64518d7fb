"""Who looks, and what they may see."""

from dataclasses import dataclass

from django.http import HttpRequest

from secrets_app.conf.access import AccessMode


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """Whoever sent a request. Closed unless the way in says otherwise."""

    how: AccessMode
    name: str
    """For the audit log and the page's foot: `ada@contoso.com`, `somebody on this machine`."""
    may_view: bool = False
    may_see_values: bool = False
    closed_because: str = ""
    """A sentence, when they may not look."""
    no_values_because: str = ""
    """A sentence, when they may not see values."""
    opens_with: tuple[str, str] | None = None
    """The setting and an example of what would open this very door; None: it takes another way in."""
    sign_in_at: str | None = None
    """Where they can sign in."""
    sign_out_at: str | None = None


def viewer_of(request: HttpRequest) -> Viewer:
    """The viewer that the guard has put on the request."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    return viewer


def in_templates(request: HttpRequest) -> dict[str, Viewer | None]:
    """Context processor: `viewer`; None where a request was refused before the guard saw it."""
    return {"viewer": getattr(request, "viewer", None)}
