"""Causes in the vault: what Key Vault refuses once it has the request."""

from secrets_app.core.reading import Platform
from secrets_app.diagnosis.catalog import links
from secrets_app.diagnosis.catalog.predicates import about_azure
from secrets_app.diagnosis.cause import Area, Cause, run
from secrets_app.diagnosis.signature import Signature, Strength, akv, code, phrase

CAUSES = (
    Cause(
        key="kv_wrong_tenant",
        area=Area.VAULT,
        title="The token comes from another tenant than the vault's",
        why="A vault trusts one Entra directory (tenant) only. Yours signed in to a different one. "
        "When the tenant it expects belongs to strangers, the vault's name is wrong. "
        "With several accounts, or subscriptions in several tenants, az takes the tenant of the default one.",
        fix="Check the vault's name first. Then a person signs in to the tenant that owns the vault. "
        "A managed identity cannot leave its own tenant: give it a vault there.",
        signs=(
            akv(10032),
            phrase("invalid issuer expected one of", "found"),
            phrase("token issuer", "does not match", "vault", strength=Strength.LIKELY),
        ),
        commands=(
            run("az keyvault show --name {vault} --query properties.tenantId --output tsv"),
            run("az login --tenant {vault_tenant}", platforms=(Platform.UNKNOWN,)),
            run(
                'az account list --query "[].{{name:name, tenant:tenantId, default:isDefault}}" --output table',
                platforms=(Platform.UNKNOWN,),
            ),
        ),
        links=(links.KEY_VAULT_AUTHENTICATION, links.KEY_VAULT_TENANT),
    ),
    Cause(
        key="kv_wrong_audience",
        area=Area.VAULT,
        title="The token is meant for another service than Key Vault",
        why="A token is valid for one service, its audience. This one names something else, "
        "or writes Key Vault's name differently.",
        fix="Ask for https://vault.azure.net/.default: no vault name in it, and no slash at the end. "
        "SecretClient does this by itself.",
        signs=(
            akv(10022),
            phrase("invalid audience expected", "vault"),
            phrase("invalid audience", "vault.azure.net"),
            phrase(
                "audience",
                any_of=("invalid", "expected", "mismatch"),
                unless=("federated", "assertion"),
                strength=Strength.WEAK,
            ),
        ),
        commands=(run("az account get-access-token --scope https://vault.azure.net/.default --query expiresOn"),),
        links=(links.KEY_VAULT_AUTHENTICATION, links.SCOPES),
    ),
    Cause(
        key="kv_token_missing",
        area=Area.VAULT,
        title="Key Vault got no token",
        why="The request arrived without its Authorization header. "
        "Either no token was sent, or something on the way took it out.",
        fix="Let the client send the token: use SecretClient with a credential. Then look at proxies on the way.",
        signs=(
            akv(10000, 10001),
            phrase("request is missing a bearer or pop token"),
            phrase("missing a bearer or pop token"),
        ),
        links=(links.KEY_VAULT_AUTHENTICATION,),
    ),
    Cause(
        key="kv_token_key_unknown",
        area=Area.VAULT,
        title="Key Vault cannot check who signed the token",
        why="It does not know the key the token was signed with. This can pass by itself while Entra changes its keys.",
        fix="Try again in a minute. If it stays, check that the token really comes from Entra and is sent unchanged.",
        signs=(akv(10046), phrase("unable to resolve the key used for signature validation")),
        links=(links.KEY_VAULT_AUTHENTICATION, links.KEY_VAULT_ERRORS),
    ),
    Cause(
        key="kv_obo_required",
        area=Area.VAULT,
        title="The access policy wants a user and an application together",
        why="It names an application beside the user. Such a policy lets that application in only "
        "while it acts for that user.",
        fix="Look at the policy of this identity. If it names an application, note its permissions, delete it, "
        "and make it again without one. Portal: the vault > Access policies > Create, and leave Application empty.",
        signs=(
            code("ForbiddenByPolicy"),
            phrase("policy requires the caller to use on-behalf-of", strength=Strength.EXACT),
        ),
        commands=(run('az keyvault show --name {vault} --query "properties.accessPolicies"'),),
        links=(links.KEY_VAULT_POLICY,),
    ),
    Cause(
        key="kv_firewall_denied",
        area=Area.VAULT,
        title="The vault's firewall does not let this address in",
        why="The vault accepts calls from chosen networks only. The address it saw is not one of them.",
        fix="Add the address to the vault's firewall, or call from a network that is allowed. "
        "Portal: the vault > Networking > Firewalls and virtual networks.",
        signs=(
            code("ForbiddenByFirewall", "ForbiddenByNsp", "ForbiddenByNetworkSecurityPerimeter"),
            phrase("client address is not authorized and caller is not a trusted service"),
            phrase("client address", "is not authorized", any_of=("vault", "caller")),
        ),
        commands=(
            run("az keyvault network-rule add --name {vault} --ip-address {address}"),
            run("az keyvault network-rule list --name {vault}"),
        ),
        links=(links.KEY_VAULT_NETWORK,),
    ),
    Cause(
        key="kv_public_access_disabled",
        area=Area.VAULT,
        title="The vault takes calls from its private network only",
        why="Public network access is off, and this call did not come through an approved private link.",
        fix="Call from inside that network, and see that the vault's name gives a private address there. Whether the "
        "vault may be reached from the internet instead is for its owner to decide. Portal: the vault > Networking.",
        signs=(
            code("ForbiddenByConnection"),
            phrase("connection is not an approved private link"),
            phrase("public network access is disabled", any_of=("vault", "private link", "private endpoint")),
            phrase("public network access on this resource is disabled"),
        ),
        commands=(
            run("nslookup {vault_host}"),
            run("az keyvault private-endpoint-connection list --vault-name {vault} --output table"),
            run("az keyvault show --name {vault} --query properties.publicNetworkAccess --output tsv"),
        ),
        links=(links.KEY_VAULT_PRIVATE_LINK_DIAGNOSE, links.KEY_VAULT_NETWORK),
    ),
    Cause(
        key="kv_secret_disabled",
        area=Area.VAULT,
        title="The secret is there, but it is disabled",
        why="Its current version is switched off. Key Vault does not hand out a disabled version.",
        fix="Enable the version, or ask whoever disabled it why. "
        "Portal: the vault > Secrets > the secret > the version > Enabled.",
        signs=(
            code("SecretDisabled", "KeyDisabled", "CertificateDisabled"),
            phrase("is not allowed on a disabled", any_of=("secret", "key", "certificate")),
            phrase("operation get is not allowed on a disabled secret"),
        ),
        commands=(run("az keyvault secret set-attributes --vault-name {vault} --name {secret} --enabled true"),),
        links=(links.KEY_VAULT_SECRETS,),
    ),
    Cause(
        key="kv_soft_deleted",
        area=Area.VAULT,
        title="The name is held by something deleted that can still come back",
        why="Key Vault keeps what was deleted for 7 to 90 days. Until then its name cannot be used again.",
        fix="Recover what was deleted. Purge it only when you are sure that nobody needs it.",
        signs=(
            code("ObjectIsDeletedButRecoverable", "ObjectIsBeingDeleted", "ObjectIsBeingRecovered"),
            code("ConflictError", "Conflict", any_of=("deleted but recoverable", "recoverable state", "being deleted")),
            phrase("deleted but recoverable state"),
            phrase("is already in use", any_of=("recoverable state", "vault name", "vaults")),
            phrase("is currently being deleted"),
            phrase("is currently in a deleted", any_of=("state", "but recoverable")),
            phrase("vaultalreadyexists"),
            phrase("a vault with the same name already exists in deleted state"),
            Signature(exceptions=frozenset({"resourceexistserror"}), status=frozenset({409}), strength=Strength.LIKELY),
        ),
        commands=(
            run("az keyvault secret recover --vault-name {vault} --name {secret}"),
            run("az keyvault list-deleted --output table"),
            run("az keyvault recover --name {vault}"),
        ),
        links=(links.KEY_VAULT_SOFT_DELETE, links.KEY_VAULT_RECOVERY),
    ),
    Cause(
        key="kv_secret_not_found",
        area=Area.VAULT,
        title="The vault has no secret of this name",
        why="We were let in, and the vault answered that it knows no such secret or no such version. "
        "A deleted secret looks the same.",
        fix="Check the secret's name and the vault's. Then look among the deleted ones.",
        signs=(
            code("SecretNotFound", "KeyNotFound", "CertificateNotFound"),
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
        alike=("kv_soft_deleted", "secret_deleted"),
    ),
    Cause(
        key="kv_name_invalid",
        area=Area.VAULT,
        title="Key Vault does not allow this name",
        why="A secret's name may hold letters, digits and hyphens only. Underscores, dots and spaces are refused.",
        fix="Use hyphens: DJANGO-SECRET-KEY instead of DJANGO_SECRET_KEY.",
        signs=(
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
                "az keyvault secret show --vault-name {vault} --name {valid_secret} --query id", needs=("valid_secret",)
            ),
        ),
        links=(links.KEY_VAULT_NAMES,),
    ),
    Cause(
        key="kv_throttled",
        area=Area.VAULT,
        title="Too many requests: the vault asks us to wait",
        why="A vault answers some thousand calls in ten seconds. More are turned away until it has calmed down.",
        fix="Wait a little, then read the secret once and keep it, with one client for the whole program.",
        signs=(
            code("Throttled", "VaultRequestTypeLimitReached", "TooManyRequests"),
            phrase("request was not processed because too many requests were received"),
            phrase("vaultrequesttypelimitreached"),
            Signature(
                status=frozenset({429}),
                any_of=("vault", "throttled", "too many requests"),
                unless=("managed identity", "managedidentity", "169.254.169.254", "msi/token"),
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
        title="This key must not be used for that",
        why="Each key carries a list of what it may do. The operation asked for is not on it, "
        "or the key is disabled or expired.",
        fix="Use a key that allows the operation, or add it to the key's permitted operations.",
        signs=(
            code("KeyOperationForbidden", "KeyOperationNotPermitted"),
            phrase("operation", "is not permitted on this key"),
            phrase("operation is not permitted on this key"),
            phrase("key ops", "not permitted", strength=Strength.LIKELY),
            code(
                "Forbidden",
                says=("operation", "is not allowed", "key"),
                unless=("bynotallowed", "on a disabled", "caller"),
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
        title="The vault knows who we are, and no role lets us in",
        why="This vault asks Azure roles (RBAC). This identity has no role that allows the call. "
        "Owner and Contributor do not count: they manage the vault but may not read what is in it.",
        fix="Give the identity the role below on this vault, then wait a few minutes. "
        "Portal: the vault > Access control (IAM) > Add role assignment.",
        signs=(
            code("ForbiddenByRbac"),
            phrase("caller is not authorized to perform action on resource"),
            phrase("deniedwithnovalidrbac"),
            phrase("microsoft.keyvault/vaults", "does not have authorization to perform action"),
        ),
        commands=(
            run(
                "az role assignment create --role {role} --assignee-object-id {object_id} "
                "--assignee-principal-type {principal_type} --scope {vault_id}",
                needs=("vault_id",),
            ),
            run(
                "az role assignment create --role {role} --assignee-object-id {object_id} "
                "--assignee-principal-type {principal_type} "
                '--scope "$(az keyvault show --name {vault} --query id --output tsv)"',
                unless=("vault_id",),
            ),
        ),
        links=(links.KEY_VAULT_RBAC, links.RBAC_TROUBLESHOOTING),
        alike=("kv_access_policy_denied",),
    ),
    Cause(
        key="kv_access_policy_denied",
        area=Area.VAULT,
        title="The vault knows who we are, and no access policy lets us in",
        why="This vault keeps its own list of who may do what. This identity is not on it, or lacks this permission.",
        fix="Add the permission to the vault's access policies. It counts at once. "
        "Portal: the vault > Access policies > Create.",
        signs=(
            Signature(
                codes=frozenset({"accessdenied"}),
                any_of=("key vault", "vault", "permission", "access policy", "oid"),
                strength=Strength.CODE,
            ),
            phrase("does not have", "permission on key vault"),
            phrase("not found on any access policy"),
            phrase("accesstokeyvaultdenied"),
            phrase("keyvaulterrorexception: access denied"),
            phrase("does not have secrets", "permission"),
            Signature(codes=frozenset({"accessdenied"}), status=frozenset({403}), strength=Strength.LIKELY),
            phrase("the user, group or application", "does not have"),
        ),
        commands=(
            run("az keyvault set-policy --name {vault} --object-id {object_id} --{policy}-permissions {permission}"),
        ),
        links=(links.KEY_VAULT_POLICY, links.KEY_VAULT_RBAC),
        alike=("kv_rbac_denied",),
    ),
    Cause(
        key="kv_challenge_mismatch",
        area=Area.VAULT,
        title="The answering host is not the vault it should be",
        why="A vault's first answer says for which service it wants a token. "
        "That name does not belong to the host that was asked, so nothing was sent.",
        fix="Correct the vault's address, or the cloud. Only for a mock or a proxy of your own: "
        "turn the check off with verify_challenge_resource=False.",
        signs=(
            phrase("the challenge resource", "does not match the requested domain"),
            phrase("challenge resource", "does not match"),
            phrase("the challenge contains invalid scope"),
            phrase("source url and challenge url do not match"),
            phrase("invalid challenge", any_of=("invalid challenge parameters", "invalid challenge header")),
            phrase("challenge cannot be empty"),
        ),
        links=(links.KEY_VAULT_AUTHENTICATION, links.NATIONAL_CLOUDS),
    ),
    Cause(
        key="kv_url_or_id_invalid",
        area=Area.VAULT,
        title="The vault's address or the secret's id is not usable",
        why="An address looks like https://contoso.vault.azure.net, and an id continues with /secrets/name. "
        "What was given does not.",
        fix="Set KEY_VAULT_URI to https://, the vault's name, and .vault.azure.net.",
        signs=(
            phrase("vault_url must be the url of an azure key vault"),
            phrase("key vault request url must not contain backslashes"),
            phrase("bearer token authentication is not permitted for non-tls protected"),
            phrase("is not a valid id", unless=("tenant", "not a valid identifier")),
            phrase("request_uri must be an absolute uri"),
            phrase(
                "invalid url",
                any_of=("no scheme supplied", "no host supplied", "vault", "undefined", "err_invalid_url"),
            ),
            phrase("no connection adapters were found for", unless=("metadata", "identity", "msi")),
            phrase("must use permitted protocols"),
            phrase("is not a valid key vault", any_of=("url", "uri", "id", "secret")),
            phrase("bearer token auth is not permitted for non tls"),
            phrase("resulted in an invalid url"),
            phrase("invalid key vault", any_of=("url", "uri", "identifier")),
            phrase("does not appear to be a valid key vault"),
            phrase("invalid uri: the format of the uri"),
            phrase("uriformatexception"),
            phrase("invalid url", strength=Strength.WEAK),
            phrase("invalid uri", strength=Strength.WEAK),
            phrase("request_uri must be http or https"),
            phrase("key vault reference", any_of=("invalidsyntax", "could not parse reference")),
            phrase("key vault url is malformed"),
            phrase("invalid identifier", any_of=("the id of the secret", "vault")),
        ),
        commands=(run("az keyvault show --name {vault} --query properties.vaultUri --output tsv"),),
        links=(links.KEY_VAULT_NAMES,),
    ),
)
