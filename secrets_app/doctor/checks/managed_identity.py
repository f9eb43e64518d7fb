"""Checks of the platform, and of the variables by which it offers a managed identity."""

from collections.abc import Mapping

from secrets_app.conf.hints import unset_commands
from secrets_app.conf.host_environment import SITES, detect_platform
from secrets_app.core.reading import Platform
from secrets_app.doctor.check import Check, Fact, notice, ok, problem
from secrets_app.doctor.context import CheckContext
from secrets_app.doctor.registry import check
from secrets_app.doctor.variables import describe_variable, describe_variables, join_words

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
_CURRENT = ("IDENTITY_ENDPOINT", "IDENTITY_HEADER")
_LEGACY = ("MSI_ENDPOINT", "MSI_SECRET")
_LEGACY_FINDINGS = {
    ("MSI_SECRET",): "MSI_SECRET is set, but MSI_ENDPOINT is not. Alone it does nothing.",
    ("MSI_ENDPOINT",): "MSI_ENDPOINT is an old name. azure-identity takes it for Cloud Shell, so no identity is found.",
    _LEGACY: "MSI_ENDPOINT and MSI_SECRET are old names. azure-identity takes them for Azure Machine Learning, so no "
    "identity is found here.",
}
_ALL = (*_CURRENT, "IDENTITY_SERVER_THUMBPRINT", "IMDS_ENDPOINT", *_LEGACY, _POD_HOST)


def has_identity_endpoint(environ: Mapping[str, str]) -> bool:
    """The variables of this place lead ManagedIdentityCredential to a token service of its own.

    azure-identity 1.27, managed_identity.py. A virtual machine sets no variable, so it is not seen here.
    """
    if environ.get("IDENTITY_ENDPOINT"):
        return bool(environ.get("IDENTITY_HEADER") or environ.get("IMDS_ENDPOINT"))
    return bool(environ.get("MSI_ENDPOINT"))


@check("platform", "Where this program runs")
def platform(scene: CheckContext) -> Check:
    found, signs = detect_platform(scene.environ)
    facts = [(name, describe_variable(scene.environ, name)) for name in signs]
    facts.append(("System", scene.place.system + (", in a container" if scene.place.in_container else "")))
    # Without variables ManagedIdentityCredential has only the metadata service to ask.
    if found is Platform.UNKNOWN and _has_token(scene):
        return ok(
            "No variable of an Azure service is set, yet a metadata service gave a token: a virtual machine in Azure.",
            facts=facts,
        )
    if found is Platform.UNKNOWN:
        return ok(
            "No variable of an Azure service is set: a laptop, a build agent, or a virtual machine, which sets none.",
            facts=facts,
        )
    return ok(f"This is {_NAMES[found]}: {join_words(signs)} {'is' if len(signs) == 1 else 'are'} set.", facts=facts)


def _has_token(scene: CheckContext) -> bool:
    """ManagedIdentityCredential gave the token."""
    reading = scene.reading_within(_MOMENT_S)
    principal = reading.principal if reading else None
    return bool(principal and principal.credential == "ManagedIdentityCredential")


@check("managed_identity", "The managed identity's variables")
def managed_identity(scene: CheckContext) -> Check:
    environ = scene.environ
    facts = describe_variables(environ, (name for name in _ALL if name in environ))
    if empty := [name for name in _ALL if environ.get(name) == ""]:
        return problem(
            f"{join_words(empty)} {'is' if len(empty) == 1 else 'are'} set, but empty. A platform never does that.",
            "Take away what is empty.",
            cause="environment_half_set", commands=unset_commands(empty, scene.place), facts=facts,
        )  # fmt: skip
    return (
        _check_current(scene, facts)
        or _check_legacy(scene, facts)
        or _check_pod_identity(scene, facts)
        or _nothing_wrong(scene, facts)
    )


def _check_current(scene: CheckContext, facts: tuple[Fact, ...]) -> Check | None:
    """The pair that App Service, Functions and Container Apps set, and Arc's and Service Fabric's variants."""
    endpoint, header = (name in scene.environ for name in _CURRENT)
    if endpoint == header or (endpoint and "IMDS_ENDPOINT" in scene.environ):
        return None
    there, missing = _CURRENT if endpoint else reversed(_CURRENT)
    return problem(
        f"{there} is set, but {missing} is not. Only both together lead to a managed identity.",
        "The platform sets both. Take away the one that somebody set by hand, and restart.",
        cause="environment_half_set", commands=unset_commands((there,), scene.place), facts=facts,
    )  # fmt: skip


def _check_legacy(scene: CheckContext, facts: tuple[Fact, ...]) -> Check | None:
    """The names from before 2019. Beside the new pair App Service still sets them, and they do no harm."""
    set_ = [name for name in _LEGACY if name in scene.environ]
    if not set_ or "IDENTITY_ENDPOINT" in scene.environ or scene.place.platform is Platform.CLOUD_SHELL:
        return None
    if scene.place.platform is Platform.MACHINE_LEARNING:
        return None if _has_token(scene) else _legacy_pair(scene, facts)
    return problem(
        _LEGACY_FINDINGS[tuple(set_)],
        "Take the old names away. The platform sets IDENTITY_ENDPOINT and IDENTITY_HEADER once an identity is on.",
        cause="environment_half_set", commands=unset_commands(set_, scene.place), facts=facts,
    )  # fmt: skip


def _legacy_pair(scene: CheckContext, facts: tuple[Fact, ...]) -> Check:
    return notice(
        "MSI_ENDPOINT and MSI_SECRET are set. azure-identity takes that for Azure Machine Learning.",
        "Right on Azure Machine Learning. Anywhere else take them away: the names are old.",
        commands=unset_commands(_LEGACY, scene.place), facts=facts,
    )  # fmt: skip


def _check_pod_identity(scene: CheckContext, facts: tuple[Fact, ...]) -> Check | None:
    if _POD_HOST not in scene.environ:
        return None
    return notice(
        f"{_POD_HOST} sends questions for the metadata service to another host. It was made for AAD Pod Identity, "
        "which has been retired.",
        "Take it away, unless this cluster really still runs AAD Pod Identity.",
        cause="environment_half_set", commands=unset_commands((_POD_HOST,), scene.place), facts=facts,
    )  # fmt: skip


def _nothing_wrong(scene: CheckContext, facts: tuple[Fact, ...]) -> Check:
    if has_identity_endpoint(scene.environ):
        return ok("This place offers a managed identity.", facts=facts)
    if scene.place.platform not in SITES:
        return ok("No variable offers a managed identity here. A virtual machine needs none.", facts=facts)
    said = f"No managed identity is on: {_NAMES[scene.place.platform]} sets {join_words(_CURRENT)} only when one is."
    if "AZURE_CLIENT_SECRET" in scene.environ or "AZURE_CLIENT_CERTIFICATE_PATH" in scene.environ:
        return notice(said, "The service principal in the environment is used instead.", facts=facts)
    return problem(said, cause="mi_identity_not_assigned", facts=facts)
