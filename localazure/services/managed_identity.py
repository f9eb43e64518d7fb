"""Which managed identity a request names, and the token it gets: the same for every host."""

from dataclasses import dataclass

from starlette.datastructures import QueryParams

from localazure.directory import AUDIENCES, Identity, ManagedIdentity, User
from localazure.world import World


@dataclass(frozen=True, kw_only=True)
class Names:
    """The query parameters by which a host's token service takes the name of an identity."""

    client_id: tuple[str, ...]
    object_id: tuple[str, ...]
    resource_id: tuple[str, ...]


class UnknownResourceError(LookupError):
    """Tokens are made for no resource of that name."""


class IdentityNotFoundError(LookupError):
    """No identity of the host has the name the request gave."""


class SeveralIdentitiesError(LookupError):
    """The request gave no name, and several identities could be meant."""


def choose(identities: tuple[ManagedIdentity, ...], query: QueryParams, names: Names) -> ManagedIdentity:
    """The identity the request means: the named one, else the system-assigned, else the only one.

    Raises IdentityNotFoundError or SeveralIdentitiesError.
    """
    wanted = _wanted(query, names)
    if wanted:
        return _the_one([i for i in identities if all(_is(i, field, value) for field, value in wanted)])
    return _the_one([i for i in identities if not i.user_assigned] or list(identities))


def token_fields(world: World, identity: Identity, resource: str) -> dict[str, str]:
    """What hosts answer with, each some of it; numbers are text, times are seconds. Raises UnknownResourceError."""
    if resource not in AUDIENCES:
        raise UnknownResourceError(resource)
    token = world.token(identity, AUDIENCES[resource])
    expires_in = str(token.expires_on - world.now_s())
    named = {} if isinstance(identity, User) else {"client_id": identity.client_id}
    return {
        "access_token": token.text,
        **named,
        "expires_in": expires_in,
        "expires_on": str(token.expires_on),
        "ext_expires_in": expires_in,
        "not_before": str(token.not_before),
        "resource": resource,
        "token_type": "Bearer",
    }


def _wanted(query: QueryParams, names: Names) -> list[tuple[str, str]]:
    fields = {"client_id": names.client_id, "object_id": names.object_id, "resource_id": names.resource_id}
    return [(field, query[p]) for field, parameters in fields.items() for p in parameters if query.get(p)]


def _is(identity: ManagedIdentity, field: str, value: str) -> bool:
    return identity.user_assigned and str(getattr(identity, field)).lower() == value.lower()


def _the_one(found: list[ManagedIdentity]) -> ManagedIdentity:
    if not found:
        raise IdentityNotFoundError
    if len(found) > 1:
        raise SeveralIdentitiesError
    return found[0]
