"""Which setting selected the credential, and which credentials it excludes."""

from collections.abc import Iterable

from secrets_app.core.credential_options import CHAINS, CredentialKind, CredentialOptions, IdentityKind, parse_kind
from secrets_app.core.ids import parse_guid
from secrets_app.core.reading import RequestedIdentity

_CHAIN_HALVES: dict[str, str] = {
    "dev": "excludes the environment's service principal, workload identity and the managed identity",
    "prod": "excludes developer tools such as Azure CLI, Azure PowerShell, azd and VS Code",
}


def describe_selection(sign_in: CredentialOptions, token_credentials: str = "") -> str | None:
    """In a sentence or two, which credentials are tried and which setting selected them; None for the whole chain.

    `token_credentials` is the value of AZURE_TOKEN_CREDENTIALS.
    """
    return " ".join(_sentences(sign_in, token_credentials.strip())) or None


def selecting_setting(sign_in: CredentialOptions, token_credentials: str = "") -> str | None:
    """The name of the setting or argument that excludes credentials; None when none does."""
    if sign_in.ways[0] is not CredentialKind.DEFAULT:
        return sign_in.chosen_by
    if _is_known(token_credentials.strip()):
        return "AZURE_TOKEN_CREDENTIALS"
    return "KVSITE_EXCLUDE_CREDENTIALS" if sign_in.excluded else None


def requested_identity(sign_in: CredentialOptions, client_id: str = "") -> RequestedIdentity | None:
    """The identity that the settings request or, where azure-identity reads it, AZURE_CLIENT_ID (`client_id`)."""
    if sign_in.managed_identity:
        return RequestedIdentity(kind=sign_in.managed_identity.kind, value=sign_in.managed_identity.value)
    minds_no_variable = CredentialKind.MANAGED_IDENTITY in sign_in.ways
    own = None if sign_in.ways[0].is_chain else sign_in.client_id
    value = None if minds_no_variable else own or client_id.strip()
    return RequestedIdentity(kind=IdentityKind.CLIENT_ID, value=value) if value and parse_guid(value) else None


def _sentences(sign_in: CredentialOptions, token_credentials: str) -> Iterable[str]:
    chosen = sign_in.ways[0] is not CredentialKind.DEFAULT
    if chosen:
        yield _by_settings(sign_in)
    if token_credentials and chosen:
        yield f"{_variable(token_credentials)} is ignored."
    elif _is_known(token_credentials):
        yield f"{_variable(token_credentials)} {_meaning(token_credentials)}."
    if sign_in.excluded:
        yield f"KVSITE_EXCLUDE_CREDENTIALS excludes {_join_kinds(sign_in.excluded)}."
    if sign_in.az_folder and _may_try(CredentialKind.AZURE_CLI, sign_in):
        yield f"AzureCLIPath is set, so az is searched for in {sign_in.az_folder} first."


def _by_settings(sign_in: CredentialOptions) -> str:
    first, by = sign_in.ways[0], _setting_label(sign_in)
    if first.is_chain:
        return f"{by} {_CHAIN_HALVES[first]}."
    if len(sign_in.ways) > 1:
        return f"{by}: tried in this order: {_join_kinds(sign_in.ways)}."
    return f"{by}: only {first.row.phrase} is tried."


def _setting_label(sign_in: CredentialOptions) -> str:
    words = ",".join(sign_in.ways)
    if sign_in.chosen_by == "KVSITE_CREDENTIAL":
        return f"KVSITE_CREDENTIAL={words}"
    return f"--credential {words}" if sign_in.chosen_by == "--credential" else sign_in.chosen_by or "The settings"


def _variable(token_credentials: str) -> str:
    """With its value only when it is a supported one: anything else may be a misplaced secret."""
    return f"AZURE_TOKEN_CREDENTIALS={token_credentials}" if _is_known(token_credentials) else "AZURE_TOKEN_CREDENTIALS"


def _is_known(token_credentials: str) -> bool:
    word, kind = token_credentials.lower(), parse_kind(token_credentials)
    named = kind is not None and kind.row.token_credentials and word == kind.class_name.lower()
    return word in _CHAIN_HALVES or named


def _meaning(token_credentials: str) -> str:
    """azure-identity 1.27, internal/utils.py: dev, prod, or the name of one class, ignoring case."""
    return _CHAIN_HALVES.get(token_credentials.lower(), "excludes all other credentials")


def _may_try(way: CredentialKind, sign_in: CredentialOptions) -> bool:
    return way in sign_in.ways or (way in CHAINS.get(sign_in.ways[0], ()) and way not in sign_in.excluded)


def _join_kinds(ways: Iterable[CredentialKind]) -> str:
    *most, last = [way.row.phrase for way in ways]
    return f"{', '.join(most)} and {last}" if most else last
