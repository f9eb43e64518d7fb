"""The visitor of a request, and what they may see."""

from dataclasses import dataclass

from django.http import HttpRequest

from secrets_app.conf.access import AccessMode


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """The sender of a request. Access is denied unless the access mode grants it."""

    access_mode: AccessMode
    name: str
    """For the audit log and the page footer: `ada@contoso.com`, `local user`."""
    may_view: bool = False
    may_see_values: bool = False
    denied_because: str = ""
    """A sentence; shown when access is denied."""
    values_denied_because: str = ""
    """A sentence; shown when the viewer may not see secret values."""
    required_setting: tuple[str, str] | None = None
    """The setting that grants access in this mode, with an example; None: only another access mode does."""
    sign_in_url: str | None = None
    """The sign-in URL."""
    values_sign_in_url: str | None = None
    """Where a viewer of the pages signs in to see secret values too."""
    sign_out_url: str | None = None


def viewer_of(request: HttpRequest) -> Viewer:
    """The viewer set by the access-control middleware."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    return viewer


def context_processor(request: HttpRequest) -> dict[str, Viewer | None]:
    """Adds `viewer` to the template context; None if the request was rejected before the access-control middleware."""
    return {"viewer": getattr(request, "viewer", None)}
