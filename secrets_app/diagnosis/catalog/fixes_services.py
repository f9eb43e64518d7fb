"""Fixes of refusals by other services of Azure: Resource Manager, Storage, SQL, Container Registry."""

from secrets_app.core.reading import Platform
from secrets_app.diagnosis.cause import CaseFix, run
from secrets_app.diagnosis.places import Host
from secrets_app.diagnosis.stacks import Stack

_SQL = (
    CaseFix(
        causes=("sql_token_login_failed",),
        said=("login failed for user ''",),
        title="The connection to Azure SQL carried no token",
        why="The server received neither a user name nor a token.",
        fix="Turn on authentication by Microsoft Entra ID in the driver or adapter, under the name that its version "
        "uses, or pass an access token for https://database.windows.net/. The database user comes after that.",
        commands=(),
    ),
    CaseFix(
        causes=("sql_token_login_failed",),
        said=("not currently configured to accept this token",),
        fix="Set a Microsoft Entra administrator on the server: without one it accepts no tokens. Sign in to the "
        "tenant of the server: it accepts tokens of that tenant only.",
        commands=(
            run(
                "az sql server ad-admin create --resource-group {group} --server <sql-server> --display-name <name> "
                "--object-id {object_id}"
            ),
        ),
    ),
    CaseFix(
        causes=("sql_token_login_failed",),
        said=("incorrect or invalid token",),
        fix="Request the token for https://database.windows.net/, with the client ID of a user-assigned identity if "
        "that one is meant. Then check that the principal is a user of the database (CREATE USER [name] FROM EXTERNAL "
        "PROVIDER).",
        commands=(run("az account get-access-token --resource https://database.windows.net/ --query expiresOn"),),
    ),
)
_OTHER = (
    CaseFix(
        causes=("kv_rbac_denied",),
        stacks=(Stack.PULUMI,),
        said=("cannot check existence of resource", "keyvault/managementplane"),
        fix="The provider azure-native manages keys and secrets through Azure Resource Manager, which checks roles "
        "even where the vault uses access policies: give the principal that runs Pulumi the role Key Vault "
        "Administrator on the vault, with Contributor; otherwise Owner.",
        commands=(
            run(
                'az role assignment create --role "Key Vault Administrator" --assignee-object-id {object_id} '
                '--assignee-principal-type {principal_type} --scope "$(az keyvault show --name {vault} --query id '
                '--output tsv)"'
            ),
        ),
    ),
    CaseFix(
        causes=("arm_authorization_failed",),
        stacks=(Stack.PACKER,),
        fix="Packer creates a temporary resource group, and for Windows a temporary key vault: give its principal "
        "Contributor on the subscription. With rights on one group only, name that group in build_resource_group_name "
        "and a prepared vault in build_key_vault_name.",
        commands=(
            run(
                "az role assignment create --role Contributor --assignee-object-id {object_id} "
                "--assignee-principal-type {principal_type} --scope /subscriptions/{subscription}"
            ),
        ),
    ),
    CaseFix(
        causes=("other_service_role_missing",),
        said=("authorizationfailure", "this request is not authorized to perform this operation.\n"),
        unless=("using this permission", "authorizationpermissionmismatch", "existing workspaces"),
        title="The storage account's firewall, or a missing data role, denies the request",
        fix="AuthorizationFailure without the words using this permission points to the firewall of the storage "
        "account: allow the network of the program (its subnet, its addresses, or a private endpoint), or the "
        "resource instance. Then check that the principal has a data role such as Storage Blob Data Contributor.",
        commands=(
            run("az storage account show --name <storage-account> --query networkRuleSet"),
            run("az storage account network-rule add --account-name <storage-account> --ip-address <address>"),
            run(
                'az role assignment create --role "Storage Blob Data Contributor" --assignee-object-id {object_id} '
                "--assignee-principal-type {principal_type} --scope <resource-id-of-the-storage-account>"
            ),
        ),
        otherwise=(),
    ),
    CaseFix(
        causes=("other_service_role_missing",),
        said=("keybasedauthenticationnotpermitted", "key based authentication is not permitted"),
        unless=("existing workspaces", "backend"),
        stacks=(Stack.TERRAFORM, Stack.PULUMI),
        fix="The storage account does not accept keys: set storage_use_azuread = true (ARM_STORAGE_USE_AZUREAD) in the "
        "provider azurerm, and assign Storage Blob Data Contributor to the principal that runs Terraform. For a "
        "backend, set use_azuread_auth = true there.",
        commands=(
            run(
                'az role assignment create --role "Storage Blob Data Contributor" --assignee-object-id {object_id} '
                "--assignee-principal-type {principal_type} --scope <resource-id-of-the-storage-account>"
            ),
        ),
    ),
    CaseFix(
        causes=("other_service_role_missing",),
        said=("keybasedauthenticationnotpermitted", "key based authentication is not permitted"),
        unless=("existing workspaces", "backend"),
        fix="The storage account does not accept keys (allowSharedKeyAccess is off): let the program sign in with "
        "Microsoft Entra ID instead of a key or a connection string, and assign Storage Blob Data Contributor to its "
        "principal. In the Terraform provider azurerm, set storage_use_azuread = true.",
        commands=(
            run(
                'az role assignment create --role "Storage Blob Data Contributor" --assignee-object-id {object_id} '
                "--assignee-principal-type {principal_type} --scope <resource-id-of-the-storage-account>"
            ),
            run("az storage account update --name <storage-account> --allow-shared-key-access true"),
        ),
    ),
    CaseFix(
        causes=("vault_not_in_subscription",),
        said=("keyvaultparameterreference",),
        fix="A reference to a secret (getSecret, reference in the parameters) is resolved before the deployment "
        "starts: create the vault and its secrets in an earlier deployment, or in a module that is deployed before. "
        "If the vault exists, correct the subscription and resource group of its existing resource or its ID.",
        commands=(run("az keyvault show --name {vault} --query id --output tsv"),),
        otherwise=(
            "If it exists there, the principal that deploys needs Microsoft.KeyVault/vaults/deploy/action on it, and "
            "the vault must be enabled for template deployment.",
        ),
    ),
    CaseFix(
        causes=("vault_not_in_subscription",),
        hosts=(Host.PIPELINE, Host.WORKFLOW),
        fix="The principal of the job cannot see the vault: give it a role on the vault or its resource group (to "
        "change access policies, Key Vault Contributor), and use the connection of the vault's subscription.",
        commands=(
            run(
                'az role assignment create --role "Key Vault Contributor" --assignee-object-id {object_id} '
                "--assignee-principal-type ServicePrincipal --scope {vault_id}"
            ),
            run("az account set --subscription {subscription}"),
        ),
    ),
    CaseFix(
        causes=("acr_pull_unauthorized",),
        hosts=(Host.APP,),
        fix="Give the managed identity of the app the AcrPull role on the registry, and let the app use that identity "
        "for the registry (Deployment Center > Authentication: Managed identity; in Container Apps the registry's "
        "setting identity). Otherwise enter the registry's user name and password there.",
        commands=(
            run(
                "az role assignment create --role AcrPull --assignee-object-id {object_id} --assignee-principal-type "
                'ServicePrincipal --scope "$(az acr show --name {registry} --query id --output tsv)"'
            ),
            run(
                "az webapp config set --resource-group {group} --name {site} --generic-configurations "
                "\"{{'acrUseManagedIdentityCreds': true}}\"",
                platforms=(Platform.APP_SERVICE, Platform.UNKNOWN),
            ),
            run(
                "az containerapp registry set --resource-group {group} --name {site} --server {registry}.azurecr.io "
                "--identity system",
                platforms=(Platform.CONTAINER_APPS,),
            ),
        ),
    ),
    CaseFix(
        causes=("acr_pull_unauthorized",),
        unless=("aks-", "azmk8s", "microsoft.containerservice", "virtualmachinescaleset", "containerapp", "appservice"),
        hosts=(Host.POD,),
        fix="Give the identity that pulls access to the registry. On AKS, attach the registry to the cluster: its "
        "kubelet identity then has the AcrPull role. In another cluster, create a secret with a service principal that "
        "has AcrPull, or a token of the registry, in the pod's namespace, and name it in imagePullSecrets of the pod "
        "or its service account.",
        commands=(
            run("az aks update --resource-group {group} --name <cluster> --attach-acr {registry}"),
            run(
                "kubectl create secret docker-registry <secret> --docker-server {registry}.azurecr.io "
                "--docker-username <client-id> --docker-password <client-secret>"
            ),
        ),
    ),
    CaseFix(
        causes=("arm_authorization_failed",),
        said=("existing workspaces", "storageaccounts/listkeys", "list keys", "retrieving keys"),
        fix="The backend of Terraform reads the keys of the storage account: give the principal that runs Terraform "
        "the Storage Account Key Operator Service Role there; or set use_azuread_auth = true in the backend and assign "
        "Storage Blob Data Contributor. Check that subscription_id is that of the storage account.",
        commands=(
            run(
                'az role assignment create --role "Storage Blob Data Contributor" --assignee-object-id {object_id} '
                "--assignee-principal-type {principal_type} --scope <resource-id-of-the-storage-account>"
            ),
        ),
    ),
    CaseFix(
        causes=("other_service_role_missing",),
        said=("existing workspaces", "keybasedauthenticationnotpermitted", "key based authentication is not permitted"),
        fix="The storage account does not accept keys: set use_azuread_auth = true (ARM_USE_AZUREAD) in the backend, "
        "and assign Storage Blob Data Contributor to the principal that runs Terraform.",
        commands=(
            run(
                'az role assignment create --role "Storage Blob Data Contributor" --assignee-object-id {object_id} '
                "--assignee-principal-type {principal_type} --scope <resource-id-of-the-storage-account>"
            ),
        ),
    ),
)
FIXES = (*_SQL, *_OTHER)
