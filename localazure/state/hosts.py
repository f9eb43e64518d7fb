"""The sites and virtual machines of a running scenario: their managed identities and app settings."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from localazure.scenarios.directory import ManagedIdentity, Subscription
from localazure.scenarios.scenario import Host, Scenario

SITES = "Microsoft.Web/sites"
MACHINES = "Microsoft.Compute/virtualMachines"
_PROGRAM_HOSTS = {Host.APP_SERVICE: (SITES, "kvsite-demo"), Host.VIRTUAL_MACHINE: (MACHINES, "kvsite-vm")}


@dataclass(frozen=True, kw_only=True)
class HostResource:
    type: str
    """SITES or MACHINES."""
    name: str
    subscription: Subscription
    location: str = "westeurope"
    identities: tuple[ManagedIdentity, ...] = ()
    """The assigned identities: the system-assigned one and user-assigned ones."""
    app_settings: Mapping[str, str] = field(default_factory=dict)
    """Environment variables of the program."""
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, object] = field(default_factory=dict)
    """Properties that a request set and that have no effect here; returned unchanged."""

    @property
    def scope(self) -> str:
        """The resource ID."""
        return f"{self.subscription.group_scope}/providers/{self.type}/{self.name}"

    @property
    def system_identity(self) -> ManagedIdentity | None:
        return next((identity for identity in self.identities if not identity.user_assigned), None)

    @property
    def user_identities(self) -> tuple[ManagedIdentity, ...]:
        return tuple(identity for identity in self.identities if identity.user_assigned)


def program_host(scenario: Scenario) -> HostResource | None:
    """Return the site or virtual machine that the program runs on; None on other hosts."""
    if scenario.host not in _PROGRAM_HOSTS:
        return None
    resource_type, name = _PROGRAM_HOSTS[scenario.host]
    is_site = resource_type == SITES
    return HostResource(
        type=resource_type,
        name=name,
        subscription=scenario.subscription,
        identities=scenario.identities,
        app_settings=dict(scenario.settings) if is_site else {},
    )


def new_system_identity(host: HostResource) -> ManagedIdentity:
    """Return a system-assigned identity for `host`. As in Azure, a new one has new IDs and so no role assignments."""
    return ManagedIdentity(
        name=host.name,
        client_id=str(uuid.uuid4()),
        object_id=str(uuid.uuid4()),
        resource_id=host.subscription.resource_id(f"{host.type}/{host.name}"),
    )
