"""Causes without an error text of their own: they are seen in the reading itself."""

from secrets_app.core.reading import Platform
from secrets_app.diagnosis.catalog import links
from secrets_app.diagnosis.cause import LINUX, MACOS, Area, Cause, Severity, run
from secrets_app.diagnosis.signature import Strength, phrase

CAUSES = (
    Cause(
        key="setting_missing",
        area=Area.PROGRAM,
        title="A setting of this site is not set",
        why="Without a vault and a secret's name there is nothing to read.",
        fix="Set KEY_VAULT_URI to the vault's address and SECRET_NAME to the secret's name, then start the site again.",
        commands=(
            run("export KEY_VAULT_URI=https://{vault_host} SECRET_NAME={secret}", systems=(LINUX, MACOS)),
            run("$env:KEY_VAULT_URI = 'https://{vault_host}'; $env:SECRET_NAME = {secret}", systems=("Windows",)),
        ),
        links=(links.KEY_VAULT_NAMES,),
        alike=("setting_invalid",),
    ),
    Cause(
        key="setting_invalid",
        area=Area.PROGRAM,
        title="A setting of this site has a value it cannot use",
        why="Nothing is asked of Azure before it is right: a guess could read the wrong secret.",
        fix="Let the site list each mistake with its way out, then correct the one it names.",
        commands=(run("python manage.py check"),),
        links=(links.KEY_VAULT_NAMES,),
        alike=("setting_missing",),
    ),
    Cause(
        key="vault_url_refused",
        area=Area.PROGRAM,
        title="This is not the address of an Azure vault",
        why="A token sent to a stranger's host is a stolen token. So nothing was sent.",
        fix="Set KEY_VAULT_URI to https://, the vault's name, and .vault.azure.net. "
        "Other hosts must be allowed by name.",
        commands=(run("az keyvault show --name {vault} --query properties.vaultUri --output tsv"),),
        links=(links.KEY_VAULT_NAMES,),
    ),
    Cause(
        key="deadline_exceeded",
        area=Area.NETWORK,
        title="Our own time ran out",
        why="We stop waiting before you do. Something had not answered yet.",
        fix="See whether that part answers at all from here. A firewall or a proxy that drops what it should refuse "
        "is the usual reason.",
        commands=(
            run("curl --max-time 10 --include https://{vault_host}/healthstatus", systems=(LINUX, MACOS)),
            run("Test-NetConnection {vault_host} -Port 443", systems=("Windows",)),
        ),
        links=(links.CREDENTIAL_CHAINS,),
    ),
    Cause(
        key="chain_stopped_early",
        area=Area.PROGRAM,
        title="The chain stopped before it had asked everyone",
        why="A way of signing in that is set up, but fails, ends the search.",
        fix="Repair the one that failed, or leave it out.",
        commands=(
            run("export AZURE_TOKEN_CREDENTIALS=dev", systems=(LINUX, MACOS), platforms=(Platform.UNKNOWN,)),
            run("$env:AZURE_TOKEN_CREDENTIALS = 'dev'", systems=("Windows",), platforms=(Platform.UNKNOWN,)),
        ),
        links=(links.CREDENTIAL_CHAINS,),
    ),
    Cause(
        key="unexpected_principal",
        area=Area.PROGRAM,
        title="We are somebody else than was expected",
        why="A token was given, but for another identity than the one the settings name.",
        fix="Compare the two, then correct the settings or the sign-in.",
        commands=(
            run("az webapp identity show --resource-group {group} --name {site}", platforms=(Platform.APP_SERVICE,)),
            run("az functionapp identity show --resource-group {group} --name {site}", platforms=(Platform.FUNCTIONS,)),
            run("az account show --query user", platforms=(Platform.UNKNOWN,)),
            run("python manage.py principal --all"),
        ),
        links=(links.CREDENTIAL_CHAINS,),
    ),
    Cause(
        key="environment_half_set",
        area=Area.PROGRAM,
        title="The environment is set up by halves",
        why="Some variables of a credential are there, others are missing, empty, or contradict them.",
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
        title="If access was given just now: it may still be on its way",
        why="A new role takes some minutes to count. One that comes through a group counts when Azure makes the next "
        "token: for a managed identity that can take 24 hours, and a restart does not hurry it.",
        fix="Wait ten minutes and read again. A person signs in anew to get a new token.",
        links=(links.RBAC_TROUBLESHOOTING, links.KEY_VAULT_RBAC),
    ),
    Cause(
        key="tenant_mismatch_ahead",
        area=Area.VAULT,
        title="The vault belongs to another tenant than our token",
        why="The vault named its tenant before it saw any token, and ours comes from another one. It will refuse it.",
        fix="Sign in to the vault's tenant.",
        commands=(run("az login --tenant {vault_tenant}"),),
        links=(links.KEY_VAULT_AUTHENTICATION,),
    ),
    Cause(
        key="clock_skew",
        area=Area.PROGRAM,
        title="This machine's clock is off",
        why="It differs from Azure's by more than five minutes. Tokens then look expired, or not valid yet.",
        fix="Set the clock, and keep it set over the network.",
        signs=(
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
        title="The secret has passed its expiry date",
        why="Key Vault hands it out all the same. Whatever it opens may no longer accept it.",
        fix="Store a new version of the secret, or move its expiry date if it is still good.",
        commands=(run("az keyvault secret show --vault-name {vault} --name {secret} --query attributes"),),
        links=(links.KEY_VAULT_SECRETS,),
        weight=Severity.SIGNED_OUT,
    ),
    Cause(
        key="secret_not_yet_valid",
        area=Area.VAULT,
        title="The secret is not meant to be used yet",
        why="Its start date lies ahead. Key Vault hands it out all the same.",
        fix="Use the version before it until then, or correct the start date.",
        commands=(run("az keyvault secret show --vault-name {vault} --name {secret} --query attributes"),),
        links=(links.KEY_VAULT_SECRETS,),
        weight=Severity.SIGNED_OUT,
    ),
    Cause(
        key="secret_deleted",
        area=Area.VAULT,
        title="The secret was deleted, and can still be brought back",
        why="Its name is among the vault's deleted secrets.",
        fix="Recover it, if it was not deleted on purpose.",
        commands=(run("az keyvault secret recover --vault-name {vault} --name {secret}"),),
        links=(links.KEY_VAULT_RECOVERY,),
        alike=("kv_secret_not_found", "kv_soft_deleted"),
    ),
    Cause(
        key="token_vault_retired",
        area=Area.VAULT,
        title="Token Vault was closed on 17 November 2020",
        why="The service, later called Token Store, was shut down that day.",
        fix="Use the credential manager of API Management for the same job.",
        signs=(phrase("tokenvault.azure.net"), phrase("tokenstore.azure.net")),
        links=(links.CREDENTIAL_MANAGER,),
    ),
    Cause(
        key="unexpected",
        area=Area.PROGRAM,
        title="This error is not in our catalogue",
        why="Nothing in it matches a cause we know, so its own words are all there is.",
        fix="Look for a code in them and try again once. Then take a report to whoever runs the vault: "
        "manage.py principal --report.",
        commands=(run("az account get-access-token --scope https://vault.azure.net/.default --query expiresOn"),),
        links=(links.KEY_VAULT_ERRORS, links.AADSTS),
        weight=Severity.SIGNED_OUT,
    ),
)
