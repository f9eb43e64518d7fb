"""Causes in the program: how the Azure libraries are installed, configured and called."""

from secrets_app.core.reading import Platform
from secrets_app.diagnosis.catalog import links
from secrets_app.diagnosis.catalog.predicates import about_azure_calls
from secrets_app.diagnosis.cause import LINUX, MACOS, Area, Cause, Severity, run
from secrets_app.diagnosis.signature import Signature, Strength, aadsts, phrase
from secrets_app.diagnosis.stack_settings import StackSetting
from secrets_app.diagnosis.stacks import Stack

CAUSES = (
    Cause(
        key="token_credentials_env_invalid",
        area=Area.PROGRAM,
        title="AZURE_TOKEN_CREDENTIALS is not set or has an invalid value",
        why="It selects the credentials to try: dev, prod, or the name of one credential. No other value is valid.",
        fix="Set it to dev, prod or a credential name such as managedidentitycredential, or remove it.",
        signatures=(phrase("azure_token_credentials", unless=("failed to retrieve a token",)),),
        commands=(
            run("export AZURE_TOKEN_CREDENTIALS=dev", systems=(LINUX, MACOS)),
            run("$env:AZURE_TOKEN_CREDENTIALS = 'dev'", systems=("Windows",)),
        ),
        links=(links.CREDENTIAL_CHAINS,),
    ),
    Cause(
        key="env_vars_incomplete",
        area=Area.PROGRAM,
        title="The environment variables of a service principal are not set",
        why="EnvironmentCredential needs AZURE_TENANT_ID, AZURE_CLIENT_ID, and a client secret or a certificate. "
        "At least one of them is missing. In a chain this is normal unless you want to use a service principal.",
        fix="To use a service principal, set all of them for this process, then restart it.",
        otherwise=(
            (
                "If the program takes its service principal from its own settings, set it there: these variables are "
                "read by the Azure libraries only."
            ),
            (
                "If the variables are set in a shell or file, this process does not have them: an IDE, a service, a "
                "container or sudo has its own environment."
            ),
            "Otherwise ignore it: the next credentials of the chain are tried.",
        ),
        signatures=(
            phrase("environmentcredential authentication unavailable"),
            phrase("environment variables are not fully configured"),
            phrase(
                "environmentcredential",
                any_of=(
                    "unavailable",
                    "missing environment variable",
                    "not fully configured",
                    "no underlying credential",
                    "is not available",
                ),
            ),
            phrase("missing environment variable", any_of=("azure_",)),
            phrase("incomplete environment variable configuration"),
            phrase("required environment variables are missing", "azure_"),
        ),
        commands=(
            run("env | grep '^AZURE_' | cut -d= -f1", systems=(LINUX, MACOS)),
            run("Get-ChildItem Env:AZURE_* | Select-Object Name", systems=("Windows",)),
        ),
        links=(links.PYTHON_AUTHENTICATION,),
        severity=Severity.NOISE,
    ),
    Cause(
        key="no_credential_available",
        area=Area.PROGRAM,
        title="No credential is available: none is configured or signed in",
        why="Every credential in the chain was tried, and none is available on this machine.",
        fix="Give the program one credential that works where it runs. On a development machine: install Azure CLI, "
        "and sign in with az login as the user that runs the program. In Azure, turn on a managed identity. "
        "Elsewhere: a service principal.",
        site_fix="On a development machine, install Azure CLI and sign in. In Azure, enable a managed identity. "
        "Elsewhere, for example in a local container, set AZURE_TENANT_ID, AZURE_CLIENT_ID and "
        "AZURE_CLIENT_SECRET of a service principal.",
        otherwise=(
            (
                "If az is installed, this process does not see it or runs as another user: an IDE or a graphical "
                "program may lack its folder in PATH (on macOS /opt/homebrew/bin)."
            ),
            (
                "In App Service, Functions, Container Apps or on a VM: turn on the managed identity, and give it "
                "access; for a user-assigned one set AZURE_CLIENT_ID. Managed functions of Static Web Apps have none:"
                " link a Functions app of your own, or use a service principal."
            ),
            (
                "In a pod: workload identity (label azure.workload.identity/use on the pod, client ID as annotation "
                "of its service account), or AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET from a "
                "Kubernetes secret."
            ),
            (
                "In a container or on a server of your own: AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET "
                "of a service principal."
            ),
            "In a pipeline: run it in the task or after the action that signs in.",
        ),
        signatures=(
            phrase("failed to retrieve a token from the included credentials", strength=Strength.LIKELY),
            phrase("failed to acquire a token", "attempted credentials", strength=Strength.LIKELY),
            phrase("no accounts were found", "unable to find", strength=Strength.WEAK),
            phrase("chainedtokencredential authentication failed", strength=Strength.LIKELY),
            phrase("tried to get token using", "but failed", strength=Strength.LIKELY),
            phrase("parameters: connection string", "azureservicestokenprovider", strength=Strength.LIKELY),
            phrase("no credential in this chain provided a token"),
            phrase("unable to authenticate", "defaultazurecredential", strength=Strength.WEAK),
            phrase("tried", "but failed to acquire a token for any of them"),
            phrase("access token could not be acquired", strength=Strength.WEAK),
            phrase("tried to get token using active directory integrated"),
        ),
        commands=(run("az login --tenant {tenant}"),),
        links=(links.CREDENTIAL_CHAINS, links.PYTHON_LOCAL),
    ),
    Cause(
        key="sdk_version_mismatch",
        area=Area.PROGRAM,
        title="The installed Azure packages are incompatible",
        why="One package is older than the other requires, or synchronous and asynchronous classes are mixed.",
        fix="Update the Azure packages together, where the program is deployed. In Python, use azure.identity.aio only "
        "with the .aio clients. On Windows, a path that is too long breaks an installation: move the program closer to "
        "the drive root.",
        otherwise=(
            (
                "If an update brought the error, pin the last version that worked, and read the changelog of the "
                "package that the stack trace names."
            ),
        ),
        setting=StackSetting.UPDATE,
        signatures=(
            phrase(
                "got an unexpected keyword argument",
                any_of=("'tenant_id'", "'claims'", "'enable_cae'", "'options'", "'pop'", "get_token"),
            ),
            phrase("'coroutine' object", any_of=("has no attribute", "is not", "cannot", "does not")),
            phrase("object accesstoken can't be used in 'await' expression"),
            phrase("can't be used in 'await' expression"),
            phrase("was never awaited"),
            phrase(
                "has no attribute",
                any_of=("get_token", "signed_session", "'get_token_info'", "'token'"),
                unless=("'nonetype' object", "'str' object", "'dict' object"),
            ),
            phrase("cannot import name", any_of=("azure", "accesstoken", "credential", "supportstokeninfo", "msal")),
            phrase(
                "no module named",
                any_of=("is not a package", "azure.keyvault.v7", "azure.core", "aiohttp", "msal"),
            ),
            phrase("nosuchmethoderror", any_of=("azure", "msal", "netty", "jackson", "reactor")),
            phrase("methodnotfoundexception", any_of=("azure", "microsoft.identity")),
            phrase(
                "could not load file or assembly", any_of=("azure", "microsoft.identity", "microsoft.bcl", "system.")
            ),
            phrase("method not found:", any_of=("azure", "microsoft.identity")),
            phrase("could not load type", any_of=("azure", "microsoft.identity")),
            phrase("package is not installed", any_of=("aiohttp", "requests", "trio")),
            phrase("this package doesn't support api version"),
            phrase("get_token() takes"),
            phrase("asynchronous context manager", strength=Strength.LIKELY),
            phrase("object does not support the asynchronous context manager protocol"),
            phrase("unexpected version", "this package supports these versions"),
            phrase("returned awaitable object in non-async pipeline"),
            phrase("aiohttp transport requires"),
            phrase(
                "is not iterable", any_of=("'async_generator' object", "'asyncitempaged' object", "'coroutine' object")
            ),
            phrase("'async for' requires an object with", any_of=("itempaged", "generator")),
            phrase("windows long path support"),
            phrase(
                "has no attribute",
                any_of=("module 'msal", "module 'azure", "module 'azure.core", "module 'azure.identity"),
            ),
        ),
        commands=(
            run(
                "python3 -m pip install --upgrade azure-identity azure-keyvault-secrets azure-core msal",
                platforms=(Platform.UNKNOWN, Platform.VIRTUAL_MACHINE),
                stacks=(Stack.PYTHON,),
            ),
            run("dotnet add package Azure.Identity", stacks=(Stack.DOTNET,)),
            run("npm install @azure/identity@latest @azure/keyvault-secrets@latest", stacks=(Stack.JAVASCRIPT,)),
            run("go get -u github.com/Azure/azure-sdk-for-go/sdk/azidentity", stacks=(Stack.GO,)),
            run("terraform init -upgrade", stacks=(Stack.TERRAFORM,)),
            run("az upgrade", stacks=(Stack.AZURE_CLI,)),
            run("Update-Module Az", stacks=(Stack.POWERSHELL,)),
            run(
                "func azure functionapp publish {site} --build remote",
                platforms=(Platform.FUNCTIONS,),
                stacks=(Stack.PYTHON,),
            ),
            run(
                "az webapp config appsettings set --resource-group {group} --name {site} --settings "
                "SCM_DO_BUILD_DURING_DEPLOYMENT=true",
                platforms=(Platform.APP_SERVICE,),
                stacks=(Stack.PYTHON,),
            ),
        ),
        links=(links.PYTHON_AUTHENTICATION,),
    ),
    Cause(
        key="sdk_misuse",
        area=Area.PROGRAM,
        title="The program calls the library with invalid arguments",
        why="An argument is missing, empty, of the wrong type, or conflicts with another. No request was sent.",
        fix="Correct the argument named in the error message.",
        otherwise=(
            (
                "If the value is empty or None, a setting was not read: check its name and the environment of this "
                "process."
            ),
        ),
        signatures=(
            phrase("must not be empty", unless=("secret", "tenant", "scope"), where=about_azure_calls),
            phrase("not both", any_of=("certificate", "client_", "identity", "tenant", "credential")),
            phrase("at least one credential is required"),
            phrase("requires a value for either", "certificate_path"),
            phrase("client_id should be the id of a microsoft entra application"),
            phrase("client_id should be the id of an azure active directory application"),
            phrase("is not supported in defaultazurecredential"),
            phrase(
                "must be provided", any_of=("client_certificate", "client_secret", "client_assertion_func", "either")
            ),
            phrase("it is invalid to specify more than one of the following"),
            phrase("specifying both", "is not valid"),
            phrase("'identity_config' must not contain"),
            phrase("identity_config must not contain"),
            phrase("must be passed in as keyword arguments", strength=Strength.LIKELY),
            phrase("credential should be an object supporting the tokencredential protocol"),
            phrase("please provide an async credential"),
            phrase("you shall specify one of the three parameters"),
            phrase("proof of possession arguments are not supported"),
            phrase("cannot set tuple connection_timeout"),
            phrase("transport has already been closed"),
            phrase(
                "missing",
                "required",
                any_of=("positional argument", "positional arguments", "keyword-only argument"),
                where=about_azure_calls,
            ),
            phrase("unsupported credential"),
            phrase("string is not a supported credential input type"),
            phrase("got an unexpected keyword argument", strength=Strength.LIKELY),
            phrase("value cannot be null", any_of=("parameter", "parameter name"), strength=Strength.LIKELY),
            phrase(
                "cannot be null",
                any_of=("clientid", "tenantid", "credential", "vaulturl", "clientsecret"),
                strength=Strength.LIKELY,
            ),
            phrase(
                "must provide",
                any_of=("clientid", "tenantid", "client_id", "tenant_id", "value"),
                strength=Strength.LIKELY,
            ),
            phrase("is a required parameter"),
            phrase("are required parameters"),
            phrase("is a required argument", strength=Strength.LIKELY),
            phrase("url cannot be none"),
            phrase("no value for given attribute", strength=Strength.LIKELY),
            phrase("name can not be none or empty"),
            phrase("credential can not be none"),
            phrase('expected "data" to be text'),
            phrase("secret name", "cannot be", strength=Strength.LIKELY),
            Signature(
                any_of=(
                    "must be",
                    "must not",
                    "cannot be",
                    "can not be",
                    "should be",
                    "not supported",
                    "invalid value",
                ),
                exceptions=frozenset({"valueerror", "typeerror"}),
                strength=Strength.WEAK,
            ),
            Signature(
                phrases=("is required",), exceptions=frozenset({"valueerror", "typeerror"}), strength=Strength.WEAK
            ),
            Signature(phrases=("argument",), exceptions=frozenset({"typeerror"}), strength=Strength.WEAK),
            phrase("must be callable"),
            phrase("please specify an identifier for the identity"),
            phrase("incorrect managed_identity"),
            phrase("url cannot be empty"),
            phrase("request_uri cannot be empty"),
            phrase("client_credential needs to follow this format"),
            phrase("you can not provide both authority and oidc_authority"),
            phrase("is only supported in publicclientapplication"),
            phrase("you shall provide a thumbprint in sha1"),
            phrase("you must provide either 'thumbprint' or 'public_certificate'"),
            aadsts(900144, unless=("'scope'", "'resource'")),
            phrase("has no attribute 'get_token'", any_of=("'nonetype' object", "'str' object", "'dict' object")),
            phrase("has no attribute 'get_token_info'", any_of=("'nonetype' object", "'str' object", "'dict' object")),
        ),
        links=(links.PYTHON_AUTHENTICATION,),
    ),
    Cause(
        key="package_missing",
        area=Area.PROGRAM,
        title="The package azure-identity is not installed where the program runs",
        why="The deployed program does not contain the package. It is missing from requirements.txt, or the "
        "deployment did not install the requirements.",
        fix="Add azure-identity to requirements.txt and deploy with a remote build, which installs it in Azure. "
        "Installing it on your own machine does not change a deployed app.",
        otherwise=(
            (
                "If the package is installed, another Python or environment runs the program: install it with that "
                "Python (python -m pip)."
            ),
        ),
        signatures=(
            phrase(
                "no module named",
                any_of=("azure.identity", "azure.keyvault", "'azure'"),
                unless=("azure.cli", "knack", "azure.keyvault.v7", "azure-cli", "is not a package"),
                strength=Strength.EXACT,
            ),
            phrase("cannot find module", any_of=("@azure/identity", "@azure/keyvault-secrets")),
        ),
        commands=(
            run(
                "python3 -m pip install azure-identity azure-keyvault-secrets",
                platforms=(Platform.UNKNOWN,),
                stacks=(Stack.PYTHON,),
            ),
            run("func azure functionapp publish {site} --build remote", platforms=(Platform.FUNCTIONS,)),
            run(
                "az webapp config appsettings set --resource-group {group} --name {site} --settings "
                "SCM_DO_BUILD_DURING_DEPLOYMENT=true",
                platforms=(Platform.APP_SERVICE,),
            ),
        ),
        links=(links.FUNCTIONS_PYTHON_DEPENDENCIES,),
        look_alikes=(("sdk_version_mismatch", "The package is installed, but a name in it is missing."),),
    ),
)
