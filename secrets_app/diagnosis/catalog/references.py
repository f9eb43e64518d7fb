"""Causes in Azure services and tools that read a vault on behalf of an application."""

from secrets_app.core.reading import Platform
from secrets_app.diagnosis.catalog import links
from secrets_app.diagnosis.cause import Area, Cause, run
from secrets_app.diagnosis.signature import Strength, phrase

_SITE_REFERENCES = (
    "https://management.azure.com/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Web/"
    "sites/{site}/config/configreferences/appsettings"
)
_SITES = (Platform.APP_SERVICE, Platform.FUNCTIONS, Platform.UNKNOWN)

CAUSES = (
    Cause(
        key="kv_reference_unresolved",
        area=Area.HOST,
        title="A Key Vault reference of App Service or Azure Functions was not resolved",
        why="App Service replaces a setting of the form @Microsoft.KeyVault(...) with the secret's value. "
        "Where that fails, the application receives the reference itself as the value.",
        fix="Check the status of the reference: the app > Environment variables. It is read by the system-assigned "
        "identity unless keyVaultReferenceIdentity names another one. That identity needs the Key Vault Secrets "
        "User role, or the secret permission get. Then refresh the references or restart the app.",
        otherwise=(
            (
                "If the vault's firewall is on: allow all outbound addresses of the app "
                "(possibleOutboundIpAddresses), or integrate it with a virtual network whose subnet is allowed and "
                "turn on WEBSITE_VNET_ROUTE_ALL or vnetRouteAllEnabled. A vault without public access needs this "
                "integration and a private endpoint."
            ),
            (
                "If a user-assigned identity has the access: set keyVaultReferenceIdentity to its resource ID (az "
                "webapp update --resource-group <resource-group> --name <app> --set "
                "keyVaultReferenceIdentity=<resource-id>), for each slot too."
            ),
            (
                "If the syntax is wrong: "
                "@Microsoft.KeyVault(SecretUri=https://<vault-name>.vault.azure.net/secrets/<secret-name>/), or "
                "VaultName= and SecretName=; no spaces and no quotes."
            ),
            (
                "If the role was given through a group, it takes effect with the next token, up to 24 hours later: "
                "assign it to the identity itself."
            ),
            (
                "If the secret is new or rotated: without a version the app reads the newest within 24 hours; refresh"
                " the references to read it now."
            ),
        ),
        signatures=(
            phrase("@microsoft.keyvault(secreturi", unless=("msinotenabled",)),
            phrase("@microsoft.keyvault(vaultname", unless=("msinotenabled",)),
            phrase("connection string contains unrecognized key", "microsoft.keyvault"),
            phrase("accesstokeyvaultdenied"),
            phrase(
                "key vault reference",
                any_of=("unable to resolve", "not resolved", "could not be resolved"),
                unless=("managed identity",),
            ),
            phrase("key vault reference status", unless=("msinotenabled",), strength=Strength.LIKELY),
        ),
        commands=(
            run(
                f"az rest --method get --url {_SITE_REFERENCES} --url-parameters api-version=2022-03-01",
                platforms=_SITES,
            ),
            run(
                "az webapp show --resource-group {group} --name {site} --query keyVaultReferenceIdentity",
                platforms=(Platform.APP_SERVICE, Platform.UNKNOWN),
            ),
            run(
                "az functionapp show --resource-group {group} --name {site} --query keyVaultReferenceIdentity",
                platforms=(Platform.FUNCTIONS,),
            ),
            run(
                f"az rest --method post --url {_SITE_REFERENCES}/refresh --url-parameters api-version=2022-03-01",
                platforms=_SITES,
            ),
        ),
        links=(links.APP_SERVICE_REFERENCES,),
        look_alikes=(
            ("mi_identity_not_assigned", "The status MSINotEnabled: the app has no identity at all."),
            ("kv_secret_not_found", "The status SecretNotFound or SecretVersionNotFound: the name is wrong."),
        ),
    ),
    Cause(
        key="containerapps_secret_reference",
        area=Area.HOST,
        title="Container Apps could not read a secret from the vault",
        why="Container Apps reads the secrets that an app references when a revision is created. "
        "The identity named in the reference could not read one of them, so the revision was not created.",
        fix="Give the identity that the reference names (system or the resource ID of a user-assigned one) the Key "
        "Vault Secrets User role, or the secret permission get, before the revision is created. A system-assigned"
        " identity exists only after the app: create the app first, assign the role, then add the reference.",
        otherwise=(
            (
                "If the vault's firewall is on: allow the subnet of the environment (a service endpoint "
                "Microsoft.KeyVault on it), or use a private endpoint. Container Apps is no trusted service of the "
                "vault."
            ),
            "If a user-assigned identity is named, it must be assigned to the container app too.",
            (
                "Check the URL: https://<vault-name>.vault.azure.net/secrets/<secret-name>; the secret must be "
                "enabled and its value not empty."
            ),
        ),
        signatures=(
            phrase("unable to get value using managed identity"),
            phrase("failed to update secrets", any_of=("managed identity", "vault", "container")),
            phrase("containerappsecretrefnotfound"),
            phrase("containerappsecretinvalid"),
        ),
        commands=(
            run("az containerapp identity show --resource-group {group} --name {site}"),
            run("az containerapp secret list --resource-group {group} --name {site} --output table"),
        ),
        links=(links.CONTAINER_APPS_SECRETS,),
        look_alikes=(("kv_reference_unresolved", "App Service and Functions resolve references at run time."),),
    ),
    Cause(
        key="appconfig_no_keyvault_credential",
        area=Area.PROGRAM,
        title="The App Configuration provider has no credential for Key Vault",
        why="A setting in App Configuration is a Key Vault reference. The provider reads the secret from the vault "
        "itself, and no credential for that was configured.",
        fix="Configure a credential for Key Vault: in .NET options.ConfigureKeyVault(kv => "
        "kv.SetCredential(new DefaultAzureCredential())), in Python keyvault_credential=DefaultAzureCredential().",
        signatures=(
            phrase("no key vault credential or secret resolver callback configured"),
            phrase("no key vault credential", any_of=("configured", "resolver", "keyvaultreferenceexception")),
        ),
        links=(links.APP_CONFIGURATION_REFERENCES,),
        look_alikes=(("appconfig_keyvault_reference_failed", "There is a credential, and the vault denied it."),),
    ),
    Cause(
        key="appconfig_keyvault_reference_failed",
        area=Area.VAULT,
        title="A Key Vault reference in App Configuration could not be resolved",
        why="The application reads its settings from App Configuration, and one of them refers to a secret. "
        "Key Vault did not return that secret to the application's identity. The inner exception names the reason.",
        fix="Read the inner exception and its ErrorCode. The application's own identity needs access to the secret: "
        "access to App Configuration is not enough.",
        otherwise=(
            (
                "If the inner exception is Forbidden: give the application's identity the Key Vault Secrets User role"
                " on the vault, or the secret permission get, and allow its network in the vault's firewall."
            ),
            (
                "If it is SecretNotFound or SecretDisabled: correct the reference in App Configuration, or enable the"
                " secret."
            ),
            "If it is a failed credential: pass one that works here with ConfigureKeyVault.",
        ),
        signatures=(
            phrase("keyvaultreferenceexception", strength=Strength.LIKELY),
            phrase("key vault error", "secretidentifier", strength=Strength.LIKELY),
            phrase("invalid key vault reference", any_of=("app configuration", "key:", "label")),
        ),
        commands=(run("az role assignment list --assignee {object_id} --all --include-inherited --output table"),),
        links=(links.APP_CONFIGURATION_REFERENCES,),
        look_alikes=(
            ("appconfig_no_keyvault_credential", "The message says that no credential is configured."),
            ("kv_rbac_denied", "The inner exception contains ForbiddenByRbac."),
        ),
    ),
    Cause(
        key="appgw_keyvault_access",
        area=Area.VAULT,
        title="Application Gateway cannot read its certificate from the vault",
        why="Application Gateway reads a listener's certificate as a secret, with its user-assigned identity. "
        "The vault denied that identity, or its firewall blocked the gateway's subnet.",
        fix="Give the gateway's user-assigned identity the Key Vault Secrets User role (or the secret permission get)"
        " on the vault. If the vault's firewall is on, allow trusted Microsoft services and the gateway's subnet."
        " The listener must refer to the secret's identifier without a version.",
        otherwise=(
            (
                "If the vault takes private connections only, the gateway's virtual network must resolve its private "
                "endpoint."
            ),
            (
                "If the identity was deleted or replaced, assign it to the gateway again, then update the listener's "
                "certificate."
            ),
            "If the certificate or secret is disabled or was deleted, recover or enable it.",
        ),
        signatures=(
            phrase(
                "application gateway",
                any_of=("access denied for keyvault secret", "access denied for key vault"),
                strength=Strength.EXACT,
            ),
            phrase("applicationgatewaykeyvaultsecretaccessdenied"),
            phrase("userassignedidentitydoesnothavegetpermissiononkeyvault", strength=Strength.EXACT),
            phrase("applicationgateway", "keyvault", any_of=("access denied", "secretexception", "not accessible")),
        ),
        commands=(
            run("az network application-gateway identity show --resource-group {group} --gateway-name <gateway-name>"),
            run("az keyvault network-rule list --name {vault}"),
        ),
        links=(links.APPLICATION_GATEWAY_CERTIFICATES,),
        look_alikes=(("kv_firewall_denied", "The request came from an application, not from a gateway."),),
    ),
    Cause(
        key="spring_keyvault_property_source",
        area=Area.PROGRAM,
        title="Spring could not create the Key Vault property source",
        why="This is only the first line of the error: Spring reads every secret of the vault when the application "
        "starts, and that failed. The last Caused by line contains the reason.",
        fix="Read the last Caused by line, or paste the whole stack trace. The identity needs the permission to list "
        "secrets as well as to get them.",
        otherwise=(
            (
                "If it says Forbidden: give the identity the secret permissions get and list, or the Key Vault "
                "Secrets User role."
            ),
            (
                "If it says that no credential is available: set "
                "spring.cloud.azure.keyvault.secret.property-sources[0].credential.* or turn on the managed identity."
            ),
            "If the host is unknown: correct spring.cloud.azure.keyvault.secret.property-sources[0].endpoint.",
        ),
        signatures=(
            phrase("error building key vault property source"),
            phrase("keyvaultpropertysource", any_of=("failed", "error", "exception"), strength=Strength.LIKELY),
            phrase("failed to configure keyvault property source", strength=Strength.LIKELY),
        ),
        links=(links.SPRING_KEY_VAULT,),
    ),
    Cause(
        key="csi_provider_missing",
        area=Area.HOST,
        title="The Azure provider of the Secrets Store CSI driver is not running on this node",
        why="The pod's volume is mounted by the Secrets Store CSI driver and its Azure provider. Both run as a "
        "DaemonSet, and at least one of them is missing on the pod's node.",
        fix="Install both on every node: on AKS, enable the azure-keyvault-secrets-provider add-on. Wait until their "
        "DaemonSets are ready. Check that node selectors and tolerations include this node.",
        signatures=(
            phrase("failed to find provider binary azure"),
            phrase("secrets-store-csi-providers/azure", any_of=("no such file", "connection refused", "not found")),
            phrase("provider not found: provider", "azure"),
            phrase("secrets-store.csi.k8s.io not found in the list of registered csi drivers"),
            phrase("error connecting to provider", "azure", strength=Strength.LIKELY),
            phrase("error connecting to provider", "azure", any_of=("connection refused", "no such file", "not found")),
        ),
        commands=(
            run("kubectl get csinode <node> -o jsonpath='{{.spec.drivers[*].name}}'"),
            run("kubectl get pods --namespace kube-system --selector app=secrets-store-provider-azure -o wide"),
            run(
                "az aks enable-addons --resource-group {group} --name <cluster> "
                "--addons azure-keyvault-secrets-provider"
            ),
        ),
        links=(links.AKS_CSI_DRIVER,),
    ),
    Cause(
        key="databricks_scope_grant",
        area=Area.VAULT,
        title="Azure Databricks has no access to the vault of the secret scope",
        why="To create a Key Vault-backed secret scope, Databricks adds its own application to the vault. "
        "The caller may not change the vault's permissions, or the vault uses Azure RBAC and the application "
        "AzureDatabricks has no role.",
        fix="Create the scope as Owner of the vault. With Azure RBAC, first assign the Key Vault Secrets User role to "
        "the enterprise application AzureDatabricks. The vault's firewall must allow trusted Microsoft services.",
        otherwise=(
            (
                "If the scope exists and reading fails: give AzureDatabricks (application ID "
                "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d) the secret permissions get and list, or the role Key Vault "
                "Secrets User."
            ),
            (
                "If the vault's firewall is on: allow trusted Microsoft services, or add the control plane addresses "
                "of the workspace's region."
            ),
            (
                "The vault must be in the workspace's tenant. A service principal cannot create such a scope with a "
                "Databricks token: sign in with a Microsoft Entra ID token of a user."
            ),
        ),
        signatures=(
            phrase("unable to grant", "permission to databricks service principal", strength=Strength.EXACT),
            phrase("cannot create secret scope", any_of=("azure keyvault is not available",)),
            phrase("databricks", any_of=("invalid permissions on the specified keyvault", "keyvault scope")),
            phrase("invalid permissions on the specified keyvault"),
        ),
        commands=(
            run("az ad sp show --id 2ff814a6-3304-4ab8-85cb-cd0e6f879c1d --query id --output tsv"),
            run(
                "az role assignment create --role 'Key Vault Secrets User' "
                "--assignee-object-id <object-id-of-AzureDatabricks> --assignee-principal-type ServicePrincipal "
                "--scope {vault_id}"
            ),
        ),
        links=(links.DATABRICKS_SCOPES,),
    ),
    Cause(
        key="ansible_lookup_opaque",
        area=Area.PROGRAM,
        title="The Ansible lookup azure_keyvault_secret hides the vault's response",
        why="The lookup reports only that the secret could not be fetched. Without credentials it uses the managed "
        "identity of the control node. The reason is not in this text.",
        fix="Run the playbook with -vvv to see the response. Pass client_id, secret and tenant_id to the lookup: "
        "without them it uses the managed identity of the control node, not the session of az. To see what the "
        "vault answers that identity, sign in as it (first command) and read the secret.",
        otherwise=(
            (
                "If the managed identity is meant, turn it on for the control node and give it the Key Vault Secrets "
                "User role or the secret permission get."
            ),
            "If the vault's firewall is on, allow the control node's address.",
            "Newer versions of azure.azcollection accept use_msi=false and use_cli=true in the lookup.",
        ),
        signatures=(
            phrase("failed to fetch secret", any_of=("azure_keyvault_secret", "lookup", "ansible", "make sure")),
            phrase("lookup plugin", "azure_keyvault_secret", strength=Strength.LIKELY),
        ),
        commands=(run("az keyvault secret show --vault-name {vault} --name {secret} --query id"),),
        links=(links.ANSIBLE_KEY_VAULT,),
    ),
)
