"""Which service answers at which address of a world."""

from localazure.hosts import Hosts, Service
from localazure.scenario import Host
from localazure.services.app_service import PATH as TOKEN_PATH
from localazure.services.app_service import app_service, app_service_failure, offers_token_service
from localazure.services.azure_cli_endpoint import PATH as AZURE_CLI_PATH
from localazure.services.azure_cli_endpoint import azure_cli_endpoint
from localazure.services.entra import HOSTS as ENTRA_HOSTS
from localazure.services.entra import entra, entra_headers
from localazure.services.instance_metadata import HOST as METADATA_HOST
from localazure.services.instance_metadata import instance_metadata, metadata_failure, metadata_headers
from localazure.services.keyvault import keyvault, vault_headers
from localazure.services.keyvault_refusals import vault_failure
from localazure.services.resource_manager import HOSTS as MANAGEMENT_HOSTS
from localazure.services.resource_manager import resource_manager, resource_manager_headers
from localazure.world import World


def hosts_of(world: World) -> Hosts:
    """The hosts this world plays."""
    services = {("http", METADATA_HOST): _metadata(world)}
    sign_in = Service(name="entra", app=entra(world), headers=entra_headers)
    services |= {("https", host): sign_in for host in ENTRA_HOSTS}
    management = Service(name="arm", app=resource_manager(world), headers=resource_manager_headers)
    services |= {("https", host): management for host in MANAGEMENT_HOSTS}
    for vault in world.scenario.vaults:
        app = keyvault(world, vault)
        services["https", vault.host] = Service(name="keyvault", app=app, headers=vault_headers, failure=vault_failure)
    return Hosts(world, services, own=_own(world))


def _own(world: World) -> dict[str, Service]:
    """What answers at the world's own address, by path."""
    own = {AZURE_CLI_PATH: Service(name="az", app=azure_cli_endpoint(world))}
    if offers_token_service(world):
        own[TOKEN_PATH] = Service(name="app-service", app=app_service(world), failure=app_service_failure)
    return own


def _metadata(world: World) -> Service:
    """On a virtual machine only: elsewhere nothing listens at that address, and any answer would look like one."""
    if world.scenario.host is not Host.VIRTUAL_MACHINE:
        return Service(name="imds")
    app = instance_metadata(world)
    return Service(name="imds", app=app, headers=metadata_headers, failure=metadata_failure)
