"""The ways in, one entry each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from django.http import HttpRequest

from secrets_app.access import easy_auth, loopback, passphrase
from secrets_app.access.viewer import Viewer
from secrets_app.conf import Config
from secrets_app.reading import Platform
from secrets_app.setting_readers.access import EXAMPLE_PASSPHRASE, WayIn


@dataclass(frozen=True, kw_only=True)
class Way:
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


def _anybody(_request: HttpRequest, _config: Config) -> Viewer:
    return Viewer(
        how=WayIn.OPEN,
        name="anybody",
        may_look=True,
        no_values_because="A site that is open to everybody shows no value.",
    )


WAYS: dict[WayIn, Way] = {
    WayIn.EASY_AUTH: Way(
        meaning="Those who sign in with App Service's authentication. Its identity provider is added in the "
        "portal, under Authentication. KVSITE_PEOPLE says who of them.",
        viewer=easy_auth.viewer,
        first="az webapp auth update -g <resource-group> -n <name> --enabled true",
        only_on=frozenset({Platform.APP_SERVICE, Platform.FUNCTIONS}),
    ),
    WayIn.TOKEN: Way(
        meaning="Those who know a pass-phrase.",
        viewer=passphrase.viewer,
        also_set={"KVSITE_PASSPHRASE": EXAMPLE_PASSPHRASE},
    ),
    WayIn.OPEN: Way(
        meaning="Everybody who reaches the site. They see ids and errors, never the secret's value.",
        viewer=_anybody,
    ),
    WayIn.LOOPBACK: Way(
        meaning="A browser on the site's own machine, with no proxy in between.",
        viewer=loopback.viewer,
    ),
}


def decide(request: HttpRequest, config: Config) -> Viewer:
    """Who sent the request and what they may see. The one place that decides it."""
    viewer = WAYS[config.access].viewer(request, config)
    if not config.shows_values:
        return replace(viewer, may_see_values=False, no_values_because="KVSITE_VALUES forbids it on this site.")
    return replace(viewer, may_see_values=viewer.may_look and viewer.may_see_values)
