"""Causes detected in the reading itself, mostly without an error message of their own."""

from secrets_app.core.reading import Platform
from secrets_app.diagnosis.catalog import links
from secrets_app.diagnosis.cause import LINUX, MACOS, Area, Cause, Severity, run
from secrets_app.diagnosis.signature import Strength, phrase
from secrets_app.diagnosis.stack_settings import StackSetting

CAUSES = (
    Cause(
        key="setting_missing",
        area=Area.PROGRAM,
        title="A required setting is missing",
        why="A vault and a secret name are required to read a secret.",
        fix="Set KEY_VAULT_URI to the vault's URL and SECRET_NAME to the secret's name, then restart the site.",
        commands=(
            run("export KEY_VAULT_URI=https://{vault_host} SECRET_NAME={secret}", systems=(LINUX, MACOS)),
            run("$env:KEY_VAULT_URI = 'https://{vault_host}'; $env:SECRET_NAME = {secret}", systems=("Windows",)),
        ),
        links=(links.KEY_VAULT_NAMES,),
        related=("setting_invalid",),
    ),
    Cause(
        key="setting_invalid",
        area=Area.PROGRAM,
        title="A setting of this site has an invalid value",
        why="No request is sent to Azure until it is corrected, because a guess could read the wrong secret.",
        fix="Run manage.py check to list each invalid setting and how to fix it.",
        commands=(run("python manage.py check"),),
        links=(links.KEY_VAULT_NAMES,),
        related=("setting_missing",),
    ),
    Cause(
        key="vault_url_refused",
        area=Area.PROGRAM,
        title="The URL is not an Azure Key Vault URL",
        why="A token sent to an unknown host can be stolen, so no request was sent.",
        fix="Set KEY_VAULT_URI to https://, the vault's name, and .vault.azure.net. "
        "Other hosts must be allowed by name.",
        commands=(run("az keyvault show --name {vault} --query properties.vaultUri --output tsv"),),
        links=(links.KEY_VAULT_NAMES,),
    ),
    Cause(
        key="deadline_exceeded",
        area=Area.NETWORK,
        title="The request timed out",
        why="No response within KVSITE_DEADLINE_S.",
        fix="Check whether the service responds from this machine. "
        "The usual cause is a firewall or proxy that drops connections instead of rejecting them.",
        commands=(
            run("curl --max-time 10 --include https://{vault_host}/healthstatus", systems=(LINUX, MACOS)),
            run("Test-NetConnection {vault_host} -Port 443", systems=("Windows",)),
        ),
        links=(links.CREDENTIAL_CHAINS,),
    ),
    Cause(
        key="chain_stopped_early",
        area=Area.PROGRAM,
        title="The credential chain stopped before trying every credential",
        why="A credential that is configured but fails ends the chain.",
        fix="Fix the credential that failed, or exclude it.",
        otherwise=(
            (
                "If the credential is not meant to be used, remove its variables: a complete service principal or "
                "token file always counts."
            ),
        ),
        setting=StackSetting.CREDENTIALS,
        commands=(
            run("export AZURE_TOKEN_CREDENTIALS=dev", systems=(LINUX, MACOS), platforms=(Platform.UNKNOWN,)),
            run("$env:AZURE_TOKEN_CREDENTIALS = 'dev'", systems=("Windows",), platforms=(Platform.UNKNOWN,)),
        ),
        links=(links.CREDENTIAL_CHAINS,),
    ),
    Cause(
        key="unexpected_principal",
        area=Area.PROGRAM,
        title="Signed in as an unexpected principal",
        why="A token was issued, but for a different identity than the one the settings name.",
        fix="Compare the two, then correct the settings or the sign-in.",
        commands=(
            run("az webapp identity show --resource-group {group} --name {site}", platforms=(Platform.APP_SERVICE,)),
            run("az functionapp identity show --resource-group {group} --name {site}", platforms=(Platform.FUNCTIONS,)),
            run("az account show --query user", platforms=(Platform.UNKNOWN,)),
            run("python manage.py principal --all", site_only=True),
        ),
        links=(links.CREDENTIAL_CHAINS,),
    ),
    Cause(
        key="environment_half_set",
        area=Area.PROGRAM,
        title="A credential's environment variables are incomplete",
        why="Some of its variables are set, and others are missing, empty or contradictory.",
        fix="Set all of them, or none.",
        commands=(
            run("env | grep -E '^(AZURE|IDENTITY|MSI)_' | cut -d= -f1", systems=(LINUX, MACOS)),
            run(
                "Get-ChildItem Env: | Where-Object Name -Match '^(AZURE|IDENTITY|MSI)_' | Select-Object Name",
                systems=("Windows",),
            ),
        ),
        links=(links.PYTHON_AUTHENTICATION,),
    ),
    Cause(
        key="role_may_be_on_its_way",
        area=Area.VAULT,
        title="If access was granted recently, it may not have taken effect yet",
        why="A new role assignment can take up to 10 minutes to take effect. "
        "Access through a group takes effect when the next token is issued: for a managed identity that can take "
        "24 hours, and a restart does not shorten it.",
        fix="Wait 10 minutes and retry. If you use your own account, sign in again to get a new token.",
        links=(links.RBAC_TROUBLESHOOTING, links.KEY_VAULT_RBAC),
    ),
    Cause(
        key="tenant_mismatch_ahead",
        area=Area.VAULT,
        title="The vault and the token belong to different tenants",
        why="The vault returned its tenant ID before it received a token, and the token was issued by a different "
        "tenant. The vault will reject it.",
        fix="Sign in to the vault's tenant.",
        commands=(run("az login --tenant {vault_tenant}"),),
        links=(links.KEY_VAULT_AUTHENTICATION,),
    ),
    Cause(
        key="clock_skew",
        area=Area.PROGRAM,
        title="This machine's clock is wrong",
        why="It differs from Azure's clock by more than five minutes, so tokens appear expired or not yet valid.",
        fix="Set the clock, and keep it synchronized over the network.",
        signatures=(
            phrase("token is not yet valid"),
            phrase("the token is not valid yet"),
            phrase("lifetime validation failed", strength=Strength.LIKELY),
            phrase("clock skew", strength=Strength.LIKELY),
        ),
        commands=(
            run("sudo timedatectl set-ntp true", systems=(LINUX,)),
            run("sudo sntp -sS time.apple.com", systems=(MACOS,)),
            run("w32tm /resync", systems=("Windows",)),
        ),
        links=(links.AADSTS,),
    ),
    Cause(
        key="secret_expired",
        area=Area.VAULT,
        title="The secret is past its expiration date",
        why="Key Vault still returns it, but the service it gives access to may no longer accept it.",
        fix="Store a new version of the secret, or change its expiration date if the value is still valid.",
        commands=(run("az keyvault secret show --vault-name {vault} --name {secret} --query attributes"),),
        links=(links.KEY_VAULT_SECRETS,),
        severity=Severity.SIGNED_OUT,
    ),
    Cause(
        key="secret_not_yet_valid",
        area=Area.VAULT,
        title="The secret's activation date is in the future",
        why="Key Vault returns it regardless.",
        fix="Use the previous version until then, or correct the activation date.",
        commands=(run("az keyvault secret show --vault-name {vault} --name {secret} --query attributes"),),
        links=(links.KEY_VAULT_SECRETS,),
        severity=Severity.SIGNED_OUT,
    ),
    Cause(
        key="secret_deleted",
        area=Area.VAULT,
        title="The secret was deleted and can be recovered",
        why="Its name is listed in the vault's deleted secrets.",
        fix="Recover it, unless it was deleted on purpose.",
        commands=(run("az keyvault secret recover --vault-name {vault} --name {secret}"),),
        links=(links.KEY_VAULT_RECOVERY,),
        related=("kv_secret_not_found", "kv_soft_deleted"),
    ),
    Cause(
        key="token_vault_retired",
        area=Area.VAULT,
        title="Token Vault was retired on 17 November 2020",
        why="The service, later named Token Store, was shut down that day.",
        fix="Use the credential manager of API Management instead.",
        signatures=(
            phrase("tokenvault.azure.net"),
            phrase("tokenstore.azure.net"),
            phrase("does not have access to the token", any_of=("token vault", "token store")),
        ),
        links=(links.CREDENTIAL_MANAGER,),
    ),
    Cause(
        key="unexpected",
        area=Area.PROGRAM,
        title="This error is not recognized",
        why="It matches no known cause, so only the original message is available.",
        fix="Look for an error code in the message and retry once. Then turn on the debug log.",
        site_fix="Look for an error code in the message and retry once. "
        "Then send a report to the vault's administrator: manage.py principal --report.",
        setting=StackSetting.DEBUG,
        commands=(
            run(
                "az account get-access-token --scope https://vault.azure.net/.default --query expiresOn", site_only=True
            ),
        ),
        links=(links.KEY_VAULT_ERRORS, links.AADSTS),
        severity=Severity.SIGNED_OUT,
    ),
    Cause(
        key="developer_credential_in_azure",
        area=Area.PROGRAM,
        title="The credential that is selected does not fit this machine",
        why="AZURE_TOKEN_CREDENTIALS or a connection string selects the credentials of a development machine, and the "
        "program runs in Azure; or it selects those of production, and the program runs on a development machine. "
        "The credential that would work is left out.",
        fix="Remove the setting, or set AZURE_TOKEN_CREDENTIALS=prod in Azure and dev on a development machine.",
        otherwise=(
            (
                "If the program selects a credential itself (AzureCliCredential, VisualStudioCredential), use "
                "DefaultAzureCredential or ManagedIdentityCredential there."
            ),
        ),
        commands=(
            run(
                "az webapp config appsettings delete --resource-group {group} --name {site} "
                "--setting-names AZURE_TOKEN_CREDENTIALS",
                platforms=(Platform.APP_SERVICE,),
            ),
            run(
                "az functionapp config appsettings delete --resource-group {group} --name {site} "
                "--setting-names AZURE_TOKEN_CREDENTIALS",
                platforms=(Platform.FUNCTIONS,),
            ),
            run(
                "az containerapp update --resource-group {group} --name {site} "
                "--remove-env-vars AZURE_TOKEN_CREDENTIALS",
                platforms=(Platform.CONTAINER_APPS,),
            ),
            run("unset AZURE_TOKEN_CREDENTIALS", systems=(LINUX, MACOS), platforms=(Platform.UNKNOWN,)),
            run("Remove-Item Env:AZURE_TOKEN_CREDENTIALS", systems=("Windows",), platforms=(Platform.UNKNOWN,)),
        ),
        links=(links.CREDENTIAL_CHAINS,),
        look_alikes=(("no_credential_available", "No setting selects credentials: all of them were tried."),),
    ),
    Cause(
        key="service_principal_incomplete",
        area=Area.PROGRAM,
        title="The service principal's variables are only partly set",
        why="EnvironmentCredential signs in only if AZURE_TENANT_ID, AZURE_CLIENT_ID and a client secret or a "
        "certificate are all set. Some of them are set and others are missing, so it is skipped without an error.",
        fix="Set the missing variable where the program reads it, or remove all of them. AZURE_CLIENT_ID alone also "
        "selects a user-assigned managed identity: for that, leave the others unset.",
        otherwise=(
            (
                "If the program has a field or setting of its own for the client secret (a page of settings, a data "
                "source, a connection), enter it there and save again."
            ),
            "If the value comes from a secret of the platform, its name or key is wrong, or it is empty there.",
            "If your own account is meant, unset all of them and sign in with az login.",
        ),
        commands=(
            run("env | grep '^AZURE_' | cut -d= -f1", systems=(LINUX, MACOS)),
            run("Get-ChildItem Env:AZURE_* | Select-Object Name", systems=("Windows",)),
        ),
        links=(links.PYTHON_AUTHENTICATION,),
        severity=Severity.FAILED,
        look_alikes=(("env_vars_incomplete", "None of the variables is set, which is normal in a chain."),),
    ),
)
