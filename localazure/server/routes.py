"""Maps host names and local paths to the emulated services of a scenario."""

from collections.abc import Callable

from localazure.scenarios.scenario import Host
from localazure.scenarios.vaults import Vault
from localazure.server import status_page
from localazure.server.router import LOCAL_HOST_NAMES, Router, Service
from localazure.services import azure_pipelines, token_vault
from localazure.services.azure_cli import endpoint as azure_cli
from localazure.services.entra import app as entra
from localazure.services.entra import national_clouds
from localazure.services.graph import app as graph
from localazure.services.keyvault import app as keyvault
from localazure.services.keyvault import errors as keyvault_errors
from localazure.services.managed_identity import app_service, arc, cloud_shell, imds, machine_learning, service_fabric
from localazure.services.managed_identity.arc_key_files import ArcKeyFiles
from localazure.services.resource_manager import app as resource_manager
from localazure.state.emulator_state import EmulatorState


def build_router(state: EmulatorState, key_files: ArcKeyFiles, host: str) -> Router:
    """Return the router of this scenario. `host` is the address or name that the port is reached by."""
    services = {("http", imds.HOST): _imds(state), **_sign_in_and_management(state), **_host_services(state)}
    local = _local_services(state, key_files)
    router = Router(state, services, local, _vault_finder(state), {*LOCAL_HOST_NAMES, host.lower()})
    local[azure_cli.PATH] = Service(name="az", app=azure_cli.create_app(state, router))
    return router


def _vault_finder(state: EmulatorState) -> Callable[[str], Service | None]:
    """Return a function from a host name to the service of that vault; None when no such vault exists."""
    services: dict[str, tuple[Vault, Service]] = {}

    def find(host: str) -> Service | None:
        name = host.removesuffix(keyvault.HOST_SUFFIX)
        settings = state.vaults.get(name) if name != host else None
        if settings is None or settings.deleted_on is not None:
            return None
        if name not in services or services[name][0] is not settings.vault:
            services[name] = (
                settings.vault,
                Service(
                    name="keyvault",
                    app=keyvault.create_app(state, settings.vault),
                    headers=keyvault.response_headers,
                    error_for_status=keyvault_errors.error_for_status,
                ),
            )
        return services[name][1]

    return find


def _imds(state: EmulatorState) -> Service:
    """On a virtual machine only: elsewhere the connection is closed, as by an address without a listener."""
    if state.scenario.host is not Host.VIRTUAL_MACHINE:
        return Service(name="imds")
    return Service(
        name="imds",
        app=imds.create_app(state),
        headers=imds.response_headers,
        error_for_status=imds.error_for_status,
    )


def _sign_in_and_management(state: EmulatorState) -> dict[tuple[str, str], Service]:
    public_cloud = Service(name="entra", app=entra.create_app(state), headers=entra.response_headers)
    other_clouds = Service(
        name="entra-elsewhere", app=national_clouds.create_app(state), headers=entra.response_headers
    )
    management = Service(name="arm", app=resource_manager.create_app(state), headers=resource_manager.response_headers)
    directory = Service(name="graph", app=graph.create_app(state), headers=graph.response_headers)
    return (
        {("https", graph.HOST): directory}
        | {("https", host): public_cloud for host in entra.HOSTS}
        | {("https", host): other_clouds for host in national_clouds.HOSTS}
        | {("https", host): management for host in resource_manager.HOSTS}
    )


def _host_services(state: EmulatorState) -> dict[tuple[str, str], Service]:
    """The HTTPS services that exist only on some hosts or in some scenarios."""
    services: dict[tuple[str, str], Service] = {}
    if state.scenario.host is Host.SERVICE_FABRIC:
        services["https", service_fabric.HOST] = Service(name="service-fabric", app=service_fabric.create_app(state))
    if state.scenario.host is Host.PIPELINES:
        services["https", azure_pipelines.HOST] = Service(name="azure-pipelines", app=azure_pipelines.create_app(state))
    if state.scenario.token_vault:
        for host in token_vault.AUDIENCES:
            services["https", host] = Service(name="token-vault", app=token_vault.create_app(state, host))
    return services


def _local_services(state: EmulatorState, key_files: ArcKeyFiles) -> dict[str, Service]:
    """Path -> service, on 127.0.0.1."""
    status = Service(name="status", app=status_page.create_app(state))
    local = {status_page.PATH: status, status_page.JSON_PATH: status}
    if state.scenario.host is Host.APP_SERVICE:  # also without an identity, which can be assigned later
        local[app_service.PATH] = Service(
            name="app-service", app=app_service.create_app(state), error_for_status=app_service.error_for_status
        )
    if state.scenario.host is Host.ARC:
        local[arc.PATH] = Service(
            name="arc", app=arc.create_app(state, key_files), error_for_status=imds.error_for_status
        )
    if state.scenario.host is Host.CLOUD_SHELL:
        local[cloud_shell.PATH] = Service(name="cloud-shell", app=cloud_shell.create_app(state))
    if state.scenario.host is Host.MACHINE_LEARNING:
        local[machine_learning.PATH] = Service(
            name="azure-ml",
            app=machine_learning.create_app(state),
            error_for_status=app_service.error_for_status,
        )
    return local
