"""The access modes, one entry each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from django.http import HttpRequest

from secrets_app.access import easy_auth, loopback, sign_in
from secrets_app.access.viewer import Viewer
from secrets_app.conf import Config
from secrets_app.conf.access import ENABLE_AUTHENTICATION_COMMAND, EXAMPLE_PASSPHRASE, AccessMode
from secrets_app.conf.project import shown_name, use_shown_names
from secrets_app.core.reading import Platform


@dataclass(frozen=True, kw_only=True)
class AccessPolicy:
    """One access mode."""

    description: str
    """Which users have access, for the operator of the site."""
    viewer: Callable[[HttpRequest, Config], Viewer]
    required_settings: Mapping[str, str] = field(default_factory=dict)
    """Settings it requires besides KVSITE_ACCESS: name -> example."""
    setup_command: str | None = None
    """A command to run before the settings take effect."""
    platforms: frozenset[Platform] | None = None
    """The platforms that support it; None: all of them."""


def _open(_request: HttpRequest, _config: Config) -> Viewer:
    return Viewer(
        access_mode=AccessMode.OPEN,
        name="unauthenticated visitor",
        may_view=True,
        values_denied_because="With KVSITE_ACCESS=open, secret values are never shown.",
    )


POLICIES: dict[AccessMode, AccessPolicy] = {
    AccessMode.EASY_AUTH: AccessPolicy(
        description="Users who sign in with App Service authentication. Add an identity provider in the portal under "
        "Authentication. To allow specific users only, list them in KVSITE_PEOPLE.",
        viewer=easy_auth.viewer,
        setup_command=ENABLE_AUTHENTICATION_COMMAND,
        platforms=frozenset({Platform.APP_SERVICE, Platform.FUNCTIONS}),
    ),
    AccessMode.TOKEN: AccessPolicy(
        description="Users with the passphrase.",
        viewer=sign_in.viewer,
        required_settings={"KVSITE_PASSPHRASE": EXAMPLE_PASSPHRASE},
    ),
    AccessMode.OPEN: AccessPolicy(
        description="All visitors, without authentication. They see IDs and errors, never the secret value.",
        viewer=_open,
    ),
    AccessMode.LOOPBACK: AccessPolicy(
        description="A browser on the server itself, without a proxy in between.",
        viewer=loopback.viewer,
    ),
}


def decide(request: HttpRequest, config: Config) -> Viewer:
    """The viewer of a request: the only place that grants access."""
    viewer = _with_shown_names(POLICIES[config.access].viewer(request, config))
    if not config.shows_values:
        return replace(
            viewer,
            may_see_values=False,
            may_sign_in_for_values=False,
            values_denied_because=f"{shown_name('KVSITE_VALUES')} does not allow secret values on this site.",
        )
    return replace(viewer, may_see_values=viewer.may_view and viewer.may_see_values)


def _with_shown_names(viewer: Viewer) -> Viewer:
    return replace(
        viewer,
        denied_because=use_shown_names(viewer.denied_because),
        values_denied_because=use_shown_names(viewer.values_denied_because),
    )
