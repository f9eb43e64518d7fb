"""The command that takes variables away, where this program runs."""

import shlex
from collections.abc import Iterable

from secrets_app.reading import Place, Platform


def unset(names: Iterable[str], place: Place) -> tuple[str, ...]:
    """Commands to paste that remove the variables `names`. Names are ours, never from outside."""
    names = tuple(names)
    group = shlex.quote(place.resource_group) if place.resource_group else "<resource-group>"
    resource = shlex.quote(place.resource_name) if place.resource_name else "<name>"
    if place.platform in {Platform.APP_SERVICE, Platform.FUNCTIONS}:
        kind = "webapp" if place.platform is Platform.APP_SERVICE else "functionapp"
        return (f"az {kind} config appsettings delete -g {group} -n {resource} --setting-names {' '.join(names)}",)
    if place.platform is Platform.CONTAINER_APPS:
        return (f"az containerapp update -g {group} -n {resource} --remove-env-vars {' '.join(names)}",)
    if place.platform is Platform.KUBERNETES:
        gone = " ".join(f"{name}-" for name in names)
        return (f"kubectl set env deployment/<deployment> {gone}",)
    if place.system == "Windows":
        return (f"Remove-Item {', '.join(f'Env:{name}' for name in names)}",)
    return (f"unset {' '.join(names)}",)
