"""Causes in the vault: requests that Key Vault rejects."""

from secrets_app.core.reading import Platform
from secrets_app.diagnosis.catalog import links
from secrets_app.diagnosis.catalog.predicates import about_azure, about_vault
from secrets_app.diagnosis.cause import Area, Cause, run
from secrets_app.diagnosis.services import ObjectKind
from secrets_app.diagnosis.signature import Signature, Strength, code, phrase
from secrets_app.diagnosis.stack_settings import StackSetting

_ONE_ADDRESS = tuple(set(Platform) - {Platform.APP_SERVICE, Platform.FUNCTIONS})
"""Platforms on which a program usually has one public address; App Service uses many."""
_OBJECTS = (ObjectKind.SECRET, ObjectKind.KEY, ObjectKind.CERTIFICATE)

CAUSES = (
    Cause(
        key="kv_wrong_tenant",
        area=Area.VAULT,
        title="The token was issued by a different tenant than the vault's",
        why="A vault accepts tokens from its own Microsoft Entra tenant only, and this token is from another one. "
        "If the expected tenant is not yours, the vault name is wrong. "
        "With several accounts or subscriptions, az uses the tenant of the default subscription.",
        fix="Sign in to the tenant that owns the vault: usually the first one that the error lists as expected. In a "
        "program, set the tenant ID of the credential; with az, sign in to that tenant, or select a subscription "
        "in it.",
        otherwise=(
            (
                "If none of the expected tenants is yours, the vault name is wrong: the vault belongs to another "
                "organization."
            ),
            (
                "If the program runs with an account of Visual Studio, Visual Studio Code or Azure CLI, the account's"
                " home tenant is used unless the program sets the tenant ID."
            ),
            (
                "If the program uses a managed identity: it gets tokens of its own tenant only. Use a vault in that "
                "tenant, or an app registration of the vault's tenant."
            ),
            (
                "If a template created the vault with the wrong tenant, set its tenantId to subscription().tenantId. "
                "If its subscription moved to another tenant, set the vault's tenantId to the new one and create its "
                "access policies again."
            ),
        ),
        setting=StackSetting.TENANT,
        signatures=(
            phrase("invalid issuer expected one of", "found"),
            phrase("token issuer", "does not match", "vault", strength=Strength.LIKELY),
        ),
        commands=(
            run("az keyvault show --name {vault} --query properties.tenantId --output tsv"),
            run(
                'az account list --query "[].{{name:name, tenant:tenantId, default:isDefault}}" --output table',
                platforms=(Platform.UNKNOWN,),
            ),
            run("az account set --subscription <subscription-in-that-tenant>", platforms=(Platform.UNKNOWN,)),
            run("az login --tenant {vault_tenant}", platforms=(Platform.UNKNOWN,)),
        ),
        links=(links.KEY_VAULT_AUTHENTICATION, links.KEY_VAULT_TENANT),
    ),
    Cause(
        key="kv_wrong_audience",
        area=Area.VAULT,
        title="The token's audience is not Key Vault",
        why="A token is valid for one service, its audience. This token names another service, "
        "or spells Key Vault's audience differently.",
        fix="Request the scope https://vault.azure.net/.default, without the vault name and without a trailing slash."
        " The Key Vault clients of the Azure libraries do this automatically.",
        otherwise=(
            "If a tool or a provider requested the token, update it, or select another way to sign in there.",
            (
                "If the program passes on a token that it received from its own caller, it must exchange it for one "
                "for Key Vault (on-behalf-of flow), or use an identity of its own."
            ),
            (
                "In another cloud, the scope is that of its vaults: https://vault.usgovcloudapi.net/.default or "
                "https://vault.azure.cn/.default."
            ),
        ),
        signatures=(
            phrase("invalid audience expected", "vault"),
            phrase("invalid audience", "vault.azure.net"),
            phrase(
                "audience",
                any_of=("invalid", "expected", "mismatch"),
                unless=("federated", "assertion"),
                strength=Strength.WEAK,
                where=about_vault,
            ),
        ),
        commands=(run("az account get-access-token --scope https://vault.azure.net/.default --query expiresOn"),),
        links=(links.KEY_VAULT_AUTHENTICATION, links.SCOPES),
    ),
    Cause(
        key="kv_token_missing",
        area=Area.VAULT,
        title="The request to Key Vault has no access token",
        why="The request has no Authorization header. Either no token was sent, or a proxy removed the header.",
        fix="Use a Key Vault client with a credential, which sends the token. "
        "Then check any proxy in front of the vault.",
        signatures=(
            phrase("request is missing a bearer or pop token"),
            phrase("missing a bearer or pop token"),
        ),
        links=(links.KEY_VAULT_AUTHENTICATION,),
    ),
    Cause(
        key="kv_token_key_unknown",
        area=Area.VAULT,
        title="Key Vault cannot validate the token's signature",
        why="Key Vault does not have the public key for this token. This can be temporary while Microsoft Entra ID "
        "rotates its keys.",
        fix="Try again in a minute. If the error persists, check that the token was issued by Microsoft Entra ID and "
        "is sent unchanged.",
        signatures=(phrase("unable to resolve the key used for signature validation"),),
        links=(links.KEY_VAULT_AUTHENTICATION, links.KEY_VAULT_ERRORS),
    ),
    Cause(
        key="kv_obo_required",
        area=Area.VAULT,
        title="The access policy requires a user and an application together (on-behalf-of)",
        why="The policy names an application in addition to the user. It grants access only to that application "
        "acting on behalf of that user.",
        fix="Check the access policy of this identity. If it names an application, note its permissions, delete it, "
        "and create it again without one. Portal: the vault > Access policies > Create, and leave Application empty.",
        signatures=(
            code("ForbiddenByPolicy", unless=("permission on key vault", "not found on any access policy")),
            phrase("policy requires the caller to use on-behalf-of", strength=Strength.EXACT),
        ),
        commands=(run('az keyvault show --name {vault} --query "properties.accessPolicies"'),),
        links=(links.KEY_VAULT_POLICY,),
    ),
    Cause(
        key="kv_firewall_denied",
        area=Area.VAULT,
        title="The vault's firewall blocks this IP address",
        why="The vault accepts requests from selected networks only, and this client address is not one of them.",
        fix="Add the address to the vault's firewall if it is a fixed address of your network, or connect from an "
        "allowed network. Portal: the vault > Networking > Firewalls and virtual networks.",
        otherwise=(
            (
                "If an app in App Service or Functions calls: add all its outbound addresses "
                "(possibleOutboundIpAddresses), or integrate the app with a virtual network, route its traffic there,"
                " and allow that subnet (service endpoint Microsoft.KeyVault). Trusted Microsoft services do not "
                "include apps."
            ),
            (
                "If it runs in AKS, in Container Apps or on a VM: allow its subnet, or the outbound address of the "
                "load balancer or NAT gateway. A private endpoint for the vault needs no rule."
            ),
            (
                "If a service of Azure calls, such as a template deployment, Backup, Data Factory, API Management or "
                "Application Gateway: allow trusted Microsoft services (az keyvault update --name <vault-name> "
                "--bypass AzureServices)."
            ),
            (
                "If the address is not yours, a VPN, a proxy or a changed provider address sends the request: add "
                "that address, or use the private network."
            ),
        ),
        signatures=(
            phrase("client address is not authorized and caller is not a trusted service"),
            phrase("client address", "is not authorized", any_of=("vault", "caller")),
            phrase("your client ip address is not authorized to access this key vault"),
        ),
        commands=(
            run("az keyvault network-rule add --name {vault} --subnet {subnet}", requires=("subnet",)),
            run(
                "az webapp show --resource-group {group} --name {site} --query possibleOutboundIpAddresses",
                platforms=(Platform.APP_SERVICE,),
                unless=("subnet",),
            ),
            run(
                "az functionapp show --resource-group {group} --name {site} --query possibleOutboundIpAddresses",
                platforms=(Platform.FUNCTIONS,),
                unless=("subnet",),
            ),
            run(
                "az keyvault network-rule add --name {vault} --ip-address <each-of-these-addresses>",
                platforms=(Platform.APP_SERVICE, Platform.FUNCTIONS),
                unless=("subnet",),
            ),
            run(
                "az keyvault network-rule add --name {vault} --ip-address {address}",
                platforms=_ONE_ADDRESS,
                unless=("subnet",),
            ),
            run("az keyvault network-rule list --name {vault}"),
        ),
        links=(links.KEY_VAULT_NETWORK,),
    ),
    Cause(
        key="kv_public_access_disabled",
        area=Area.VAULT,
        title="Public network access to the vault is disabled",
        why="The request did not come through an approved private endpoint connection.",
        fix="Connect from the private network, and check that the vault name resolves to a private address there. "
        "Portal: the vault > Networking.",
        otherwise=(
            (
                "If the name resolves to a public address (first command), the private DNS zone "
                "privatelink.vaultcore.azure.net is missing, not linked to this network, or has no record for the "
                "vault: link it, or add the record to your DNS servers."
            ),
            (
                "If the program runs in App Service, Functions, Container Apps or a pipeline, it needs virtual "
                "network integration or a self-hosted agent in that network, with all outbound traffic routed there."
            ),
            "If the endpoint is there and its state is not Approved (second command), approve the connection.",
            (
                "If the vault should be reachable without a private endpoint, its owner enables public network access"
                " for selected networks and adds yours."
            ),
        ),
        signatures=(
            phrase("connection is not an approved private link"),
            phrase("public network access is disabled", any_of=("vault", "private link", "private endpoint")),
            phrase("public network access on this resource is disabled"),
        ),
        commands=(
            run("nslookup {vault_host}"),
            run("az keyvault show --name {vault} --query properties.privateEndpointConnections"),
            run("az keyvault show --name {vault} --query properties.publicNetworkAccess --output tsv"),
        ),
        links=(links.KEY_VAULT_PRIVATE_LINK_DIAGNOSE, links.KEY_VAULT_NETWORK),
    ),
    Cause(
        key="kv_secret_disabled",
        area=Area.VAULT,
        title="The secret exists, but it is disabled",
        why="Its current version is disabled. Key Vault does not return a disabled version.",
        fix="Find out why the version was disabled, then enable it. "
        "Portal: the vault > Secrets > the secret > the version > Enabled.",
        signatures=(
            phrase("is not allowed on a disabled", any_of=("secret", "key", "certificate")),
            phrase("operation get is not allowed on a disabled secret"),
        ),
        commands=(run("az keyvault secret set-attributes --vault-name {vault} --name {secret} --enabled true"),),
        links=(links.KEY_VAULT_SECRETS,),
    ),
    Cause(
        key="kv_soft_deleted",
        area=Area.VAULT,
        title="The name is in use by a soft-deleted object",
        why="Key Vault keeps deleted objects for 7 to 90 days. During that time their names cannot be reused.",
        fix="Recover the deleted object. Purge it only if it is no longer needed.",
        otherwise=(
            (
                "If the caller may not recover or purge, it needs these permissions on the vault (secret permissions "
                "recover and purge, or a role such as Key Vault Secrets Officer); purging needs Key Vault Purge "
                "Operator or Key Vault Administrator."
            ),
            (
                "If purge protection is on, it cannot be purged before its retention period ends: recover it, or use "
                "another name."
            ),
            (
                "In Terraform, set recover_soft_deleted_secrets (keys, certificates, key_vaults) in features { "
                "key_vault { ... } }, or import the recovered object."
            ),
        ),
        signatures=(
            code("ConflictError", "Conflict", any_of=("deleted but recoverable", "recoverable state")),
            phrase("deleted but recoverable state"),
            phrase("is already in use", any_of=("recoverable state",), unless=("the vault name",)),
            phrase("is currently in a deleted", any_of=("state", "but recoverable")),
            phrase("with the same name already exists in deleted state", strength=Strength.EXACT),
            Signature(exceptions=frozenset({"resourceexistserror"}), status=frozenset({409}), strength=Strength.LIKELY),
        ),
        commands=(
            run("az keyvault secret recover --vault-name {vault} --name {secret}", objects=_OBJECTS),
            run("az keyvault list-deleted --resource-type vault --output table", objects=(ObjectKind.VAULT,)),
            run("az keyvault recover --name {vault}", objects=(ObjectKind.VAULT,)),
        ),
        links=(links.KEY_VAULT_SOFT_DELETE, links.KEY_VAULT_RECOVERY),
    ),
    Cause(
        key="kv_secret_not_found",
        area=Area.VAULT,
        title="The vault has no secret with this name",
        why="Access was granted, but the vault has no such secret or no such version. "
        "A deleted secret returns the same error.",
        fix="Compare the name of the secret and of the vault with the list below: the program may add a prefix or a "
        "version, or map characters. If the secret was deleted, recover it; if it was never created, create it.",
        otherwise=(
            (
                "If the program loads a certificate or a key by this name, request it as a certificate or key, or its"
                " secret of the same name."
            ),
            (
                "If the error names a version, that version does not exist: leave the version out to read the current"
                " one."
            ),
            "If the secret is in the list, the program uses another vault: compare the URL in its settings.",
        ),
        signatures=(
            phrase("secretversionnotfound"),
            phrase(
                "key vault reference", any_of=("secretnotfound", "secret was not found", "secret version was not found")
            ),
            phrase("a secret with (name/id)", "was not found in this key vault"),
            phrase("was not found in this key vault"),
            phrase("deleted secret not found"),
            phrase("secret not found", strength=Strength.LIKELY),
            Signature(
                exceptions=frozenset({"resourcenotfounderror"}), status=frozenset({404}), strength=Strength.LIKELY
            ),
        ),
        commands=(
            run('az keyvault secret list --vault-name {vault} --query "[].name" --output tsv'),
            run('az keyvault secret list-deleted --vault-name {vault} --query "[].name" --output tsv'),
            run("az keyvault secret recover --vault-name {vault} --name {secret}"),
        ),
        links=(links.KEY_VAULT_SECRETS, links.KEY_VAULT_RECOVERY),
        related=("kv_soft_deleted", "secret_deleted"),
    ),
    Cause(
        key="kv_name_invalid",
        area=Area.VAULT,
        title="The secret name is invalid",
        why="A secret name may contain only letters, digits and hyphens. Underscores, dots and spaces are not allowed.",
        fix="Use letters, digits and hyphens: DB-PASSWORD instead of DB_PASSWORD. The name of a vault also starts with "
        "a letter and has 3 to 24 characters.",
        otherwise=(
            (
                "If the program adds the name from its own settings, map it: two hyphens stand for a colon in .NET, "
                "hyphens for dots in Spring."
            ),
        ),
        signatures=(
            code(
                "BadParameter",
                any_of=("invalid name", "contains invalid characters", "only alphanumeric", "name is invalid"),
            ),
            phrase("the request uri contains an invalid name"),
            phrase("invalid object identifier", strength=Strength.LIKELY),
            phrase("must match the pattern", any_of=("secret_name", "secretname", "secret-name", "[0-9a-zA-Z-]+$")),
            phrase("does not conform to", "[0-9a-zA-Z-]+$"),
            phrase(
                "parameter",
                any_of=("secret_name must conform to", "secretname can not match", "secret-name must conform to"),
            ),
            phrase("secret name", "can only contain", any_of=("alphanumeric", "letters", "0-9")),
            phrase("does not match expected pattern", any_of=("secretname", "keyname", "0-9a-zA-Z-")),
            phrase("may only contain alphanumeric characters and dashes"),
            phrase("contains an invalid name", strength=Strength.LIKELY),
            phrase("0-9a-zA-Z-", any_of=("name", "pattern"), strength=Strength.LIKELY),
        ),
        commands=(
            run('az keyvault secret list --vault-name {vault} --query "[].name" --output tsv'),
            run(
                "az keyvault secret show --vault-name {vault} --name {valid_secret} --query id",
                requires=("valid_secret",),
            ),
        ),
        links=(links.KEY_VAULT_NAMES,),
    ),
    Cause(
        key="kv_throttled",
        area=Area.VAULT,
        title="The vault received too many requests",
        why="The vault is throttling requests (HTTP 429). It serves a few thousand in 10 seconds and rejects others.",
        fix="Wait, then retry. Read the secret once and cache it, and use one client for the whole program.",
        otherwise=(
            ("If one process reads each secret again and again, read it at its start; several vaults share the load."),
        ),
        signatures=(
            phrase("request was not processed because too many requests were received"),
            phrase("vaultrequesttypelimitreached"),
            Signature(
                status=frozenset({429}),
                any_of=("vault", "throttled", "too many requests"),
                unless=(
                    "requests throttled",
                    "number of requests for",
                    "managed identity",
                    "managedidentity",
                    "169.254.169.254",
                    "msi/token",
                ),
                where=about_azure,
            ),
            Signature(
                phrases=("429", "too many requests"),
                unless=("managedidentity",),
                where=about_azure,
                strength=Strength.LIKELY,
            ),
        ),
        links=(links.KEY_VAULT_THROTTLING,),
    ),
    Cause(
        key="kv_key_operation_denied",
        area=Area.VAULT,
        title="The key does not permit this operation",
        why="Each key has a list of permitted operations. The requested operation is not in it, "
        "or the key is disabled or expired.",
        fix="Use a key that permits the operation, or add it to the key's permitted operations.",
        signatures=(
            phrase("operation", "is not permitted on this key"),
            phrase("operation is not permitted on this key"),
            phrase("key ops", "not permitted", strength=Strength.LIKELY),
            code(
                "Forbidden",
                phrases=("operation", "is not allowed", "key"),
                unless=("bynotallowed", "on a disabled", "caller", "purge"),
            ),
            phrase("operation", "is not allowed on an expired key"),
            phrase(
                "operation",
                "on this key",
                any_of=("not permitted", "not allowed", "forbidden"),
                strength=Strength.LIKELY,
            ),
        ),
        commands=(run("az keyvault key show --vault-name {vault} --name <key-name> --query key.keyOps"),),
        links=(links.KEY_VAULT_KEYS,),
    ),
    Cause(
        key="kv_rbac_denied",
        area=Area.VAULT,
        title="The identity has no role assignment that allows reading secrets",
        why="This vault uses Azure RBAC, and the identity has no role with access to secrets. "
        "Owner and Contributor manage the vault but cannot read its secrets.",
        fix="Assign the role below to the identity, scoped to this vault. It can take up to 10 minutes to take "
        "effect. Portal: the vault > Access control (IAM) > Add role assignment.",
        otherwise=(
            (
                "If the identity has the role already: compare the object ID. The one in the error is used, and for "
                "an application it is that of the enterprise application, not of the app registration. Check the "
                "scope of the assignment, and sign in again or restart the program."
            ),
            (
                "If another identity was meant, change the sign-in of the program instead: the error shows which one "
                "it used."
            ),
            (
                "If access was granted with access policies, they have no effect while the vault uses Azure RBAC: "
                "assign roles, or let an owner change the permission model (Access configuration)."
            ),
        ),
        signatures=(
            phrase("caller is not authorized to perform action on resource"),
            phrase("deniedwithnovalidrbac"),
            phrase(
                "microsoft.keyvault/vaults", "does not have authorization to perform action", unless=("over scope",)
            ),
        ),
        commands=(
            run(
                "az role assignment create --role {role} --assignee-object-id {object_id} "
                "--assignee-principal-type {principal_type} --scope {vault_id}",
                requires=("vault_id",),
            ),
            run(
                "az role assignment create --role {role} --assignee-object-id {object_id} "
                "--assignee-principal-type {principal_type} "
                '--scope "$(az keyvault show --name {vault} --query id --output tsv)"',
                unless=("vault_id",),
            ),
        ),
        links=(links.KEY_VAULT_RBAC, links.RBAC_TROUBLESHOOTING),
        related=("kv_access_policy_denied",),
    ),
    Cause(
        key="kv_access_policy_denied",
        area=Area.VAULT,
        title="No access policy grants the identity this permission",
        why="This vault uses access policies. The identity is not in them, or its policy lacks this permission.",
        fix="Add the permission to the vault's access policies. It takes effect immediately. Portal: the vault > "
        "Access policies > Create.",
        otherwise=(
            (
                "If a policy grants it already, it names another object ID: for an application, use the object ID of "
                "the enterprise application (az ad sp show --id <client-id> --query id), not of the app registration "
                "and not the client ID; for a managed identity its principal ID."
            ),
            (
                "If another identity was meant, change the sign-in of the program instead: the error names the one "
                "that was used."
            ),
            "If the policy names an application beside the user (compound identity), create it again without one.",
            "If the vault uses Azure RBAC, policies have no effect: assign the role instead.",
        ),
        signatures=(
            Signature(
                codes=frozenset({"accessdenied"}),
                any_of=("key vault", "vault", "permission", "access policy", "oid"),
                strength=Strength.CODE,
            ),
            phrase("does not have", "permission on key vault"),
            phrase("the principal used does not have access to the key vault"),
            phrase("not found on any access policy"),
            phrase("keyvaulterrorexception: access denied"),
            phrase("does not have secrets", "permission"),
            Signature(codes=frozenset({"accessdenied"}), status=frozenset({403}), strength=Strength.LIKELY),
            phrase("the user, group or application", "does not have"),
        ),
        commands=(
            run("az keyvault set-policy --name {vault} --object-id {object_id} --{policy}-permissions {permission}"),
        ),
        links=(links.KEY_VAULT_POLICY, links.KEY_VAULT_RBAC),
        related=("kv_rbac_denied",),
    ),
)
