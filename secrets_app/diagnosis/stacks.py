"""Which program printed the text: the stack, with its own words for settings and fixes."""

from enum import StrEnum

from secrets_app.diagnosis.normalize import contains_any


class Stack(StrEnum):
    """The program or library that printed an error; the values are the names on the page."""

    PYTHON = "Python"
    DOTNET = ".NET"
    JAVA = "Java"
    SPRING = "Spring Cloud Azure"
    JAVASCRIPT = "JavaScript"
    GO = "Go"
    AUTOREST_GO = "Go (autorest)"
    RUST = "Rust"
    CPP = "C++"
    AZURE_CLI = "Azure CLI"
    POWERSHELL = "Azure PowerShell"
    AZD = "Azure Developer CLI"
    TERRAFORM = "Terraform"
    BICEP = "Bicep or ARM template"
    ANSIBLE = "Ansible"
    PULUMI = "Pulumi"
    GITHUB_ACTIONS = "GitHub Actions"
    AZURE_PIPELINES = "Azure Pipelines"
    CSI_DRIVER = "Secrets Store CSI driver"
    EXTERNAL_SECRETS = "External Secrets Operator"
    CERT_MANAGER = "cert-manager"
    HASHICORP_VAULT = "HashiCorp Vault"
    SOPS = "SOPS"
    DATABRICKS = "Databricks"
    KUBERNETES = "Kubernetes"
    APP_SERVICE_REFERENCE = "App Service Key Vault reference"
    VS_CODE = "Visual Studio Code"
    PACKER = "Packer"
    SYNAPSE = "Azure Synapse"
    OPENSHIFT = "OpenShift"


SDKS = (
    Stack.PYTHON,
    Stack.DOTNET,
    Stack.JAVA,
    Stack.SPRING,
    Stack.JAVASCRIPT,
    Stack.GO,
    Stack.AUTOREST_GO,
    Stack.RUST,
    Stack.CPP,
)
"""The Azure libraries: they read the AZURE_* variables."""

