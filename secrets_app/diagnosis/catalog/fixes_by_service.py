"""Fixes that depend on who called, which operation was refused and which service refused it."""

from secrets_app.core.reading import Platform
from secrets_app.diagnosis.cause import CaseFix, run
from secrets_app.diagnosis.places import Host
from secrets_app.diagnosis.services import ObjectKind
from secrets_app.diagnosis.stack_settings import StackSetting
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
    "policies, add the permissions. If the identity has access, the vault's firewall may refuse: allow the network of "
    "the program (for an app in App Service, all its outbound addresses or its subnet)."
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
_WEB, _FUNCTION = (Platform.APP_SERVICE, Platform.UNKNOWN), (Platform.FUNCTIONS,)
_INTEGRATE = (
    run(
        "az webapp vnet-integration add --resource-group {group} --name {site} --vnet <virtual-network> "
        "--subnet <subnet>",
        platforms=_WEB,
    ),
    run(
        "az functionapp vnet-integration add --resource-group {group} --name {site} --vnet <virtual-network> "
        "--subnet <subnet>",
        platforms=_FUNCTION,
    ),
)
_APP_NETWORK = (
    run(
        "az webapp show --resource-group {group} --name {site} --query possibleOutboundIpAddresses --output tsv",
        platforms=_WEB,
    ),
    run(
        "az functionapp show --resource-group {group} --name {site} --query possibleOutboundIpAddresses --output tsv",
        platforms=_FUNCTION,
    ),
    run("az keyvault network-rule add --name {vault} --ip-address <each-of-these-addresses>"),
    *_INTEGRATE,
    run("az keyvault network-rule add --name {vault} --subnet <resource-id-of-the-subnet>"),
)
_NETWORKS = (
    CaseFix(
        causes=("kv_firewall_denied",),
        said=("microsoft.datafactory", "data factory", "microsoft.synapse"),
        fix="Allow trusted Microsoft services in the vault's firewall: they include the linked services of Data "
        "Factory. A web activity and an integration runtime of Azure send from addresses of their region: run them in "
        "a managed virtual network with a private endpoint of the vault, or add the address ranges of the service tag "
        "DataFactory of that region. A self-hosted integration runtime has the address of its machine.",
        commands=(
            run("az keyvault update --name {vault} --bypass AzureServices"),
            run("az network list-service-tags --location <region> --query \"values[?name=='DataFactory.<region>']\""),
        ),
        otherwise=(),
    ),
    CaseFix(
        causes=("kv_public_access_disabled",),
        hosts=(Host.APP,),
        fix="Integrate the app with the virtual network of the vault's private endpoint, route all its outbound "
        "traffic there, and link the zone privatelink.vaultcore.azure.net to that network, so that the app resolves "
        "the vault's private address.",
        commands=(
            *_INTEGRATE,
            run(
                "az webapp config set --resource-group {group} --name {site} --vnet-route-all-enabled true",
                platforms=_WEB,
            ),
            run(
                "az functionapp config set --resource-group {group} --name {site} --vnet-route-all-enabled true",
                platforms=_FUNCTION,
            ),
            run("az keyvault show --name {vault} --query properties.privateEndpointConnections"),
        ),
    ),
    CaseFix(
        causes=("kv_firewall_denied",),
        hosts=(Host.APP,),
        platforms=(Platform.CONTAINER_APPS,),
        fix="Allow the subnet of the Container Apps environment in the vault's firewall, with the service endpoint "
        "Microsoft.KeyVault on that subnet, or give the vault a private endpoint. Container Apps is no trusted service "
        "of the vault, and the outbound addresses of an environment without its own network can change.",
        commands=(
            run("az containerapp show --resource-group {group} --name {site} --query properties.environmentId"),
            run("az keyvault network-rule add --name {vault} --subnet <resource-id-of-the-subnet>"),
        ),
        otherwise=(),
    ),
    CaseFix(
        causes=("kv_firewall_denied",),
        hosts=(Host.APP,),
        fix="Add all outbound addresses of the app to the vault's firewall: it does not always use the one in the "
        "error. Or integrate the app with a virtual network, route its traffic there, and allow that subnet (service "
        "endpoint Microsoft.KeyVault). Trusted Microsoft services do not include apps.",
        commands=_APP_NETWORK,
        otherwise=(
            "If public access is disabled, or the addresses change, use a private endpoint of the vault with virtual "
            "network integration of the app.",
        ),
    ),
    CaseFix(
        causes=("kv_firewall_denied",),
        hosts=(Host.POD,),
        fix="Allow the cluster in the vault's firewall: its subnet, with the service endpoint Microsoft.KeyVault, or "
        "the outbound address of its load balancer or NAT gateway, which is the one in the error. A private endpoint "
        "for the vault needs no rule.",
        commands=(
            run("az keyvault network-rule add --name {vault} --subnet {subnet}"),
            run("az keyvault network-rule add --name {vault} --ip-address {address}"),
        ),
        otherwise=(),
    ),
    CaseFix(
        causes=("kv_firewall_denied",),
        said=("not a trusted service",),
        unless=("client address:",),
        fix="Allow the network of the caller in the vault's firewall; the error does not name its address. For an app "
        "in App Service or Functions: integrate it with a virtual network and allow that subnet, or add all its "
        "outbound addresses. Trusted Microsoft services do not include apps, pipelines and clusters.",
        commands=_APP_NETWORK,
    ),
    CaseFix(
        causes=_NETWORK,
        hosts=(Host.PIPELINE, Host.WORKFLOW),
        fix="Hosted agents have changing addresses, and Azure Pipelines and GitHub are not trusted services of the "
        "vault. Run the job on a self-hosted agent in an allowed network, or add the agent's address before the step "
        "and remove it afterwards: the principal of the job needs Key Vault Contributor for that.",
        otherwise=(
            "If the vault takes private connections only, no rule helps: use a self-hosted agent or a managed pool in "
            "its network.",
        ),
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
_OTHER_CLOUD = (
    "found: https://vault.azure.net",
    "expected https://vault.usgovcloudapi.net",
    "expected https://vault.azure.cn",
)
_AUDIENCE = (
    CaseFix(
        causes=("kv_wrong_audience",),
        said=_OTHER_CLOUD,
        unless=("expected https://vault.azure.net",),
        fix="The program requested the token for another cloud than the vault's: select the cloud of the vault in its "
        "settings, and use a version that knows this setting (for a resource of Kubernetes, its current apiVersion: "
        "an old one drops new fields).",
        setting=StackSetting.CLOUD,
        commands=(),
        otherwise=(),
    ),
    CaseFix(
        causes=("kv_wrong_audience",),
        stacks=(Stack.TERRAFORM, Stack.PULUMI, Stack.ANSIBLE),
        fix="The provider sent the vault a token for another service. Update it, or select another sign-in for it, "
        "such as a service principal or OIDC instead of a managed identity.",
        commands=(run("terraform init -upgrade", stacks=(Stack.TERRAFORM,)),),
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
        causes=("service_principal_incomplete", "env_vars_incomplete"),
        said=(
            "secret can't be empty",
            "secret is empty",
            "secret should not be empty",
            "clientsecret cannot be",
            "secret must not be",
        ),
        title="The program passed an empty client secret",
        why="The client secret reached the library as an empty value.",
        fix="Enter the client secret again where the program stores it, and save it; if it comes from a variable or a "
        "Kubernetes secret, its name or key is wrong, or it is empty there.",
        setting=StackSetting.SECRET,
        commands=(),
        otherwise=(
            "If the program should use a managed or workload identity instead, select that there and leave the secret "
            "out.",
        ),
    ),
    CaseFix(
        causes=("app_not_found_in_tenant",),
        hosts=(Host.POD,),
        fix="Compare the client ID in the error with AZURE_CLIENT_ID in the pod and with the annotation of its service "
        "account: an empty or old value is the usual reason. Set both to the client ID of the managed identity or "
        "application, and recreate the pod. AZURE_TENANT_ID must be the tenant of the application.",
        commands=(
            run("kubectl exec <pod> -- printenv AZURE_CLIENT_ID AZURE_TENANT_ID"),
            run("kubectl annotate serviceaccount <service-account> azure.workload.identity/client-id=<client-id>"),
            run("kubectl rollout restart deployment <deployment>"),
        ),
        setting=StackSetting.CLIENT_ID,
    ),
    CaseFix(
        causes=("mfa_required", "user_password_wrong"),
        stacks=(Stack.POWERSHELL,),
        said=("-credential", "$cred", "pscredential", "azcredential"),
        fix="A stored user name and password (-Credential) cannot complete multifactor authentication. In a runbook or "
        "a script that runs unattended, sign in with Connect-AzAccount -Identity (managed identity) or as a service "
        "principal; for yourself, sign in with Connect-AzAccount without -Credential.",
        commands=(run("Connect-AzAccount -Identity"), run("Connect-AzAccount -Tenant {tenant}")),
        otherwise=(
            "If this account must be used, an administrator can exclude it from the Conditional Access policy.",
        ),
    ),
    CaseFix(
        causes=("mfa_required", "user_password_wrong"),
        hosts=(Host.PIPELINE, Host.WORKFLOW),
        fix="Replace the connection with user name and password by one with a service principal: in Azure Pipelines a "
        "service connection of type Azure Resource Manager (workload identity federation, a secret or a certificate), "
        "in GitHub Actions azure/login. No user can complete multifactor authentication on an agent.",
        commands=(),
        otherwise=(),
    ),
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
        causes=("redirect_uri_mismatch",),
        said=("'http://", "redirect_uri=http://", "redirect_uri=http%3a"),
        unless=("'http://localhost", "'http://127.0.0.1", "=http://localhost"),
        title="The application sends a redirect URI with http instead of https",
        why="Behind a proxy, a gateway or a load balancer that ends TLS, the application takes the request for http. "
        "Only https can be registered for such a host.",
        fix="Let the application see the original scheme: pass X-Forwarded-Proto and X-Forwarded-Host on in the proxy, "
        "and use them in the application (ASP.NET Core UseForwardedHeaders before authentication, Django "
        "SECURE_PROXY_SSL_HEADER, or its setting for the redirect URI). Register the https URI.",
        otherwise=(),
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
        said=("firewall", "selected networks", "private endpoint", "ipv4 address", "ip address", "vnet", "networking"),
        unless=("accesstokeyvaultdenied", "msinotenabled"),
        fix="Allow the app in the vault's firewall: add all its outbound addresses (possibleOutboundIpAddresses), or "
        "integrate it with a virtual network whose subnet is allowed, with vnetRouteAllEnabled. With a private "
        "endpoint alone, this integration is required. Trusted Microsoft services do not include references. Then "
        "refresh the references.",
        commands=_APP_NETWORK,
        otherwise=(
            "If the network is open, the identity that reads the reference (system-assigned, unless "
            "keyVaultReferenceIdentity names another) lacks the Key Vault Secrets User role or the permission get.",
        ),
    ),
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
                platforms=_WEB,
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
FIXES = (*_CALLERS, *_NETWORKS, *_AUDIENCE, *_DELETED, *_ENTRA, *_TLS, *_SQL, *_REFERENCES, *_OTHER)
