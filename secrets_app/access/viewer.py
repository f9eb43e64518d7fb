"""The visitor of a request, and what they may see."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

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
    may_sign_in_for_values: bool = False
    """Whether a viewer of the pages can sign in to see secret values too."""
    sign_out_url: str | None = None

    @property
    def values_sign_in_url(self) -> str | None:
        """Where they do."""
        return reverse("secrets_app:sign_in") if self.may_sign_in_for_values else None


def set_viewer(request: HttpRequest, viewer: Viewer) -> None:
    """Store the viewer that the access mode made of the request."""
    request._secrets_app_viewer = viewer  # type: ignore[attr-defined]  # noqa: SLF001


def viewer_of(request: HttpRequest) -> Viewer:
    """The viewer of a request that passed the guard."""
    viewer: Viewer = request._secrets_app_viewer  # type: ignore[attr-defined]  # noqa: SLF001
    return viewer


def context_processor(request: HttpRequest) -> dict[str, Viewer | None]:
    """Adds `viewer` to the template context; None if the request was rejected before access was decided."""
    return {"viewer": getattr(request, "_secrets_app_viewer", None)}
