"""Checks of what selects the identity and the cloud.

The connection string, AZURE_TOKEN_CREDENTIALS, AZURE_CLIENT_ID, stray characters around values, the sign-in endpoint.
"""

from collections.abc import Mapping

from secrets_app.conf.cloud import VARIABLE, find_cloud_mismatch
from secrets_app.conf.connection_string import NAMES
from secrets_app.conf.hints import unset_commands
from secrets_app.conf.host_environment import SITES
from secrets_app.core.credential_options import PROD_MEMBERS, CredentialKind, parse_token_credentials
from secrets_app.core.formatting import join_words
from secrets_app.core.hosts import parse_guid
from secrets_app.core.reading import Platform
from secrets_app.doctor.check import Check, Fact, Status, notice, ok, problem, unknown
from secrets_app.doctor.checks.managed_identity import has_identity_endpoint
from secrets_app.doctor.checks.service_principal import ID, TOKEN_FILE, complete_credential_set
from secrets_app.doctor.registry import CheckContext, check
from secrets_app.doctor.translation import translation
from secrets_app.doctor.variables import describe_variable, describe_variables


@check("connection_string", "Connection string (.NET)")
def connection_string(context: CheckContext) -> Check:
    """Reads AzureServicesAuthConnectionString or KVSITE_CONNECTION_STRING.

    A problem when it is invalid, a notice when a part of it has no effect or no equivalent in Python.
    """
    for error in context.config.problems:
        if error.blocks_reading and error.setting in NAMES:
            return problem(error.sentence, error.hint, cause=error.cause)
    equivalents = translation(context.config, context.place)
    if equivalents is None:
        return ok("Not set. KVSITE_CREDENTIAL or DefaultAzureCredential selects the credential.")
    facts = [("Equivalent variables", line) for line in equivalents.variables]
    facts += [("Equivalent in Python", line) for line in equivalents.python.splitlines()]
    sentences = [
        f"{equivalents.setting} selects the credential: {equivalents.description}.",
        *(f"It {warning.message}" for warning in equivalents.warnings),
    ]
    advice = [*(warning.hint for warning in equivalents.warnings), "It works. The equivalent settings are:"]
    return Check(
        finding=" ".join(sentences),
        verdict=Status.NOTICE if equivalents.warnings else Status.OK,
        advice=" ".join(advice),
        commands=equivalents.commands,
        facts=tuple(facts),
    )


_VARIABLE = "AZURE_TOKEN_CREDENTIALS"
_PREFIXES = ("AZURE_", "IDENTITY_", "MSI_")


def includes_developer_tools(environ: Mapping[str, str]) -> bool:
    """Whether AZURE_TOKEN_CREDENTIALS keeps Azure CLI, Azure PowerShell and azd in the chain."""
    return selected_kind(environ) not in (CredentialKind.PROD, *PROD_MEMBERS)


def selected_kind(environ: Mapping[str, str]) -> CredentialKind | None:
    """The kind that AZURE_TOKEN_CREDENTIALS selects; None if it is not set or not supported."""
    return parse_token_credentials(environ.get(_VARIABLE, ""))


@check("token_credentials", "AZURE_TOKEN_CREDENTIALS")
def token_credentials(context: CheckContext) -> Check:
    """Reads AZURE_TOKEN_CREDENTIALS.

    A problem when azure-identity rejects its value, or when it selects only credentials that cannot work here.
    """
    facts = describe_variables(context.environ, [_VARIABLE])
    if not context.environ.get(_VARIABLE, "").strip():
        return ok("Not set. The credentials in the chain are tried in order until one succeeds.", facts=facts)
    if not _applies(context):
        selected_by = context.config.credential.chosen_by if context.config.credential else None
        return ok(f"Set, but ignored: {selected_by or 'a setting'} selects the credential.", facts=facts)
    kind = selected_kind(context.environ)
    if kind is None:
        return problem(
            "The value is not supported, so azure-identity cannot create a credential. Supported values: dev, prod, "
            f"{join_words(kind.class_name for kind in CredentialKind if kind.row.token_credentials)}.",
            cause="token_credentials_env_invalid",
            facts=facts,
        )
    if context.config.credential and context.config.credential.kinds[0] is not CredentialKind.DEFAULT:
        return ok(f"Set, but KVSITE_CREDENTIAL={context.config.credential.kinds[0]} takes precedence.", facts=facts)
    return _selected(context, kind, facts)


def _selected(context: CheckContext, kind: CredentialKind, facts: tuple[Fact, ...]) -> Check:
    """The finding for a supported value that is in effect."""
    message, commands = _description(kind), unset_commands([_VARIABLE], context.place)
    if includes_developer_tools(context.environ) and context.place.platform in SITES:
        return problem(
            f"{message} In Azure these tools are not available, and the managed identity is never tried.",
            "Remove the variable, or set it to prod.",
            cause="environment_half_set", commands=commands, facts=facts,
        )  # fmt: skip
    if kind is CredentialKind.ENVIRONMENT and not complete_credential_set(context.environ):
        return problem(
            f"{message} Its variables are incomplete.", "Set all of them, or remove this variable.",
            cause="environment_half_set", commands=commands, facts=facts,
        )  # fmt: skip
    return ok(message, facts=facts)


