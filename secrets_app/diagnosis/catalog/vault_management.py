"""Causes in the vault's address and management, in deleted objects, certificates and conditional role assignments."""

from secrets_app.diagnosis.catalog import links
from secrets_app.diagnosis.cause import Area, Cause, run
from secrets_app.diagnosis.signature import Strength, phrase

CAUSES = (
    Cause(
        key="kv_challenge_mismatch",
        area=Area.VAULT,
        title="The challenge resource does not match the vault's domain",
        why="A vault's first response, the challenge, names the resource that a token is needed for. "
        "It does not match the requested host, so no token was sent.",
        fix="Correct the vault URL, or the cloud. Only for your own mock or proxy: turn the check off "
        "(verify_challenge_resource=False in Python, DisableChallengeResourceVerification in .NET).",
        signatures=(
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
        title="The vault URL or the secret ID is invalid",
        why="A vault URL has the form https://contoso.vault.azure.net, and a secret ID adds /secrets/name. "
        "The given value does not have this form.",
        fix="Use https://, the vault name, and .vault.azure.net, without quotes, spaces or line breaks. A secret's "
        "identifier adds /secrets/<name>, and optionally its version.",
        otherwise=(
            (
                "If the value is empty, None, undefined or contains a placeholder, the setting was not read: check "
                "its name, the environment of this process and the file that it comes from."
            ),
            "If the setting takes the vault's name alone, leave out https:// and the domain.",
        ),
        site_fix="Set KEY_VAULT_URI to https://, the vault name, and .vault.azure.net.",
        signatures=(
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
    Cause(
        key="kv_role_condition",
        area=Area.VAULT,
        title="A condition of the role assignment excludes this secret or vault",
        why="The identity has a role, but its assignment has a condition (attribute-based access control) that is not "
        "met: it names other secrets or vaults. The comparison is case-sensitive.",
        fix="Show the condition and correct it, or assign the role without a condition. Another assignment of the "
        "same role without a condition also grants access.",
        signatures=(
            phrase("deniedwithabacevaluationinra", strength=Strength.EXACT),
            phrase("forbiddenbyrbac", any_of=("abac", "conditionversion"), strength=Strength.EXACT),
        ),
        commands=(
            run(
                "az role assignment list --scope {vault_id} --assignee {object_id} --include-inherited "
                '--query "[].{{role:roleDefinitionName, condition:condition}}"'
            ),
        ),
        links=(links.RBAC_CONDITIONS, links.KEY_VAULT_RBAC),
        look_alikes=(("kv_rbac_denied", "Assignment: (not found) means that there is no role assignment at all."),),
    ),
    Cause(
        key="kv_purge_refused",
        area=Area.VAULT,
        title="The vault does not allow this object or vault to be purged",
        why="Purge protection is enabled and cannot be turned off, or soft delete is off, so there is nothing to "
        "purge.",
        fix="Recover the object, or wait until its retention period ends, or use another name. In Terraform, set "
        "purge_soft_delete_on_destroy = false.",
        signatures=(
            phrase('operation "purge" is not enabled for this vault'),
            phrase("operation", "purge", any_of=("not enabled for this vault", "not allowed for this vault")),
            phrase("purge", any_of=("protection is enabled", "purge protection"), strength=Strength.LIKELY),
            phrase("operation 'deletedvaultpurge' is not allowed"),
            phrase("purge", "is not allowed because purge protection is enabled", strength=Strength.EXACT),
        ),
        commands=(
            run("az keyvault show --name {vault} --query properties.enablePurgeProtection"),
            run(
                "az keyvault secret list-deleted --vault-name {vault} "
                '--query "[].{{name:name, purge:scheduledPurgeDate}}"'
            ),
        ),
        links=(links.KEY_VAULT_SOFT_DELETE,),
        look_alikes=(("kv_soft_deleted", "The name is in use by a deleted object, and nothing was purged."),),
    ),
    Cause(
        key="kv_object_busy",
        area=Area.VAULT,
        title="The object is being deleted or recovered",
        why="Key Vault deletes and recovers objects asynchronously. Until that has finished, the object can be neither "
        "read nor created.",
        fix="Wait a minute and retry. In a program, wait for the deletion or the recovery to complete "
        "(begin_delete_secret(...).wait()).",
        otherwise=(
            (
                "If it lasts longer than some minutes, look at the deleted objects (command below), and recover or "
                "purge it."
            ),
        ),
        signatures=(
            phrase("is currently being deleted"),
            phrase("is currently being recovered"),
        ),
        commands=(run("az keyvault secret show-deleted --vault-name {vault} --name {secret}"),),
        links=(links.KEY_VAULT_RECOVERY,),
        look_alikes=(("kv_soft_deleted", "ObjectIsDeletedButRecoverable: the deletion has finished."),),
    ),
    Cause(
        key="vault_name_taken",
        area=Area.VAULT,
        title="The vault name is already in use",
        why="Vault names are unique in the whole of Azure. The name belongs to another vault, in any tenant, or to a "
        "deleted vault of yours that can still be recovered.",
        fix="Look for it among the deleted vaults: recover it, or purge it if its content is no longer needed. "
        "Otherwise choose another name.",
        otherwise=(
            (
                "If the name is not among the deleted vaults of your subscriptions, it belongs to another "
                "organization: choose another one, for example with a suffix from uniqueString() or random_string."
            ),
            (
                "If the vault exists in your subscription, the template or Terraform creates it a second time: import"
                " it, or refer to the existing one."
            ),
            (
                "In Terraform, recover_soft_deleted_key_vaults = true in features { key_vault { ... } } recovers a "
                "deleted vault of the same name and region."
            ),
        ),
        signatures=(
            phrase("the vault name", "is already in use"),
            phrase("vault names are globaly unique"),
            phrase("vault names are globally unique"),
        ),
        commands=(
            run("az keyvault check-name --name {vault}"),
            run("az keyvault list-deleted --resource-type vault --output table"),
            run("az keyvault recover --name {vault}"),
        ),
        links=(links.KEY_VAULT_SOFT_DELETE, links.KEY_VAULT_RECOVERY),
        look_alikes=(("kv_soft_deleted", "A secret, key or certificate was deleted, not the vault."),),
    ),
    Cause(
        key="kv_certificate_import_failed",
        area=Area.VAULT,
        title="The certificate could not be imported into the vault",
        why="The file is not PEM or PFX, its password is missing or wrong, or its private key may not be exported.",
        fix="Export the certificate with its private key, as PFX or unencrypted PEM (PKCS#8), and pass the password of "
        "the PFX file.",
        otherwise=(
            (
                "If the private key is not exportable on this Windows machine, import the certificate again with an "
                "exportable key, or create it in the vault."
            ),
            (
                "If the vault imports an App Service certificate or a secret as a certificate, use the PFX itself: a "
                "secret cannot be converted."
            ),
        ),
        signatures=(
            phrase("could not parse the provided certificate as .pem or .pfx"),
            phrase("import-azkeyvaultcertificate", any_of=("specified state", "password", "pkcs", "private key")),
            phrase("import-azkeyvaultcertificate", strength=Strength.LIKELY),
            phrase("az keyvault certificate import", any_of=("password", "error", "failed"), strength=Strength.LIKELY),
            phrase("private key is not specified in the specified x.509 certificate content"),
            phrase("the specified pkcs#12 x.509 certificate content can not be read"),
            phrase("the specified pem x.509 certificate content is in an unexpected format"),
        ),
        commands=(
            run(
                "az keyvault certificate import --vault-name {vault} --name <certificate-name> "
                "--file <file.pfx> --password <password>"
            ),
        ),
        links=(links.KEY_VAULT_CERTIFICATE_IMPORT,),
        look_alikes=(("certificate_file_invalid", "The program's own client certificate cannot be read."),),
    ),
)
