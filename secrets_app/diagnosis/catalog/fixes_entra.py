"""Fixes of refusals by Microsoft Entra ID, and of TLS connections, by program and sentence."""

from secrets_app.diagnosis.cause import CaseFix, run
from secrets_app.diagnosis.places import Host
from secrets_app.diagnosis.stack_settings import StackSetting
from secrets_app.diagnosis.stacks import Stack

_ENTRA = (
    CaseFix(
        causes=("sign_in_expired",),
        said=("aadsts54005", "already redeemed"),
        title="The authorization code was already redeemed",
        why="Microsoft Entra ID issues an authorization code for one use. The program sent the same one twice.",
        fix="Start the sign-in again. If it happens each time, the program redeems the code twice: its callback page "
        "was loaded again, two instances or handlers process it, or the request was retried.",
        commands=(),
        otherwise=(),
    ),
    CaseFix(
        causes=("sign_in_expired",),
        said=("visualstudiocodecredential authentication failed", "visual studio code credential", "vscodecredential"),
        fix="The sign-in that Visual Studio Code stored has expired: sign out and in again there (Accounts), or leave "
        "this credential out of the chain, so that the next one is tried.",
        setting=StackSetting.CREDENTIALS,
        commands=(),
        otherwise=("If you do not use Visual Studio Code for Azure, sign in with az login and exclude it.",),
    ),
    CaseFix(
        causes=("interactive_not_possible",),
        said=("msaluirequiredexception", "idw10502", "microsoftidentitywebchallengeuserexception"),
        title="The user must sign in again in the browser",
        why="The web app has no token of this user in its cache, or the user must consent or meet a policy.",
        fix="Let the web app send the user to sign in again: in controllers and pages with [AuthorizeForScopes], in "
        "Blazor with MicrosoftIdentityConsentAndConditionalAccessHandler. Use a distributed token cache: one in "
        "memory is empty after each restart, while the user's cookie still exists.",
        commands=(),
        otherwise=(
            "In a web API, return the challenge to its client: the API itself cannot sign in a user.",
            "In a background job, use an identity of the application (a client credential or a managed identity).",
        ),
    ),
    CaseFix(
        causes=("service_principal_incomplete",),
        said=("idw10106", "'clientid' option must be provided"),
        title="Microsoft.Identity.Web found no client ID in the configuration",
        why="The section that the program binds has no ClientId.",
        fix="Set ClientId, TenantId and Instance in the section that is bound (AzureAd, or the name passed to "
        "AddMicrosoftIdentityWebApp). If they are there, the file or the variables of this environment are not read "
        "(appsettings.<environment>.json, AzureAd__ClientId).",
        commands=(),
        otherwise=(),
    ),
    CaseFix(
        causes=("certificate_file_invalid", "certificate_expired"),
        said=("idw10109",),
        fix="Microsoft.Identity.Web loads the certificates in ClientCertificates from a vault or store, in a vault as"
        " the identity of DefaultAzureCredential: locally sign in again in Visual Studio or with az login, and "
        "give that identity the permission get for certificates and secrets. If they have expired, add the new "
        "one.",
        commands=(run("az keyvault certificate show --vault-name {vault} --name <certificate> --query attributes"),),
    ),
    CaseFix(
        causes=("service_principal_incomplete",),
        said=("endpoint' cannot be empty", "endpointurl cannot be empty"),
        fix="The JSON with the credentials lacks endpoints, such as activeDirectoryEndpointUrl and "
        "resourceManagerEndpointUrl: create it with az ad sp create-for-rbac --json-auth, or add them.",
        commands=(
            run("az ad sp create-for-rbac --json-auth --role Contributor --scopes /subscriptions/{subscription}"),
        ),
        otherwise=(),
    ),
    CaseFix(
        causes=("resource_not_in_tenant",),
        said=("usgovcloudapi", "microsoftonline.us", "azure.us", "chinacloudapi", "azure.cn"),
        fix="The program requests the resource of another cloud than the tenant's: select the cloud in its settings. A "
        "provider or library that builds the name itself must be updated.",
        setting=StackSetting.CLOUD,
        commands=(),
    ),
    CaseFix(
        causes=("az_subscription_wrong", "az_not_logged_in"),
        said=("no access was configured for the vm",),
        title="The managed identity has no role in any subscription",
        why="az login --identity got a token, and the identity has no role assignment, so az finds no subscription.",
        fix="Assign the identity a role in the subscription, or sign in without one: az login --identity "
        "--allow-no-subscriptions.",
        commands=(run("az login --identity --allow-no-subscriptions"),),
        otherwise=("If the role was assigned a moment ago, wait some minutes and sign in again.",),
    ),
    CaseFix(
        causes=("service_principal_incomplete", "env_vars_incomplete"),
        said=(
            "secret can't be empty",
            "secret is empty",
            "secret should not be empty",
            "clientsecret cannot be",
            "secret must not be",
        ),
        title="The program passed an empty client secret",
        why="The client secret reached the library as an empty value.",
        fix="Enter the client secret again where the program stores it, and save it; if it comes from a variable or a "
        "Kubernetes secret, its name or key is wrong, or it is empty there.",
        setting=StackSetting.SECRET,
        commands=(),
        otherwise=(
            "If the program should use a managed or workload identity instead, select that there and leave the secret "
            "out.",
        ),
    ),
    CaseFix(
        causes=("app_not_found_in_tenant",),
        hosts=(Host.POD,),
        fix="Compare the client ID in the error with AZURE_CLIENT_ID in the pod and with the annotation of its service "
        "account: an empty or old value is the usual reason. Set both to the client ID of the managed identity or "
        "application, and recreate the pod. AZURE_TENANT_ID must be the tenant of the application.",
        commands=(
            run("kubectl exec <pod> -- printenv AZURE_CLIENT_ID AZURE_TENANT_ID"),
            run("kubectl annotate serviceaccount <service-account> azure.workload.identity/client-id=<client-id>"),
            run("kubectl rollout restart deployment <deployment>"),
        ),
        setting=StackSetting.CLIENT_ID,
    ),
    CaseFix(
        causes=("mfa_required", "user_password_wrong"),
        stacks=(Stack.POWERSHELL,),
        said=("-credential", "$cred", "pscredential", "azcredential"),
        fix="A stored user name and password (-Credential) cannot complete multifactor authentication. In a runbook or "
        "a script that runs unattended, sign in with Connect-AzAccount -Identity (managed identity) or as a service "
        "principal; for yourself, sign in with Connect-AzAccount without -Credential.",
        commands=(run("Connect-AzAccount -Identity"), run("Connect-AzAccount -Tenant {tenant}")),
        otherwise=(
            "If this account must be used, an administrator can exclude it from the Conditional Access policy.",
        ),
    ),
    CaseFix(
        causes=("mfa_required", "user_password_wrong"),
        hosts=(Host.PIPELINE, Host.WORKFLOW),
        fix="Replace the connection with user name and password by one with a service principal: in Azure Pipelines a "
        "service connection of type Azure Resource Manager (workload identity federation, a secret or a certificate), "
        "in GitHub Actions azure/login. No user can complete multifactor authentication on an agent.",
        commands=(),
        otherwise=(),
    ),
    CaseFix(
        causes=("env_vars_incomplete", "service_principal_incomplete"),
        said=("these variables are set: azure_tenant_id\n", "only azure_tenant_id is set"),
        fix="AZURE_TENANT_ID alone is no service principal. To use your own account, sign in with Azure CLI or Azure "
        "Developer CLI. To use a service principal, also set AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.",
        commands=(run("az login --tenant {tenant}"), run("azd auth login --tenant-id {tenant}")),
    ),
    CaseFix(
        causes=("tenant_id_wrong",),
        said=("aadsts50194", "not configured as a multi-tenant application"),
        title="A single-tenant application was used with the common endpoint",
        why="The application registration allows accounts of its own tenant only, and the authority ends in /common.",
        fix="Use the authority of the application's own tenant, https://login.microsoftonline.com/<tenant-id>, instead "
        "of /common. To allow other tenants, make the application multi-tenant.",
        commands=(run("az ad app show --id {app_id} --query signInAudience"),),
        keeps_setting=True,
    ),
    CaseFix(
        causes=("tenant_id_wrong",),
        said=(".cn not found", "onmschina", "partner.onmschina"),
        fix="The tenant is one of Microsoft Azure operated by 21Vianet: check its spelling, and sign in to that cloud: "
        "authority https://login.partner.microsoftonline.cn.",
        commands=(run("az login --tenant {tenant}"),),
        keeps_setting=True,
    ),
    CaseFix(
        causes=("az_subscription_wrong", "kv_wrong_tenant"),
        said=("wrong issuer", "invalidauthenticationtokentenant"),
        stacks=(Stack.VS_CODE,),
        fix="Sign in to the tenant of the subscription: set azure.tenant in the settings, sign out and in again "
        "(Accounts), and select that subscription.",
        commands=(),
    ),
    CaseFix(
        causes=("az_subscription_wrong", "kv_wrong_tenant"),
        said=("access token is from the wrong issuer", "invalidauthenticationtokentenant"),
        title="The token is from another tenant than the subscription",
        why="Azure Resource Manager accepts tokens of the subscription's own tenant. The account was signed in to "
        "another one, often its home tenant.",
        fix="Sign in to the tenant of the subscription, which the error names as the one that must match, and select "
        "that subscription. In a program, set the tenant ID of the credential.",
        commands=(
            run("az login --tenant <tenant-of-the-subscription>"),
            run("az account set --subscription {subscription}"),
        ),
    ),
    CaseFix(
        causes=("federated_credential_mismatch",),
        said=("case-insensitive comparison", "but not with case-sensitive"),
        fix="Correct the letter case of the federated credential: subject, including organization, repository and "
        "environment, must equal the one in the error exactly.",
    ),
    CaseFix(
        causes=("federated_credential_mismatch",),
        said=("kubernetes.default.svc", ".cluster.local", "://localhost", "https://10."),
        fix="The cluster issues tokens with a private issuer, which Microsoft Entra ID cannot reach: give it a public "
        "one (on AKS enable the OIDC issuer, elsewhere set --service-account-issuer of the API server). Then create "
        "the federated credential with that issuer, and the subject and audience that the error shows.",
        commands=(
            run("az aks update --resource-group {group} --name <cluster> --enable-oidc-issuer"),
            run("az aks show --resource-group {group} --name <cluster> --query oidcIssuerProfile.issuerUrl"),
        ),
    ),
    CaseFix(
        causes=("redirect_uri_mismatch",),
        said=("'http://", "redirect_uri=http://", "redirect_uri=http%3a"),
        unless=("'http://localhost", "'http://127.0.0.1", "=http://localhost"),
        title="The application sends a redirect URI with http instead of https",
        why="Behind a proxy, a gateway or a load balancer that ends TLS, the application takes the request for http. "
        "Only https can be registered for such a host.",
        fix="Let the application see the original scheme: pass X-Forwarded-Proto and X-Forwarded-Host on in the proxy, "
        "and use them in the application (ASP.NET Core UseForwardedHeaders before authentication, Django "
        "SECURE_PROXY_SSL_HEADER, or its setting for the redirect URI). Register the https URI.",
        otherwise=(),
    ),
    CaseFix(
        causes=("public_client_misconfigured",),
        said=(
            "msal.js",
            "msal-browser",
            "msal-angular",
            "msal-react",
            "servererror: invalid_",
            "browserautherror",
            "single-page",
        ),
        fix="For an application in a browser, register the redirect URI with the type Single-page application instead "
        "of Web (App registrations > Authentication). Do not turn on public client flows for it.",
        commands=(),
    ),
    CaseFix(
        causes=("conditional_access_blocked",),
        said=("onbehalfof", "on-behalf-of", "microsoft.identity.web", "jwt-bearer"),
        fix="In a web API that calls on behalf of a user, return the claims challenge to the client, so that the user "
        "meets the policy there and calls again. Otherwise an administrator must exempt the application from the "
        "policy.",
    ),
    CaseFix(
        causes=("conditional_access_blocked",),
        said=("device", "530003", "53000", "53001"),
        unless=("aadsts53003",),
        fix="Sign in on a device that the organization manages, interactively in a browser or through the broker: a "
        "device code carries no state of the device. Otherwise ask an administrator for an exception. For a service, "
        "use a managed identity.",
    ),
)
_TLS = (
    CaseFix(
        causes=("tls_interception",),
        said=(
            "certificate has expired",
            "cert_has_expired",
            "certificate expired",
            "validity check failed",
            "notafter",
            "certificateexpired",
            "expired on",
        ),
        title="The server's or the proxy's TLS certificate has expired",
        why="The certificate that was presented is outside its validity period: it is expired, or this machine's "
        "clock is wrong.",
        fix="Look at the dates and the issuer of the certificate. If a proxy of your company presented it, renew it "
        "there. If the dates are right, correct this machine's clock. Do not disable certificate verification.",
        commands=(
            run(
                "openssl s_client -connect {host}:443 -servername {host} </dev/null 2>/dev/null | "
                "openssl x509 -noout -issuer -dates"
            ),
        ),
    ),
    CaseFix(
        causes=("tls_interception",),
        said=(
            "certificate is valid for",
            "does not match certificate",
            "altnames",
            "hostname mismatch",
            "remotecertificatenamemismatch",
            "no subject alternative",
        ),
        title="The server's TLS certificate is for another host name",
        why="The certificate is not valid for the host name in the URL. That is so with the name of a private link, an "
        "IP address, or a proxy that answers for the vault.",
        fix="Use the vault's own name, https://<vault-name>.vault.azure.net, also with a private endpoint: its private "
        "DNS zone resolves this name. Do not disable certificate verification.",
        commands=(run("nslookup {vault_host}"),),
    ),
)
_SENTENCES = (
    CaseFix(
        causes=("authority_or_cloud_wrong",),
        said=("no cloud environment matching the name",),
        fix="Correct the name of the cloud: AzurePublicCloud, AzureUSGovernmentCloud or AzureChinaCloud. In a "
        "SecretProviderClass it is cloudName; leave it empty for the public cloud.",
        commands=(),
    ),
    CaseFix(
        causes=("service_principal_incomplete",),
        stacks=(Stack.TERRAFORM, Stack.PULUMI),
        said=("only supported as a user",),
        fix="Give the provider the service principal itself instead of its session in Azure CLI: set ARM_CLIENT_ID, "
        "ARM_CLIENT_SECRET, ARM_TENANT_ID and ARM_SUBSCRIPTION_ID. On your own machine, sign in to az as a user.",
        commands=(run("export ARM_CLIENT_ID={app_id} ARM_TENANT_ID={tenant} ARM_SUBSCRIPTION_ID={subscription}"),),
    ),
)
FIXES = (*_SENTENCES, *_ENTRA, *_TLS)
