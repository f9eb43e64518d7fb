"""The command that takes variables away, where this program runs."""

from collections.abc import Iterable

from secrets_app.diagnosis.facts import Facts, checked
from secrets_app.reading import Place, Platform


def unset(names: Iterable[str], place: Place) -> tuple[str, ...]:
    """Commands to paste that remove the variables `names`. Names are ours, never from outside."""
    names = tuple(names)
    facts = Facts(values=checked({"group": place.resource_group, "site": place.resource_name}), system=place.system)
    group, resource = facts.quoted("group"), facts.quoted("site")
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
