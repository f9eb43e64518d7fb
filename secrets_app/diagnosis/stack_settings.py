"""What each stack calls a setting that a fix recommends, and its command to sign in a user."""

from collections.abc import Mapping
from enum import StrEnum

from secrets_app.diagnosis.stacks import Stack


class StackSetting(StrEnum):
    """A setting that exists in several stacks under different names; the values are its description."""

    CLI_TIMEOUT = "time limit for Azure CLI"
    CA_FILE = "trusted CA certificates"
    PROXY = "proxy"
    TENANT = "tenant"
    FURTHER_TENANTS = "further allowed tenants"
    CLIENT_ID = "client ID of the user-assigned identity"
    SECRET = "client secret"  # noqa: S105 - the name of a setting
    CREDENTIALS = "selection of credentials"
    CLOUD = "cloud"
    SIGN_IN = "sign-in"
    CHAIN = "certificate chain"
    UPDATE = "update"
    DEBUG = "debug log"


_S = StackSetting
_LIBRARY_SETTING = (
    "in the program's configuration, or AZURE_CLIENT_SECRET if it uses DefaultAzureCredential or EnvironmentCredential"
)
"""Many programs read the client secret from a setting of their own; the libraries' variable is only one place."""
_NODE_SETTING = (
    "aadClientSecret in the cloud provider configuration of the nodes; on AKS az aks update-credentials, on OpenShift "
    "azure_client_secret in the secret azure-credentials"
)
_CHAIN = "AZURE_TOKEN_CREDENTIALS"
_GO_CA = "SSL_CERT_FILE on Linux, otherwise the system's certificate store"
_PROXY = "HTTPS_PROXY"
_PULUMI_SECRET = "ARM_CLIENT_SECRET, or azure-native:clientSecret"  # noqa: S105 - the name of a setting

