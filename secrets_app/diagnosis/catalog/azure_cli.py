"""Causes in Azure CLI."""

from secrets_app.core.reading import Platform
from secrets_app.diagnosis.catalog import links
from secrets_app.diagnosis.catalog.predicates import failed_in_azure_cli, failed_in_token_cache, has_broker_tag
from secrets_app.diagnosis.cause import LINUX, MACOS, WINDOWS, Area, Cause, Severity, run
from secrets_app.diagnosis.signature import Signature, Strength, phrase
from secrets_app.diagnosis.stack_settings import StackSetting

_DEVELOPMENT = (Platform.UNKNOWN, Platform.VIRTUAL_MACHINE, Platform.ARC)

CAUSES = (
    Cause(
        key="az_timeout",
        area=Area.TOOL,
        title="Azure CLI timed out",
        why="The library waits 10 to 13 seconds for az by default. az took longer or did not run to completion.",
        fix="Run the command below and measure how long it takes. Then increase the time limit.",
        otherwise=(
            "If az runs fast by hand, a cold start, a virus scanner or a proxy delays it in this process.",
            (
                "If several programs start az at the same time, let one credential be shared: create it once, and "
                "cache the token."
            ),
            "In Azure, leave Azure CLI out of the chain (AZURE_TOKEN_CREDENTIALS=prod): use the managed identity.",
        ),
        setting=StackSetting.CLI_TIMEOUT,
        site_fix="Run the command below and measure how long it takes. Then increase KVSITE_DEADLINE_S.",
        signatures=(
            phrase("failed to invoke the azure cli"),
            phrase("azure cli", "timed out", unless=("get-accesstoken", "curl", "connectionpool")),
            phrase("azure cli authentication timed out"),
            phrase("timeout waiting for az"),
            Signature(
                phrases=("az", "timed out after"), any_of=("get-access-token", "azure cli"), strength=Strength.CLEAR
            ),
        ),
        commands=(run("az account get-access-token --scope https://vault.azure.net/.default --query expiresOn"),),
        links=(links.AZ_TROUBLE, links.CREDENTIAL_CHAINS),
        related=("az_broken_install",),
    ),
    Cause(
        key="az_subscription_wrong",
        area=Area.TOOL,
        title="Azure CLI cannot use this subscription, tenant or account",
        why="The subscription or tenant passed to az is unknown to the signed-in account or ambiguous, or both were "
        "passed together. With several accounts or tenants, az uses those of the default subscription, which may not "
        "be the vault's.",
        fix="Use the ID of a subscription that this account can see (first command), in the tenant of the vault. "
        "Where a setting or a variable passes it (ARM_SUBSCRIPTION_ID, AZURE_SUBSCRIPTION_ID, a variable group or"
        " secret), correct it there: an empty variable or a name such as subscription_id in the error means that "
        "it was not set.",
        otherwise=(
            (
                "If the list lacks it, the account has no role in it: assign one, or sign in to its tenant (az login "
                "--tenant <tenant-id>)."
            ),
            "If no subscription is needed, sign in with --allow-no-subscriptions.",
            (
                "If the list is old, run az account list --refresh. If the subscription is in another cloud, select "
                "that cloud."
            ),
        ),
        signatures=(
            phrase("please specify only one of subscription and tenant"),
            phrase("getting access token for non-current tenants is not supported"),
            phrase("tenant shouldn't be specified for", any_of=("cloud shell", "msi", "managed identity")),
            phrase("the subscription of", "doesn't exist in cloud"),
            phrase("subscription", "doesn't exist in cloud"),
            phrase("it must match the tenant", "associated with this subscription"),
            phrase("subscription", "not found", any_of=("azure cli", "az account", "check the spelling")),
            phrase("multiple subscriptions", any_of=("with the name", "match", "subscription id")),
            phrase("subscription", "contains invalid characters"),
            phrase("no subscriptions found for", unless=("az login", "please run")),
            phrase("subscription", "not recognized", strength=Strength.LIKELY),
            phrase("specified tenant must be the current tenant"),
            phrase("please run 'az account set' to select active account", strength=Strength.EXACT),
            phrase("please specify only one of aux_subscriptions"),
            phrase("subscription", "not found. check the id or name"),
            phrase("no access was configured for the managed identity, hence no subscriptions were found"),
            phrase("could not be retrieved for", "ensure the subscription exists"),
            phrase("no subscriptions were found in the cloud shell"),
            phrase("if this is the name of a subscription, use its id instead"),
            phrase("the subscription of", "has more than one match in cloud"),
            phrase("logged into azure cli using multiple accounts"),
            phrase("same account has access to subscriptions in multiple tenants"),
            phrase("set the default subscription to one", any_of=("which has the account", "that has the account")),
            phrase("set the subscription with key vault to be the default"),
            phrase("when you have multiple azure subscriptions"),
        ),
        commands=(
            run("az account list --output table"),
            run("az account set --subscription {subscription}"),
            run("az account show --query user"),
        ),
        links=(links.AZ_SUBSCRIPTIONS,),
    ),
    Cause(
        key="az_token_cache_broken",
        area=Area.TOOL,
        title="Azure CLI cannot read its token cache",
        why="This user cannot read the token cache, or the cache no longer contains the account.",
        fix="Delete the token cache of this operating system user by hand if az account clear fails too, and sign in "
        "again as the user that runs this program.",
        otherwise=(
            (
                "If several processes or containers share the folder ~/.azure, give each its own (AZURE_CONFIG_DIR): "
                "a cache that two write at the same time breaks."
            ),
            "If it was written by another user (sudo), correct the owner of ~/.azure.",
            (
                "If Windows cannot decrypt it again (another profile, a service account), turn its encryption off: az"
                " config set core.encrypt_token_cache=false."
            ),
        ),
        signatures=(
            phrase("can't find token from msal cache"),
            phrase("does not exist in msal token cache"),
            phrase(
                "decryption failed",
                any_of=("msal", "dpapi", "token cache", "cache", "winerror", "app developer may consider"),
            ),
            phrase("encryption failed", "consider disable encryption"),
            phrase("found multiple accounts with the same username"),
            phrase("you may want to manually remove the stale lock file"),
            phrase("key not valid for use in specified state", unless=("certificate",)),
            phrase("error decrypting data", any_of=("2148073483", "identitycache", "statusinternal", "dpapi")),
            phrase("could not retrieve credential from local cache"),
            phrase("could not retrieve service principal from local cache"),
            phrase(
                "msal_token_cache",
                any_of=("permission denied", "decode", "decrypt", "corrupt", "errno", "json", "unable"),
            ),
            phrase("service_principal_entries", any_of=("permission denied", "decode", "decrypt", "corrupt", "errno")),
            phrase("persistencedecryptionerror"),
            phrase("persistenceencryptionerror"),
            phrase("dpapi", any_of=("crypt", "unprotect", "err_code", "decryption")),
            phrase("unable to acquire token", "msal cache"),
            phrase("winerror -2146893813"),
            phrase("winerror -2146892987"),
            phrase("could not retrieve token from local cache", unless=("please run",)),
            Signature(
                any_of=("the command failed with an unexpected error", "winerror", "ran out of input", "eoferror"),
                where=failed_in_token_cache,
                strength=Strength.EXACT,
            ),
        ),
        commands=(
            run("az account clear"),
            run("rm -f ~/.azure/msal_token_cache.* ~/.azure/service_principal_entries.*", systems=(MACOS, LINUX)),
            run('Remove-Item "$HOME\\.azure\\msal_token_cache.*"', systems=(WINDOWS,)),
            run("az login --tenant {tenant}"),
        ),
        links=(links.AZ_CACHE,),
    ),
    Cause(
        key="az_not_installed",
        area=Area.TOOL,
        title="Azure CLI was not found on PATH",
        why="az is not on the PATH of this process. It may be installed for another user, "
        "or it was installed after this shell or editor was started.",
        fix="On a development machine, install Azure CLI, sign in with az login, and restart the shell or editor. If "
        "it is installed, this process does not see it: add its folder to the process's PATH. In Azure, do not "
        "install it: the program must use its managed identity (ManagedIdentityCredential or "
        "DefaultAzureCredential) instead of the credential of Azure CLI.",
        otherwise=(
            (
                "If a graphical program on macOS starts it, PATH lacks Homebrew: add /opt/homebrew/bin, or start the "
                "program from a terminal."
            ),
            (
                "In a pod, use workload identity; a library or program version without it in its chain needs "
                "WorkloadIdentityCredential itself, or an update."
            ),
            (
                "In a container, pass a service principal (AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET), or"
                " add az to the image if AZURE_TOKEN_CREDENTIALS selects it."
            ),
            "AzureServiceTokenProvider in .NET also reads AzureCLIPath.",
        ),
        setting=StackSetting.CREDENTIALS,
        site_fix="Install Azure CLI on this machine, then restart the shell or editor. If it is installed, add its "
        "folder to PATH, or set AzureCLIPath to that folder.",
        signatures=(
            phrase("azure cli not found on path"),
            Signature(
                phrases=("no such file or directory",),
                any_of=("fork/exec /bin/sh", "exec: sh"),
                credentials=("AzureCliCredential",),
                strength=Strength.CLEAR,
            ),
            phrase("the path for azure cli", any_of=("cannot find", "can't find")),
            phrase("azure cli at its default install locations"),
            phrase("azureclipath", any_of=("not set", "folder", "environment variable", "does not")),
            phrase("run az account get-access-token to see if azure cli shows a token"),
            phrase("az: no such file or directory", any_of=("/bin/bash", "/bin/sh")),
            phrase("azure cli not installed"),
            phrase("azure cli is not installed"),
            phrase("'az' is not recognized"),
            phrase("azure cli could not be found"),
            phrase("azure cli couldn't be found"),
            phrase("azure cli executable not found"),
            phrase("az: command not found"),
            phrase("az: not found", any_of=("sh:", "bash:", "line")),
            phrase("executable file not found in", any_of=('"az"', "exec: az")),
            phrase("no such file or directory: 'az'"),
            phrase("unable to find az", any_of=("path", "azure cli")),
            phrase("azure cli", "not installed", unless=("powershell", "az.account", "developer cli", "module")),
            phrase("az not found on path"),
            phrase("'az' n'est pas reconnu"),
            phrase("befehl az ist entweder falsch geschrieben"),
            phrase("die benennung az wurde nicht als name"),
            phrase("'az' no se reconoce como"),
            phrase("le terme az n'est pas reconnu"),
        ),
        commands=(
            run("winget install --exact --id Microsoft.AzureCLI", systems=(WINDOWS,), platforms=_DEVELOPMENT),
            run("brew install azure-cli", systems=(MACOS,), platforms=_DEVELOPMENT),
            run("curl -sL https://aka.ms/InstallAzureCLIDeb | sudo bash", systems=(LINUX,), platforms=_DEVELOPMENT),
            run("az login --tenant {tenant}"),
        ),
        links=(links.AZ_INSTALL,),
        severity=Severity.NOISE,
    ),
    Cause(
        key="az_broken_install",
        area=Area.TOOL,
        title="Azure CLI is installed but does not run",
        why="az was found, but failed before it returned a result. Often its own Python is damaged or conflicts with "
        "another installation.",
        fix="Run the command below in the same environment. If it fails, another Python or library conflicts with az "
        "(PYTHONPATH, PYTHONHOME, LD_LIBRARY_PATH), or the installation is damaged: reinstall Azure CLI.",
        otherwise=(
            (
                "If az reports invalid JSON (Expecting value, JSONDecodeError), a file in ~/.azure is empty or "
                "broken: delete msal_token_cache.*, service_principal_entries.* and azureProfile.json there, and sign"
                " in again."
            ),
            (
                "If a virtual environment is active, deactivate it, or remove azure-cli from it: use the installation"
                " of the system."
            ),
            "If an extension fails, remove it (az extension remove --name <extension>).",
        ),
        signatures=(
            phrase("failed to invoke azure cli", unless=("failed to invoke the azure cli",)),
            phrase(
                "failed to execute",
                any_of=("'az'", "/az'", "az.cmd", "/bin/sh", "cmd", "az.exe", "failed to execute az"),
                unless=("azd",),
            ),
            phrase("modulenotfounderror", any_of=("azure.cli", "azure-cli", "knack", "/az", "az.cmd")),
            phrase("no module named", any_of=("azure.cli", "azure-cli", "knack", "'azure.cli'")),
            phrase("importerror", any_of=("azure.cli", "azure-cli", "knack")),
            phrase("/az: line", "no such file or directory"),
            Signature(
                exceptions=frozenset({"importerror", "modulenotfounderror"}),
                any_of=("dll load failed", "cannot import name", "no module named"),
                where=failed_in_azure_cli,
                strength=Strength.EXACT,
            ),
            phrase("bad interpreter", any_of=("/az", "azure")),
            phrase("azure-cli", any_of=("dll load failed", "glibc", "_cffi_backend", "pkg_resources")),
            phrase("the command failed with an unexpected error", any_of=("az", "traceback"), strength=Strength.LIKELY),
            phrase("fatal python error", any_of=("azure-cli", "azure\\cli", "az")),
            phrase("azure cli", "permission denied", unless=("token_cache", "azureprofile", ".azure/")),
            phrase("azure cli authentication failed due to an unknown error", strength=Strength.LIKELY),
            phrase(
                "the command failed with an unexpected error",
                any_of=("cannot import name", "no module named", "dll load failed", "has no attribute"),
                strength=Strength.EXACT,
            ),
            phrase("azurecliextensiondirectory", any_of=("denied", "errno", "winerror")),
            phrase("/opt/az/", any_of=("glibc", "libc.so", "cannot open shared object")),
        ),
        commands=(
            run("az version"),
            run("env -u PYTHONPATH -u PYTHONHOME az version", systems=(MACOS, LINUX)),
        ),
        links=(links.AZ_INSTALL, links.AZ_TROUBLE),
        related=("az_timeout",),
    ),
    Cause(
        key="az_not_logged_in",
        area=Area.TOOL,
        title="Azure CLI is installed, but no account is signed in",
        why="az has no usable account or no default subscription for this operating system user.",
        fix="Sign in with az as the operating system user that runs this program, then try again. In a pipeline, sign"
        " in with its service connection or service principal instead.",
        otherwise=(
            (
                "If you are signed in in a terminal, the program runs as another user, in a container, as a service "
                "or with another AZURE_CONFIG_DIR: sign in there."
            ),
            (
                "If the account is signed in to other tenants only, sign in to the tenant that the program asks for "
                "(az login --tenant <tenant-id>)."
            ),
            "If no user can sign in there, use a managed identity, workload identity or a service principal.",
        ),
        setting=StackSetting.CREDENTIALS,
        signatures=(
            phrase("please run 'az login'", unless=("to re-authenticate, please run",)),
            Signature(phrases=("exit status 1",), credentials=("AzureCliCredential",), strength=Strength.LIKELY),
            phrase("account has previously been signed out of this application"),
            phrase(
                "az login",
                any_of=("to setup account", "to set up an account", "to set up account", "from a command prompt"),
            ),
            phrase("no subscription found", any_of=("az login", "az account set")),
            phrase("to re-authenticate, please run", "az login", strength=Strength.LIKELY),
            phrase("azure cli", any_of=("not logged in", "no accounts were found")),
            phrase("az login", strength=Strength.WEAK),
            phrase("there are no active accounts"),
            phrase("azure cli could not login"),
        ),
        commands=(
            run("az login --tenant {tenant}"),
            run("az account show --output table"),
        ),
        links=(links.AZ_LOGIN,),
        severity=Severity.SIGNED_OUT,
        related=("az_subscription_wrong", "az_token_cache_broken"),
    ),
    Cause(
        key="az_wam_failed",
        area=Area.TOOL,
        title="The Windows broker (WAM) failed during az login",
        why="On Windows, Azure CLI signs in through Web Account Manager (WAM). It returned an error, or its cached "
        "account is unusable.",
        fix="Clear the accounts and sign in again. If that fails, turn off the broker: az then signs in with the "
        "browser.",
        signatures=(
            phrase("wam error"),
            phrase("error code:", ", tag:", where=has_broker_tag),
            phrase("(pii)", any_of=("broker", "wam", "0x", "tag:")),
            phrase("please explicitly log in with", "broker", strength=Strength.LIKELY),
            phrase("enable_broker_on_windows"),
            phrase("msalruntime", any_of=("error", "status", "failed"), strength=Strength.LIKELY),
            phrase("failed to acquire token", "broker", strength=Strength.LIKELY),
        ),
        commands=(
            run("az account clear"),
            run("az config set core.enable_broker_on_windows=false"),
            run("az login --tenant {tenant}"),
        ),
        links=(links.AZ_LOGIN,),
        look_alikes=(("broker_unavailable", "A program's broker credential is not available on this machine."),),
    ),
)
