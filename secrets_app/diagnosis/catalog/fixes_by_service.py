"""Fixes that depend on who called, which operation was refused and which service refused it."""

from secrets_app.diagnosis.cause import CaseFix, run
from secrets_app.diagnosis.places import Host
from secrets_app.diagnosis.services import ObjectKind
from secrets_app.diagnosis.stacks import Stack

_REFUSED = ("kv_rbac_denied", "kv_access_policy_denied")
_NETWORK = ("kv_firewall_denied", "kv_public_access_disabled")
_NAMED_POLICY = ("access polic", "permission on key vault", "accessdenied", "is not allowed")
_ASSIGN = (
    "az role assignment create --role {role} --assignee-object-id {object_id} --assignee-principal-type "
    "ServicePrincipal --scope "
)
_ASSIGN_BY_NAME = f'{_ASSIGN}"$(az keyvault show --name {{vault}} --query id --output tsv)"'
_MODEL = run("az keyvault show --name {vault} --query properties.enableRbacAuthorization --output tsv")
_SET_POLICY = "az keyvault set-policy --name {vault} --object-id {object_id} "
_READ_POLICY = f"{_SET_POLICY}--{{policy}}-permissions get list"
_POLICY_CMDLET = "Set-AzKeyVaultAccessPolicy -VaultName {vault} -ObjectId {object_id} -PermissionsTo{policy}s"
_IN_VAULT = (
    "Find out which access model the vault uses (first command). With Azure RBAC, assign the role. With access "
    "policies, add the permissions."
)

