"""Causes in Azure services other than Key Vault: Resource Manager, Storage, SQL, container registries, Graph."""

from secrets_app.diagnosis.catalog import links
from secrets_app.diagnosis.cause import Area, Cause, run
from secrets_app.diagnosis.signature import Strength, code, phrase

CAUSES = (
    Cause(
        key="arm_authorization_failed",
        area=Area.SERVICE,
        title="The identity has no role that allows this Azure Resource Manager operation",
        why="Azure Resource Manager denied the operation: creating, changing or reading a resource. Roles for "
        "secrets, keys and certificates do not allow it. It is not the vault's data plane that refused.",
        fix="Assign a role that contains the action named in the error, at the scope named in the error. Then sign in"
        " again. A new role assignment can take up to 10 minutes to take effect.",
        otherwise=(
            (
                "If the principal has such a role already, the sign-in is to another tenant or subscription, or "
                "another principal is used: the object ID in the error decides. Select the subscription, set the "
                "tenant, or configure the identity that has the role."
            ),
            (
                "If the resource or its resource group does not exist yet, assign the role at its parent: the "
                "resource group or the subscription."
            ),
            "If the role is assigned through Privileged Identity Management, activate it first.",
        ),
        signatures=(
            code("AuthorizationFailed", "LinkedAuthorizationFailed", unless=("does not have secrets",)),
            phrase(
                "does not have authorization to perform action",
                "over scope",
                unless=("/providers/microsoft.keyvault/vaults/secrets",),
            ),
            phrase("the principal used does not have access to the subscription"),
            phrase("the principal used doesn't have access to the resource it's trying to access"),
        ),
        commands=(
            run("az role assignment list --assignee {object_id} --all --include-inherited --output table"),
            run(
                "az role assignment create --role {arm_role} --assignee-object-id {object_id} "
                "--assignee-principal-type {principal_type} --scope {arm_scope}"
            ),
        ),
        links=(links.RBAC_TROUBLESHOOTING,),
        look_alikes=(("kv_rbac_denied", "ForbiddenByRbac is the vault's data plane: a Key Vault role is missing."),),
    ),
    Cause(
        key="arm_throttled",
        area=Area.SERVICE,
        title="Azure Resource Manager is throttling requests",
        why="The subscription or the principal sent too many management requests (HTTP 429). "
        "This is not the limit of a vault.",
        fix="Wait as long as the Retry-After header says. Run fewer operations in parallel: in Terraform "
        "-parallelism=5.",
        signatures=(
            phrase(
                "the request is being throttled as the limit has been reached for operation type",
                strength=Strength.EXACT,
            ),
            phrase("number of", "requests for subscription", "exceeded"),
            phrase("number of requests for action", "exceeded the limit"),
            phrase("too many requests", any_of=("management.azure.com", "microsoft.compute", "x-ms-ratelimit")),
        ),
        links=(links.ARM_THROTTLING,),
        look_alikes=(("kv_throttled", "The host in the error is a vault."),),
    ),
    Cause(
        key="arm_missing_identity_ids",
        area=Area.SERVICE,
        title="The resource has identity type UserAssigned, but no identity is named",
        why="A template or provider sets the identity type to UserAssigned without the resource ID of an identity.",
        fix="Add the resource IDs of the user-assigned identities, or use SystemAssigned or None.",
        signatures=(phrase("the identity ids must not be null or empty for"),),
        commands=(run('az identity list --query "[].{{name:name, id:id}}" --output table'),),
        links=(links.MANAGED_IDENTITY,),
    ),
    Cause(
        key="other_service_role_missing",
        area=Area.SERVICE,
        title="The identity has no data role on this Azure service",
        why="Storage, Service Bus, Event Hubs and other services have their own data roles. Owner and Contributor "
        "do not include them. The principal that was used may differ from the expected one.",
        fix="Assign the service's data role, such as Storage Blob Data Reader or Azure Service Bus Data Sender, to "
        "the principal that is actually used. Owner and Contributor do not contain it. It can take up to 10 "
        "minutes to take effect.",
        otherwise=(
            (
                "If the principal has the role: the service's firewall may refuse (Networking): allow this network, "
                "its subnet or a private endpoint; or another identity is used than you think."
            ),
            (
                "If the service does not accept keys (disableLocalAuth, KeyBasedAuthenticationNotPermitted), let the "
                "program use Microsoft Entra ID instead of a key or a connection string."
            ),
            "The scope of the assignment must be this resource or above it.",
        ),
        signatures=(
            phrase("this request is not authorized to perform this operation using this permission"),
            phrase("unauthorized access.", "claim(s) are required to perform this operation"),
            phrase("put-token for", any_of=("unauthorized", "status code: 401")),
            phrase("unauthorizedaccess", any_of=("servicebus.windows.net", "eventhub", "sb://")),
        ),
        commands=(
            run("az role assignment list --assignee {object_id} --all --include-inherited --output table"),
            run(
                "az role assignment create --role {data_role} --assignee-object-id {object_id} "
                "--assignee-principal-type {principal_type} --scope <resource-id-of-the-service>"
            ),
        ),
        links=(links.RBAC_BUILT_IN_ROLES,),
        look_alikes=(("kv_rbac_denied", "The host in the error is a vault."),),
    ),
    Cause(
        key="sql_token_login_failed",
        area=Area.SERVICE,
        title="The identity is not a user of this Azure SQL database",
        why="Microsoft Entra ID issued the token, and Azure SQL did not find a database user for its principal.",
        fix="As Microsoft Entra administrator of the server, run CREATE USER [name] FROM EXTERNAL PROVIDER in that "
        "database and add the user to a role. The name is that of the managed identity or application. Name the "
        "database in the connection string: without it, the connection opens master.",
        otherwise=(
            (
                "If the user is there and it fails now and then, the database is scaled, failed over or paused: retry"
                " the connection with increasing delays (ConnectRetryCount, EnableRetryOnFailure)."
            ),
            (
                "If the identity was deleted and created again under the same name, drop the user and create it "
                "again: its ID has changed."
            ),
            (
                "If the user was created WITH SID, the SID of a managed identity or application is made of its client"
                " ID, not of its object ID: drop the user and create it FROM EXTERNAL PROVIDER."
            ),
            (
                "If another principal signs in than you think, set its client ID in the connection string (User "
                "Id=<client-id> with Authentication=Active Directory Managed Identity)."
            ),
            (
                "If a tool creates the users, its own principal must be the Microsoft Entra administrator of the "
                "server or in that group; a tool that checks master needs a user there too."
            ),
        ),
        signatures=(
            phrase("login failed for user '<token-identified principal>'"),
            phrase("login failed for user token-identified principal"),
            phrase("login failed for user 'nt authority\\anonymous logon'", strength=Strength.LIKELY),
        ),
        commands=(run("az sql server ad-admin list --resource-group {group} --server <sql-server> --output table"),),
        links=(links.SQL_ENTRA_USERS,),
    ),
    Cause(
        key="acr_pull_unauthorized",
        area=Area.SERVICE,
        title="The identity may not pull images from this container registry",
        why="The registry requires the AcrPull role. The identity of the cluster (its kubelet identity) or of the app "
        "has none.",
        fix="Assign the AcrPull role on the registry to the identity that pulls: the kubelet identity on AKS, the "
        "managed identity of the app elsewhere. On AKS, attach the registry to the cluster.",
        otherwise=(
            (
                "If the cluster is not AKS, or is in another tenant: create a secret with a service principal or "
                "token (kubectl create secret docker-registry), and name it in imagePullSecrets of the pod or its "
                "service account, in this namespace."
            ),
            (
                "If the role is there: compare the registry and the tag with those in the error, and check the "
                "registry's firewall or private endpoint."
            ),
            (
                "If the registry's role assignment mode is ABAC, assign Container Registry Repository Reader instead "
                "of AcrPull."
            ),
        ),
        signatures=(
            phrase("azurecr.io", any_of=("failed to authorize", "failed to fetch anonymous token", "401 unauthorized")),
            phrase("azurecr.io", "unauthorized: authentication required"),
            phrase(
                "azurecr.io", any_of=("authentication required", "denied: requested access"), strength=Strength.LIKELY
            ),
        ),
        commands=(
            run("az aks check-acr --resource-group {group} --name <cluster> --acr {registry}.azurecr.io"),
            run("az aks update --resource-group {group} --name <cluster> --attach-acr {registry}"),
        ),
        links=(links.AKS_REGISTRY,),
    ),
    Cause(
        key="graph_permission_denied",
        area=Area.SERVICE,
        title="A Microsoft Graph permission or a directory role is missing",
        why="The request went to Microsoft Graph, the directory: for example to create an application or to read a "
        "user. Azure roles do not allow that.",
        fix="Ask an administrator for the directory role (for example Application Administrator), or to grant the "
        "application the Microsoft Graph permission and consent to it.",
        otherwise=(
            (
                "In Terraform, the service principal that creates applications or reads users needs the application "
                "permission Application.ReadWrite.All or Directory.Read.All, with admin consent."
            ),
            (
                "If a name is looked up only to find an object ID, pass the object ID instead (--assignee-object-id "
                "with --assignee-principal-type): then Microsoft Graph is not needed."
            ),
            "After consent, sign in again: an old token does not contain the permission.",
        ),
        signatures=(
            code("Authorization_RequestDenied", unless=("databricks service principal",)),
            phrase("insufficient privileges to complete the operation", unless=("databricks service principal",)),
        ),
        commands=(run("az ad app permission list --id {app_id}"),),
        links=(links.GRAPH_PERMISSIONS,),
        look_alikes=(("arm_authorization_failed", "AuthorizationFailed names an Azure resource and its scope."),),
    ),
    Cause(
        key="token_for_other_service",
        area=Area.SERVICE,
        title="The token was issued for a different service than the one that was called",
        why="A token is valid for one service, its audience. The service that was called is not that audience, so it "
        "rejected the token.",
        fix="Request the token for the service that is called: https://graph.microsoft.com/.default for Microsoft "
        "Graph, https://management.azure.com/.default for Azure Resource Manager.",
        otherwise=(
            "If the program calls two services, it needs a token for each.",
            (
                "If a gateway or your own API rejects the token, compare its audience with the one that the API "
                "accepts (Application ID URI or client ID)."
            ),
        ),
        signatures=(
            code("Authentication_MissingOrMalformed"),
            code("InvalidAuthenticationTokenAudience", "InvalidAuthenticationToken", any_of=("audience",)),
            phrase("access token validation failure. invalid audience"),
            phrase("access token has been obtained for wrong audience or resource"),
        ),
        commands=(run("az account get-access-token --scope https://management.azure.com/.default --query expiresOn"),),
        links=(links.SCOPES,),
        look_alikes=(("kv_wrong_audience", "Key Vault itself rejected the token: AKV10022."),),
    ),
    Cause(
        key="vault_not_in_subscription",
        area=Area.SERVICE,
        title="The vault was not found in the selected subscription",
        why="az and Azure PowerShell look the vault up in one subscription. The vault is in another one, was deleted, "
        "or this identity may not see it.",
        fix="Select the subscription that contains the vault, and check that the principal that runs this may see it:"
        " it needs at least Reader on the vault or its resource group. Without a role there, the vault is not "
        "found either.",
        otherwise=(
            (
                "In a pipeline, the principal is the service connection's: give it the role, and select the "
                "connection of the right subscription."
            ),
            (
                "If a template refers to a vault that the same deployment creates (getSecret, a reference in "
                "parameters), create the vault and its secrets in an earlier deployment: references are resolved "
                "before it starts. Check subscription and resource group of the existing resource."
            ),
            "If the vault was deleted, recover it.",
        ),
        signatures=(
            phrase("the vault", "not found within subscription"),
            phrase("vault", any_of=("does not exist in current subscription", "not found in current subscription")),
            phrase("cannot find vault", "in current subscription"),
            phrase("the resource 'microsoft.keyvault/vaults/", "was not found"),
        ),
        commands=(
            run("az account list --output table"),
            run("az account set --subscription {subscription}"),
            run('az keyvault list --query "[].{{name:name, group:resourceGroup}}" --output table'),
        ),
        links=(links.AZ_SUBSCRIPTIONS,),
        look_alikes=(
            ("dns_failure", "The vault's host name does not resolve at all."),
            ("az_subscription_wrong", "The subscription itself was not found."),
        ),
    ),
)
