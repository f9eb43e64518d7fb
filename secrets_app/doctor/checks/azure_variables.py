"""What AZURE_TOKEN_CREDENTIALS and AZURE_CLIENT_ID mean here, and values with something stray around them."""

from collections.abc import Mapping

from secrets_app.conf.hints import unset_commands
from secrets_app.conf.host_environment import SITES
from secrets_app.core.credential_options import CredentialKind
from secrets_app.core.reading import Platform
from secrets_app.doctor.check import Check, notice, ok, problem
from secrets_app.doctor.checks.managed_identity import has_identity_endpoint
from secrets_app.doctor.checks.service_principal import ID, TOKEN_FILE, complete_credential_set
from secrets_app.doctor.context import CheckContext
from secrets_app.doctor.registry import check
from secrets_app.doctor.variables import describe_variable, describe_variables, is_id, join_words

_CHOICE = "AZURE_TOKEN_CREDENTIALS"
# azure-identity 1.27, default.py: `dev`, `prod`, or one class name in any case; anything else is a ValueError.
_ON_A_HOST = ("EnvironmentCredential", "WorkloadIdentityCredential", "ManagedIdentityCredential")
_ON_A_DESK = (
    "VisualStudioCodeCredential",
    "AzureCliCredential",
    "AzurePowerShellCredential",
    "AzureDeveloperCliCredential",
    "InteractiveBrowserCredential",
)
_HOST_CHOICES = {"prod", *(name.lower() for name in _ON_A_HOST)}
_CLASSES = {name.lower(): name for name in (*_ON_A_HOST, *_ON_A_DESK)}
_CHECKED = ("AZURE_", "IDENTITY_", "MSI_")


def includes_developer_tools(environ: Mapping[str, str]) -> bool:
    """AZURE_TOKEN_CREDENTIALS leaves az, PowerShell and azd in the chain."""
    return selected_credentials(environ) not in _HOST_CHOICES


def selected_credentials(environ: Mapping[str, str]) -> str:
    """The word in AZURE_TOKEN_CREDENTIALS as azure-identity reads it, in lower case; empty when there is none."""
    return environ.get(_CHOICE, "").strip().lower()


@check("token_credentials", "What AZURE_TOKEN_CREDENTIALS means here")
def token_credentials(scene: CheckContext) -> Check:
    value = selected_credentials(scene.environ)
    facts = describe_variables(scene.environ, [_CHOICE])
    if not value:
        return ok("It is not set, so every way of signing in is tried in turn, the first that works wins.", facts=facts)
    if not _is_read(scene):
        by = scene.config.sign_in.chosen_by if scene.config.sign_in else None
        return ok(f"It is set, and does not count: {by or 'a setting'} says who is asked.", facts=facts)
    if value not in {"dev", "prod", *_CLASSES}:
        return problem(
            f"Its value is not one that azure-identity knows, so no credential can be made. It knows dev, prod, "
            f"{join_words(_CLASSES.values())}.",
            cause="token_credentials_env_invalid", facts=facts,
        )  # fmt: skip
    if scene.config.sign_in and scene.config.sign_in.ways[0] is not CredentialKind.DEFAULT:
        return ok(f"It is set, and {scene.config.sign_in.ways[0]} of KVSITE_CREDENTIAL wins over it.", facts=facts)
    said = _description(value)
    desk = value == "dev" or _CLASSES.get(value) in _ON_A_DESK
    if desk and scene.place.platform in SITES:
        return problem(
            f"{said} Here in Azure there are no such tools, and the managed identity is never asked.",
            "Take the variable away, or set it to prod.",
            cause="environment_half_set", commands=unset_commands([_CHOICE], scene.place), facts=facts,
        )  # fmt: skip
    if value == "environmentcredential" and not complete_credential_set(scene.environ):
        return problem(f"{said} Its variables are not all set.", "Set them all, or take this variable away.",
                       cause="environment_half_set", commands=unset_commands([_CHOICE], scene.place), facts=facts)  # fmt: skip
    return ok(said, facts=facts)


def _is_read(scene: CheckContext) -> bool:
    """azure-identity reads it whenever it makes a chain, and refuses a wrong one even where another word wins."""
    sign_in = scene.config.sign_in
    return sign_in is None or sign_in.ways[0].is_chain


def _description(value: str) -> str:
    if value == "dev":
        return "Only a developer's tools are asked: VS Code, az, PowerShell, azd. The managed identity is not."
    if value == "prod":
        return "Only the environment's service principal, workload identity and managed identity are asked. az is not."
    return f"Only {_CLASSES[value]} is asked, and nothing behind it."


@check("client_id", "What AZURE_CLIENT_ID means here")
def client_id(scene: CheckContext) -> Check:
    value, facts = scene.environ.get(ID), describe_variables(scene.environ, [ID])
    if value is None:
        return ok(_meaning_of_none(scene), facts=facts)
    if not value.strip():
        return notice("It is set, but empty. Some ways of signing in take that for an id.", "Take it away.",
                      cause="environment_half_set", commands=unset_commands([ID], scene.place), facts=facts)  # fmt: skip
    if not is_id(value):
        return problem("Its value is not a client id: those are 36 characters in five groups.",
                       "Copy the client id from the identity's or the application's Overview page.",
                       cause="environment_half_set", facts=facts)  # fmt: skip
    return ok(_meaning_of(scene), facts=facts)


def _meaning_of_none(scene: CheckContext) -> str:
    if has_identity_endpoint(scene.environ):
        return "It is not set, so the system-assigned managed identity is asked for."
    return "It is not set, so it chooses nothing. A managed identity would be the system-assigned one."


def _meaning_of(scene: CheckContext) -> str:
    alone = scene.config.sign_in and scene.config.sign_in.ways == (CredentialKind.MANAGED_IDENTITY,)
    if alone and not scene.environ.get(TOKEN_FILE):
        return "It does not count: a managed identity asked alone is named by KVSITE_MANAGED_IDENTITY_CLIENT_ID."
    if way := complete_credential_set(scene.environ):
        return f"It is the application id of the service principal with {way[0]}."
    if scene.environ.get(TOKEN_FILE):
        return "It names the identity this pod signs in as."
    if has_identity_endpoint(scene.environ):
        return "It chooses the user-assigned managed identity of this id; the system-assigned one is not asked."
    if scene.place.platform is Platform.UNKNOWN:
        return "On a virtual machine it chooses the user-assigned identity with this client id; on a laptop, nothing."
    return "It would choose a user-assigned managed identity, but this place offers none."


@check("stray_characters", "Values as they were meant")
def stray_characters(scene: CheckContext) -> Check:
    names = sorted(name for name, value in scene.environ.items() if name.startswith(_CHECKED) and _stray(value))
    if not names:
        return ok("No variable of Azure has a quote, a space or a line break around its value.")
    return problem(
        f"{join_words(names)}: there is a quote, a space or a line break around the value, and it counts as part of it.",
        "Set it again without them. A file that ends in a line break is the usual reason.",
        cause="environment_half_set", facts=[(name, describe_variable(scene.environ, name)) for name in names],
    )  # fmt: skip


def _stray(value: str) -> bool:
    return value != value.strip() or (len(value) > 1 and value[0] == value[-1] and value[0] in "'\"")
