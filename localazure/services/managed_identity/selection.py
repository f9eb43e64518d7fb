"""Selects the managed identity that a request specifies; the rules are the same for all hosts."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import QueryParams

from localazure.scenarios.directory import ManagedIdentity


@dataclass(frozen=True, kw_only=True)
class IdentityParameters:
    """The query parameters that specify an identity at a managed identity endpoint."""

    client_id: tuple[str, ...]
    object_id: tuple[str, ...]
    resource_id: tuple[str, ...]


class IdentityNotFoundError(LookupError):
    """The specified identity is not assigned to the host."""


class MultipleIdentitiesError(LookupError):
    """No identity is specified and the host has several."""


def select_identity(
    identities: tuple[ManagedIdentity, ...], query: QueryParams, parameters: IdentityParameters
) -> ManagedIdentity:
    """Return the specified identity, else the system-assigned one, else the only one.

    Raises IdentityNotFoundError or MultipleIdentitiesError.
    """
    return _selected(identities, _specified_ids(query, parameters))


def single_identity(identities: tuple[ManagedIdentity, ...], specified: Mapping[str, str]) -> ManagedIdentity:
    """Return the identity with the specified client_id, object_id or resource_id by the same rules.

    Raises IdentityNotFoundError or MultipleIdentitiesError.
    """
    return _selected(identities, list(specified.items()))


def _selected(identities: tuple[ManagedIdentity, ...], specified: list[tuple[str, str]]) -> ManagedIdentity:
    if specified:
        return _single([i for i in identities if all(_matches(i, field, value) for field, value in specified)])
    return _single([i for i in identities if not i.user_assigned] or list(identities))


def _specified_ids(query: QueryParams, parameters: IdentityParameters) -> list[tuple[str, str]]:
    fields = {
        "client_id": parameters.client_id,
        "object_id": parameters.object_id,
        "resource_id": parameters.resource_id,
    }
    return [(field, query[name]) for field, names in fields.items() for name in names if query.get(name)]


def _matches(identity: ManagedIdentity, field: str, value: str) -> bool:
    return identity.user_assigned and str(getattr(identity, field)).lower() == value.lower()


def _single(found: list[ManagedIdentity]) -> ManagedIdentity:
    if not found:
        raise IdentityNotFoundError
    if len(found) > 1:
        raise MultipleIdentitiesError
    return found[0]
