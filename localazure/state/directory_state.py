"""The directory of a running scenario: principals, registrations and client secrets, which can change at run time."""

from dataclasses import replace

from localazure.scenarios.directory import (
    CONTOSO,
    DEVELOPER,
    FABRIKAM,
    GUEST_DEVELOPER,
    POD_IDENTITY,
    PRINCIPALS,
    SHARED_IDENTITY,
    WRITER_IDENTITY,
    Application,
    Identity,
    ManagedIdentity,
    Tenant,
    User,
    audience_of,
)
from localazure.scenarios.registrations import FederatedCredential, Registration
from localazure.scenarios.scenario import Scenario
from localazure.state.client_secrets import YEAR_S, ClientSecrets

DAY_S = 86_400


class DirectoryState:
    def __init__(self, scenario: Scenario, now_s: int) -> None:
        self._scenario = scenario
        self.client_secrets = ClientSecrets()
        self.registrations = {item.identity.client_id: item for item in scenario.registrations}
        """Client ID -> registration."""
        user_assigned = (item for item in scenario.identities if item.user_assigned)
        contoso = (SHARED_IDENTITY, WRITER_IDENTITY, POD_IDENTITY)
        self.user_assigned = {item.name.lower(): item for item in (*contoso, *user_assigned)}
        """Name in lower case -> user-assigned identity."""
        registered = (item.identity for item in scenario.registrations)
        principals = (*PRINCIPALS, *scenario.identities, *registered)
        self._principals: dict[str, Identity] = {item.object_id: item for item in principals}
        for registration in scenario.registrations:
            ends_on = now_s + (-DAY_S if registration.secret_expired else YEAR_S)
            client_id = registration.identity.client_id
            starts_on, text = ends_on - YEAR_S, registration.secret
            self.client_secrets.add(client_id, starts_on=starts_on, ends_on=ends_on, text=text)
        self._initial_secrets = self.client_secrets.copy()

    def take_initial_secrets(self, other: "DirectoryState") -> None:
        """Use the initial client secrets of the same scenario's other directory, which programs already have."""
        self.client_secrets = other._initial_secrets.copy()  # noqa: SLF001
        self._initial_secrets = other._initial_secrets  # noqa: SLF001

    def find_principal(self, object_id: str) -> Identity | None:
        """The user, application or managed identity with this object ID; None when there is none."""
        return self._principals.get(object_id.lower())

    def principals(self) -> tuple[Identity, ...]:
        return tuple(self._principals.values())

    def application(self, id_: str) -> Application | None:
        """The application with this client ID or registration object ID; None when it is not in the directory."""
        for registration in self.registrations.values():
            identity = registration.identity
            if isinstance(identity, Application) and id_.lower() in (identity.client_id, identity.registration_id):
                return identity
        return None

    def audience_of(self, resource: str) -> str | None:
        """Return the `aud` of tokens for a requested resource; None when the tenant has no such resource."""
        known = (item.identity for item in self.registrations.values())
        own = {item.identifier_uri for item in known if isinstance(item, Application)}
        return audience_of(resource) or (resource if resource in own else None)

    def add_identity(self, identity: ManagedIdentity) -> None:
        """Add a managed identity that was created at run time."""
        self._principals[identity.object_id] = identity
        if identity.user_assigned:
            self.user_assigned[identity.name.lower()] = identity

    def remove_identity(self, identity: ManagedIdentity) -> None:
        """Remove a managed identity; its role assignments remain, as in Azure."""
        self._principals.pop(identity.object_id, None)
        self.user_assigned.pop(identity.name.lower(), None)
        self.registrations.pop(identity.client_id, None)

    def federated_credentials(self, client_id: str) -> tuple[FederatedCredential, ...]:
        registration = self.registrations.get(client_id)
        return registration.federated_credentials if registration else ()

    def set_federated_credentials(
        self, identity: Application | ManagedIdentity, credentials: tuple[FederatedCredential, ...]
    ) -> None:
        """Replace the federated credentials of an application or user-assigned identity."""
        registration = self.registrations.get(identity.client_id, Registration(identity=identity))
        self.registrations[identity.client_id] = replace(registration, federated_credentials=credentials)

    def user_tenants(self) -> tuple[Tenant, ...]:
        """The tenants of the developer: the home tenant first, then the program's tenant as a guest."""
        return tuple(dict.fromkeys((CONTOSO, self._scenario.subscription.tenant)))

    def user_in(self, user: User, tenant: Tenant) -> User:
        """The user object in `tenant`: a guest has another object there."""
        return GUEST_DEVELOPER if user == DEVELOPER and tenant == FABRIKAM else user
