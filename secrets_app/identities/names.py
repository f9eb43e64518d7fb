"""What each way to a token is called: for people, and in azure-identity."""

from secrets_app.sign_in import Way

TITLES: dict[Way, str] = {
    Way.ENVIRONMENT: "Environment variables",
    Way.WORKLOAD_IDENTITY: "Workload identity",
    Way.MANAGED_IDENTITY: "Managed identity",
    Way.SHARED_CACHE: "Shared token cache",
    Way.VISUAL_STUDIO_CODE: "VS Code",
    Way.AZURE_CLI: "Azure CLI",
    Way.AZURE_POWERSHELL: "Azure PowerShell",
    Way.AZURE_DEVELOPER_CLI: "Azure Developer CLI",
    Way.BROKER: "The system's broker",
    Way.INTERACTIVE_BROWSER: "Browser",
    Way.DEVICE_CODE: "Device code",
    Way.CLIENT_SECRET: "Client secret of the settings",
    Way.CLIENT_CERTIFICATE: "Certificate of the settings",
    Way.AZURE_PIPELINES: "Azure Pipelines",
}
CLASSES: dict[Way, str] = {
    Way.ENVIRONMENT: "EnvironmentCredential",
    Way.WORKLOAD_IDENTITY: "WorkloadIdentityCredential",
    Way.MANAGED_IDENTITY: "ManagedIdentityCredential",
    Way.SHARED_CACHE: "SharedTokenCacheCredential",
    Way.VISUAL_STUDIO_CODE: "VisualStudioCodeCredential",
    Way.AZURE_CLI: "AzureCliCredential",
    Way.AZURE_POWERSHELL: "AzurePowerShellCredential",
    Way.AZURE_DEVELOPER_CLI: "AzureDeveloperCliCredential",
    Way.BROKER: "BrokerCredential",
    Way.INTERACTIVE_BROWSER: "InteractiveBrowserCredential",
    Way.DEVICE_CODE: "DeviceCodeCredential",
    Way.CLIENT_SECRET: "ClientSecretCredential",
    Way.CLIENT_CERTIFICATE: "CertificateCredential",
    Way.AZURE_PIPELINES: "AzurePipelinesCredential",
}
