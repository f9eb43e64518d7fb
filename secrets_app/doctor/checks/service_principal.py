"""Checks of the variables that make a service principal or a workload identity."""

import os
from collections.abc import Mapping
from pathlib import Path

from secrets_app.conf.hints import unset_commands
from secrets_app.core.reading import Platform
from secrets_app.doctor.check import Check, Fact, notice, ok, problem
from secrets_app.doctor.checks.managed_identity import has_identity_endpoint
from secrets_app.doctor.context import CheckContext
from secrets_app.doctor.registry import check
from secrets_app.doctor.variables import describe_variables, join_words

ID, TENANT, SECRET = "AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"
CERTIFICATE, USER, PASSWORD = "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_USERNAME", "AZURE_PASSWORD"
TOKEN_FILE = "AZURE_FEDERATED_TOKEN_FILE"  # noqa: S105 - a variable's name
# The order in which EnvironmentCredential looks for them (azure-identity 1.27, environment.py); set means it exists.
CREDENTIAL_SETS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("a secret", (ID, SECRET, TENANT)),
    ("a certificate", (ID, CERTIFICATE, TENANT)),
    ("a user name and password", (ID, USER, PASSWORD)),
)
_ALL = (TENANT, ID, SECRET, CERTIFICATE, "AZURE_CLIENT_CERTIFICATE_PASSWORD", USER, PASSWORD)
_WORKLOAD = (TOKEN_FILE, ID, TENANT, "AZURE_AUTHORITY_HOST")


def complete_credential_set(environ: Mapping[str, str]) -> tuple[str, tuple[str, ...]] | None:
    """How EnvironmentCredential would sign in and by which variables; None when none of its sets is whole."""
    return next((way for way in CREDENTIAL_SETS if all(name in environ for name in way[1])), None)


@check("service_principal", "A service principal in the environment")
def service_principal(scene: CheckContext) -> Check:
    environ = scene.environ
    facts = describe_variables(environ, (name for name in _ALL if name in environ))
    if not facts:
        return ok("No service principal is set in the environment, nor a part of one.")
    way = complete_credential_set(environ)
    return _complete(scene, *way, facts) if way else _incomplete(scene, facts)


def _complete(scene: CheckContext, how: str, names: tuple[str, ...], facts: tuple[Fact, ...]) -> Check:
    if empty := [name for name in names if not scene.environ[name]]:
        return problem(
            f"{join_words(empty)} {_is(empty)} set, but empty. azure-identity counts that as set and stops at it.",
            f"Give {_it(empty)} a value, or take {_it(empty)} away.",
            cause="environment_half_set", commands=unset_commands(empty, scene.place), facts=facts,
        )  # fmt: skip
    if CERTIFICATE in names and not os.access(scene.environ[CERTIFICATE], os.R_OK):
        return problem(
            f"{CERTIFICATE} names a file that is not there, or that this program may not read.",
            cause="certificate_file_invalid", facts=facts,
        )  # fmt: skip
    if USER in names:
        return notice(
            "User name and password are set. This way of signing in is on its way out: it cannot do a second step.",
            "Use a managed identity, az login, or a service principal.",
            commands=unset_commands((USER, PASSWORD), scene.place), facts=facts,
        )  # fmt: skip
    return _complete_and_valid(scene, how, names, facts)


def _complete_and_valid(scene: CheckContext, how: str, names: tuple[str, ...], facts: tuple[Fact, ...]) -> Check:
    if has_identity_endpoint(scene.environ):
        return notice(
            f"A service principal with {how} is set, and hides the managed identity of this place: it is asked first, "
            "and if it fails nobody else is asked.",
            "If the managed identity is meant, take these variables away.",
            cause="environment_half_set", commands=unset_commands(names, scene.place), facts=facts,
        )  # fmt: skip
    if SECRET in names and CERTIFICATE in scene.environ:
        return notice(
            f"A secret and a certificate are both set. The secret wins; {CERTIFICATE} does nothing.",
            "Keep one of the two.",
            cause="environment_half_set", commands=unset_commands((CERTIFICATE,), scene.place), facts=facts,
        )  # fmt: skip
    return ok(f"A service principal with {how} is set, all of it. It is asked before anybody else.", facts=facts)


def _incomplete(scene: CheckContext, facts: tuple[Fact, ...]) -> Check:
    proof = next((name for name in (SECRET, CERTIFICATE, PASSWORD) if name in scene.environ), None)
    if proof is None:
        return _ids_only(scene, facts)
    needed = next(names for _, names in CREDENTIAL_SETS if proof in names)
    missing = [name for name in needed if name not in scene.environ]
    return problem(
        f"{proof} is set, but {join_words(missing)} {_is(missing)} not. Half a service principal does nothing.",
        f"Set {join_words(missing)} too, or take {proof} away.",
        cause="environment_half_set", commands=unset_commands((proof,), scene.place), facts=facts,
    )  # fmt: skip


def _ids_only(scene: CheckContext, facts: tuple[Fact, ...]) -> Check:
    if scene.environ.get(TOKEN_FILE) or {ID, TENANT}.isdisjoint(scene.environ):
        return ok("No service principal is set: these variables belong to another way of signing in.", facts=facts)
    if TENANT not in scene.environ and _may_name_an_identity(scene):
        return ok(
            f"No service principal is set. {ID} alone names a managed identity; EnvironmentCredential calls it "
            "incomplete, and that can be left as it is.",
            facts=facts,
        )
    if _may_name_an_identity(scene):
        return notice(
            f"{ID} and {TENANT} are half a service principal. Nothing proves it, so only {ID} counts: it chooses a "
            "managed identity.",
            f"Take {TENANT} away.",
            cause="environment_half_set", commands=unset_commands((TENANT,), scene.place), facts=facts,
        )  # fmt: skip
    return notice(
        "Ids of a service principal are set, but nothing that proves it: no secret and no certificate. It is not used.",
        f"Set {SECRET} too, or take the ids away.",
        cause="environment_half_set", facts=facts,
    )  # fmt: skip


def _may_name_an_identity(scene: CheckContext) -> bool:
    return has_identity_endpoint(scene.environ) or scene.place.platform is not Platform.UNKNOWN


@check("workload_identity", "Workload identity")
def workload_identity(scene: CheckContext) -> Check:
    environ = scene.environ
    facts = describe_variables(environ, (name for name in _WORKLOAD if name in environ))
    if TOKEN_FILE not in environ:
        return _no_workload(scene)
    if missing := [name for name in (TOKEN_FILE, ID, TENANT) if not environ.get(name)]:
        return problem(
            f"{TOKEN_FILE} is set, but {join_words(missing)} {_is(missing)} not, or empty.",
            "Let the webhook of workload identity set them: the pod needs its label, the account its annotation.",
            cause="environment_half_set", facts=facts,
        )  # fmt: skip
    if not os.access(environ[TOKEN_FILE], os.R_OK) or not Path(environ[TOKEN_FILE]).is_file():
        return problem(
            f"{TOKEN_FILE} names a file that is not there, or that this program may not read.",
            cause="federated_token_file_unreadable", facts=facts,
        )  # fmt: skip
    return ok("Workload identity is set up, and its token file is there.", facts=facts)


def _no_workload(scene: CheckContext) -> Check:
    if scene.place.platform is Platform.KUBERNETES and not complete_credential_set(scene.environ):
        return notice(
            "This is a pod, and it was not given a workload identity.", cause="workload_identity_not_injected"
        )
    return ok("No workload identity is set up, and nothing here asks for one.")


def _is(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _it(names: list[str]) -> str:
    return "it" if len(names) == 1 else "them"
