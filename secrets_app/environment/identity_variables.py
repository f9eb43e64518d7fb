"""Checks of the platform, and of the variables by which it offers a managed identity."""

from collections.abc import Mapping

from secrets_app.environment.check import Check, Fact, notice, ok, problem
from secrets_app.environment.platforms import SITES, recognised
from secrets_app.environment.register import check
from secrets_app.environment.remedies import unset
from secrets_app.environment.scene import Scene
from secrets_app.environment.told import all_told, listed, told
from secrets_app.reading import Platform

_NAMES: dict[Platform, str] = {
    Platform.APP_SERVICE: "App Service",
    Platform.FUNCTIONS: "Azure Functions",
    Platform.CONTAINER_APPS: "Container Apps",
    Platform.KUBERNETES: "Kubernetes",
    Platform.ARC: "a machine with Azure Arc",
    Platform.CLOUD_SHELL: "Cloud Shell",
    Platform.MACHINE_LEARNING: "Azure Machine Learning",
    Platform.SERVICE_FABRIC: "Service Fabric",
}
_MOMENT_S = 1.0
"""Seconds that the platform's name waits for the reading, which alone tells a virtual machine."""
_POD_HOST = "AZURE_POD_IDENTITY_AUTHORITY_HOST"
_NEW = ("IDENTITY_ENDPOINT", "IDENTITY_HEADER")
_OLD = ("MSI_ENDPOINT", "MSI_SECRET")
_OLD_SAID = {
    ("MSI_SECRET",): "MSI_SECRET is set, but MSI_ENDPOINT is not. Alone it does nothing.",
    ("MSI_ENDPOINT",): "MSI_ENDPOINT is an old name. azure-identity takes it for Cloud Shell, so no identity is found.",
    _OLD: "MSI_ENDPOINT and MSI_SECRET are old names. azure-identity takes them for Azure Machine Learning, so no "
    "identity is found here.",
}
_ALL = (*_NEW, "IDENTITY_SERVER_THUMBPRINT", "IMDS_ENDPOINT", *_OLD, _POD_HOST)


def identity_offered(environ: Mapping[str, str]) -> bool:
    """The variables of this place lead ManagedIdentityCredential to a token service of its own.

    azure-identity 1.27, managed_identity.py. A virtual machine sets no variable, so it is not seen here.
    """
    if environ.get("IDENTITY_ENDPOINT"):
        return bool(environ.get("IDENTITY_HEADER") or environ.get("IMDS_ENDPOINT"))
    return bool(environ.get("MSI_ENDPOINT"))


@check("platform", "Where this program runs")
def platform(scene: Scene) -> Check:
    found, signs = recognised(scene.environ)
    facts = [(name, told(scene.environ, name)) for name in signs]
    facts.append(("System", scene.place.system + (", in a container" if scene.place.in_container else "")))
    # Without variables ManagedIdentityCredential has only the metadata service to ask.
    if found is Platform.UNKNOWN and _token_given(scene):
        return ok(
            "No variable of an Azure service is set, yet a metadata service gave a token: a virtual machine in Azure.",
            facts=facts,
        )
    if found is Platform.UNKNOWN:
        return ok(
            "No variable of an Azure service is set: a laptop, a build agent, or a virtual machine, which sets none.",
            facts=facts,
        )
    return ok(f"This is {_NAMES[found]}: {listed(signs)} {'is' if len(signs) == 1 else 'are'} set.", facts=facts)


def _token_given(scene: Scene) -> bool:
    """ManagedIdentityCredential gave the token."""
    reading = scene.reading_within(_MOMENT_S)
    principal = reading.principal if reading else None
    return bool(principal and principal.credential == "ManagedIdentityCredential")


@check("managed_identity", "The managed identity's variables")
def managed_identity(scene: Scene) -> Check:
    environ = scene.environ
    facts = all_told(environ, (name for name in _ALL if name in environ))
    if empty := [name for name in _ALL if environ.get(name) == ""]:
        return problem(
            f"{listed(empty)} {'is' if len(empty) == 1 else 'are'} set, but empty. A platform never does that.",
            "Take away what is empty.",
            cause="environment_half_set", commands=unset(empty, scene.place), facts=facts,
        )  # fmt: skip
    return _new(scene, facts) or _old(scene, facts) or _pod(scene, facts) or _none_wrong(scene, facts)


def _new(scene: Scene, facts: tuple[Fact, ...]) -> Check | None:
    """The pair that App Service, Functions and Container Apps set, and Arc's and Service Fabric's variants."""
    endpoint, header = (name in scene.environ for name in _NEW)
    if endpoint == header or (endpoint and "IMDS_ENDPOINT" in scene.environ):
        return None
    there, missing = _NEW if endpoint else reversed(_NEW)
    return problem(
        f"{there} is set, but {missing} is not. Only both together lead to a managed identity.",
        "The platform sets both. Take away the one that somebody set by hand, and restart.",
        cause="environment_half_set", commands=unset((there,), scene.place), facts=facts,
    )  # fmt: skip


def _old(scene: Scene, facts: tuple[Fact, ...]) -> Check | None:
    """The names from before 2019. Beside the new pair App Service still sets them, and they do no harm."""
    set_ = [name for name in _OLD if name in scene.environ]
    if not set_ or "IDENTITY_ENDPOINT" in scene.environ or scene.place.platform is Platform.CLOUD_SHELL:
        return None
    if scene.place.platform is Platform.MACHINE_LEARNING:
        return None if _token_given(scene) else _old_pair(scene, facts)
    return problem(
        _OLD_SAID[tuple(set_)],
        "Take the old names away. The platform sets IDENTITY_ENDPOINT and IDENTITY_HEADER once an identity is on.",
        cause="environment_half_set", commands=unset(set_, scene.place), facts=facts,
    )  # fmt: skip


def _old_pair(scene: Scene, facts: tuple[Fact, ...]) -> Check:
    return notice(
        "MSI_ENDPOINT and MSI_SECRET are set. azure-identity takes that for Azure Machine Learning.",
        "Right on Azure Machine Learning. Anywhere else take them away: the names are old.",
        commands=unset(_OLD, scene.place), facts=facts,
    )  # fmt: skip


def _pod(scene: Scene, facts: tuple[Fact, ...]) -> Check | None:
    if _POD_HOST not in scene.environ:
        return None
    return notice(
        f"{_POD_HOST} sends questions for the metadata service to another host. It was made for AAD Pod Identity, "
        "which has been retired.",
        "Take it away, unless this cluster really still runs AAD Pod Identity.",
        cause="environment_half_set", commands=unset((_POD_HOST,), scene.place), facts=facts,
    )  # fmt: skip


def _none_wrong(scene: Scene, facts: tuple[Fact, ...]) -> Check:
    if identity_offered(scene.environ):
        return ok("This place offers a managed identity.", facts=facts)
    if scene.place.platform not in SITES:
        return ok("No variable offers a managed identity here. A virtual machine needs none.", facts=facts)
    said = f"No managed identity is on: {_NAMES[scene.place.platform]} sets {listed(_NEW)} only when one is."
    if "AZURE_CLIENT_SECRET" in scene.environ or "AZURE_CLIENT_CERTIFICATE_PATH" in scene.environ:
        return notice(said, "The service principal in the environment is used instead.", facts=facts)
    return problem(said, cause="mi_identity_not_assigned", facts=facts)
