"""The visitor of a request, and what they may see."""

from dataclasses import dataclass

from django.http import HttpRequest

from secrets_app.conf.access import AccessMode


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """The sender of a request. Access is denied unless the access mode grants it."""

    how: AccessMode
    name: str
    """For the audit log and the page footer: `ada@contoso.com`, `local user`."""
    may_view: bool = False
    may_see_values: bool = False
    closed_because: str = ""
    """A sentence; shown when access is denied."""
    no_values_because: str = ""
    """A sentence; shown when the viewer may not see secret values."""
    opens_with: tuple[str, str] | None = None
    """The setting that grants access in this mode, with an example; None: another access mode is needed."""
    sign_in_at: str | None = None
    """The sign-in URL."""
    sign_out_at: str | None = None


def viewer_of(request: HttpRequest) -> Viewer:
    """The viewer set by the access-control middleware."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    return viewer


def in_templates(request: HttpRequest) -> dict[str, Viewer | None]:
    """Context processor: `viewer`; None if the request was rejected before the access-control middleware."""
    return {"viewer": getattr(request, "viewer", None)}