_CALLERS = (
    CaseFix(
        causes=_REFUSED,
        said=("keyvaultparameterreference", "vaults/deploy/action", "access denied to first party service"),
        title="Azure Resource Manager may not read the vault's secret for this deployment",
        why="A parameter of the template or its data refers to a secret. Azure Resource Manager reads it from the "
        "vault for the principal that deploys.",
        fix="Enable the vault for template deployment. The principal that deploys needs "
        "Microsoft.KeyVault/vaults/deploy/action on the vault, which Owner and Contributor contain. If the vault's "
        "firewall is on, allow trusted Microsoft services.",
        commands=(run("az keyvault update --name {vault} --enabled-for-template-deployment true"),),
    ),
    CaseFix(
        causes=_REFUSED,
        said=("encryption at rest", "keyvaultaccessforbidden", "customer-managed key", "customer managed key"),
        title="The encrypted resource's identity may not use the key",
        why="A service of Azure encrypts its data with a key of the vault (customer-managed key), as an identity of "
        "its own.",
        fix="Give the identity that the error names, not your own account, the Key Vault Crypto Service Encryption "
        "User role on the vault, or the key permissions get, wrapKey and unwrapKey. The vault also needs soft delete "
        "and purge protection.",
        commands=(
            run(
                'az role assignment create --role "Key Vault Crypto Service Encryption User" --assignee-object-id '
                "<object-id-of-the-identity> --assignee-principal-type ServicePrincipal --scope "
                '"$(az keyvault show --name {vault} --query id --output tsv)"'
            ),
            run("az keyvault update --name {vault} --enable-purge-protection true"),
        ),
    ),
    CaseFix(
        causes=_REFUSED,
        said=("api management", "microsoft.apimanagement"),
        fix="The caller is the managed identity of the API Management instance that the error names. Give it the Key "
        "Vault Secrets User role on the vault, or the secret permission get. If the vault's firewall is on, allow "
        "trusted Microsoft services, or connect the instance's network.",
        commands=(
            run(_ASSIGN_BY_NAME),
            run(f"{_SET_POLICY}--secret-permissions get"),
            run("az keyvault update --name {vault} --bypass AzureServices"),
        ),
    ),
    CaseFix(
        causes=_REFUSED,
        said=("app service certificate", "web.certificatesclient", "microsoft.web/certificates"),
        fix="The caller is the application Microsoft Azure App Service, which reads the certificate for the web app. "
        "Give it the Key Vault Certificate User role on the vault, or the secret permission get and the certificate "
        "permission get.",
        commands=(
            run("az ad sp show --id abfa0a7c-a6b6-4736-8310-5855508787cd --query id --output tsv"),
            run(
                'az role assignment create --role "Key Vault Certificate User" --assignee-object-id '
                "<object-id-of-that-application> --assignee-principal-type ServicePrincipal --scope "
                '"$(az keyvault show --name {vault} --query id --output tsv)"'
            ),
            run(
                "az keyvault set-policy --name {vault} --object-id <object-id-of-that-application> "
                "--secret-permissions get --certificate-permissions get"
            ),
        ),
    ),
    CaseFix(
        causes=_REFUSED,
        said=("data factory", "datafactory", "hybriddeliveryexception", "linked service", "linkedservice"),
        fix="The caller is the managed identity of the data factory or Synapse workspace (Managed identities page), "
        "not your own account. Give it the Key Vault Secrets User role on the vault, or the secret permissions get and "
        "list. If the vault's firewall is on, allow trusted Microsoft services.",
        commands=(run(_ASSIGN_BY_NAME), run(f"{_SET_POLICY}--secret-permissions get list")),
    ),
    CaseFix(
        causes=_REFUSED,
        said=("azconn-", "logic app", "clientrequestid", "extensions api"),
        fix="The caller is the principal of the logic app's Key Vault connection: its managed identity, or the account "
        "that signed in to the connection. Give it the Key Vault Secrets User role on the vault, or the secret "
        "permissions get and list, and sign in to the connection again.",
        commands=(run(_ASSIGN_BY_NAME), run(f"{_SET_POLICY}--secret-permissions get list")),
    ),
    CaseFix(
        causes=("kv_access_policy_denied",),
        said=("service connection", "azure service connection", "azurekeyvault@", "download azure key vault secrets"),
        unless=("forbiddenbyrbac", "does not have authorization"),
        fix="The caller is the service principal of the service connection. With access policies, give it the secret "
        "permissions get and list. With Azure RBAC, assign it the Key Vault Secrets User role.",
        commands=(run(f"{_SET_POLICY}--secret-permissions get list"), run(_ASSIGN_BY_NAME)),
    ),
    CaseFix(
        causes=("kv_access_policy_denied",),
        said=(
            "addazurekeyvault",
            "configurationprovider",
            "configurationbuilder",
            "propertysource",
            "getsecretsasync",
            "getsecretswithhttp",
            "listpropertiesofsecrets",
        ),
        unless=("does not have secrets get", "forbiddenbyrbac"),
        fix="This program lists the secrets before it reads them: give its identity the secret permissions get and "
        "list. With Azure RBAC, the Key Vault Secrets User role contains both.",
        commands=(run(_READ_POLICY), run(_ASSIGN_BY_NAME)),
    ),
    CaseFix(
        causes=("kv_access_policy_denied",),
        unless=_NAMED_POLICY,
        stacks=(Stack.POWERSHELL,),
        title="The identity has no permission for this operation in the vault",
        why="The vault refused with 403. The text does not tell whether it uses access policies or Azure RBAC.",
        fix=_IN_VAULT,
        commands=(
            _MODEL,
            run(f"{_POLICY_CMDLET} {{permission}}", requires=("permission",)),
            run(f"{_POLICY_CMDLET} get,list", unless=("permission",)),
            run("New-AzRoleAssignment -ObjectId {object_id} -RoleDefinitionName {role} -Scope {vault_id}"),
        ),
    ),
    CaseFix(
        causes=("kv_access_policy_denied",),
        unless=_NAMED_POLICY,
        objects=(ObjectKind.KEY, ObjectKind.CERTIFICATE),
        title="The identity has no permission for this operation in the vault",
        why="The vault refused with 403. The text does not tell whether it uses access policies or Azure RBAC.",
        fix=_IN_VAULT,
        commands=(
            _MODEL,
            run(f"{_SET_POLICY}--{{policy}}-permissions {{permission}}", requires=("permission",)),
            run(_READ_POLICY, unless=("permission",)),
            run(_ASSIGN_BY_NAME),
        ),
    ),
    CaseFix(
        causes=("kv_access_policy_denied",),
        unless=_NAMED_POLICY,
        title="The identity has no permission for this operation in the vault",
        why="The vault refused with 403. The text does not tell whether it uses access policies or Azure RBAC.",
        fix=f"{_IN_VAULT} A program that loads all secrets at its start needs get and list.",
        commands=(
            _MODEL,
            run(f"{_SET_POLICY}--{{policy}}-permissions {{permission}}", requires=("permission",)),
            run(_READ_POLICY, unless=("permission",)),
            run(_ASSIGN_BY_NAME),
        ),
    ),
)
_NETWORKS = (
    CaseFix(
        causes=_NETWORK,
        hosts=(Host.PIPELINE, Host.WORKFLOW),
        fix="Hosted agents have changing addresses, and Azure Pipelines and GitHub are not trusted services of the "
        "vault. Run the job on a self-hosted agent in an allowed network, or add the agent's address before the step "
        "and remove it afterwards.",
        commands=(
            run("az keyvault network-rule add --name {vault} --ip-address {address}"),
            run("az keyvault network-rule remove --name {vault} --ip-address {address}"),
        ),
    ),
    CaseFix(
        causes=("kv_firewall_denied",),
        stacks=(Stack.TERRAFORM, Stack.PULUMI),
        fix="Run the program from an allowed network, or add the address of the machine that runs it to the vault's "
        "firewall. If the configuration sets network_acls, add it to ip_rules there: the next apply removes others.",
    ),
)
_DELETED = (
    CaseFix(
        causes=("kv_soft_deleted", "vault_name_taken"),
        objects=(ObjectKind.VAULT,),
        stacks=(Stack.AZD,),
        fix="Recover the deleted vault, or purge it if its content is no longer needed, then deploy again. azd down "
        "--purge removes vaults completely. Otherwise use another name.",
    ),
    CaseFix(
        causes=("kv_soft_deleted",),
        objects=(ObjectKind.VAULT,),
        fix="Recover the deleted vault, or purge it if its content is no longer needed, or use another name. A vault "
        "with purge protection cannot be purged before its retention period ends.",
        commands=(
            run("az keyvault list-deleted --resource-type vault --output table"),
            run("az keyvault recover --name {vault}"),
            run("az keyvault purge --name {vault}"),
        ),
    ),
)
_ENTRA = (
    CaseFix(
        causes=("env_vars_incomplete", "service_principal_incomplete"),
        said=("these variables are set: azure_tenant_id\n", "only azure_tenant_id is set"),
        fix="AZURE_TENANT_ID alone is no service principal. To use your own account, sign in with Azure CLI or Azure "
        "Developer CLI. To use a service principal, also set AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.",
        commands=(run("az login --tenant {tenant}"), run("azd auth login --tenant-id {tenant}")),
    ),
    CaseFix(
        causes=("tenant_id_wrong",),
        said=("aadsts50194", "not configured as a multi-tenant application"),
        title="A single-tenant application was used with the common endpoint",
        why="The application registration allows accounts of its own tenant only, and the authority ends in /common.",
        fix="Use the authority of the application's own tenant, https://login.microsoftonline.com/<tenant-id>, instead "
        "of /common. To allow other tenants, make the application multi-tenant.",
        commands=(run("az ad app show --id {app_id} --query signInAudience"),),
        keeps_setting=True,
    ),
    CaseFix(
        causes=("tenant_id_wrong",),
        said=(".cn not found", "onmschina", "partner.onmschina"),
        fix="The tenant is one of Microsoft Azure operated by 21Vianet: check its spelling, and sign in to that cloud: "
        "authority https://login.partner.microsoftonline.cn.",
        commands=(run("az login --tenant {tenant}"),),
        keeps_setting=True,
    ),
    CaseFix(
        causes=("az_subscription_wrong", "kv_wrong_tenant"),
        said=("wrong issuer", "invalidauthenticationtokentenant"),
        stacks=(Stack.VS_CODE,),
        fix="Sign in to the tenant of the subscription: set azure.tenant in the settings, sign out and in again "
        "(Accounts), and select that subscription.",
        commands=(),
    ),
    CaseFix(
        causes=("az_subscription_wrong", "kv_wrong_tenant"),
        said=("access token is from the wrong issuer", "invalidauthenticationtokentenant"),
        title="The token is from another tenant than the subscription",
        why="Azure Resource Manager accepts tokens of the subscription's own tenant. The account was signed in to "
        "another one, often its home tenant.",
        fix="Sign in to the tenant of the subscription, which the error names as the one that must match, and select "
        "that subscription. In a program, set the tenant ID of the credential.",
        commands=(
            run("az login --tenant <tenant-of-the-subscription>"),
            run("az account set --subscription {subscription}"),
        ),
    ),
    CaseFix(
        causes=("federated_credential_mismatch",),
        said=("case-insensitive comparison", "but not with case-sensitive"),
        fix="Correct the letter case of the federated credential: subject, including organization, repository and "
        "environment, must equal the one in the error exactly.",
    ),
    CaseFix(
        causes=("federated_credential_mismatch",),
        said=("kubernetes.default.svc", ".cluster.local", "://localhost", "https://10."),
        fix="The cluster issues tokens with a private issuer, which Microsoft Entra ID cannot reach: give it a public "
        "one (on AKS enable the OIDC issuer, elsewhere set --service-account-issuer of the API server). Then create "
        "the federated credential with that issuer, and the subject and audience that the error shows.",
        commands=(
            run("az aks update --resource-group {group} --name <cluster> --enable-oidc-issuer"),
            run("az aks show --resource-group {group} --name <cluster> --query oidcIssuerProfile.issuerUrl"),
        ),
    ),
    CaseFix(
        causes=("public_client_misconfigured",),
        said=(
            "msal.js",
            "msal-browser",
            "msal-angular",
            "msal-react",
            "servererror: invalid_",
            "browserautherror",
            "single-page",
        ),
        fix="For an application in a browser, register the redirect URI with the type Single-page application instead "
        "of Web (App registrations > Authentication). Do not turn on public client flows for it.",
        commands=(),
    ),
    CaseFix(
        causes=("conditional_access_blocked",),
        said=("onbehalfof", "on-behalf-of", "microsoft.identity.web", "jwt-bearer"),
        fix="In a web API that calls on behalf of a user, return the claims challenge to the client, so that the user "
        "meets the policy there and calls again. Otherwise an administrator must exempt the application from the "
        "policy.",
    ),
    CaseFix(
        causes=("conditional_access_blocked",),
        said=("device", "530003", "53000", "53001"),
        unless=("aadsts53003",),
        fix="Sign in on a device that the organization manages, interactively in a browser or through the broker: a "
        "device code carries no state of the device. Otherwise ask an administrator for an exception. For a service, "
        "use a managed identity.",
    ),
)
_TLS = (
    CaseFix(
        causes=("tls_interception",),
        said=(
            "certificate has expired",
            "cert_has_expired",
            "certificate expired",
            "validity check failed",
            "notafter",
            "certificateexpired",
            "expired on",
        ),
        title="The server's or the proxy's TLS certificate has expired",
        why="The certificate that was presented is outside its validity period: it is expired, or this machine's "
        "clock is wrong.",
        fix="Look at the dates and the issuer of the certificate. If a proxy of your company presented it, renew it "
        "there. If the dates are right, correct this machine's clock. Do not disable certificate verification.",
        commands=(
            run(
                "openssl s_client -connect {host}:443 -servername {host} </dev/null 2>/dev/null | "
                "openssl x509 -noout -issuer -dates"
            ),
        ),
    ),
    CaseFix(
        causes=("tls_interception",),
        said=(
            "certificate is valid for",
            "does not match certificate",
            "altnames",
            "hostname mismatch",
            "remotecertificatenamemismatch",
            "no subject alternative",
        ),
        title="The server's TLS certificate is for another host name",
        why="The certificate is not valid for the host name in the URL. That is so with the name of a private link, an "
        "IP address, or a proxy that answers for the vault.",
        fix="Use the vault's own name, https://<vault-name>.vault.azure.net, also with a private endpoint: its private "
        "DNS zone resolves this name. Do not disable certificate verification.",
        commands=(run("nslookup {vault_host}"),),
    ),
)
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
_REFERENCES = (
    CaseFix(
        causes=("kv_reference_unresolved",),
        said=("local.settings.json", "func start", "func host start"),
        fix="On a development machine, App Service does not resolve references: put the secret's value in "
        "local.settings.json, and keep this file out of version control. The reference belongs in the settings of "
        "the deployed app.",
        commands=(run("az keyvault secret show --vault-name {vault} --name {secret} --query value --output tsv"),),
    ),
    CaseFix(
        causes=("kv_reference_unresolved",),
        said=("accesstokeyvaultdenied", "denied access to key vault"),
        fix="Give the identity of the app (system-assigned, unless keyVaultReferenceIdentity names another) the Key "
        "Vault Secrets User role on the vault, or the secret permission get; Key Vault Reader is not enough. If the "
        "vault's firewall is on, the app's outbound network must be allowed. Then refresh the references.",
    ),
    CaseFix(
        causes=("kv_reference_unresolved",),
        said=("msinotenabled",),
        fix="Enable the managed identity of the app, give it the Key Vault Secrets User role on the vault, and refresh "
        "the references.",
        commands=(run("az webapp identity assign --resource-group {group} --name {site}"),),
    ),
    CaseFix(
        causes=("containerapps_secret_reference",),
        said=("value or keyvaulturl", "keyvaulturlinvalid"),
        title="A secret of the container app has no value and no valid reference",
        fix="Give each secret either a value that is not empty, or keyVaultUrl and identity: keyVaultUrl is the "
        "secret's identifier, https://<vault-name>.vault.azure.net/secrets/<secret-name>. Older API versions do not "
        "know keyVaultUrl: update the API version of the template or the provider.",
        commands=(run("az keyvault secret show --vault-name {vault} --name {secret} --query id --output tsv"),),
    ),
    CaseFix(
        causes=("kv_name_invalid",),
        stacks=(Stack.DOTNET,),
        fix="Use letters, digits and hyphens. In .NET configuration, two hyphens stand for a colon: Database--Password "
        "for Database:Password. Exclude settings with other names from what is loaded from the vault.",
    ),
    CaseFix(
        causes=("kv_name_invalid",),
        stacks=(Stack.SPRING,),
        fix="Use letters, digits and hyphens. Spring maps hyphens to dots: spring-datasource-url for "
        "spring.datasource.url.",
    ),
)
_OTHER = (
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
FIXES = (*_CALLERS, *_NETWORKS, *_DELETED, *_ENTRA, *_TLS, *_SQL, *_REFERENCES, *_OTHER)