def _applies(context: CheckContext) -> bool:
    """azure-identity reads it for every chain, and rejects an invalid value even if a setting takes precedence."""
    options = context.config.credential
    return options is None or options.kinds[0].is_chain


def _description(kind: CredentialKind) -> str:
    if kind is CredentialKind.DEV:
        return (
            "Only developer tools are tried: VS Code, Azure CLI, Azure PowerShell and azd. "
            "The managed identity is not tried."
        )
    if kind is CredentialKind.PROD:
        return (
            "Only the environment's service principal, workload identity and managed identity are tried. "
            "Azure CLI and other developer tools are not tried."
        )
    return f"Only {kind.class_name} is tried."


@check("client_id", "AZURE_CLIENT_ID")
def client_id(context: CheckContext) -> Check:
    """Reads AZURE_CLIENT_ID and reports what it applies to. A problem when it is not an ID, a notice when empty."""
    value, facts = context.environ.get(ID), describe_variables(context.environ, [ID])
    if value is None:
        return ok(_effect_when_unset(context), facts=facts)
    if not value.strip():
        return notice(
            "It is set, but empty. Some credentials use the empty value as an ID.",
            "Remove it.",
            cause="environment_half_set",
            commands=unset_commands([ID], context.place),
            facts=facts,
        )
    if not parse_guid(value):
        return problem(
            "The value is not a client ID: a client ID has 36 characters in five groups.",
            "Copy the client ID from the Overview page of the managed identity or app registration.",
            cause="environment_half_set",
            facts=facts,
        )
    return ok(_effect(context), facts=facts)


def _effect_when_unset(context: CheckContext) -> str:
    if has_identity_endpoint(context.environ):
        return "Not set, so the system-assigned managed identity is used."
    return "Not set. A managed identity would be the system-assigned one."


def _effect(context: CheckContext) -> str:
    is_only_credential = context.config.credential and context.config.credential.kinds == (
        CredentialKind.MANAGED_IDENTITY,
    )
    if is_only_credential and not context.environ.get(TOKEN_FILE):
        return "Ignored: only a managed identity is selected, and KVSITE_MANAGED_IDENTITY_CLIENT_ID names it."
    if credentials := complete_credential_set(context.environ):
        return f"It is the application (client) ID of the service principal with {credentials[0]}."
    if context.environ.get(TOKEN_FILE):
        return "It is the client ID of the identity that this pod signs in as."
    if has_identity_endpoint(context.environ):
        return "It selects the user-assigned managed identity with this client ID, not the system-assigned one."
    if context.place.platform is Platform.UNKNOWN:
        return (
            "On an Azure VM it selects the user-assigned managed identity with this client ID; "
            "on a developer machine it has no effect."
        )
    return "It would select a user-assigned managed identity, but no managed identity endpoint is configured."


@check("stray_characters", "Stray characters")
def stray_characters(context: CheckContext) -> Check:
    """Reads all AZURE_, IDENTITY_ and MSI_ variables. A problem when a value has quotes or whitespace around it."""
    names = sorted(name for name, value in context.environ.items() if name.startswith(_PREFIXES) and _has_stray(value))
    if not names:
        return ok("No Azure variable has quotes, spaces or line breaks around its value.")
    return problem(
        f"{join_words(names)}: quotes, spaces or line breaks around the value are part of it.",
        "Set it again without them. The usual reason is a file that ends with a line break.",
        cause="environment_half_set",
        facts=[(name, describe_variable(context.environ, name)) for name in names],
    )


def _has_stray(value: str) -> bool:
    return value != value.strip() or (len(value) > 1 and value[0] == value[-1] and value[0] in "'\"")


@check("cloud", "Azure cloud", waits_for="an access token")
def cloud(context: CheckContext) -> Check:
    """Compares AZURE_AUTHORITY_HOST or KVSITE_AUTHORITY_HOST with the cloud of the vault's host.

    A problem when they differ and the secret was not read, a notice when it was read nevertheless.
    """
    facts = describe_variables(context.environ, [VARIABLE])
    mismatch = find_cloud_mismatch(context.config.vault_url, context.config.credential, context.environ)
    if context.config.vault_url is None:
        return unknown("No valid vault is configured.", facts=facts)
    if mismatch is None:
        return ok("The sign-in endpoint and the vault are in the same cloud.", facts=facts)
    message = f"{mismatch.setting} {mismatch.message}"
    if context.reading.result().ok:
        return notice(
            f"{message} The credential that read the secret did not use this endpoint; a service principal would fail.",
            mismatch.hint, facts=facts,
        )  # fmt: skip
    return problem(message, mismatch.hint, cause="authority_or_cloud_wrong", facts=facts)
