"""Checks of the variables that configure a service principal or a workload identity."""

import os
from collections.abc import Mapping
from pathlib import Path

from secrets_app.conf.hints import unset_commands
from secrets_app.core.formatting import join_words
from secrets_app.core.reading import Platform
from secrets_app.doctor.check import Check, Fact, notice, ok, problem
from secrets_app.doctor.checks.managed_identity import has_identity_endpoint
from secrets_app.doctor.registry import CheckContext, check
from secrets_app.doctor.variables import describe_variables

ID, TENANT, SECRET = "AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"
CERTIFICATE, USER, PASSWORD = "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_USERNAME", "AZURE_PASSWORD"
TOKEN_FILE = "AZURE_FEDERATED_TOKEN_FILE"  # noqa: S105 - a variable's name
# The order in which EnvironmentCredential checks them (azure-identity 1.27, environment.py); empty counts as set.
CREDENTIAL_SETS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("a client secret", (ID, SECRET, TENANT)),
    ("a certificate", (ID, CERTIFICATE, TENANT)),
    ("a username and password", (ID, USER, PASSWORD)),
)
_ALL = (TENANT, ID, SECRET, CERTIFICATE, "AZURE_CLIENT_CERTIFICATE_PASSWORD", USER, PASSWORD)
_WORKLOAD = (TOKEN_FILE, ID, TENANT, "AZURE_AUTHORITY_HOST")


def complete_credential_set(environ: Mapping[str, str]) -> tuple[str, tuple[str, ...]] | None:
    """How EnvironmentCredential would sign in, and with which variables; None when no set is complete."""
    complete = ((kind, names) for kind, names in CREDENTIAL_SETS if all(name in environ for name in names))
    return next(complete, None)


@check("service_principal", "Service principal variables")
def service_principal(context: CheckContext) -> Check:
    """Reads the variables of EnvironmentCredential.

    A problem when one is missing or empty, or the certificate file cannot be read; a notice when they take precedence
    over a managed identity, have no effect, or use a deprecated sign-in flow.
    """
    environ = context.environ
    facts = describe_variables(environ, (name for name in _ALL if name in environ))
    if not facts:
        return ok("No service principal variables are set.")
    credential_set = complete_credential_set(environ)
    return _complete(context, *credential_set, facts) if credential_set else _incomplete(context, facts)


def _complete(context: CheckContext, kind: str, names: tuple[str, ...], facts: tuple[Fact, ...]) -> Check:
    if empty := [name for name in names if not context.environ[name]]:
        return problem(
            f"{join_words(empty)} {_are(empty)} set, but empty. azure-identity uses the empty value, and "
            "sign-in fails.",
            f"Set {_them(empty)} to a value, or remove {_them(empty)}.",
            cause="environment_half_set", commands=unset_commands(empty, context.place), facts=facts,
        )  # fmt: skip
    if CERTIFICATE in names and not os.access(context.environ[CERTIFICATE], os.R_OK):
        return problem(
            f"{CERTIFICATE} names a file that does not exist or cannot be read.",
            cause="certificate_file_invalid", facts=facts,
        )  # fmt: skip
    if USER in names:
        return notice(
            "Username and password are set. This flow is deprecated and does not support multifactor authentication.",
            "Use a managed identity, a service principal, or az login.",
            commands=unset_commands((USER, PASSWORD), context.place), facts=facts,
        )  # fmt: skip
    return _complete_and_valid(context, kind, names, facts)


def _complete_and_valid(context: CheckContext, kind: str, names: tuple[str, ...], facts: tuple[Fact, ...]) -> Check:
    if has_identity_endpoint(context.environ):
        return notice(
            f"A service principal with {kind} is set and takes precedence over the managed identity: it is tried "
            "first, and if it fails, no other credential is tried.",
            "To use the managed identity, remove these variables.",
            cause="environment_half_set", commands=unset_commands(names, context.place), facts=facts,
        )  # fmt: skip
    if SECRET in names and CERTIFICATE in context.environ:
        return notice(
            f"A client secret and a certificate are both set. The client secret is used; {CERTIFICATE} has no effect.",
            "Keep only one of them.",
            cause="environment_half_set", commands=unset_commands((CERTIFICATE,), context.place), facts=facts,
        )  # fmt: skip
    return ok(
        f"A service principal with {kind} is fully configured. It is tried before any other credential.", facts=facts
    )


