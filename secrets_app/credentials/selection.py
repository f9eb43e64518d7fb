"""Which setting selected the credential, and which credentials it excludes."""

from collections.abc import Iterable

from secrets_app.conf.project import use_shown_names
from secrets_app.core.credential_options import (
    CHAINS,
    CredentialKind,
    CredentialOptions,
    IdentityKind,
    parse_token_credentials,
)
from secrets_app.core.formatting import join_words
from secrets_app.core.hosts import parse_guid
from secrets_app.core.reading import RequestedIdentity

_CHAIN_HALVES: dict[CredentialKind, str] = {
    CredentialKind.DEV: "excludes the environment's service principal, workload identity and the managed identity",
    CredentialKind.PROD: "excludes developer tools such as Azure CLI, Azure PowerShell, azd and VS Code",
}


def describe_selection(options: CredentialOptions, token_credentials: str = "") -> str | None:
    """In a sentence or two, which credentials are tried and which setting selected them; None for the whole chain.

    `token_credentials` is the value of AZURE_TOKEN_CREDENTIALS.
    """
    return use_shown_names(" ".join(_sentences(options, token_credentials.strip()))) or None


def selecting_setting(options: CredentialOptions, token_credentials: str = "") -> str | None:
    """The name of the setting or argument that excludes credentials; None when none does."""
    if options.kinds[0] is not CredentialKind.DEFAULT:
        return options.chosen_by
    if parse_token_credentials(token_credentials):
        return "AZURE_TOKEN_CREDENTIALS"
    return "KVSITE_EXCLUDE_CREDENTIALS" if options.excluded else None


def requested_identity(options: CredentialOptions, client_id: str = "") -> RequestedIdentity | None:
    """The identity that the settings request or, where azure-identity reads it, AZURE_CLIENT_ID (`client_id`)."""
    if options.managed_identity:
        return RequestedIdentity(kind=options.managed_identity.kind, value=options.managed_identity.value)
    ignores_variable = CredentialKind.MANAGED_IDENTITY in options.kinds
    configured = None if options.kinds[0].is_chain else options.client_id
    value = None if ignores_variable else configured or client_id.strip()
    return RequestedIdentity(kind=IdentityKind.CLIENT_ID, value=value) if value and parse_guid(value) else None


def _sentences(options: CredentialOptions, token_credentials: str) -> Iterable[str]:
    is_selected = options.kinds[0] is not CredentialKind.DEFAULT
    if is_selected:
        yield _selection_sentence(options)
    if token_credentials and is_selected:
        yield f"{_variable_text(token_credentials)} is ignored."
    elif kind := parse_token_credentials(token_credentials):
        effect = _CHAIN_HALVES.get(kind, "excludes all other credentials")
        yield f"{_variable_text(token_credentials)} {effect}."
    if options.excluded:
        yield f"KVSITE_EXCLUDE_CREDENTIALS excludes {_join_kinds(options.excluded)}."
    if options.az_folder and _may_try(CredentialKind.AZURE_CLI, options):
        yield f"AzureCLIPath is set, so az is searched for in {options.az_folder} first."


def _selection_sentence(options: CredentialOptions) -> str:
    first, label = options.kinds[0], _setting_label(options)
    if first.is_chain:
        return f"{label} {_CHAIN_HALVES[first]}."
    if len(options.kinds) > 1:
        return f"{label}: tried in this order: {_join_kinds(options.kinds)}."
    return f"{label}: only {first.row.phrase} is tried."


def _setting_label(options: CredentialOptions) -> str:
    names = ",".join(options.kinds)
    if options.chosen_by == "KVSITE_CREDENTIAL":
        return f"KVSITE_CREDENTIAL={names}"
    return f"--credential {names}" if options.chosen_by == "--credential" else options.chosen_by or "The settings"


def _variable_text(token_credentials: str) -> str:
    """Its name, with its value only if that is supported: any other value may be a misplaced secret."""
    is_supported = parse_token_credentials(token_credentials) is not None
    return f"AZURE_TOKEN_CREDENTIALS={token_credentials}" if is_supported else "AZURE_TOKEN_CREDENTIALS"


def _may_try(kind: CredentialKind, options: CredentialOptions) -> bool:
    return kind in options.kinds or (kind in CHAINS.get(options.kinds[0], ()) and kind not in options.excluded)


def _join_kinds(kinds: Iterable[CredentialKind]) -> str:
    return join_words(kind.row.phrase for kind in kinds)