SETTINGS: Mapping[Stack, Mapping[StackSetting, str]] = {
    Stack.PYTHON: {
        _S.CHAIN: "send_certificate_chain=True",
        _S.CLI_TIMEOUT: "process_timeout=60 (default: 10 seconds)",
        _S.CA_FILE: "REQUESTS_CA_BUNDLE, or connection_verify=",
        _S.PROXY: "HTTPS_PROXY and NO_PROXY, or proxies=",
        _S.TENANT: "AZURE_TENANT_ID, or tenant_id=",
        _S.FURTHER_TENANTS: 'additionally_allowed_tenants=["*"]',
        _S.CLIENT_ID: "AZURE_CLIENT_ID, or managed_identity_client_id=",
        _S.SECRET: _LIBRARY_SETTING,
        _S.CREDENTIALS: f"{_CHAIN}, or exclude_environment_credential=True and similar arguments",
        _S.CLOUD: "AZURE_AUTHORITY_HOST, or authority=AzureAuthorityHosts.AZURE_GOVERNMENT",
        _S.UPDATE: "pip install --upgrade azure-identity azure-keyvault-secrets azure-core msal",
        _S.DEBUG: "logging_enable=True, with the logger azure at DEBUG",
    },
    Stack.DOTNET: {
        _S.CHAIN: "SendCertificateChain = true",
        _S.CLI_TIMEOUT: "CredentialProcessTimeout of DefaultAzureCredentialOptions, or ProcessTimeout (default: 13 "
        "seconds)",
        _S.CA_FILE: "the system's certificate store; on Linux SSL_CERT_FILE or SSL_CERT_DIR",
        _S.PROXY: "HTTPS_PROXY, or an HttpClientTransport of your own",
        _S.TENANT: "AZURE_TENANT_ID, or TenantId",
        _S.FURTHER_TENANTS: "AdditionallyAllowedTenants",
        _S.CLIENT_ID: "AZURE_CLIENT_ID, or ManagedIdentityClientId",
        _S.SECRET: _LIBRARY_SETTING,
        _S.CREDENTIALS: f"{_CHAIN}, or ExcludeEnvironmentCredential = true and similar options",
        _S.CLOUD: "AuthorityHost = AzureAuthorityHosts.AzureGovernment",
        _S.UPDATE: "dotnet add package Azure.Identity",
        _S.DEBUG: "AzureEventSourceListener.CreateConsoleLogger()",
    },
    Stack.JAVA: {
        _S.CHAIN: "sendCertificateChain(true)",
        _S.CLI_TIMEOUT: "credentialProcessTimeout(Duration), or processTimeout(Duration)",
        _S.CA_FILE: "the JVM's trust store (keytool -importcert), or -Djavax.net.ssl.trustStore",
        _S.PROXY: "HTTPS_PROXY, or ProxyOptions",
        _S.TENANT: "AZURE_TENANT_ID, or tenantId()",
        _S.FURTHER_TENANTS: "additionallyAllowedTenants()",
        _S.CLIENT_ID: "AZURE_CLIENT_ID, or managedIdentityClientId()",
        _S.SECRET: _LIBRARY_SETTING,
        _S.CREDENTIALS: f"{_CHAIN}, or ChainedTokenCredentialBuilder",
        _S.CLOUD: "authorityHost(AzureAuthorityHosts.AZURE_GOVERNMENT)",
        _S.UPDATE: "a newer azure-sdk-bom in pom.xml or build.gradle",
        _S.DEBUG: "AZURE_LOG_LEVEL=verbose, with an SLF4J backend",
    },
    Stack.SPRING: {
        _S.CA_FILE: "the JVM's trust store (keytool -importcert), or -Djavax.net.ssl.trustStore",
        _S.PROXY: "spring.cloud.azure.proxy.*",
        _S.TENANT: "spring.cloud.azure.profile.tenant-id",
        _S.CLIENT_ID: "spring.cloud.azure.credential.client-id with managed-identity-enabled=true",
        _S.SECRET: "spring.cloud.azure.credential.client-secret",
        _S.CREDENTIALS: "spring.cloud.azure.credential.*",
        _S.CLOUD: "spring.cloud.azure.profile.cloud-type=azure_us_government",
        _S.UPDATE: "a newer spring-cloud-azure-dependencies",
        _S.DEBUG: "logging.level.com.azure=DEBUG",
    },
    Stack.JAVASCRIPT: {
        _S.CHAIN: "sendCertificateChain: true, or x5c of clientCertificate in MSAL",
        _S.CLI_TIMEOUT: "processTimeoutInMs",
        _S.CA_FILE: "NODE_EXTRA_CA_CERTS",
        _S.PROXY: "HTTPS_PROXY, or proxyOptions",
        _S.TENANT: "AZURE_TENANT_ID, or tenantId",
        _S.FURTHER_TENANTS: "additionallyAllowedTenants",
        _S.CLIENT_ID: "AZURE_CLIENT_ID, or managedIdentityClientId",
        _S.SECRET: _LIBRARY_SETTING,
        _S.CREDENTIALS: f"{_CHAIN}, or ChainedTokenCredential",
        _S.CLOUD: "authorityHost: AzureAuthorityHosts.AzureGovernment",
        _S.UPDATE: "npm install @azure/identity@latest @azure/keyvault-secrets@latest",
        _S.DEBUG: 'AZURE_LOG_LEVEL=verbose, or setLogLevel("verbose")',
    },
    Stack.GO: {
        _S.CHAIN: "SendCertificateChain: true",
        _S.CLI_TIMEOUT: "context.WithTimeout (default: 10 seconds)",
        _S.CA_FILE: _GO_CA,
        _S.PROXY: _PROXY,
        _S.TENANT: "AZURE_TENANT_ID, or TenantID",
        _S.FURTHER_TENANTS: "AZURE_ADDITIONALLY_ALLOWED_TENANTS, or AdditionallyAllowedTenants",
        _S.CLIENT_ID: "AZURE_CLIENT_ID, or ManagedIdentityCredentialOptions{ID: azidentity.ClientID(...)}",
        _S.SECRET: _LIBRARY_SETTING,
        _S.CREDENTIALS: f"{_CHAIN}, or NewChainedTokenCredential",
        _S.CLOUD: "ClientOptions{Cloud: cloud.AzureGovernment}",
        _S.UPDATE: "go get -u github.com/Azure/azure-sdk-for-go/sdk/azidentity",
        _S.DEBUG: "AZURE_SDK_GO_LOGGING=all",
    },
    Stack.AUTOREST_GO: {
        _S.CA_FILE: _GO_CA,
        _S.PROXY: _PROXY,
        _S.CLOUD: "AZURE_ENVIRONMENT",
        _S.SECRET: _LIBRARY_SETTING,
        _S.DEBUG: "AZURE_GO_SDK_LOG_LEVEL=DEBUG",
    },
    Stack.RUST: {
        _S.CLOUD: "AZURE_AUTHORITY_HOST",
        _S.SECRET: _LIBRARY_SETTING,
        _S.UPDATE: "cargo update -p azure_identity",
        _S.DEBUG: "RUST_LOG=azure_core=debug,azure_identity=debug",
    },
    Stack.CPP: {
        _S.CLI_TIMEOUT: "CliProcessTimeout (default: 13 seconds)",
        _S.CA_FILE: "CurlTransportOptions.CAInfo",
        _S.PROXY: "CurlTransportOptions.Proxy",
        _S.TENANT: "AZURE_TENANT_ID, or TenantId",
        _S.FURTHER_TENANTS: "AdditionallyAllowedTenants",
        _S.CLOUD: "AZURE_AUTHORITY_HOST, or AuthorityHost",
        _S.SECRET: _LIBRARY_SETTING,
        _S.UPDATE: "vcpkg upgrade azure-identity-cpp",
        _S.DEBUG: "AZURE_LOG_LEVEL=verbose",
    },
    Stack.AZURE_CLI: {
        _S.CA_FILE: "REQUESTS_CA_BUNDLE",
        _S.PROXY: "HTTPS_PROXY and NO_PROXY",
        _S.TENANT: "az login --tenant",
        _S.CLIENT_ID: "az login --identity --client-id",
        _S.SECRET: "az login --service-principal --username --password",
        _S.CLOUD: "az cloud set --name, then sign in again",
        _S.UPDATE: "az upgrade",
        _S.DEBUG: "--debug",
    },
    Stack.POWERSHELL: {
        _S.CA_FILE: "the system's certificate store",
        _S.PROXY: "HTTPS_PROXY in PowerShell 7, the WinHTTP proxy in Windows PowerShell 5.1",
        _S.TENANT: "Connect-AzAccount -Tenant",
        _S.FURTHER_TENANTS: "Set-AzContext -Tenant",
        _S.CLIENT_ID: "Connect-AzAccount -Identity -AccountId",
        _S.SECRET: "Connect-AzAccount -ServicePrincipal -Credential",
        _S.CLOUD: "Connect-AzAccount -Environment",
        _S.UPDATE: "Update-Module Az",
        _S.DEBUG: "-Debug",
    },
    Stack.AZD: {
        _S.CA_FILE: "the system's certificate store",
        _S.PROXY: _PROXY,
        _S.TENANT: "azd auth login --tenant-id",
        _S.CLIENT_ID: "azd auth login --managed-identity --client-id",
        _S.SECRET: "azd auth login --client-id --client-secret --tenant-id",
        _S.CREDENTIALS: "azd config set auth.useAzCliAuth true",
        _S.CLOUD: "azd config set cloud.name AzureUSGovernment",
        _S.DEBUG: "--debug",
    },
    Stack.TERRAFORM: {
        _S.CA_FILE: _GO_CA,
        _S.PROXY: _PROXY,
        _S.TENANT: "ARM_TENANT_ID, or tenant_id",
        _S.FURTHER_TENANTS: "ARM_AUXILIARY_TENANT_IDS, or auxiliary_tenant_ids",
        _S.CLIENT_ID: "ARM_CLIENT_ID with ARM_USE_MSI=true, or client_id with use_msi = true",
        _S.SECRET: "ARM_CLIENT_SECRET, or client_secret (AZURE_CLIENT_SECRET is not read)",
        _S.CREDENTIALS: "ARM_USE_CLI, ARM_USE_MSI and ARM_USE_OIDC",
        _S.CLOUD: 'ARM_ENVIRONMENT, or environment = "usgovernment"',
        _S.UPDATE: "terraform init -upgrade",
        _S.DEBUG: "TF_LOG=DEBUG",
    },
    Stack.PULUMI: {
        _S.CA_FILE: "the system's certificate store",
        _S.PROXY: _PROXY,
        _S.TENANT: "ARM_TENANT_ID, or azure-native:tenantId",
        _S.FURTHER_TENANTS: "ARM_AUXILIARY_TENANT_IDS, or azure-native:auxiliaryTenantIds",
        _S.CLIENT_ID: "ARM_CLIENT_ID with ARM_USE_MSI=true, or azure-native:useMsi",
        _S.SECRET: _PULUMI_SECRET,
        _S.CLOUD: "ARM_ENVIRONMENT, or azure-native:environment",
        _S.DEBUG: "pulumi up -v=9 --logtostderr",
    },
    Stack.ANSIBLE: {
        _S.CA_FILE: "REQUESTS_CA_BUNDLE",
        _S.PROXY: _PROXY,
        _S.TENANT: "AZURE_TENANT, or tenant",
        _S.CLIENT_ID: "AZURE_CLIENT_ID, or client_id with auth_source: msi",
        _S.SECRET: "AZURE_SECRET, or secret (AZURE_CLIENT_SECRET is not read)",
        _S.CREDENTIALS: "auth_source, or ANSIBLE_AZURE_AUTH_SOURCE",
        _S.CLOUD: "AZURE_CLOUD_ENVIRONMENT, or cloud_environment",
        _S.UPDATE: "ansible-galaxy collection install azure.azcollection --upgrade, and its requirements",
        _S.DEBUG: "-vvv",
    },
    Stack.GITHUB_ACTIONS: {
        _S.TENANT: "the input tenant-id of azure/login",
        _S.CLIENT_ID: "the input client-id, with auth-type: IDENTITY",
        _S.SECRET: "the clientSecret in the JSON of creds; with client-id and id-token: write no secret is needed",
        _S.CLOUD: "the input environment: AzureUSGovernment",
        _S.UPDATE: "a newer azure/login",
        _S.DEBUG: "the secret or variable ACTIONS_STEP_DEBUG=true",
    },
    Stack.AZURE_PIPELINES: {
        _S.CA_FILE: "NODE_EXTRA_CA_CERTS on the agent",
        _S.PROXY: "the proxy set when the agent is configured",
        _S.TENANT: "the tenant of the service connection",
        _S.CLIENT_ID: "a service connection of type managed identity",
        _S.SECRET: "the secret of the service connection; workload identity federation needs none",
        _S.CLOUD: "the environment of the service connection",
        _S.UPDATE: "a newer version of the task",
        _S.DEBUG: "the variable System.Debug=true",
    },
    Stack.CSI_DRIVER: {
        _S.TENANT: "tenantId in the SecretProviderClass",
        _S.CLIENT_ID: "clientID in the SecretProviderClass, or userAssignedIdentityID with "
        'useVMManagedIdentity: "true"',
        _S.SECRET: "clientsecret in the Kubernetes secret of nodePublishSecretRef",
        _S.CLOUD: "cloudName: AzureUSGovernmentCloud in the SecretProviderClass",
        _S.UPDATE: "az aks addon update, or helm upgrade",
        _S.DEBUG: "kubectl logs --namespace kube-system --selector app=secrets-store-provider-azure",
    },
    Stack.EXTERNAL_SECRETS: {
        _S.TENANT: "tenantId in the store",
        _S.CLIENT_ID: "identityId with authType: ManagedIdentity; with WorkloadIdentity the annotation "
        "azure.workload.identity/client-id of the service account",
        _S.SECRET: "authSecretRef.clientSecret in the store",
        _S.CREDENTIALS: "authType in the store",
        _S.CLOUD: "environmentType: USGovernmentCloud in the store",
        _S.UPDATE: "helm upgrade external-secrets",
        _S.DEBUG: "kubectl describe externalsecret, and the option --loglevel=debug",
    },
    Stack.KUBERNETES: {_S.SECRET: _NODE_SETTING},
    Stack.OPENSHIFT: {
        _S.SECRET: "azure_client_secret in the secret azure-credentials of the namespace kube-system; the cloud "
        "credential operator copies it to the other namespaces",
        _S.TENANT: "azure_tenant_id in the secret azure-credentials",
        _S.CLIENT_ID: "azure_client_id in the secret azure-credentials",
        _S.CA_FILE: "the ConfigMap of trustedCA in the cluster's proxy",
        _S.PROXY: "spec of the cluster's proxy (oc edit proxy/cluster)",
        _S.DEBUG: "oc describe clusteroperator, and the log of the operator",
    },
    Stack.PACKER: {
        _S.CA_FILE: _GO_CA,
        _S.PROXY: _PROXY,
        _S.TENANT: "tenant_id in the template",
        _S.SECRET: "client_secret in the template or its variables (AZURE_CLIENT_SECRET is not read)",
        _S.CLOUD: "cloud_environment_name in the template",
        _S.DEBUG: "PACKER_LOG=1",
    },
    Stack.VS_CODE: {
        _S.CA_FILE: "http.systemCertificates with the system's certificate store, or NODE_EXTRA_CA_CERTS",
        _S.PROXY: "http.proxy",
        _S.SIGN_IN: "Accounts > the account > Sign Out, then sign in again",
        _S.DEBUG: "Developer: Set Log Level > Trace, then Output",
    },
    Stack.APP_SERVICE_REFERENCE: {_S.CLIENT_ID: "keyVaultReferenceIdentity, with the identity's resource ID"},
}
"""Names checked in the libraries' and tools' documentation; a stack without an entry has no such setting."""