def _incomplete(context: CheckContext, facts: tuple[Fact, ...]) -> Check:
    variable = next((name for name in (SECRET, CERTIFICATE, PASSWORD) if name in context.environ), None)
    if variable is None:
        return _ids_only(context, facts)
    needed = next(names for _, names in CREDENTIAL_SETS if variable in names)
    missing = [name for name in needed if name not in context.environ]
    return problem(
        f"{variable} is set, but {join_words(missing)} {_are(missing)} not. An incomplete service principal is "
        "not used.",
        f"Set {join_words(missing)} too, or remove {variable}.",
        cause="environment_half_set", commands=unset_commands((variable,), context.place), facts=facts,
    )  # fmt: skip


def _ids_only(context: CheckContext, facts: tuple[Fact, ...]) -> Check:
    if context.environ.get(TOKEN_FILE) or {ID, TENANT}.isdisjoint(context.environ):
        return ok("No service principal is configured: these variables belong to another credential.", facts=facts)
    if TENANT not in context.environ and _may_select_managed_identity(context):
        return ok(
            f"No service principal is configured. {ID} alone selects a managed identity. EnvironmentCredential reports "
            "its variables as incomplete, which is expected.",
            facts=facts,
        )
    if _may_select_managed_identity(context):
        return notice(
            f"{ID} and {TENANT} are set without a client secret or certificate, so only {ID} has an effect: it selects "
            "a managed identity.",
            f"Remove {TENANT}.",
            cause="environment_half_set", commands=unset_commands((TENANT,), context.place), facts=facts,
        )  # fmt: skip
    return notice(
        "IDs of a service principal are set, but no client secret or certificate. It is not used.",
        f"Set {SECRET} too, or remove the IDs.",
        cause="environment_half_set", facts=facts,
    )  # fmt: skip


def _may_select_managed_identity(context: CheckContext) -> bool:
    return has_identity_endpoint(context.environ) or context.place.platform is not Platform.UNKNOWN


@check("workload_identity", "Workload identity")
def workload_identity(context: CheckContext) -> Check:
    """Reads the workload identity variables and whether the token file is readable.

    A problem when a variable or the file is missing, a notice in a Kubernetes pod without workload identity.
    """
    environ = context.environ
    facts = describe_variables(environ, (name for name in _WORKLOAD if name in environ))
    if TOKEN_FILE not in environ:
        return _no_workload_identity(context)
    if missing := [name for name in (TOKEN_FILE, ID, TENANT) if not environ.get(name)]:
        return problem(
            f"{TOKEN_FILE} is set, but {join_words(missing)} {_are(missing)} missing or empty.",
            "Let the workload identity webhook set them: label the pod and annotate its service account.",
            cause="environment_half_set", facts=facts,
        )  # fmt: skip
    if not os.access(environ[TOKEN_FILE], os.R_OK) or not Path(environ[TOKEN_FILE]).is_file():
        return problem(
            f"{TOKEN_FILE} names a file that does not exist or cannot be read.",
            cause="federated_token_file_unreadable", facts=facts,
        )  # fmt: skip
    return ok("Workload identity is configured, and its token file is readable.", facts=facts)


def _no_workload_identity(context: CheckContext) -> Check:
    if context.place.platform is Platform.KUBERNETES and not complete_credential_set(context.environ):
        return notice(
            "This Kubernetes pod has no workload identity: its variables are not set.",
            cause="workload_identity_not_injected",
        )
    return ok("Workload identity is not configured and not required.")


def _are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _them(names: list[str]) -> str:
    return "it" if len(names) == 1 else "them"
