"""The environment variables that each host sets for its programs."""

from collections.abc import Callable, Mapping

from localazure.crypto.tls import certificate_authority, server_thumbprint
from localazure.scenarios.directory import SERVICE_CONNECTION_ID, SITE_APPLICATION
from localazure.scenarios.scenario import Host
from localazure.services import azure_pipelines
from localazure.services.managed_identity import app_service, arc, cloud_shell, machine_learning, service_fabric
from localazure.state.emulator_state import EmulatorState


def platform_variables(state: EmulatorState, local_url: str) -> dict[str, str]:
    """Return the variables that the host sets. `local_url` is the base URL of the local endpoints."""
    variables = _PLATFORMS.get(state.scenario.host)
    return variables(state, local_url) if variables else {}


def _app_service(state: EmulatorState, local_url: str) -> dict[str, str]:
    """https://learn.microsoft.com/azure/app-service/reference-app-settings"""
    subscription = state.scenario.subscription
    variables = {
        "WEBSITE_SITE_NAME": "kvsite-demo",
        "WEBSITE_RESOURCE_GROUP": subscription.resource_group,
        "WEBSITE_OWNER_NAME": f"{subscription.id}+{subscription.resource_group}-WestEuropewebspace-Linux",
        "WEBSITE_INSTANCE_ID": "4cb2f2a4d3b35b9cb6e9a4f5f0d8ac0c7d3f6b1a2e5c48d797bd2f4a1c60e983",
    }
    if not app_service.has_identity_endpoint(state):
        return variables
    endpoint = f"{local_url}{app_service.PATH}"
    former = {"MSI_ENDPOINT": endpoint, "MSI_SECRET": state.identity_header}
    return variables | {"IDENTITY_ENDPOINT": endpoint, "IDENTITY_HEADER": state.identity_header} | former


def _kubernetes(_state: EmulatorState, _local_url: str) -> dict[str, str]:
    """https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables"""
    return {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}


def _arc(_state: EmulatorState, local_url: str) -> dict[str, str]:
    """https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication"""
    return {"IDENTITY_ENDPOINT": f"{local_url}{arc.PATH}", "IMDS_ENDPOINT": local_url}


def _cloud_shell(_state: EmulatorState, local_url: str) -> dict[str, str]:
    """https://learn.microsoft.com/azure/cloud-shell/msi-authorization"""
    return {"MSI_ENDPOINT": f"{local_url}{cloud_shell.PATH}", "AZUREPS_HOST_ENVIRONMENT": "cloud-shell/1.0"}


def _machine_learning(state: EmulatorState, local_url: str) -> dict[str, str]:
    """App Service used these names before; when both are set, azure-identity selects Azure Machine Learning."""
    return {"MSI_ENDPOINT": f"{local_url}{machine_learning.PATH}", "MSI_SECRET": state.identity_header}


def _service_fabric(state: EmulatorState, _local_url: str) -> dict[str, str]:
    """https://learn.microsoft.com/azure/service-fabric/how-to-managed-identity-service-fabric-app-code"""
    return {
        "IDENTITY_ENDPOINT": f"https://{service_fabric.HOST}{service_fabric.PATH}",
        "IDENTITY_HEADER": state.identity_header,
        "IDENTITY_SERVER_THUMBPRINT": server_thumbprint(certificate_authority()),
    }


def _pipelines(state: EmulatorState, _local_url: str) -> dict[str, str]:
    """The variables of the job and of the task AzureCLI@2. SYSTEM_ACCESSTOKEN is set when the step maps it.

    https://learn.microsoft.com/azure/devops/pipelines/build/variables
    """
    return {
        "TF_BUILD": "True",
        "SYSTEM_OIDCREQUESTURI": f"https://{azure_pipelines.HOST}{azure_pipelines.PATH}",
        "SYSTEM_ACCESSTOKEN": state.job_token,
        "AZURESUBSCRIPTION_CLIENT_ID": SITE_APPLICATION.client_id,
        "AZURESUBSCRIPTION_TENANT_ID": state.tenant.id,
        "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": SERVICE_CONNECTION_ID,
    }


_PLATFORMS: Mapping[Host, Callable[[EmulatorState, str], dict[str, str]]] = {
    Host.APP_SERVICE: _app_service,
    Host.KUBERNETES: _kubernetes,
    Host.ARC: _arc,
    Host.CLOUD_SHELL: _cloud_shell,
    Host.MACHINE_LEARNING: _machine_learning,
    Host.SERVICE_FABRIC: _service_fabric,
    Host.PIPELINES: _pipelines,
}
