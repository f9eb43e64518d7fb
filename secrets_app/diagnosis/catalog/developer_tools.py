"""Causes in developer tools: PowerShell, azd, VS Code, brokers and token caches."""

from secrets_app.diagnosis.catalog import links
from secrets_app.diagnosis.catalog.predicates import about_azure
from secrets_app.diagnosis.cause import LINUX, MACOS, WINDOWS, Area, Cause, Severity, run
from secrets_app.diagnosis.signature import Signature, Strength, phrase

CAUSES = (
    Cause(
        key="powershell_not_installed",
        area=Area.TOOL,
        title="PowerShell was not found on PATH",
        why="pwsh is not on the PATH of this process. This matters only if you want to sign in with Azure PowerShell.",
        fix="Use az login, or install PowerShell 7 with the Az.Accounts module.",
        signatures=(
            phrase("powershell is not installed"),
            phrase("powershell not installed"),
            phrase("'pwsh' is not recognized"),
            phrase("pwsh: command not found"),
            phrase("unable to execute powershell"),
            phrase("powershell executable", "not found"),
            phrase("no such file or directory: 'pwsh'"),
            phrase("pwsh: not found"),
        ),
        commands=(
            run("winget install --id Microsoft.PowerShell --source winget", systems=(WINDOWS,)),
            run("az login --tenant {tenant}"),
        ),
        links=(links.POWERSHELL_INSTALL,),
        severity=Severity.NOISE,
    ),
    Cause(
        key="az_accounts_module_missing",
        area=Area.TOOL,
        title="The PowerShell module Az.Accounts is missing",
        why="PowerShell is installed, but its module Az.Accounts is missing or too old.",
        fix="Install the module for this user, then sign in with Connect-AzAccount.",
        signatures=(
            phrase("az.account module", "not installed"),
            phrase("az.accounts module", any_of=("not installed", "was not found", "version", "not found")),
            phrase("no_az_account_module"),
            phrase("get-azaccesstoken", "is not recognized"),
            phrase("connect-azaccount", "is not recognized"),
            phrase("the specified module 'az.accounts' was not loaded"),
        ),
        commands=(
            run("Install-Module Az.Accounts -Scope CurrentUser"),
            run("Connect-AzAccount -Tenant {tenant}"),
        ),
        links=(links.AZ_POWERSHELL_INSTALL,),
        severity=Severity.NOISE,
    ),
    Cause(
        key="powershell_not_logged_in",
        area=Area.TOOL,
        title="Azure PowerShell is installed, but no account is signed in",
        why="PowerShell has no Azure account for this operating system user.",
        fix="Sign in with Connect-AzAccount as the operating system user that runs this program. In a function, a "
        "runbook or a pipeline no user signs in: use Connect-AzAccount -Identity or the task's service connection.",
        otherwise=(
            (
                "If you are signed in in a window, the program starts a new process: allow it to use the saved "
                "context (Enable-AzContextAutosave)."
            ),
        ),
        signatures=(
            phrase("please run", "connect-azaccount", unless=("-claimschallenge", "if browser is not supported")),
            phrase("run connect-azaccount to login"),
            phrase(
                "connect-azaccount",
                any_of=("to set up account", "to set up an account", "to login", "to log in"),
                unless=("-claimschallenge",),
            ),
            phrase("your azure credentials have not been set up or have expired"),
            phrase("login", "using connect-azaccount"),
            phrase("no account found in the context"),
        ),
        commands=(run("Connect-AzAccount -Tenant {tenant}"),),
        links=(links.AZ_POWERSHELL_LOGIN,),
        severity=Severity.SIGNED_OUT,
    ),
    Cause(
        key="powershell_failed",
        area=Area.TOOL,
        title="Azure PowerShell failed",
        why="It timed out, or this machine's execution policy blocks the script.",
        fix="Run the command below in pwsh, and fix the error it reports.",
        signatures=(
            phrase("failed to invoke powershell"),
            phrase("execution policy prevented invoking"),
            phrase("authorizationmanager check failed"),
            phrase("running scripts is disabled on this system"),
            phrase("azure powershell authentication failed"),
            phrase("azure powershell authentication timed out"),
            phrase("powershell", "timed out", strength=Strength.LIKELY),
            phrase(
                "get-azaccesstoken",
                any_of=("errorid", "exception", "cannot be loaded"),
                strength=Strength.LIKELY,
                unless=("unexpected output",),
            ),
            phrase("azurepowershellcredential", any_of=("failed", "error"), strength=Strength.WEAK),
            phrase("get-azaccesstoken", strength=Strength.WEAK),
        ),
        commands=(
            run("Get-AzAccessToken -ResourceUrl https://vault.azure.net | Select-Object ExpiresOn"),
            run("Set-ExecutionPolicy -Scope CurrentUser RemoteSigned", systems=(WINDOWS,)),
        ),
        links=(links.AZ_POWERSHELL_INSTALL,),
        severity=Severity.SIGNED_OUT,
    ),
    Cause(
        key="azd_not_installed",
        area=Area.TOOL,
        title="Azure Developer CLI was not found on PATH",
        why="azd is not on the PATH of this process. This matters only if you want to sign in with azd.",
        fix="Use az login, or install azd on this machine.",
        signatures=(
            phrase("azure developer cli could not be found"),
            phrase("azure developer cli not found"),
            phrase("azure developer cli couldn't be found"),
            phrase("azure developer cli is not installed"),
            phrase("'azd' is not recognized"),
            phrase("azd: command not found"),
            phrase("azure developer cli", any_of=("not installed", "not found on path")),
            phrase("azd not found on path"),
        ),
        commands=(
            run("winget install Microsoft.Azd", systems=(WINDOWS,)),
            run("brew install azure/azd/azd", systems=(MACOS,)),
            run("az login --tenant {tenant}"),
        ),
        links=(links.AZD_INSTALL,),
        severity=Severity.NOISE,
    ),
    Cause(
        key="azd_not_logged_in",
        area=Area.TOOL,
        title="Azure Developer CLI is installed, but no account is signed in",
        why="azd has no account for this operating system user.",
        fix="Sign in with azd as the operating system user that runs this program.",
        signatures=(
            phrase("please run 'azd auth login'", unless=("could not be found",)),
            phrase("not logged in, run `azd auth login`"),
            phrase(
                "azd auth login",
                any_of=(
                    "not logged in",
                    "to login",
                    "to authenticate before",
                    "to log in",
                    "reauthentication required",
                    "fetching token",
                ),
                unless=("could not be found", "aadsts", "installation instructions"),
            ),
            phrase("azure developer cli", any_of=("login", "log in", "sign in"), strength=Strength.WEAK),
            phrase("azure developer cli could not login"),
        ),
        commands=(run("azd auth login --tenant-id {tenant}"),),
        links=(links.AZD_REFERENCE,),
        severity=Severity.SIGNED_OUT,
    ),
    Cause(
        key="broker_unavailable",
        area=Area.TOOL,
        title="Brokered authentication is not available",
        why="It works only on Windows and WSL, and requires the package azure-identity-broker.",
        fix="Use az login. On Windows and WSL you can install the package instead: pip install azure-identity-broker.",
        signatures=(
            phrase(
                "interactivebrowserbrokercredential",
                any_of=("unavailable", "initialization failed", "not supported", "required"),
            ),
            phrase("azure-identity-broker", "required to use brokered"),
            phrase("brokered authentication is only supported"),
            phrase("brokered authentication", any_of=("not supported", "unavailable")),
            phrase("pymsalruntime"),
            phrase("parent_window_handle is required"),
            phrase(
                "broker", any_of=("not available", "unavailable", "not supported", "failed"), strength=Strength.WEAK
            ),
            phrase("msalruntime needs the current app to register"),
            phrase("currently only available from broker"),
            phrase("msal[broker]"),
            phrase("unknown_broker_error"),
            phrase("wam_runtime_init_failed"),
            phrase("failed_to_acquire_token_silently_from_broker"),
            phrase("missing wamcompat_id_token"),
        ),
        commands=(run("az login --tenant {tenant}"),),
        links=(links.CREDENTIAL_CHAINS,),
        severity=Severity.NOISE,
    ),
    Cause(
        key="vscode_not_signed_in",
        area=Area.TOOL,
        title="Visual Studio Code is not signed in to Azure",
        why="The Azure Resources extension is not signed in on this machine, or the package azure-identity-broker "
        "is missing. This credential works only on Windows and WSL.",
        fix="Use az login. On Windows and WSL: pip install azure-identity-broker, then sign in with the Azure "
        "Resources extension of VS Code.",
        signatures=(
            phrase("visualstudiocodecredential requires"),
            phrase("authentication record from visual studio code"),
            phrase("vs code auth record"),
            phrase("failed to read vs code credentials"),
            phrase("authentication record validation failed", "vs code"),
            phrase("stored credentials not found", any_of=("vscode", "visual studio code", "azure account")),
            phrase(
                "visualstudiocodecredential",
                any_of=("unavailable", "not available", "failed to get azure user details", "requires"),
            ),
            phrase("failed to get azure user details from visual studio code"),
            phrase("azure account extension"),
            phrase("visual studio code authentication is not available"),
        ),
        commands=(run("az login --tenant {tenant}"),),
        links=(links.PYTHON_LOCAL,),
        severity=Severity.NOISE,
    ),
    Cause(
        key="shared_cache_empty",
        area=Area.TOOL,
        title="The shared token cache contains no usable account",
        why="Visual Studio and other Microsoft tools store accounts there. The cache contains none, or more than one.",
        fix="Use az login. Specify a user and a tenant only if you rely on this cache. "
        "In Visual Studio, sign in again: Tools > Options > Azure Service Authentication.",
        signatures=(
            phrase("sharedtokencachecredential", "unavailable"),
            phrase("shared token cache unavailable"),
            phrase("shared token cache is not supported"),
            phrase("token acquisition failed for user"),
            phrase("no accounts were found in the cache"),
            phrase("multiple accounts were found in the cache"),
            phrase("no account matching the specified"),
            phrase("error accessing cached data"),
            phrase("the cache contains no account matching the given authenticationrecord"),
        ),
        commands=(run("az login --tenant {tenant}"),),
        links=(links.CREDENTIAL_CHAINS,),
        severity=Severity.NOISE,
    ),
    Cause(
        key="token_cache_encryption_unavailable",
        area=Area.TOOL,
        title="The token cache cannot be encrypted on this machine",
        why="On Linux the library stores tokens in the desktop keyring through libsecret. "
        "libsecret is not installed or cannot be used.",
        fix="Install libsecret and a keyring, or keep the cache in memory.",
        signatures=(
            phrase("cache encryption is impossible"),
            phrase("required to encrypt the persistent cache"),
            phrase(
                "libsecret",
                any_of=("not installed", "unusable", "dependencies", "cannot", "failed", "pygobject", "import"),
            ),
            phrase("persistence check failed"),
            phrase("msal_extensions", "gnome-keyring"),
            phrase("org.freedesktop.secrets", any_of=("not provided", "cannot", "failed")),
            phrase("a persistent cache is not available"),
            phrase("libsecret did not perform properly"),
            phrase("unable to import module 'gi'"),
            phrase("gir1.2-secret"),
            phrase("keyring persistence not initialized"),
        ),
        commands=(run("sudo apt-get install libsecret-1-0 gnome-keyring", systems=(LINUX,)),),
        links=(links.PYTHON_AUTHENTICATION,),
    ),
    Cause(
        key="tool_output_unexpected",
        area=Area.TOOL,
        title="The tool returned unexpected output instead of a token",
        why="The tool is too old for this command, or it also printed something else: a notice, a warning or a menu.",
        fix="Update the tool, then run it yourself: it must print only JSON.",
        otherwise=(
            "If a profile, a wrapper or an alias prints text, remove it: the library reads the whole output.",
            (
                "If a new version of az prints a warning that an old program cannot read, update the program, or use "
                "an earlier version of az until then."
            ),
        ),
        signatures=(
            phrase("unexpected output from"),
            phrase("unrecognized arguments", where=about_azure),
            phrase("unknown flag", where=about_azure),
            phrase("unknown shorthand flag", where=about_azure),
            phrase("failed to invoke the azure developer cli"),
            phrase("failed to invoke azure developer cli"),
            phrase("failed to execute", any_of=("'azd'", "/azd'", "azd.exe")),
            phrase("please upgrade", any_of=("azure cli", "az upgrade", "azd"), strength=Strength.LIKELY),
            phrase("claims challenges are not supported by the azure developer cli", strength=Strength.WEAK),
            phrase("is misspelled or not recognized by the system", strength=Strength.LIKELY),
            phrase("is not in the 'az"),
            phrase("az: error:", strength=Strength.LIKELY),
            phrase("could not parse", any_of=("azure cli", "access token", "output"), strength=Strength.LIKELY),
            phrase("failed to parse", any_of=("azure cli", "access token", "output", "json"), strength=Strength.WEAK),
            phrase("timed out waiting for azure developer cli"),
            phrase("powershell did not return a valid response"),
            phrase("error parsing token response"),
            phrase("azure developer cli authentication timed out"),
            phrase("azure developer cli authentication failed due to an unknown error"),
        ),
        commands=(
            run("az version"),
            run("az upgrade"),
            run("Update-Module Az.Accounts", systems=(WINDOWS,)),
        ),
        links=(links.AZ_INSTALL, links.AZD_INSTALL),
    ),
    Cause(
        key="process_environment_missing",
        area=Area.TOOL,
        title="The process has no Windows user profile, or a standard environment variable is missing",
        why="A service or an IIS application pool runs as another account, without the user profile in which developer "
        "tools store their sign-in. Variables such as LOCALAPPDATA and SYSTEMROOT may be missing too.",
        fix="For development in IIS, run the application pool as your own account with Load User Profile and "
        "setProfileEnvironment set to True. On a server, use a service principal or a managed identity.",
        otherwise=(
            (
                "In a container or a service, no developer tool has an account: leave these credentials out "
                "(AZURE_TOKEN_CREDENTIALS=prod)."
            ),
        ),
        signatures=(
            phrase("environment variable 'systemroot' has no value"),
            phrase("can't retrieve tokens when debugging app in iis"),
            phrase("setprofileenvironment"),
            phrase("different user context in iis"),
            phrase("load user profile", any_of=("iis", "pool")),
            phrase("expects a 'systemroot' environment variable"),
            phrase("programdata environment variable is not set"),
            phrase("keyerror", any_of=("'localappdata'", "'systemroot'", "'programdata'")),
            phrase("localappdata", any_of=("no value", "not set", "missing", "empty", "unable to find")),
            phrase("systemroot", any_of=("no value", "not set", "missing")),
            Signature(
                any_of=("localappdata", "systemroot", "programdata", "userprofile"),
                exceptions=frozenset({"keyerror"}),
            ),
        ),
        commands=(
            run(
                "Set-ItemProperty IIS:\\AppPools\\<app-pool> -Name processModel.loadUserProfile -Value $true",
                systems=(WINDOWS,),
            ),
        ),
        links=(links.PYTHON_AUTHENTICATION,),
    ),
    Cause(
        key="visual_studio_credential",
        area=Area.TOOL,
        title="Visual Studio did not return a token",
        why="Visual Studio has no account, its account must be entered again, or its token service failed or timed "
        "out. The file tokenprovider.json exists only on machines with Visual Studio, for the same Windows user.",
        fix="In Visual Studio: Tools > Options > Azure Service Authentication > Account Selection: select a work "
        "account of the vault's tenant, and enter it again if it is marked. Then restart Visual Studio.",
        otherwise=(
            "If the account is in several tenants, set VisualStudioTenantId (or AZURE_TENANT_ID) to the vault's.",
            (
                "If it keeps failing, sign in with az login instead and exclude this credential "
                "(ExcludeVisualStudioCredential = true)."
            ),
            (
                "In Azure and in a container this credential cannot work: use the managed identity or a service "
                "principal."
            ),
        ),
        signatures=(
            phrase("visual studio token provider"),
            phrase("visualstudio token provider file is not in the expected format"),
            phrase("exception for visual studio token provider"),
            phrase("microsoft.asal.tokenservice"),
            phrase("ts004: unable to get access token"),
            phrase("ts003: error", any_of=("ts004", "token", "account")),
            phrase("visualstudiocredential", any_of=("unavailable", "failed", "not available")),
            phrase("tried to get token using visual studio"),
            phrase("re-authenticate", "visual studio"),
        ),
        commands=(run("az login --tenant {tenant}"),),
        links=(links.VISUAL_STUDIO_ACCOUNT, links.CREDENTIAL_CHAINS),
        severity=Severity.NOISE,
        look_alikes=(
            ("vscode_not_signed_in", "Visual Studio Code is a different program with its own credential."),
            ("process_environment_missing", "LOCALAPPDATA is not set: the process has no user profile."),
        ),
    ),
)
