"""Where the failed program ran: the platform, the cloud and the kind of place, read from an error text."""

from collections.abc import Mapping
from enum import Enum, StrEnum, auto

from secrets_app.core.reading import Platform
from secrets_app.diagnosis.normalize import RUNNER_LOG, contains_any
from secrets_app.diagnosis.stacks import Stack


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


class Host(Enum):
    """A kind of place in which no user signs in to a tool."""

    POD = auto()
    APP = auto()
    CONTAINER = auto()
    """A container of which the text does not tell where it runs."""
    SYNAPSE = auto()
    DATABRICKS = auto()
    PIPELINE = auto()
    WORKFLOW = auto()


TOOLS = frozenset(
    {
        Stack.AZURE_CLI,
        Stack.AZD,
        Stack.TERRAFORM,
        Stack.PULUMI,
        Stack.BICEP,
        Stack.ANSIBLE,
        Stack.PACKER,
        Stack.VS_CODE,
    }
)
"""Tools run on a person's machine or on an agent: a platform that their text names is what they manage."""
_HOSTS_OF_PLATFORMS = {
    Platform.KUBERNETES: Host.POD,
    Platform.APP_SERVICE: Host.APP,
    Platform.FUNCTIONS: Host.APP,
    Platform.CONTAINER_APPS: Host.APP,
}
_HOSTS_OF_STACKS = {
    Stack.CSI_DRIVER: Host.POD,
    Stack.EXTERNAL_SECRETS: Host.POD,
    Stack.CERT_MANAGER: Host.POD,
    Stack.KUBERNETES: Host.POD,
    Stack.OPENSHIFT: Host.POD,
    Stack.SYNAPSE: Host.SYNAPSE,
    Stack.DATABRICKS: Host.DATABRICKS,
    Stack.AZURE_PIPELINES: Host.PIPELINE,
    Stack.GITHUB_ACTIONS: Host.WORKFLOW,
}
_HOST_WORDS: Mapping[Host, tuple[str, ...]] = {
    Host.WORKFLOW: ("/home/runner/", "\\a\\_actions", "run azure/login", "github_token", "actions_id_token"),
    Host.PIPELINE: ("##[error]", "##[debug]", "##[section]", "/home/vsts/", "/azp/", "_tasks/", RUNNER_LOG),
}
_CONTAINER = (
    "docker",
    "/root/.",
    "/home/appuser/",
    'file "/app/',
    'file "/usr/src/app/',
    " in /app/",
    " in /src/",
    "/usr/src/app/",
)


def host_of(platform: Platform) -> Host | None:
    """The kind of place that a platform is; None for machines on which a user may sign in."""
    return _HOSTS_OF_PLATFORMS.get(platform)


def detect_host(stack: Stack | None, platform: Platform, text: str) -> Host | None:
    """The place where the failed program ran; None if the text (lowercase, with frames) does not tell."""
    known = _HOSTS_OF_STACKS.get(stack) if stack else None
    runner = next((host for host, words in _HOST_WORDS.items() if contains_any(text, words)), None)
    if known or runner or stack in TOOLS:
        return known or runner
    container = Host.CONTAINER if contains_any(text, _CONTAINER) else None
    return _HOSTS_OF_PLATFORMS.get(platform) or container
