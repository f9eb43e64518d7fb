"""Where the failed program ran: the platform and the cloud, read from an error text."""

from enum import StrEnum

from secrets_app.core.reading import Platform
from secrets_app.diagnosis.normalize import contains_any


class Cloud(StrEnum):
    """An Azure cloud; the values are the names that `az cloud set --name` takes."""

    PUBLIC = "AzureCloud"
    US_GOVERNMENT = "AzureUSGovernment"
    CHINA = "AzureChinaCloud"


VAULT_SUFFIXES = {
    Cloud.PUBLIC: "vault.azure.net",
    Cloud.US_GOVERNMENT: "vault.usgovcloudapi.net",
    Cloud.CHINA: "vault.azure.cn",
}
"""https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#dns-suffixes-for-object-identifiers"""

_PLATFORMS: tuple[tuple[Platform, tuple[str, ...]], ...] = (
    (
        Platform.FUNCTIONS,
        (
            "azure-functions-host",
            "azurefunctions",
            "azure functions",
            "functions.",
            "function app",
            "func.exe",
            "functions-modulenotfound",
            "microsoft.azure.webjobs",
        ),
    ),
    (Platform.CONTAINER_APPS, ("container app", "containerapp")),
    (
        Platform.MACHINE_LEARNING,
        (
            "azureml",
            "azure ml",
            "identity-responder",
            "machinelearning",
            "default_identity_client_id",
            "/mnt/batch/tasks",
        ),
    ),
    (Platform.SERVICE_FABRIC, ("service fabric", "servicefabric", "identity_server_thumbprint")),
    (Platform.CLOUD_SHELL, ("cloud shell", "cloudshell", "localhost:50342")),
    (Platform.ARC, ("azcmagent", "azureconnectedmachineagent", "himds", "localhost:40342", "azure arc")),
    (
        Platform.KUBERNETES,
        (
            "kubelet",
            "kubernetes",
            "mountvolume",
            "serviceaccount",
            "azure-identity-token",
            "workload identity",
            "azure.workload.identity",
            "external-secrets",
            "secretproviderclass",
            "aks-",
            "helm",
            " pod '",
            "in a pod",
            "pod/",
            " nmi ",
            "nmi:",
            "nmi pod",
            "configmap",
            "daemonset",
            "kube-system",
            "cert-manager",
            "secrets-store",
            "velero",
            "backup-storage-location",
            "backupstoragelocation",
            "cluster-autoscaler",
            "external-dns",
            "aad-pod-identity",
            "pod identity",
            "pod-identity",
            "azureidentitybinding",
            "jupyterhub",
            "crossplane",
            "fluxcd",
            "kustomize-controller",
            "argocd",
            "openshift",
            "node pool",
            "agentpool",
            "cloud-provider-azure",
            "azure.json",
            "mic.go",
            "controllers.",
            "clustersecretstore",
            "observedgeneration",
            "lasttransitiontime",
            "failedmount",
            "failed to get the data key",
        ),
    ),
    (
        Platform.APP_SERVICE,
        (
            "\\home\\site\\wwwroot",
            "d:\\local\\",
            "d:\\home\\",
            "/home/site/wwwroot",
            "azurewebsites.net",
            "app service",
            "website_",
            "appservice",
            "dwasfiles",
            "local managed identity endpoint 127.0.0.1",
            "kudu",
        ),
    ),
    (Platform.VIRTUAL_MACHINE, ("virtualmachines/", "vmss", "az vm ")),
)
_CLOUDS = (
    (
        Cloud.US_GOVERNMENT,
        (
            "usgovcloudapi.net",
            "microsoftonline.us",
            "azureusgovernment",
            "usgovernment",
            "azure.us",
            "windowsazure.us",
            "graph.microsoft.us",
        ),
    ),
    (Cloud.CHINA, ("azure.cn", "chinacloudapi.cn", "azurechinacloud", "microsoftonline.cn", "azurecr.cn", "onmschina")),
    (Cloud.PUBLIC, ("azure.net", "microsoftonline.com", "azure.com", "windows.net", "azurewebsites.net")),
)


def detect_platform(text: str) -> Platform:
    """The platform on which the failed program ran; UNKNOWN if the text (lowercase, with frames) does not tell."""
    return next((platform for platform, words in _PLATFORMS if contains_any(text, words)), Platform.UNKNOWN)


def detect_cloud(text: str) -> Cloud | None:
    """The cloud whose hosts or names the text (lowercase) contains; a sovereign cloud outranks the public one."""
    return next((cloud for cloud, words in _CLOUDS if contains_any(text, words)), None)
