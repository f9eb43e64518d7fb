"""What each host tells a program about itself, and where its token service is."""

from collections.abc import Callable, Mapping

from localazure.directory import SERVICE_CONNECTION_ID, SITE_APPLICATION
from localazure.keys import authority, server_thumbprint
from localazure.scenario import Host
from localazure.services.app_service import PATH as APP_SERVICE_PATH
from localazure.services.app_service import offers_token_service
from localazure.services.arc import PATH as ARC_PATH
from localazure.services.azure_pipelines import HOST as PIPELINES_HOST
from localazure.services.azure_pipelines import PATH as PIPELINES_PATH
from localazure.services.cloud_shell import PATH as CLOUD_SHELL_PATH
from localazure.services.machine_learning import PATH as MACHINE_LEARNING_PATH
from localazure.services.service_fabric import HOST as SERVICE_FABRIC_HOST
from localazure.services.service_fabric import PATH as SERVICE_FABRIC_PATH
from localazure.world import World


def platform_variables(world: World, own_address: str) -> dict[str, str]:
    """The variables the host sets; `own_address` is where this machine's own token services answer."""
    variables = _PLATFORMS.get(world.scenario.host)
    return variables(world, own_address) if variables else {}


def _app_service(world: World, own_address: str) -> dict[str, str]:
    """https://learn.microsoft.com/azure/app-service/reference-app-settings"""
    subscription = world.scenario.subscription
    variables = {
        "WEBSITE_SITE_NAME": "kvsite-demo",
        "WEBSITE_RESOURCE_GROUP": subscription.resource_group,
        "WEBSITE_OWNER_NAME": f"{subscription.id}+{subscription.resource_group}-WestEuropewebspace-Linux",
        "WEBSITE_INSTANCE_ID": "4cb2f2a4d3b35b9cb6e9a4f5f0d8ac0c7d3f6b1a2e5c48d797bd2f4a1c60e983",
    }
    if not offers_token_service(world):
        return variables
    endpoint = f"{own_address}{APP_SERVICE_PATH}"
    return variables | {"IDENTITY_ENDPOINT": endpoint, "IDENTITY_HEADER": world.identity_header}


def _kubernetes(_world: World, _own_address: str) -> dict[str, str]:
    """https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables"""
    return {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}


def _arc(_world: World, own_address: str) -> dict[str, str]:
    """https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication"""
    return {"IDENTITY_ENDPOINT": f"{own_address}{ARC_PATH}", "IMDS_ENDPOINT": own_address}


def _cloud_shell(_world: World, own_address: str) -> dict[str, str]:
    """https://learn.microsoft.com/azure/cloud-shell/msi-authorization"""
    return {"MSI_ENDPOINT": f"{own_address}{CLOUD_SHELL_PATH}", "AZUREPS_HOST_ENVIRONMENT": "cloud-shell/1.0"}


def _machine_learning(world: World, own_address: str) -> dict[str, str]:
    """The names are App Service's old ones; with both set azure-identity takes them for Azure ML's."""
    return {"MSI_ENDPOINT": f"{own_address}{MACHINE_LEARNING_PATH}", "MSI_SECRET": world.identity_header}


def _service_fabric(world: World, _own_address: str) -> dict[str, str]:
    """https://learn.microsoft.com/azure/service-fabric/how-to-managed-identity-service-fabric-app-code"""
    return {
        "IDENTITY_ENDPOINT": f"https://{SERVICE_FABRIC_HOST}{SERVICE_FABRIC_PATH}",
        "IDENTITY_HEADER": world.identity_header,
        "IDENTITY_SERVER_THUMBPRINT": server_thumbprint(authority()),
    }


def _pipelines(world: World, _own_address: str) -> dict[str, str]:
    """Of the job, and of the task AzureCLI@2 in it; SYSTEM_ACCESSTOKEN is there when the step maps it.

    https://learn.microsoft.com/azure/devops/pipelines/build/variables
    """
    return {
        "TF_BUILD": "True",
        "SYSTEM_OIDCREQUESTURI": f"https://{PIPELINES_HOST}{PIPELINES_PATH}",
        "SYSTEM_ACCESSTOKEN": world.job_token,
        "AZURESUBSCRIPTION_CLIENT_ID": SITE_APPLICATION.client_id,
        "AZURESUBSCRIPTION_TENANT_ID": world.tenant.id,
        "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": SERVICE_CONNECTION_ID,
    }


_PLATFORMS: Mapping[Host, Callable[[World, str], dict[str, str]]] = {
    Host.APP_SERVICE: _app_service,
    Host.KUBERNETES: _kubernetes,
    Host.ARC: _arc,
    Host.CLOUD_SHELL: _cloud_shell,
    Host.MACHINE_LEARNING: _machine_learning,
    Host.SERVICE_FABRIC: _service_fabric,
    Host.PIPELINES: _pipelines,
}
