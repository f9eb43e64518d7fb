"""Maps host names and local paths to the emulated services of a scenario.

Each service is created at the first request to it. Azure CLI, Resource Manager and Microsoft Graph are imported then
too: many scenarios do not need them.
"""

from collections.abc import Callable, Iterable
from functools import cache, partial

from localazure.scenarios.scenario import Host
from localazure.scenarios.vaults import Vault
from localazure.server import status_page
from localazure.server.router import LOCAL_HOST_NAMES, Router, Service, ServiceFactory
from localazure.services import azure_cli, azure_pipelines, graph, resource_manager, token_vault
from localazure.services.entra import app as entra
from localazure.services.entra import national_clouds
from localazure.services.keyvault import app as keyvault
from localazure.services.keyvault import errors as keyvault_errors
from localazure.services.managed_identity import app_service, arc, cloud_shell, imds, machine_learning, service_fabric
from localazure.services.managed_identity.arc_key_files import ArcKeyFiles
from localazure.state.emulator_state import EmulatorState


def build_router(state: EmulatorState, key_files: ArcKeyFiles, host: str) -> Router:
    """Return the router of this scenario. `host` is the address or name that the port is reached by."""
    local = _local_services(state, key_files)
    router = Router(state, _services(state), local, _vault_finder(state), {*LOCAL_HOST_NAMES, host.lower()})
    local[azure_cli.PATH] = cache(partial(_azure_cli, state, router))
    return router


def _services(state: EmulatorState) -> dict[tuple[str, str], ServiceFactory]:
    """(Scheme, host) -> service; of the vaults, `_vault_finder` knows the hosts."""
    return {
        ("http", imds.HOST): cache(partial(_imds, state)),
        **_on_hosts((graph.HOST,), partial(_graph, state)),
        **_on_hosts(resource_manager.HOSTS, partial(_resource_manager, state)),
        **_on_hosts(entra.HOSTS, partial(_entra, state)),
        **_on_hosts(national_clouds.HOSTS, partial(_national_clouds, state)),
        **_host_services(state),
    }


def _on_hosts(hosts: Iterable[str], create: ServiceFactory) -> dict[tuple[str, str], ServiceFactory]:
    """One service at several HTTPS hosts, created once."""
    service = cache(create)
    return {("https", host): service for host in hosts}


def _azure_cli(state: EmulatorState, router: Router) -> Service:
    from localazure.services.azure_cli import endpoint

    return Service(name="az", app=endpoint.create_app(state, router))


def _resource_manager(state: EmulatorState) -> Service:
    from localazure.services.resource_manager import app

    return Service(name="arm", app=app.create_app(state), headers=app.response_headers)


def _graph(state: EmulatorState) -> Service:
    from localazure.services.graph import app

    return Service(name="graph", app=app.create_app(state), headers=app.response_headers)


def _entra(state: EmulatorState) -> Service:
    return Service(name="entra", app=entra.create_app(state), headers=entra.response_headers)


def _national_clouds(state: EmulatorState) -> Service:
    return Service(name="entra-elsewhere", app=national_clouds.create_app(state), headers=entra.response_headers)


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


def _host_services(state: EmulatorState) -> dict[tuple[str, str], ServiceFactory]:
    """The HTTPS services that exist only on some hosts or in some scenarios."""
    services: dict[tuple[str, str], ServiceFactory] = {}
    if state.scenario.host is Host.SERVICE_FABRIC:
        fabric = Service(name="service-fabric", app=service_fabric.create_app(state))
        services["https", service_fabric.HOST] = lambda: fabric
    if state.scenario.host is Host.PIPELINES:
        pipelines = Service(name="azure-pipelines", app=azure_pipelines.create_app(state))
        services["https", azure_pipelines.HOST] = lambda: pipelines
    if state.scenario.token_vault:
        for host in token_vault.AUDIENCES:
            services |= _on_hosts((host,), partial(_token_vault, state, host))
    return services


def _token_vault(state: EmulatorState, host: str) -> Service:
    return Service(name="token-vault", app=token_vault.create_app(state, host))


def _local_services(state: EmulatorState, key_files: ArcKeyFiles) -> dict[str, ServiceFactory]:
    """Path -> service, on 127.0.0.1."""
    status = cache(lambda: Service(name="status", app=status_page.create_app(state)))
    local: dict[str, ServiceFactory] = {status_page.PATH: status, status_page.JSON_PATH: status}
    found = _identity_endpoint(state, key_files)
    if found:
        path, service = found
        local[path] = lambda: service
    return local


def _identity_endpoint(state: EmulatorState, key_files: ArcKeyFiles) -> tuple[str, Service] | None:
    """The managed identity endpoint of the host, other than IMDS, and its path."""
    match state.scenario.host:
        case Host.APP_SERVICE:  # also without an identity, which can be assigned later
            app, error_for_status = app_service.create_app(state), app_service.error_for_status
            return app_service.PATH, Service(name="app-service", app=app, error_for_status=error_for_status)
        case Host.ARC:
            app = arc.create_app(state, key_files)
            return arc.PATH, Service(name="arc", app=app, error_for_status=imds.error_for_status)
        case Host.CLOUD_SHELL:
            return cloud_shell.PATH, Service(name="cloud-shell", app=cloud_shell.create_app(state))
        case Host.MACHINE_LEARNING:
            app, error_for_status = machine_learning.create_app(state), app_service.error_for_status
            return machine_learning.PATH, Service(name="azure-ml", app=app, error_for_status=error_for_status)
    return None
