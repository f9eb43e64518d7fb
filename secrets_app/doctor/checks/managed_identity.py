"""Checks of the platform and of the variables that configure its managed identity endpoint."""

from collections.abc import Mapping

from secrets_app.conf.hints import unset_commands
from secrets_app.conf.host_environment import SITES, detect_platform
from secrets_app.core.credential_options import CredentialKind
from secrets_app.core.formatting import PLATFORMS, join_words
from secrets_app.core.reading import Platform
from secrets_app.doctor.check import Check, Fact, notice, ok, problem
from secrets_app.doctor.registry import CheckContext, check
from secrets_app.doctor.variables import describe_variable, describe_variables

_WAIT_S = 1.0
"""Seconds to wait for the reading, the only way to detect an Azure VM."""
_POD_HOST = "AZURE_POD_IDENTITY_AUTHORITY_HOST"
_CURRENT = ("IDENTITY_ENDPOINT", "IDENTITY_HEADER")
_LEGACY = ("MSI_ENDPOINT", "MSI_SECRET")
_LEGACY_FINDINGS = {
    ("MSI_SECRET",): "MSI_SECRET is set, but MSI_ENDPOINT is not. On its own it has no effect.",
    ("MSI_ENDPOINT",): "MSI_ENDPOINT is deprecated. azure-identity treats it as Cloud Shell, so no identity is found.",
    _LEGACY: "MSI_ENDPOINT and MSI_SECRET are deprecated. azure-identity treats them as Azure Machine Learning, so no "
    "identity is found.",
}
_ALL = (*_CURRENT, "IDENTITY_SERVER_THUMBPRINT", "IMDS_ENDPOINT", *_LEGACY, _POD_HOST)


def has_identity_endpoint(environ: Mapping[str, str]) -> bool:
    """Whether the variables configure a managed identity endpoint for ManagedIdentityCredential.

    azure-identity 1.27, managed_identity.py. An Azure VM sets no variables, so it is not detected here.
    """
    if environ.get("IDENTITY_ENDPOINT"):
        return bool(environ.get("IDENTITY_HEADER") or environ.get("IMDS_ENDPOINT"))
    return bool(environ.get("MSI_ENDPOINT"))


@check("platform", "Platform")
def platform(context: CheckContext) -> Check:
    """Reads the variables that Azure services set; without any, which credential got the token. Never a problem."""
    detected, names = detect_platform(context.environ)
    facts = [(name, describe_variable(context.environ, name)) for name in names]
    facts.append(
        ("Operating system", context.place.system + (", in a container" if context.place.in_container else ""))
    )
    # Without variables, ManagedIdentityCredential can only use the Instance Metadata Service.
    if detected is Platform.UNKNOWN and _has_token(context):
        return ok(
            "No variable of an Azure service is set, but the Instance Metadata Service issued a token: an Azure VM.",
            facts=facts,
        )
    if detected is Platform.UNKNOWN:
        return ok(
            "No variable of an Azure service is set: a developer machine, a build agent, or an Azure VM.",
            facts=facts,
        )
    return ok(
        f"The platform is {PLATFORMS[detected]}: {join_words(names)} {'is' if len(names) == 1 else 'are'} set.",
        facts=facts,
    )


def _has_token(context: CheckContext) -> bool:
    """Whether ManagedIdentityCredential returned the token."""
    reading = context.reading_within(_WAIT_S)
    principal = reading.principal if reading else None
    return bool(principal and principal.credential == CredentialKind.MANAGED_IDENTITY.class_name)


@check("managed_identity", "Managed identity variables")
def managed_identity(context: CheckContext) -> Check:
    """Reads the variables of the managed identity endpoint, deprecated ones included.

    A problem when one is empty, lacks its counterpart or misleads azure-identity, or when the platform has no managed
    identity and no service principal is set; a notice when a variable is invalid only on some platforms.
    """
    environ = context.environ
    facts = describe_variables(environ, (name for name in _ALL if name in environ))
    if empty := [name for name in _ALL if environ.get(name) == ""]:
        return problem(
            f"{join_words(empty)} {'is' if len(empty) == 1 else 'are'} set, but empty. A platform never sets an empty "
            "value.",
            "Remove the empty variables.",
            cause="environment_half_set", commands=unset_commands(empty, context.place), facts=facts,
        )  # fmt: skip
    return (
        _check_current(context, facts)
        or _check_legacy(context, facts)
        or _check_pod_identity(context, facts)
        or _without_problems(context, facts)
    )


def _check_current(context: CheckContext, facts: tuple[Fact, ...]) -> Check | None:
    """The pair set by App Service, Functions and Container Apps, and its variants on Arc and Service Fabric."""
    endpoint, header = (name in context.environ for name in _CURRENT)
    if endpoint == header or (endpoint and "IMDS_ENDPOINT" in context.environ):
        return None
    present, missing = _CURRENT if endpoint else reversed(_CURRENT)
    return problem(
        f"{present} is set, but {missing} is not. A managed identity requires both.",
        "The platform sets both. Remove the one that was set manually, then restart.",
        cause="environment_half_set", commands=unset_commands((present,), context.place), facts=facts,
    )  # fmt: skip


def _check_legacy(context: CheckContext, facts: tuple[Fact, ...]) -> Check | None:
    """The names used before 2019. App Service still sets them beside the new pair, where they are harmless."""
    names = [name for name in _LEGACY if name in context.environ]
    if not names or "IDENTITY_ENDPOINT" in context.environ or context.place.platform is Platform.CLOUD_SHELL:
        return None
    if context.place.platform is Platform.MACHINE_LEARNING:
        return None if _has_token(context) else _legacy_pair(context, facts)
    return problem(
        _LEGACY_FINDINGS[tuple(names)],
        "Remove them. The platform sets IDENTITY_ENDPOINT and IDENTITY_HEADER once a managed identity is enabled.",
        cause="environment_half_set", commands=unset_commands(names, context.place), facts=facts,
    )  # fmt: skip


def _legacy_pair(context: CheckContext, facts: tuple[Fact, ...]) -> Check:
    return notice(
        "MSI_ENDPOINT and MSI_SECRET are set. azure-identity treats this as Azure Machine Learning.",
        "This is correct on Azure Machine Learning. Elsewhere, remove them: the names are deprecated.",
        commands=unset_commands(_LEGACY, context.place), facts=facts,
    )  # fmt: skip


def _check_pod_identity(context: CheckContext, facts: tuple[Fact, ...]) -> Check | None:
    if _POD_HOST not in context.environ:
        return None
    return notice(
        f"{_POD_HOST} sends requests for the Instance Metadata Service to another host. It belongs to AAD Pod "
        "Identity, which is retired.",
        "Remove it, unless this cluster still runs AAD Pod Identity.",
        cause="environment_half_set", commands=unset_commands((_POD_HOST,), context.place), facts=facts,
    )  # fmt: skip


def _without_problems(context: CheckContext, facts: tuple[Fact, ...]) -> Check:
    if has_identity_endpoint(context.environ):
        return ok("A managed identity endpoint is configured.", facts=facts)
    if context.place.platform not in SITES:
        return ok("No managed identity endpoint is configured. An Azure VM does not need one.", facts=facts)
    name = PLATFORMS[context.place.platform]
    message = f"No managed identity is enabled: {name} sets {join_words(_CURRENT)} only when one is."
    if "AZURE_CLIENT_SECRET" in context.environ or "AZURE_CLIENT_CERTIFICATE_PATH" in context.environ:
        return notice(message, "The service principal in the environment is used instead.", facts=facts)
    return problem(message, cause="mi_identity_not_assigned", facts=facts)