_MARKS: tuple[tuple[Stack, tuple[str, ...]], ...] = (
    (Stack.DATABRICKS, ("databricks", "dbutils.", "secret does not exist with scope")),
    (Stack.SYNAPSE, ("/cluster-env/", "mssparkutils", "trusted-service-user", "notebookutils")),
    (Stack.PACKER, ("packer", "azure-arm.", "==> azure-arm", "running builder ...")),
    (
        Stack.TERRAFORM,
        (
            "with azurerm_",
            "with data.azurerm_",
            "with module.",
            "azurerm_",
            "hashicorp/azurerm",
            "terraform",
            "tofu ",
            "could not configure azurecli authorizer",
            "unable to build authorizer",
            "building account:",
            "building azurerm client",
            "azure cli authorizer",
            "on main.tf",
            "on providers.tf",
            "│ error:",
            "╷",
            "error building arm config",
            "making read request on azure keyvault",
            '(key vault "https://',
            "initializing the backend",
            "autorest.detailederror{original:adal",
        ),
    ),
    (
        Stack.PULUMI,
        (
            "pulumi",
            "azure-native:",
            "getting stack configuration",
            "get stack secrets manager",
            "cannot check existence of resource '/",
            "error: update failed",
            "azuread:index",
        ),
    ),
    (Stack.ANSIBLE, ("azure.azcollection", "azure_rm_", "fatal: [", "ansible")),
    (Stack.OPENSHIFT, ("openshift", "machine-api", "cluster-image-registry", "cloud-credential", "machine-config")),
    (
        Stack.EXTERNAL_SECRETS,
        (
            "external-secrets",
            "externalsecret",
            "secretstore",
            "secretsyncederror",
            "could not get secret data from provider",
            "could not get provider client",
        ),
    ),
    (
        Stack.CSI_DRIVER,
        (
            "secrets-store.csi",
            "secrets-store-csi",
            "secretproviderclass",
            "failed to mount secrets store objects",
            "failed to mount objects",
            "failed to get objecttype:",
            "provider-azure",
            "failed to process mount request",
        ),
    ),
    (Stack.CERT_MANAGER, ("cert-manager", "_acme-challenge", "acme.cert-manager.io")),
    (
        Stack.HASHICORP_VAULT,
        (
            "auth/azure/login",
            "auth/azure/config",
            "error parsing seal configuration",
            "azure key vault wrapper",
            "unseal",
            "vault agent",
            "agent.auth.handler",
            "hvac.",
        ),
    ),
    (Stack.SOPS, ("sops", "[azkv]", "failed to get the data key")),
    (
        Stack.APP_SERVICE_REFERENCE,
        ("@microsoft.keyvault(", "msinotenabled", "accesstokeyvaultdenied", "keyvaultreferenceidentity"),
    ),
    (Stack.BICEP, ("invalidtemplatedeployment", "deploymentfailed", "keyvaultparameterreference", "error bcp")),
    (
        Stack.GITHUB_ACTIONS,
        (
            "azure/login@",
            "azure/login action",
            "github.com/azure/login",
            "using auth-type",
            "actions_id_token",
            "double check if the 'auth-type'",
            "enable-azpssession",
            "/home/runner/work",
            "not all parameters are provided in 'creds'",
        ),
    ),
    (
        Stack.AZURE_PIPELINES,
        (
            "##[error]",
            "##[section]",
            "##[debug]",
            "connectedservicename",
            "could not fetch access token for azure",
            "service connection",
            "/home/vsts",
            "system_accesstoken",
            "/azp/",
            "_tasks/",
            "azurepipelines",
        ),
    ),
    (
        Stack.SPRING,
        (
            "keyvaultpropertysource",
            "application failed to start",
            "com.azure.spring",
            "spring.cloud.azure",
            "o.s.boot",
            "org.springframework",
            "beancreationexception",
        ),
    ),
    (
        Stack.POWERSHELL,
        (
            "fullyqualifiederrorid",
            "categoryinfo",
            "connect-azaccount :",
            "-azkeyvault",
            "microsoft.azure.commands",
            "invocationinfo",
            "az.accounts",
            "-azurekeyvault",
            "-azcontext",
            "connect-azaccount:",
            "get-azaccesstoken",
        ),
    ),
    (
        Stack.VS_CODE,
        (
            "action: azure",
            "action: waitforsubscriptions",
            "vscode-azureresourcegroups",
            "\nerror type: ",
            ".vscode/extensions",
            "getallsessionsforpca",
            "error type: request_send_error",
        ),
    ),
    (
        Stack.AZD,
        (
            "`azd auth login",
            "run `azd",
            "fetching current principal",
            "(x) failed:",
            "azd auth token",
            "azd up",
            "azd provision",
        ),
    ),
    (Stack.CPP, ("azure::core", "azure::identity", "terminate called after throwing")),
    (Stack.RUST, ("azure_core::", "thread 'main' panicked", "developertoolscredential", "azure_identity::")),
    (
        Stack.DOTNET,
        (
            "Azure.Identity.",
            "Azure.RequestFailedException",
            "Microsoft.Azure.Services.AppAuthentication",
            "MSAL.NetCore",
            "Microsoft.Identity.Client",
            "KeyVaultErrorException",
            "azsdk/net/",
            "System.AggregateException",
            "Microsoft.Azure.KeyVault.",
            "AzureServiceTokenProvider",
            "Microsoft.Data.SqlClient",
            "Microsoft.Extensions.",
            "Exception Message: Tried",
            "HResult=",
            "---> System.",
            "---> Azure.",
            "---> Microsoft.",
            "---> MSAL.",
            "---> (Inner",
            "System.Net.",
            "at System.",
            "System.Private.CoreLib",
            "Microsoft.IdentityModel",
            ".GetToken was unable",
        ),
    ),
    (
        Stack.JAVA,
        (
            "com.azure.",
            "com.microsoft.aad",
            "com.microsoft.azure",
            "reactor.core",
            "java.net.",
            "java.lang.",
            "java.io.",
            "javax.net",
            "azsdk/java/",
            'Exception in thread "main"',
        ),
    ),
    (
        Stack.JAVASCRIPT,
        (
            "azsdk/js/",
            "node_modules",
            "RestError",
            "is unavailable. No underlying credential",
            "AggregateAuthenticationError",
            "node:internal",
            "azure:identity:",
            "ENOTFOUND",
            "ECONNREFUSED",
            "ECONNRESET",
            "npm ERR",
        ),
    ),
    (Stack.AZURE_CLI, ("trusted ca bundle", "cli.azure.cli", "knack/")),
    (
        Stack.KUBERNETES,
        ("kubelet", "failedmount", "_azuredisk", "_azurefile", "cloud-provider-azure", "kube-controller"),
    ),
    (
        Stack.AUTOREST_GO,
        (
            "azure.BearerAuthorizer",
            "adal: Refresh request failed",
            "autorest/azure",
            "Failure responding to request",
            "Failure sending request",
        ),
    ),
    (
        Stack.GO,
        (
            "azsdk/go/",
            "azidentity",
            "ERROR CODE: ",
            "*azcore.",
            "RESPONSE 4",
            "RESPONSE 5",
            "dial tcp",
            "goroutine ",
            "Credential: failed to acquire a token",
            "rpc error: code =",
            "x509: ",
            "RESPONSE Status",
        ),
    ),
    (
        Stack.AZURE_CLI,
        (
            "ERROR: (",
            "azure-cli",
            "azure.cli",
            "azure/cli",
            "azure\\cli",
            "interactive authentication is needed",
            "az login",
            "knack/",
            "Microsoft Azure CLI",
            "az account",
        ),
    ),
    (
        Stack.PYTHON,
        (
            "Traceback (most recent call last)",
            "azure.core.exceptions",
            "azure.identity",
            "azure.keyvault",
            "azsdk/python/",
            "ModuleNotFoundError",
            "ImportError",
            "msal.",
            "get_token failed",
            "Inner error: {",
            "site-packages",
            "failed to retrieve a token from the included credentials",
            "ConnectionPool(host=",
            "[Errno ",
        ),
    ),
    (Stack.KUBERNETES, ("kubelet", "failedmount", "kubectl", "failed to pull image", "imagepullbackoff", "pod/")),
)
"""Marks of each stack, the outermost program first: a tool that embeds a library has its own settings.

A mark with an uppercase letter is compared with its case, others without.
"""
_SPLIT = tuple(
    (stack, tuple(m for m in marks if m != m.lower()), tuple(m for m in marks if m == m.lower()))
    for stack, marks in _MARKS
)


def detect_stack(text: str, lower: str) -> Stack | None:
    """The stack that printed the text; None if nothing tells. `lower`: the same text in lowercase."""
    for stack, exact, lowercase in _SPLIT:
        if contains_any(text, exact) or contains_any(lower, lowercase):
            return stack
    return None
