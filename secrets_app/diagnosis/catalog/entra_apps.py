"""Microsoft Entra ID errors when an application signs in: app registration, client secret, assertion, consent."""

from secrets_app.diagnosis.catalog import links
from secrets_app.diagnosis.catalog.predicates import about_azure
from secrets_app.diagnosis.cause import LINUX, MACOS, Area, Cause, Severity, run
from secrets_app.diagnosis.signature import Strength, aadsts, phrase
from secrets_app.diagnosis.stack_settings import StackSetting

_OTHER_SOURCES = ("folder_setting", "certificate_vault")
"""Values that are set when the certificate comes from a folder or a vault: then there is no file path."""

CAUSES = (
    Cause(
        key="client_secret_expired",
        area=Area.ENTRA,
        title="The application's client secret has expired",
        why="The client secret is past its expiry date.",
        fix="Create a new client secret, set its value where the program reads it, and restart the program.",
        otherwise=(
            (
                "If the application belongs to a product or another organization, its owner must renew the secret: "
                "update the product, or use an app registration of your own."
            ),
            (
                "If the secret was renewed already, an old value is still stored: look in the settings, the "
                "Kubernetes secret, the service connection, the key vault and the environment of the process."
            ),
            (
                "If the cluster's own service principal is meant (AKS), update the cluster: az aks update-credentials"
                " --reset-service-principal."
            ),
            "A managed identity or a federated credential needs no secret.",
        ),
        setting=StackSetting.SECRET,
        site_fix="Create a new one, set AZURE_CLIENT_SECRET to its value, and restart. "
        "A managed identity avoids client secrets.",
        signatures=(
            phrase("client secret keys", "are expired"),
            phrase("client secret", any_of=("is expired", "has expired")),
        ),
        commands=(run("az ad app credential reset --id {app_id} --append --query password --output tsv"),),
        links=(links.APP_REGISTRATION, links.AADSTS),
        severity=Severity.REJECTED,
        related=("client_secret_wrong",),
    ),
    Cause(
        key="client_secret_wrong",
        area=Area.ENTRA,
        title="The client secret is invalid",
        why="Microsoft Entra ID found the application, but the secret does not match. "
        "A common mistake is to copy the secret ID instead of the secret value.",
        fix="Use the secret's value, not its ID. The value is shown only once: if it is lost, create a new client "
        "secret.",
        otherwise=(
            "If the value is right: compare the client ID and the tenant. A secret belongs to one application.",
            (
                "If it contains special characters, quote it, and encode it in a URL or a form. Remove quotes, spaces"
                " and a line break at its end (echo -n, base64)."
            ),
            (
                "If the application belongs to a product or a script (a client ID that is not yours), its built-in "
                "secret is no longer valid: update it, or use an app registration of your own with a new secret."
            ),
            ("If the secret was created a moment ago, wait a minute. Restart the program: it may hold the old value."),
        ),
        site_fix="Set AZURE_CLIENT_SECRET to the secret's value, not its ID. "
        "If the value is lost, create a new client secret.",
        setting=StackSetting.SECRET,
        signatures=(
            aadsts(7000216, phrases=("client_credentials",)),
            aadsts(7000215, 50012, unless=("assertion", "certificate", "7000222")),
            aadsts(
                70002, any_of=("client_secret", "client secret"), unless=("the request body must contain", "mobile")
            ),
            phrase("invalid client secret"),
            phrase("secret should be a microsoft entra application's client secret"),
            phrase("secret should be an azure active directory application's client secret"),
            phrase("client secret", any_of=("must not be empty", "cannot be empty", "is empty", "should not be empty")),
            phrase(
                "client secret", any_of=("invalid", "wrong", "incorrect"), strength=Strength.LIKELY, where=about_azure
            ),
            phrase("invalid_client", strength=Strength.WEAK),
        ),
        commands=(run("az ad app credential reset --id {app_id} --append --query password --output tsv"),),
        links=(links.APP_REGISTRATION, links.AADSTS),
        severity=Severity.REJECTED,
        related=("client_secret_expired",),
    ),
    Cause(
        key="app_disabled",
        area=Area.ENTRA,
        title="The application is disabled in this tenant",
        why="An administrator disabled the enterprise application. It cannot get tokens until it is enabled again.",
        fix="Ask an administrator to enable it: Microsoft Entra admin center > Enterprise applications > the "
        "application > Properties > Enabled for users to sign in.",
        signatures=(
            phrase("application", "is disabled", unless=("resource", "service principal named", "client flow")),
        ),
        commands=(run("az ad sp update --id {app_id} --set accountEnabled=true"),),
        links=(links.AADSTS,),
        severity=Severity.REJECTED,
        related=("resource_disabled",),
    ),
    Cause(
        key="service_principal_missing",
        area=Area.ENTRA,
        title="The application has no service principal in this tenant",
        why="The app registration exists, but its service principal in this tenant was never created or was deleted.",
        fix="Create the service principal in the tenant used to sign in.",
        otherwise=(
            (
                "If the application is multi-tenant and belongs to another tenant, an administrator of this tenant "
                "consents to it, which creates the service principal."
            ),
            "If the tenant is the wrong one, set the tenant ID of the application.",
        ),
        signatures=(
            phrase("missing service principal in the tenant"),
            phrase("client application", "is missing service principal"),
        ),
        commands=(run("az ad sp create --id {app_id}"),),
        links=(links.APP_REGISTRATION,),
        severity=Severity.REJECTED,
        related=("app_not_found_in_tenant",),
    ),
    Cause(
        key="app_not_found_in_tenant",
        area=Area.ENTRA,
        title="The application (client) ID was not found in this tenant",
        why="The client ID or the tenant ID is wrong, or the application was deleted.",
        fix="The application must exist in the tenant that the program signs in to. Compare the client ID and the "
        "tenant ID in the error with the app registration, and set both explicitly: without a tenant ID, a tool "
        "signs in to a default tenant.",
        otherwise=(
            (
                "If the client ID in the error is empty, a placeholder or the ID of something else (object ID, secret"
                " ID, subscription), the setting was not read or is the wrong one."
            ),
            (
                "If the app registration is of one tenant (single-tenant), the program must use that tenant, not "
                "common, organizations or the tenant of another service."
            ),
            (
                "If the application belongs to another tenant, an administrator of this tenant must consent to it (az"
                " ad sp create --id <client-id>)."
            ),
            (
                "If it was deleted, restore it (App registrations > Deleted applications), or create it again and "
                "update the client ID where it is stored."
            ),
        ),
        site_fix="Compare AZURE_CLIENT_ID and AZURE_TENANT_ID with the app registration in the tenant.",
        setting=StackSetting.TENANT,
        signatures=(
            phrase("application with identifier", "was not found in the directory"),
            phrase("unauthorized_client", "was not found in the directory"),
            phrase("the client does not exist or is not enabled for consumers"),
            phrase("application", "not found", any_of=("tenant", "directory"), strength=Strength.LIKELY),
            phrase("unauthorized_client", strength=Strength.WEAK),
        ),
        commands=(
            run("az ad app show --id {app_id} --query displayName"),
            run("az account show --query tenantId --output tsv"),
        ),
        links=(links.APP_REGISTRATION, links.AADSTS),
        severity=Severity.REJECTED,
        related=("service_principal_missing",),
    ),
    Cause(
        key="public_client_misconfigured",
        area=Area.ENTRA,
        title="The app registration does not allow this sign-in flow",
        why="A public client has no secret, and a confidential client must present one. "
        "The app registration is configured for one, and the program signs in as the other.",
        fix="Make the registration and the sign-in agree (App registrations > Authentication). For sign-in on a "
        "user's machine (browser, device code), register the redirect URI, http://localhost, under Mobile and "
        "desktop applications, send no secret, and turn on Allow public client flows.",
        otherwise=(
            (
                "If the program is a web app or has a secret, register its redirect URI under Web: then the secret is"
                " accepted and required."
            ),
            "If it runs in a browser, register the redirect URI under Single-page application.",
            "If the program must not send a secret (AADSTS700025), remove the client secret from its settings.",
        ),
        signatures=(
            phrase("the request body must contain the following parameter", "client_assertion", unless=("scope",)),
            aadsts(
                70002, any_of=("the request body must contain", "not supported for this feature", "marked as 'mobile'")
            ),
            phrase("client is public so neither"),
            phrase("public client should not possess credentials"),
            phrase("allow public client flows"),
        ),
        commands=(run("az ad app update --id {app_id} --is-fallback-public-client true"),),
        links=(links.APP_REGISTRATION, links.AADSTS),
        severity=Severity.REJECTED,
    ),
    Cause(
        key="consent_missing",
        area=Area.ENTRA,
        title="Consent has not been granted for this permission",
        why="Microsoft Entra ID issues a token only after a user or an administrator has consented to the permission.",
        fix="Add the permission that the program requests to the app registration (API permissions; for sign-in at "
        "least User.Read of Microsoft Graph), then an administrator who may do so grants admin consent. Where "
        "users may consent themselves, the user signs in once interactively.",
        otherwise=(
            (
                "If the tenant is not your own (authority common or organizations), sign in at the authority of your "
                "own tenant, where consent was granted."
            ),
            (
                "If the client ID is that of a sample or another organization, use an app registration of your own, "
                "or one that has consent."
            ),
            (
                "If Azure CLI is used with your own API, add Azure CLI (04b07795-8ddb-461a-bbee-02f9e1bf7b46) to the "
                "API's authorized client applications (Expose an API)."
            ),
            (
                "If the permission is new, grant consent again: the earlier one does not include it. The scope in the"
                " request must be one of the granted permissions."
            ),
        ),
        signatures=(
            phrase("has not consented to use the application"),
            phrase("consent_required"),
            phrase("admin consent", any_of=("required", "needed", "need")),
            phrase("need admin approval", "permission to access resources in your organi"),
            phrase("must be configured via preauthorization"),
        ),
        commands=(run("az ad app permission admin-consent --id {app_id}"),),
        links=(links.CONSENT,),
        severity=Severity.REJECTED,
    ),
    Cause(
        key="app_assignment_required",
        area=Area.ENTRA,
        title="The user is not assigned to the application",
        why="The enterprise application requires assignment, and this user has none.",
        fix="Assign the user or a group: Microsoft Entra admin center > Enterprise applications > the application > "
        "Users and groups.",
        signatures=(
            phrase("not assigned to a role for the application"),
            phrase("has not been assigned", "application", strength=Strength.LIKELY),
        ),
        links=(links.ASSIGN_USERS,),
        severity=Severity.REJECTED,
    ),
    Cause(
        key="obo_assertion_invalid",
        area=Area.ENTRA,
        title="The user token for the on-behalf-of flow is invalid",
        why="In the on-behalf-of flow, a program passes on the token it was called with. "
        "That token has expired, or was issued for another API.",
        fix="Pass on the current token your API received, and check that its audience is your API.",
        otherwise=(
            (
                "If the program passes on a token for Microsoft Graph or another API, let the client request one for "
                "your API's scope instead."
            ),
        ),
        signatures=(
            phrase("assertion audience claim does not match"),
            phrase("assertion failed signature validation"),
            phrase("user assertion", any_of=("expired", "invalid", "not valid")),
        ),
        links=(links.ON_BEHALF_OF,),
        severity=Severity.REJECTED,
        related=("assertion_time_invalid",),
    ),
    Cause(
        key="assertion_time_invalid",
        area=Area.ENTRA,
        title="The client assertion is not within its valid time range",
        why="The error shows two times. If they are minutes apart, this machine's clock is wrong. "
        "If they are hours or a day apart, an old token was sent again.",
        fix="Set the clock. If the gap is large, read the token file again for each sign-in and update azure-identity. "
        "In a pipeline, sign in again right before the step: its token is valid for minutes only.",
        otherwise=("In a container or virtual machine, correct the clock of the host.",),
        signatures=(
            phrase("client assertion is not within its valid time range"),
            phrase("make sure your computer's time and time zone are both correct"),
            phrase("the id token is not yet valid"),
            phrase("the id token already expires"),
            phrase("current time must be before the time represented by the exp claim"),
        ),
        commands=(
            run("sudo timedatectl set-ntp true", systems=(LINUX,)),
            run("sudo sntp -sS time.apple.com", systems=(MACOS,)),
            run("w32tm /resync", systems=("Windows",)),
        ),
        links=(links.AADSTS,),
        severity=Severity.REJECTED,
        related=("clock_skew", "obo_assertion_invalid"),
    ),
    Cause(
        key="client_assertion_invalid",
        area=Area.ENTRA,
        title="The client assertion is malformed or has wrong claims",
        why="The program signs in with a signed token (JWT) that it made itself or received from an identity "
        "provider. Microsoft Entra ID cannot use it: its format, header, signature or claims are wrong.",
        fix="For a self-signed assertion, the audience is the token endpoint, and issuer and subject are both the "
        "client ID; the header names the certificate. For a federated token, the audience is "
        "api://AzureADTokenExchange. Preferably, let azure-identity create the assertion.",
        signatures=(
            phrase("client assertion", any_of=("malformed", "is not a valid jwt", "audience claim does not match")),
            phrase("assertion audience", "does not match realm issuer"),
        ),
        links=(links.CERTIFICATE_CREDENTIALS, links.FEDERATION),
        severity=Severity.REJECTED,
        look_alikes=(
            ("certificate_not_registered", "The assertion is well-formed, and its certificate is not registered."),
            ("federated_credential_mismatch", "The token is valid, and no federated credential matches it."),
            ("assertion_time_invalid", "The assertion is correct, but expired or not yet valid."),
        ),
    ),
    Cause(
        key="redirect_uri_mismatch",
        area=Area.ENTRA,
        title="The redirect URI is not registered for the application",
        why="For sign-in in a browser, Microsoft Entra ID returns the user only to a redirect URI that is registered. "
        "The one in the request differs: scheme, port, path, letter case or a trailing slash.",
        fix="Register the redirect URI exactly as the error quotes it: App registrations > the application > "
        "Authentication, on the right platform. For local sign-in use http://localhost under Mobile and desktop "
        "applications.",
        otherwise=(
            (
                "If the site is behind a proxy or a gateway, it makes the URI with http:// or the inner host: pass "
                "the forwarded headers (X-Forwarded-Proto, X-Forwarded-Host) on."
            ),
            (
                "If the registration cannot be changed because it is Microsoft's (Azure CLI, Visual Studio), update "
                "the tool."
            ),
        ),
        signatures=(
            phrase("reply url", "does not match"),
            phrase("redirect uri", "specified in the request does not match"),
            phrase("no reply address is registered for the application"),
        ),
        commands=(run('az ad app show --id {app_id} --query "[web, publicClient, spa].redirectUris"'),),
        links=(links.REDIRECT_URIS,),
        severity=Severity.REJECTED,
        look_alikes=(("public_client_misconfigured", "The flow itself is not allowed (AADSTS7000218)."),),
    ),
)
