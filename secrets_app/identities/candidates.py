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
    parse_kind,
)

_A_PERSON = "Requires interactive sign-in. In a terminal, run: manage.py principal --credential "
# With any of these, AZURE_CLIENT_ID is the client ID of an application, not of a managed identity.
_OF_AN_APPLICATION = (
    *("AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_USERNAME"),
)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One credential to try, with its configuration."""

    number: int
    """Position on the page: the chain's order first."""
    way: CredentialKind
    identity: str | None = None
    """Display text of the managed identity, where there may be several."""
    config: Config | None
    """The configuration to try it with; None where it is not tried."""
    why_not: str | None = None
    turn: int | None = None
    """0-based position in the site's own chain; None where the settings exclude it."""

    @property
    def name(self) -> str:
        return self.way.row.label

    @property
    def title(self) -> str:
        """The name, with the identity where several candidates share the name."""
        return f"{self.name} ({self.identity})" if self.identity else self.name

    @property
    def credential(self) -> str:
        """The azure-identity class name."""
        return self.way.class_name


def candidates(config: Config, variables: Mapping[str, str]) -> tuple[Candidate, ...]:
    """All candidates, each with a configuration that tries only that credential. `variables`: the environment."""
    asked = _in_turn(config.sign_in, variables.get("AZURE_TOKEN_CREDENTIALS", "")) if config.sign_in else ()
    drafts = sorted(_drafts(config, asked, variables), key=_place)
    return tuple(replace(draft, number=number) for number, draft in enumerate(drafts))


def _place(draft: Candidate) -> tuple[int, int]:
    """Sort key: the site's own chain first, in its order; credentials that are not tried last."""
    return (
        (0, draft.turn) if draft.turn is not None else (1 if draft.config else 2, list(CredentialKind).index(draft.way))
    )


def _in_turn(sign_in: CredentialOptions, token_credentials: str) -> tuple[CredentialKind, ...]:
    """The site's own chain, in order, from the settings and AZURE_TOKEN_CREDENTIALS as azure-identity reads it."""
    first = sign_in.ways[0]
    if not first.is_chain:
        return sign_in.ways
    chosen = (parse_kind(token_credentials) if first is CredentialKind.DEFAULT else first) or CredentialKind.DEFAULT
    members = CHAINS.get(chosen, (chosen,))
    return tuple(way for way in members if way not in sign_in.excluded)


def _drafts(config: Config, asked: tuple[CredentialKind, ...], variables: Mapping[str, str]) -> Iterator[Candidate]:
    sign_in = config.sign_in or CredentialOptions()
    named, of_the_task = _named(sign_in, variables), options_from_task(sign_in, variables)
    pipelines = (CredentialKind.AZURE_PIPELINES,) if of_the_task else ()
    for way in dict.fromkeys((*asked, *MEMBERS, *_given(sign_in), *pipelines, *sorted(INTERACTIVE))):
        turn = asked.index(way) if way in asked else None
        if way in INTERACTIVE:
            yield Candidate(number=0, way=way, config=None, why_not=f"{_A_PERSON}{way}", turn=turn)
            continue
        which = named if way is CredentialKind.MANAGED_IDENTITY else None
        who = of_the_task if of_the_task and way is CredentialKind.AZURE_PIPELINES else sign_in
        yield Candidate(number=0, way=way, identity=which, config=_alone(config, way, who), turn=turn)
    if named:
        bare = replace(
            sign_in, ways=(CredentialKind.MANAGED_IDENTITY,), excluded=(), managed_identity=None, chosen_by=None
        )
        config = replace(config, sign_in=bare)
        yield Candidate(number=0, way=CredentialKind.MANAGED_IDENTITY, identity="system-assigned", config=config)


def _named(sign_in: CredentialOptions, variables: Mapping[str, str]) -> str | None:
    """The user-assigned identity from the settings or, for the chain, from the environment."""
    if sign_in.managed_identity:
        return f"{sign_in.managed_identity.kind.replace('_id', ' ID')} {sign_in.managed_identity.value}"
    client_id = variables.get("AZURE_CLIENT_ID")
    alone = (
        CredentialKind.MANAGED_IDENTITY in sign_in.ways
    )  # a single ManagedIdentityCredential ignores AZURE_CLIENT_ID
    of_an_application = any(variables.get(name) for name in _OF_AN_APPLICATION)
    return None if alone or of_an_application or not client_id else f"client ID {client_id} from AZURE_CLIENT_ID"


def _given(sign_in: CredentialOptions) -> Iterator[CredentialKind]:
    """The credentials whose settings are complete, selected or not."""
    if sign_in.tenant_id and sign_in.client_id:
        if sign_in.client_secret:
            yield CredentialKind.CLIENT_SECRET
        if sign_in.certificate:
            yield CredentialKind.CLIENT_CERTIFICATE


def _alone(config: Config, way: CredentialKind, sign_in: CredentialOptions) -> Config:
    """A configuration that tries only `way`; a chain member in a chain of one, as in the full chain."""
    half = next((half for half in (CredentialKind.PROD, CredentialKind.DEV) if way in CHAINS[half]), None)
    if half and way not in sign_in.ways:
        others = tuple(member for member in CHAINS[half] if member is not way)
        return replace(config, sign_in=replace(sign_in, ways=(half,), excluded=others, chosen_by=None))
    return replace(config, sign_in=replace(sign_in, ways=(way,), excluded=(), chosen_by=None))
