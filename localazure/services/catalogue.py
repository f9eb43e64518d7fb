"""Which service answers at which address of a world."""

from localazure.arc_keys import ArcKeys
from localazure.hosts import Hosts, Service
from localazure.scenario import Host
from localazure.services.app_service import PATH as APP_SERVICE_PATH
from localazure.services.app_service import app_service, app_service_failure, offers_token_service
from localazure.services.arc import PATH as ARC_PATH
from localazure.services.arc import arc
from localazure.services.azure_cli_endpoint import PATH as AZURE_CLI_PATH
from localazure.services.azure_cli_endpoint import azure_cli_endpoint
from localazure.services.azure_pipelines import HOST as PIPELINES_HOST
from localazure.services.azure_pipelines import azure_pipelines
from localazure.services.cloud_shell import PATH as CLOUD_SHELL_PATH
from localazure.services.cloud_shell import cloud_shell
from localazure.services.entra import HOSTS as ENTRA_HOSTS
from localazure.services.entra import entra, entra_headers
from localazure.services.entra_of_other_clouds import HOSTS as OTHER_CLOUDS_HOSTS
from localazure.services.entra_of_other_clouds import entra_of_other_clouds
from localazure.services.instance_metadata import HOST as METADATA_HOST
from localazure.services.instance_metadata import instance_metadata, metadata_failure, metadata_headers
from localazure.services.keyvault import keyvault, vault_headers
from localazure.services.keyvault_refusals import vault_failure
from localazure.services.machine_learning import PATH as MACHINE_LEARNING_PATH
from localazure.services.machine_learning import machine_learning
from localazure.services.resource_manager import HOSTS as MANAGEMENT_HOSTS
from localazure.services.resource_manager import resource_manager, resource_manager_headers
from localazure.services.service_fabric import HOST as SERVICE_FABRIC_HOST
from localazure.services.service_fabric import service_fabric
from localazure.services.status_page import JSON_PATH as STATUS_JSON_PATH
from localazure.services.status_page import PATH as STATUS_PATH
from localazure.services.status_page import status_page
from localazure.services.token_vault import AUDIENCES as TOKEN_VAULTS
from localazure.services.token_vault import token_vault
from localazure.world import World


def hosts_of(world: World, keys: ArcKeys) -> Hosts:
    """The hosts this world plays."""
    services = {("http", METADATA_HOST): _metadata(world)}
    sign_in = Service(name="entra", app=entra(world), headers=entra_headers)
    services |= {("https", host): sign_in for host in ENTRA_HOSTS}
    elsewhere = Service(name="entra-elsewhere", app=entra_of_other_clouds(world), headers=entra_headers)
    services |= {("https", host): elsewhere for host in OTHER_CLOUDS_HOSTS}
    management = Service(name="arm", app=resource_manager(world), headers=resource_manager_headers)
    services |= {("https", host): management for host in MANAGEMENT_HOSTS}
    if world.scenario.host is Host.SERVICE_FABRIC:
        services["https", SERVICE_FABRIC_HOST] = Service(name="service-fabric", app=service_fabric(world))
    if world.scenario.host is Host.PIPELINES:
        services["https", PIPELINES_HOST] = Service(name="azure-pipelines", app=azure_pipelines(world))
    if world.scenario.token_vault:
        services |= {
            ("https", host): Service(name="token-vault", app=token_vault(world, host)) for host in TOKEN_VAULTS
        }
    for vault in world.scenario.vaults:
        app = keyvault(world, vault)
        services["https", vault.host] = Service(name="keyvault", app=app, headers=vault_headers, failure=vault_failure)
    return Hosts(world, services, own=_own(world, keys))


def _own(world: World, keys: ArcKeys) -> dict[str, Service]:
    """What answers at the world's own address, by path."""
    status = Service(name="status", app=status_page(world))
    own = {STATUS_PATH: status, STATUS_JSON_PATH: status}
    own[AZURE_CLI_PATH] = Service(name="az", app=azure_cli_endpoint(world))
    if offers_token_service(world):
        own[APP_SERVICE_PATH] = Service(name="app-service", app=app_service(world), failure=app_service_failure)
    if world.scenario.host is Host.ARC:
        own[ARC_PATH] = Service(name="arc", app=arc(world, keys), failure=metadata_failure)
    if world.scenario.host is Host.CLOUD_SHELL:
        own[CLOUD_SHELL_PATH] = Service(name="cloud-shell", app=cloud_shell(world))
    if world.scenario.host is Host.MACHINE_LEARNING:
        app = machine_learning(world)
        own[MACHINE_LEARNING_PATH] = Service(name="azure-ml", app=app, failure=app_service_failure)
    return own


def _metadata(world: World) -> Service:
    """On a virtual machine only: elsewhere nothing listens at that address, and any answer would look like one."""
    if world.scenario.host is not Host.VIRTUAL_MACHINE:
        return Service(name="imds")
    app = instance_metadata(world)
    return Service(name="imds", app=app, headers=metadata_headers, failure=metadata_failure)