def setting_sentence(setting: StackSetting, stack: Stack | None) -> str:
    """A sentence that names the setting in this stack; empty if it has none, or the stack is unknown."""
    name = SETTINGS.get(stack, {}).get(setting) if stack else None
    return f"In {stack}, the {setting}: {name}." if name else ""


_OWN_COMMANDS: Mapping[Stack, Mapping[str, str]] = {
    Stack.POWERSHELL: {
        "az keyvault set-policy --name {vault} --object-id {object_id} --{policy}-permissions {permission}": (
            "Set-AzKeyVaultAccessPolicy -VaultName {vault} -ObjectId {object_id} -PermissionsTo{policy}s {permission}"
        ),
        "az keyvault network-rule add --name {vault} --ip-address {address}": (
            "Add-AzKeyVaultNetworkRule -VaultName {vault} -IpAddressRange {address}"
        ),
        "az keyvault secret set-attributes --vault-name {vault} --name {secret} --enabled true": (
            "Update-AzKeyVaultSecret -VaultName {vault} -Name {secret} -Enable $true"
        ),
        "az keyvault secret recover --vault-name {vault} --name {secret}": (
            "Undo-AzKeyVaultSecretRemoval -VaultName {vault} -Name {secret}"
        ),
        "az keyvault recover --name {vault}": (
            "Undo-AzKeyVaultRemoval -VaultName {vault} -ResourceGroupName {group} -Location <location>"
        ),
        "az login --tenant {tenant}": "Connect-AzAccount -Tenant {tenant}",
        "az login --tenant {vault_tenant}": "Connect-AzAccount -Tenant {vault_tenant}",
        "az login --tenant {tenant} --scope https://vault.azure.net/.default": "Connect-AzAccount -Tenant {tenant} "
        "-AuthScope https://vault.azure.net",
        "az login --use-device-code --tenant {tenant}": "Connect-AzAccount -UseDeviceAuthentication -Tenant {tenant}",
        "az logout": "Disconnect-AzAccount",
        "az account clear": "Clear-AzContext",
        "az account list --output table": "Get-AzSubscription",
        "az account set --subscription {subscription}": "Set-AzContext -Subscription {subscription}",
        "az account show --output table": "Get-AzContext",
    },
    Stack.AZD: {
        "az login --tenant {tenant}": "azd auth login --tenant-id {tenant}",
        "az login --tenant {vault_tenant}": "azd auth login --tenant-id {vault_tenant}",
        "az login --tenant {tenant} --scope https://vault.azure.net/.default": "azd auth login --tenant-id {tenant} "
        "--scope https://vault.azure.net/.default",
        "az login --use-device-code --tenant {tenant}": "azd auth login --use-device-code --tenant-id {tenant}",
        "az logout": "azd auth logout",
    },
}
WITHOUT_USERS = frozenset(
    {
        Stack.GITHUB_ACTIONS,
        Stack.AZURE_PIPELINES,
        Stack.CSI_DRIVER,
        Stack.EXTERNAL_SECRETS,
        Stack.CERT_MANAGER,
        Stack.KUBERNETES,
        Stack.OPENSHIFT,
        Stack.APP_SERVICE_REFERENCE,
        Stack.DATABRICKS,
        Stack.SYNAPSE,
    }
)
"""Stacks that never use the account of a signed-in user."""
_OWN_SIGN_IN = WITHOUT_USERS | {Stack.VS_CODE}
"""Stacks for which signing in to Azure CLI changes nothing."""


def own_command(template: str, stack: Stack | None) -> str | None:
    """The stack's own form of an az command; None if it signs in a user, and that changes nothing there."""
    if stack in _OWN_SIGN_IN and template.startswith(("az login", "az logout", "az account clear")):
        return None
    return _OWN_COMMANDS.get(stack, {}).get(template, template) if stack else template
