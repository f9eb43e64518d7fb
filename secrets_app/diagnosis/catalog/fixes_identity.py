"""Fixes of identities and tools, by where the program runs: a pod, a platform of Azure, a container, a pipeline."""

from secrets_app.core.reading import Platform
from secrets_app.diagnosis.cause import LINUX, MACOS, WINDOWS, CaseFix, run
from secrets_app.diagnosis.places import Host
from secrets_app.diagnosis.stacks import Stack

_TERRAFORM = (Stack.TERRAFORM, Stack.PULUMI)
_AZ = ("az_not_logged_in", "az_not_installed", "az_broken_install", "az_timeout")
_SIGN_IN = (*_AZ, "no_credential_available", "az_subscription_wrong", "sign_in_expired")
_RUNNERS = (Host.PIPELINE, Host.WORKFLOW)
_POD = (
    "Use workload identity: label the pod with azure.workload.identity/use, annotate its service account with the "
    "client ID, and recreate the pod."
)
_APP = "Enable the managed identity of this app, give it access to the vault, and restart the app."
_SYNAPSE = "In a Synapse notebook, use mssparkutils.credentials with a linked service, or a service principal."
_DATABRICKS = "In a Databricks notebook, use a secret scope backed by Key Vault, or a service principal."
_PIPELINE = (
    "Run the program in a task with a service connection, such as AzureCLI@2. For a program that reads a service "
    "principal from variables, pass them to the step."
)
_WORKFLOW = "Run azure/login before this step. For a program that reads a service principal, pass it to the step."
_CONTAINER = (
    "A container has no signed-in user. On a development machine, pass AZURE_TENANT_ID, AZURE_CLIENT_ID and "
    "AZURE_CLIENT_SECRET of a service principal to the container. In Azure, use the managed identity of the platform "
    "that runs the container."
)
_ARM = (
    "Terraform and Pulumi use the session of Azure CLI only where no other sign-in is configured. In a pipeline, a "
    "pod or a container, set ARM_CLIENT_ID, ARM_TENANT_ID, ARM_SUBSCRIPTION_ID and ARM_CLIENT_SECRET (or "
    "ARM_USE_OIDC=true, ARM_USE_MSI=true): each provider (azurerm, azuread, azapi) and the backend reads them, but not "
    "the arguments of another provider's block. On your own machine, sign in with az."
)
_POD_COMMANDS = (
    run("kubectl annotate serviceaccount <service-account> azure.workload.identity/client-id={app_id}"),
    run(
        "kubectl patch deployment <deployment> --patch "
        '\'{{"spec":{{"template":{{"metadata":{{"labels":{{"azure.workload.identity/use":"true"}}}}}}}}}}\''
    ),
)
_APP_COMMANDS = (
    run("az webapp identity assign --resource-group {group} --name {site}", platforms=(Platform.APP_SERVICE,)),
    run("az functionapp identity assign --resource-group {group} --name {site}", platforms=(Platform.FUNCTIONS,)),
    run(
        "az containerapp identity assign --resource-group {group} --name {site} --system-assigned",
        platforms=(Platform.CONTAINER_APPS,),
    ),
)
_NODE_COMMANDS = (
    run(
        "az vmss identity assign --resource-group <node-resource-group> --name <scale-set> --identities "
        "<resource-id-of-the-identity>"
    ),
)
_CREDENTIAL_VARIABLES = run("docker run --env AZURE_TENANT_ID --env AZURE_CLIENT_ID --env AZURE_CLIENT_SECRET <image>")

