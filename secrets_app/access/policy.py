"""The ways in, one entry each."""

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
    """One way in."""

    meaning: str
    """For whoever may open the site: what this way does."""
    viewer: Callable[[HttpRequest, Config], Viewer]
    also_set: Mapping[str, str] = field(default_factory=dict)
    """Settings it needs besides KVSITE_ACCESS, with an example of each."""
    first: str | None = None
    """A command that has to come first."""
    only_on: frozenset[Platform] | None = None
    """The platforms that have it; None: it works everywhere."""


def _anyone(_request: HttpRequest, _config: Config) -> Viewer:
    return Viewer(
        how=AccessMode.OPEN,
        name="anybody",
        may_view=True,
        no_values_because="A site that is open to everybody shows no value.",
    )


POLICIES: dict[AccessMode, AccessPolicy] = {
    AccessMode.EASY_AUTH: AccessPolicy(
        meaning="Those who sign in with App Service's authentication. Its identity provider is added in the "
        "portal, under Authentication. KVSITE_PEOPLE says who of them.",
        viewer=easy_auth.viewer,
        first="az webapp auth update -g <resource-group> -n <name> --enabled true",
        only_on=frozenset({Platform.APP_SERVICE, Platform.FUNCTIONS}),
    ),
    AccessMode.TOKEN: AccessPolicy(
        meaning="Those who know a pass-phrase.",
        viewer=passphrase.viewer,
        also_set={"KVSITE_PASSPHRASE": EXAMPLE_PASSPHRASE},
    ),
    AccessMode.OPEN: AccessPolicy(
        meaning="Everybody who reaches the site. They see ids and errors, never the secret's value.",
        viewer=_anyone,
    ),
    AccessMode.LOOPBACK: AccessPolicy(
        meaning="A browser on the site's own machine, with no proxy in between.",
        viewer=loopback.viewer,
    ),
}


def decide(request: HttpRequest, config: Config) -> Viewer:
    """Who sent the request and what they may see. The one place that decides it."""
    viewer = POLICIES[config.access].viewer(request, config)
    if not config.shows_values:
        return replace(viewer, may_see_values=False, no_values_because="KVSITE_VALUES forbids it on this site.")
    return replace(viewer, may_see_values=viewer.may_view and viewer.may_see_values)
