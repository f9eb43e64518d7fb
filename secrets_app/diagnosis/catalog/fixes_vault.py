"""Fixes of refusals, networks and objects of Key Vault: by caller, operation and place."""

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
        stacks=(Stack.POWERSHELL,),
        fix="Update Az.Accounts and Az.KeyVault together, load one version of each in a new session, and sign in "
        "again. A token that the script passes itself (-KeyVaultAccessToken) must be one for "
        "https://vault.azure.net.",
        commands=(
            run("Update-Module Az"),
            run("Clear-AzContext"),
            run("Connect-AzAccount -Tenant {tenant}"),
        ),
    ),
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
_SENTENCES = (
    CaseFix(
        causes=("kv_url_or_id_invalid",),
        said=("only accepts keyvault secrets type",),
        fix="Give API Management the identifier of the certificate's secret: https://<vault-name>.vault.azure.net/"
        "secrets/<certificate>, without a version, instead of the URL with /certificates/.",
        commands=(
            run("az keyvault certificate show --vault-name {vault} --name <certificate> --query sid --output tsv"),
        ),
    ),
    CaseFix(
        causes=("kv_url_or_id_invalid",),
        said=("24 chars",),
        fix="Correct the vault's name in the SecretProviderClass (keyvaultName) or in the values of the chart: the "
        "name alone, 3 to 24 letters, digits and hyphens, without https:// and domain.",
        commands=(run('az keyvault list --query "[].name" --output tsv'),),
    ),
)
FIXES = (*_SENTENCES, *_CALLERS, *_NETWORKS, *_AUDIENCE, *_DELETED, *_REFERENCES)