_ARM_SIGN_IN = (
    CaseFix(
        causes=("az_not_logged_in", "az_not_installed", "az_broken_install", "no_credential_available"),
        stacks=_TERRAFORM,
        fix=_ARM,
        commands=(
            run("export ARM_CLIENT_ID={app_id} ARM_TENANT_ID={tenant} ARM_SUBSCRIPTION_ID={subscription}"),
            run("az login --tenant {tenant}"),
        ),
    ),
)
_TOOLS_ON_HOSTS = (
    CaseFix(causes=_SIGN_IN, hosts=(Host.SYNAPSE,), fix=_SYNAPSE, commands=()),
    CaseFix(causes=_SIGN_IN, hosts=(Host.DATABRICKS,), fix=_DATABRICKS, commands=()),
    CaseFix(
        causes=("az_not_logged_in", "az_not_installed", "no_credential_available"),
        hosts=(Host.PIPELINE,),
        fix=_PIPELINE,
        commands=(),
    ),
    CaseFix(
        causes=("az_timeout",),
        hosts=_RUNNERS,
        fix="Increase the time limit for az, and select the credential of az alone: on an agent the others take time "
        "and fail. In Azure Pipelines, AzurePipelinesCredential needs no az.",
        commands=(run("export AZURE_TOKEN_CREDENTIALS=AzureCliCredential"),),
        keeps_setting=True,
    ),
    CaseFix(
        causes=("az_not_logged_in", "az_not_installed", "no_credential_available"),
        hosts=(Host.WORKFLOW,),
        fix=_WORKFLOW,
        commands=(),
    ),
    CaseFix(
        causes=("az_not_logged_in",),
        platforms=(Platform.SERVICE_FABRIC,),
        said=("service fabric", "servicefabric", "\\sfdevcluster\\", "network service"),
        fix="The service runs as another account, such as NETWORK SERVICE, for which no user signed in to az. For "
        "development, run it as your own account (RunAs policy). Otherwise use a managed identity or a service "
        "principal.",
        commands=(),
    ),
    CaseFix(
        causes=("powershell_not_logged_in",),
        platforms=(Platform.FUNCTIONS,),
        fix="Enable the managed identity of the function app and restart it: then profile.ps1 signs in with "
        "Connect-AzAccount -Identity. Load Az.Accounts and Az.KeyVault in versions that belong together.",
        commands=(
            run("az functionapp identity assign --resource-group {group} --name {site}"),
            run("Connect-AzAccount -Identity"),
        ),
    ),
    CaseFix(
        causes=("no_credential_available", "visual_studio_credential", "az_not_logged_in", "az_not_installed"),
        hosts=(Host.CONTAINER,),
        fix=_CONTAINER,
        commands=(_CREDENTIAL_VARIABLES,),
    ),
    CaseFix(causes=("no_credential_available",), hosts=(Host.POD,), fix=_POD, commands=_POD_COMMANDS),
    CaseFix(causes=("no_credential_available",), hosts=(Host.APP,), fix=_APP, commands=_APP_COMMANDS),
    CaseFix(
        causes=("az_not_installed", "az_not_logged_in", "az_broken_install", "az_timeout"),
        hosts=(Host.POD,),
        fix=f"No user signs in to az in a pod, and az need not be installed there. {_POD} A program that reads a "
        "service principal needs all its fields in the Kubernetes secret.",
        commands=_POD_COMMANDS,
    ),
)
_IDENTITY = (
    CaseFix(
        causes=("imds_unreachable", "mi_endpoint_error"),
        said=("failed to connect to msi",),
        fix="Azure CLI is signed in with a managed identity, and the endpoint of that identity does not answer here. "
        "Sign in again: in Cloud Shell and on your own machine with az login, on an Azure VM with az login "
        "--identity.",
        commands=(run("az login --identity"), run("az login --tenant {tenant}")),
        otherwise=("If several identities are attached, name one: az login --identity --client-id <client-id>.",),
    ),
    CaseFix(
        causes=("imds_unreachable",),
        said=("socketpermission",),
        fix="Java's security manager denies this plugin the connection to 169.254.169.254:80: grant it "
        "java.net.SocketPermission in the policy of the plugin, or select another credential for the plugin.",
        commands=(),
    ),
    CaseFix(
        causes=("imds_unreachable",),
        hosts=(Host.POD,),
        fix="In a pod, use workload identity. To use the identity of the nodes, assign it to the scale set of the node "
        "pool, and let pods reach 169.254.169.254 without a proxy or a network policy between them.",
        commands=(
            run(
                "kubectl exec <pod> -- curl --silent --header Metadata:true --noproxy '*' "
                "'http://169.254.169.254/metadata/instance?api-version=2021-02-01'"
            ),
            *_NODE_COMMANDS,
        ),
    ),
    CaseFix(
        causes=("imds_unreachable",),
        hosts=(Host.APP,),
        fix="This platform has no IMDS: update the library or tool to a version that reads IDENTITY_ENDPOINT, and "
        "enable the app's managed identity. Otherwise use a service principal.",
        commands=_APP_COMMANDS,
    ),
    CaseFix(
        causes=("imds_unreachable",),
        hosts=(Host.SYNAPSE,),
        fix=f"IMDS is not available here. {_SYNAPSE}",
        commands=(),
    ),
    CaseFix(
        causes=("imds_unreachable",),
        hosts=(Host.DATABRICKS,),
        fix=f"IMDS is not available here. {_DATABRICKS}",
        commands=(),
    ),
    CaseFix(
        causes=("imds_unreachable", "workload_identity_not_injected"),
        hosts=(Host.PIPELINE,),
        fix=f"A hosted agent has no managed identity. {_PIPELINE} Exclude managed identity from the chain there.",
        commands=(),
    ),
    CaseFix(
        causes=("imds_unreachable", "workload_identity_not_injected"),
        hosts=(Host.WORKFLOW,),
        fix=f"A hosted runner has no managed identity. {_WORKFLOW}",
        commands=(),
    ),
    CaseFix(
        causes=("imds_unreachable",),
        hosts=(Host.CONTAINER,),
        fix=_CONTAINER,
        commands=(_CREDENTIAL_VARIABLES,),
    ),
    CaseFix(
        causes=("imds_unreachable",),
        unless=("defaultazurecredential", "chainedtokencredential", "attempted credentials", "included credentials"),
        fix="Only Azure VMs, scale sets and AKS nodes have this endpoint: there, assign an identity, and let this "
        "program reach 169.254.169.254 without a proxy, firewall or network policy. In App Service, Functions and "
        "Container Apps, update the library to a version that reads IDENTITY_ENDPOINT. Outside Azure, use a service "
        "principal, or your own account with az login.",
        commands=(
            run(
                "curl --noproxy '*' -H Metadata:true 'http://169.254.169.254/metadata/instance?api-version=2021-02-01'"
            ),
            run("az vm identity assign --resource-group {group} --name {site}"),
        ),
    ),
    CaseFix(
        causes=("mi_identity_not_assigned", "mi_multiple_user_assigned"),
        hosts=_RUNNERS,
        fix="The agent's VM answered, and has no such identity. Select the sign-in of the task instead of managed "
        "identity, for example with AZURE_TOKEN_CREDENTIALS=AzureCliCredential in an Azure CLI task. To use a managed "
        "identity, assign it to the agent's VM or scale set.",
        commands=(run("export AZURE_TOKEN_CREDENTIALS=AzureCliCredential"),),
    ),
    CaseFix(
        causes=("mi_multiple_user_assigned",),
        hosts=(Host.POD,),
        fix="Name the identity by its client ID in the settings of the program that runs in the pod: the node has "
        "several. It must be attached to the scale set of the node pool.",
        commands=(
            run(
                "az aks show --resource-group {group} --name <cluster> --query "
                '"{{nodes:nodeResourceGroup, kubelet:identityProfile.kubeletidentity.clientId}}"'
            ),
            *_NODE_COMMANDS,
        ),
        keeps_setting=True,
        otherwise=(
            "If the program supports workload identity, prefer it: label the pod with azure.workload.identity/use and "
            "annotate its service account with the client ID.",
        ),
    ),
    CaseFix(
        causes=("mi_identity_not_assigned",),
        hosts=(Host.POD,),
        fix="The pod asked the node for an identity. Use workload identity: label the pod with "
        "azure.workload.identity/use and annotate its service account with the client ID. To use an identity of the "
        "node, assign it to the scale set of the node pool and name its client ID.",
        commands=(*_POD_COMMANDS, *_NODE_COMMANDS),
        keeps_setting=True,
    ),
    CaseFix(
        causes=("mi_identity_not_assigned",),
        said=("no user assigned or delegated managed identity found", "no msi found for specified"),
        fix="The requested client ID is not that of a managed identity attached to this app. Use the client ID of an "
        "identity on the app's Identity page, not of an app registration; or request none and enable the "
        "system-assigned identity. Restart the app.",
        commands=(
            run("az containerapp identity show --resource-group {group} --name {site}"),
            run("az webapp identity show --resource-group {group} --name {site}"),
        ),
        keeps_setting=True,
    ),
    CaseFix(
        causes=("mi_identity_not_assigned",),
        said=("api management", "apimmsi", "identityclientid"),
        fix="Leave identityClientId out for the system-assigned identity of the API Management instance. Otherwise use "
        "the client ID, not the object ID, of a user-assigned identity attached to it.",
        commands=(run("az apim show --resource-group {group} --name <api-management> --query identity"),),
    ),
    CaseFix(
        causes=("mi_identity_not_assigned",),
        said=("the workflow '", "logic app", "workflowapp"),
        fix="Enable the managed identity of the logic app that its connection selects, or select an attached "
        "user-assigned identity in the connection. It also needs access to the vault.",
        commands=(run("az resource show --ids <resource-id-of-the-logic-app> --query identity"),),
    ),
    CaseFix(
        causes=("mi_endpoint_error",),
        hosts=(Host.POD,),
        fix="Retry. If the error persists, read the log of the identity component on the node: with AAD Pod Identity "
        "that of NMI and MIC, and check the pod's AzureIdentityBinding. Preferably, use workload identity.",
        commands=(
            run("kubectl logs --namespace kube-system --selector component=nmi"),
            run("kubectl get azureidentitybindings --all-namespaces"),
        ),
    ),
    CaseFix(
        causes=("mi_platform_env_inconsistent",),
        platforms=(Platform.MACHINE_LEARNING,),
        fix="Assign a managed identity to the compute or to the job, and give it access to the vault. In a job, "
        "run.get_secret reads from the vault of the workspace without it.",
        commands=(),
    ),
    CaseFix(
        causes=("env_vars_incomplete", "service_principal_incomplete"),
        hosts=(Host.POD,),
        fix="Set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET in the deployment of this component, from a "
        "Kubernetes secret with all fields. Preferably, use workload identity, which needs no secret.",
        commands=(run("kubectl set env deployment <deployment> --from secret/<secret>"), *_POD_COMMANDS[:1]),
    ),
    CaseFix(
        causes=("client_secret_wrong", "client_secret_expired"),
        hosts=(Host.POD,),
        stacks=(Stack.GO, Stack.AUTOREST_GO),
        fix="Create a new client secret, and put its value, without quotes, into the Kubernetes secret or the values "
        "of this component, then restart it. If the cluster's own service principal is meant, update the cluster.",
        commands=(
            run("az ad app credential reset --id {app_id} --append --query password --output tsv"),
            run(
                "az aks update-credentials --resource-group {group} --name <cluster> --reset-service-principal "
                "--service-principal {app_id} --client-secret <client-secret>"
            ),
        ),
    ),
)
_PROCESS = (
    CaseFix(
        causes=("az_broken_install", "az_token_cache_broken"),
        said=("expecting value", "jsondecodeerror", "json.decoder", "unterminated string", "extra data:"),
        title="A file of Azure CLI contains invalid JSON",
        why="Azure CLI keeps accounts and tokens in ~/.azure. One of these files is empty or was written only partly.",
        fix="Delete the token cache and the profile in ~/.azure by hand, and sign in again: az account clear reads "
        "them too and fails.",
        commands=(
            run(
                "rm -f ~/.azure/msal_token_cache.* ~/.azure/service_principal_entries.* ~/.azure/azureProfile.json",
                systems=(LINUX, MACOS),
            ),
            run(
                'Remove-Item "$HOME\\.azure\\msal_token_cache.*", "$HOME\\.azure\\service_principal_entries.*", '
                '"$HOME\\.azure\\azureProfile.json"',
                systems=(WINDOWS,),
            ),
            run("az login --tenant {tenant}"),
        ),
        otherwise=(
            "If several processes share ~/.azure, give each its own folder (AZURE_CONFIG_DIR).",
            "If it comes back after signing in, a proxy answers with HTML instead of JSON: run the command with "
            "--debug.",
        ),
    ),
    CaseFix(
        causes=("az_not_installed", "no_credential_available", "az_not_logged_in"),
        stacks=(Stack.RUST,),
        fix="The chain of the Rust library contains developer tools only (in older versions also the environment and "
        "managed identity): on a development machine, install Azure CLI and sign in. In Azure and in a pod, create "
        "ManagedIdentityCredential or WorkloadIdentityCredential yourself.",
        commands=(run("az login --tenant {tenant}"),),
    ),
    CaseFix(
        causes=("mi_identity_not_assigned",),
        said=("tried to get token using managed service identity",),
        fix="Enable the system-assigned identity of the resource that runs the program, or name an attached "
        "user-assigned one in AzureServicesAuthConnectionString: RunAs=App;AppId=<client-id>. Restart the program. "
        "Preferably, move to the Azure Identity library.",
        commands=(
            *_APP_COMMANDS,
            run("az webapp identity show --resource-group {group} --name {site}", platforms=(Platform.UNKNOWN,)),
        ),
    ),
    CaseFix(
        causes=("imds_unreadable_answer",),
        said=("not in the expected format", "not present in the dictionary", "empty or could not be parsed"),
        fix="Update the Azure Identity library first: older versions do not understand every response. Then inspect "
        "the raw response, which may come from a proxy.",
        keeps_setting=True,
    ),
    CaseFix(
        causes=("az_token_cache_broken",),
        said=("identitycache", "statusinternal", "msal_runtime", "msalruntime"),
        fix="Close the program, delete the folder IdentityCache in %LOCALAPPDATA%\\Microsoft, and sign in again in the "
        "program. The cache was encrypted for another Windows profile or password.",
        commands=(),
    ),
    CaseFix(
        causes=("sdk_version_mismatch",),
        stacks=(Stack.JAVA, Stack.SPRING),
        fix="Use library versions that belong together: take them from azure-sdk-bom, or from the "
        "spring-cloud-azure-dependencies for your Spring Boot version, and remove explicit versions of com.azure, "
        "msal4j, oauth2-oidc-sdk, reactor and netty.",
        commands=(),
    ),
    CaseFix(
        causes=("sdk_version_mismatch",),
        stacks=(Stack.JAVASCRIPT,),
        fix="Install versions of the @azure packages that belong together, once each (npm ls), and replace retired "
        "packages such as azure-keyvault and ms-rest-azure by @azure/keyvault-secrets and @azure/identity.",
        commands=(run("npm install @azure/identity@latest @azure/keyvault-secrets@latest"),),
    ),
    CaseFix(
        causes=("sdk_version_mismatch",),
        stacks=(Stack.DOTNET, Stack.POWERSHELL),
        fix="Update Azure.Identity, Azure.Core and Microsoft.Identity.Client together, and remove explicit versions of "
        "their dependencies. In PowerShell, load one version of the Az modules, in a new session.",
        commands=(
            run("dotnet add package Azure.Identity", stacks=(Stack.DOTNET,)),
            run("Update-Module Az", stacks=(Stack.POWERSHELL,)),
        ),
    ),
    CaseFix(
        causes=("process_environment_missing",),
        said=("appauthentication", "tried the following", "localappdata not set"),
        unless=("\\windows\\", "iis ", "w3wp", "d:\\home"),
        fix="No developer tool works in this process: it has no user profile. In a container or on a server, use a "
        "managed identity or a service principal. Only for development in IIS, run the application pool as your own "
        "account with Load User Profile and setProfileEnvironment set to True.",
    ),
    CaseFix(
        causes=("package_missing",),
        platforms=(Platform.UNKNOWN,),
        said=("no module named", "modulenotfounderror"),
        fix="On your machine, install the requirements into the environment that runs the program, such as .venv of "
        "the Functions project. In Azure, add azure-identity to requirements.txt and deploy with a remote build: "
        "installing it on your own machine does not change a deployed app.",
    ),
    CaseFix(
        causes=("package_missing",),
        said=("cannot find module", "cannot find package", "err_module_not_found"),
        fix="Add the package to the dependencies in package.json, install them where the program is built, and deploy "
        "node_modules with it or turn on a remote build.",
        commands=(run("npm install @azure/identity @azure/keyvault-secrets"),),
    ),
)
_SENTENCES = (
    CaseFix(
        causes=("az_not_logged_in",),
        said=("azure login command",),
        fix="This is the old command azure, which was replaced by az: install Azure CLI, run az login, and select the "
        "subscription. Only where the old command is required, run azure login and azure account set.",
        commands=(run("az login --tenant {tenant}"), run("az account set --subscription {subscription}")),
    ),
    CaseFix(
        causes=("mi_identity_not_assigned",),
        said=("managed service identity (http://aka.ms/apimmsi) is not enabled",),
        fix="Turn on the system-assigned identity of the API Management instance, then give it the Key Vault Secrets "
        "User role on the vault, or the secret permission get, before the custom domain is added.",
        commands=(
            run("az apim update --resource-group {group} --name <api-management> --enable-managed-identity true"),
        ),
    ),
)
FIXES = (*_SENTENCES, *_ARM_SIGN_IN, *_TOOLS_ON_HOSTS, *_IDENTITY, *_PROCESS)
