"""The credentials that could work here: chain members, those in the settings, and interactive ones."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from secrets_app.conf import Config
from secrets_app.conf.pipelines import options_from_task
from secrets_app.core.credential_options import (
    CHAINS,
    INTERACTIVE,
    MEMBERS,
    CredentialKind,
    CredentialOptions,
    parse_token_credentials,
)

_INTERACTIVE_ONLY = "Requires interactive sign-in. In a terminal, run: manage.py principal --credential "
# With any of these, AZURE_CLIENT_ID is the client ID of an application, not of a managed identity.
_APPLICATION_VARIABLES = (
    *("AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_USERNAME"),
)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One credential to try, with its configuration."""

    number: int
    """Position on the page: the chain's order first."""
    kind: CredentialKind
    identity: str | None = None
    """Display text of the managed identity, where there may be several."""
    config: Config | None
    """The configuration to try it with; None where it is not tried."""
    not_tried_because: str | None = None
    order: int | None = None
    """0-based position in the site's own chain; None where the settings exclude it."""

    @property
    def name(self) -> str:
        return self.kind.row.label

    @property
    def title(self) -> str:
        """The name, with the identity where several candidates share the name."""
        return f"{self.name} ({self.identity})" if self.identity else self.name

    @property
    def credential(self) -> str:
        """The azure-identity class name."""
        return self.kind.class_name


def find_candidates(config: Config, variables: Mapping[str, str]) -> tuple[Candidate, ...]:
    """All candidates, each with a configuration that tries only that credential. `variables`: the environment."""
    selected = (
        _chain_order(config.credential, variables.get("AZURE_TOKEN_CREDENTIALS", "")) if config.credential else ()
    )
    drafts = sorted(_drafts(config, selected, variables), key=_sort_key)
    return tuple(replace(draft, number=number) for number, draft in enumerate(drafts))


def _sort_key(draft: Candidate) -> tuple[int, int]:
    """Sort key: the site's own chain first, in its order; credentials that are not tried last."""
    return (
        (0, draft.order)
        if draft.order is not None
        else (1 if draft.config else 2, list(CredentialKind).index(draft.kind))
    )


def _chain_order(options: CredentialOptions, token_credentials: str) -> tuple[CredentialKind, ...]:
    """The site's own chain, in order, from the settings and AZURE_TOKEN_CREDENTIALS as azure-identity reads it."""
    first = options.kinds[0]
    if not first.is_chain:
        return options.kinds
    selected_kind = (
        parse_token_credentials(token_credentials) if first is CredentialKind.DEFAULT else first
    ) or CredentialKind.DEFAULT
    members = CHAINS.get(selected_kind, (selected_kind,))
    return tuple(kind for kind in members if kind not in options.excluded)


def _drafts(config: Config, selected: tuple[CredentialKind, ...], variables: Mapping[str, str]) -> Iterator[Candidate]:
    options = config.credential or CredentialOptions()
    user_assigned, pipeline_options = _user_assigned_identity(options, variables), options_from_task(options, variables)
    pipelines = (CredentialKind.AZURE_PIPELINES,) if pipeline_options else ()
    for kind in dict.fromkeys((*selected, *MEMBERS, *_configured(options), *pipelines, *sorted(INTERACTIVE))):
        order = selected.index(kind) if kind in selected else None
        if kind in INTERACTIVE:
            yield Candidate(
                number=0, kind=kind, config=None, not_tried_because=f"{_INTERACTIVE_ONLY}{kind}", order=order
            )
            continue
        identity = user_assigned if kind is CredentialKind.MANAGED_IDENTITY else None
        options = pipeline_options if pipeline_options and kind is CredentialKind.AZURE_PIPELINES else options
        yield Candidate(
            number=0, kind=kind, identity=identity, config=_single_credential_config(config, kind, options), order=order
        )
    if user_assigned:
        system_assigned = replace(
            options, kinds=(CredentialKind.MANAGED_IDENTITY,), excluded=(), managed_identity=None, chosen_by=None
        )
        config = replace(config, credential=system_assigned)
        yield Candidate(number=0, kind=CredentialKind.MANAGED_IDENTITY, identity="system-assigned", config=config)


def _user_assigned_identity(options: CredentialOptions, variables: Mapping[str, str]) -> str | None:
    """The user-assigned identity from the settings or, for the chain, from the environment."""
    if options.managed_identity:
        return f"{options.managed_identity.kind.replace('_id', ' ID')} {options.managed_identity.value}"
    client_id = variables.get("AZURE_CLIENT_ID")
    # A single ManagedIdentityCredential ignores AZURE_CLIENT_ID.
    is_single = CredentialKind.MANAGED_IDENTITY in options.kinds
    is_application = any(variables.get(name) for name in _APPLICATION_VARIABLES)
    return None if is_single or is_application or not client_id else f"client ID {client_id} from AZURE_CLIENT_ID"


def _configured(options: CredentialOptions) -> Iterator[CredentialKind]:
    """The credentials whose settings are complete, selected or not."""
    if options.tenant_id and options.client_id:
        if options.client_secret:
            yield CredentialKind.CLIENT_SECRET
        if options.certificate:
            yield CredentialKind.CLIENT_CERTIFICATE


def _single_credential_config(config: Config, kind: CredentialKind, options: CredentialOptions) -> Config:
    """A configuration that tries only `kind`; a chain member in a chain with one member, as in the full chain."""
    chain = next((chain for chain in (CredentialKind.PROD, CredentialKind.DEV) if kind in CHAINS[chain]), None)
    if chain and kind not in options.kinds:
        others = tuple(member for member in CHAINS[chain] if member is not kind)
        return replace(config, credential=replace(options, kinds=(chain,), excluded=others, chosen_by=None))
    return replace(config, credential=replace(options, kinds=(kind,), excluded=(), chosen_by=None))
