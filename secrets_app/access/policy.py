"""The access modes, one entry each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from django.http import HttpRequest

from secrets_app.access import easy_auth, loopback, passphrase
from secrets_app.access.viewer import Viewer
from secrets_app.conf import Config
from secrets_app.conf.access import EXAMPLE_PASSPHRASE, AccessMode
from secrets_app.core.reading import Platform


@dataclass(frozen=True, kw_only=True)
class AccessPolicy:
    """One access mode."""

    meaning: str
    """Description for the operator of the site."""
    viewer: Callable[[HttpRequest, Config], Viewer]
    also_set: Mapping[str, str] = field(default_factory=dict)
    """Settings it requires besides KVSITE_ACCESS, each with an example."""
    first: str | None = None
    """A command to run first."""
    only_on: frozenset[Platform] | None = None
    """The platforms that support it; None: all."""


def _anyone(_request: HttpRequest, _config: Config) -> Viewer:
    return Viewer(
        how=AccessMode.OPEN,
        name="unauthenticated visitor",
        may_view=True,
        no_values_because="With KVSITE_ACCESS=open, secret values are never shown.",
    )


POLICIES: dict[AccessMode, AccessPolicy] = {
    AccessMode.EASY_AUTH: AccessPolicy(
        meaning="Users who sign in with App Service authentication. Add an identity provider in the portal under "
        "Authentication. To allow specific users only, list them in KVSITE_PEOPLE.",
        viewer=easy_auth.viewer,
        first="az webapp auth update -g <resource-group> -n <name> --enabled true",
        only_on=frozenset({Platform.APP_SERVICE, Platform.FUNCTIONS}),
    ),
    AccessMode.TOKEN: AccessPolicy(
        meaning="Users with the passphrase.",
        viewer=passphrase.viewer,
        also_set={"KVSITE_PASSPHRASE": EXAMPLE_PASSPHRASE},
    ),
    AccessMode.OPEN: AccessPolicy(
        meaning="All visitors, without authentication. They see IDs and errors, never the secret value.",
        viewer=_anyone,
    ),
    AccessMode.LOOPBACK: AccessPolicy(
        meaning="A browser on the server itself, without a proxy in between.",
        viewer=loopback.viewer,
    ),
}


def decide(request: HttpRequest, config: Config) -> Viewer:
    """The viewer of a request: the only place that grants access."""
    viewer = POLICIES[config.access].viewer(request, config)
    if not config.shows_values:
        return replace(
            viewer, may_see_values=False, no_values_because="KVSITE_VALUES does not allow secret values on this site."
        )
    return replace(viewer, may_see_values=viewer.may_view and viewer.may_see_values)
