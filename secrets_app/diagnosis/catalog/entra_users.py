"""Microsoft Entra ID errors when a user signs in."""

from secrets_app.core.own_messages import INTERACTIVE_SIGN_IN_REQUIRED
from secrets_app.diagnosis.catalog import links
from secrets_app.diagnosis.catalog.predicates import about_azure
from secrets_app.diagnosis.cause import Area, Cause, Severity, run
from secrets_app.diagnosis.signature import Strength, own_message, phrase
from secrets_app.diagnosis.stack_settings import StackSetting

CAUSES = (
    Cause(
        key="conditional_access_blocked",
        area=Area.ENTRA,
        title="A Conditional Access policy blocked this sign-in",
        why="The organization's policy does not allow sign-in from this location, device or application. "
        "Signing in again does not help.",
        fix="An administrator of the tenant decides: the sign-in log of the user or the application (Microsoft Entra "
        "ID > Sign-in logs > Conditional Access) names the policy and the condition that failed. Meet it (managed"
        " device, allowed network, another sign-in method), or have the application or account excluded from the "
        "policy.",
        otherwise=(
            (
                "If the address is not the expected one, a VPN, a proxy, WSL's network mode or a container sends the "
                "request over another network: use the allowed one."
            ),
            (
                "If a device code was used, sign in with a browser or the broker on this device: a policy often "
                "blocks device code flow, which carries no state of the device."
            ),
            (
                "If a web API calls on behalf of a user, return the claims challenge to the client, so that the user "
                "meets the policy there."
            ),
            (
                "For a service without a user, use a managed identity or a service principal: policies for users do "
                "not apply to it."
            ),
        ),
        signatures=(
            phrase("access has been blocked by conditional access"),
            phrase("blocked by conditional access"),
            phrase("your device is required to be", any_of=("managed", "compliant", "joined")),
            phrase("requires the device requesting access to be", any_of=("managed", "compliant", "joined")),
            phrase("does not meet the criteria to access this resource"),
            phrase("you can't get there from here"),
            phrase("conditional access policy", any_of=("block", "does not allow", "denied", "requires")),
        ),
        links=(links.CONDITIONAL_ACCESS, links.AADSTS),
        severity=Severity.REJECTED,
        related=("mfa_required",),
    ),
    Cause(
        key="mfa_required",
        area=Area.ENTRA,
        title="Multifactor authentication is required and cannot be completed here",
        why="The organization requires multifactor authentication, which a background process cannot complete.",
        fix="Sign in again interactively for this resource, with the program that failed, and complete the "
        "multifactor authentication. A stored user name and password, or an app password, cannot do that: "
        "automation needs a managed identity, a service principal or a certificate instead.",
        otherwise=(
            (
                "In a pipeline, replace the connection with user name and password by one with a service principal or"
                " workload identity federation."
            ),
            (
                "In a runbook or a scheduled script, use Connect-AzAccount -Identity or -ServicePrincipal instead of "
                "-Credential."
            ),
            (
                "If the account is used by a service only, an administrator can exclude it from the policy; mandatory"
                " MFA for Azure management has no exception for user accounts."
            ),
        ),
        setting=StackSetting.SIGN_IN,
        signatures=(
            phrase("you must use multi-factor authentication"),
            phrase("you must enroll in multi-factor authentication"),
            phrase("multi-factor authentication", any_of=("required", "must"), strength=Strength.LIKELY),
            phrase("strong authentication is required"),
            phrase("mfa", any_of=("required", "must"), strength=Strength.WEAK),
        ),
        commands=(
            run("az logout"),
            run("az login --tenant {tenant} --scope https://vault.azure.net/.default"),
        ),
        links=(links.MANDATORY_MFA, links.AZ_LOGIN),
        severity=Severity.REJECTED,
        related=("conditional_access_blocked",),
    ),
    Cause(
        key="user_not_in_tenant",
        area=Area.ENTRA,
        title="The user account does not exist in this tenant",
        why="The signed-in account is neither a member nor a guest of the tenant. "
        "live.com in the error means a personal Microsoft account.",
        fix="Sign in with an account of that tenant, or have this account invited to it as a guest. A guest or a "
        "personal account (live.com) must name the tenant at sign-in: without it, the program uses the account's "
        "home tenant.",
        otherwise=(
            "If the tenant is not the intended one, set the tenant ID in the program that signs in.",
            (
                "If another account of yours is meant, sign out first: the browser or the token cache selects the "
                "last one."
            ),
            "If the tenant is in another cloud (Azure Government, 21Vianet), select that cloud in the program.",
        ),
        setting=StackSetting.TENANT,
        signatures=(
            phrase("user account", "does not exist in", any_of=("tenant", "directory"), where=about_azure),
            phrase("from identity provider", "does not exist in tenant"),
            phrase("the account must be added to the directory"),
            phrase("needs to be added as an external user in the tenant"),
        ),
        commands=(run("az login --tenant {tenant}"),),
        links=(links.AADSTS,),
        severity=Severity.REJECTED,
    ),
    Cause(
        key="user_password_wrong",
        area=Area.ENTRA,
        title="Invalid user name or password",
        why="Microsoft Entra ID rejected the user name and password. "
        "After several failed attempts, the account is locked for a while.",
        fix="Do not sign in with a stored password: sign in interactively, or use a service principal or a managed "
        "identity for automation.",
        otherwise=(
            (
                "If the account has multifactor authentication, is federated or a personal account, its password "
                "cannot be used in this way at all; neither can an app password."
            ),
            "If the password was changed, update it where the program stores it.",
        ),
        signatures=(
            phrase("invalid username or password", where=about_azure),
            phrase("error validating credentials due to invalid username or password"),
            phrase("id3242"),
            phrase("the user name or password is incorrect"),
        ),
        commands=(run("az login --tenant {tenant}"),),
        links=(links.AADSTS,),
        severity=Severity.REJECTED,
    ),
    Cause(
        key="user_account_disabled",
        area=Area.ENTRA,
        title="The user account is disabled, or its password has expired",
        why="Microsoft Entra ID found the account, but it cannot sign in at present.",
        fix="Ask an administrator to enable the account, or set a new password in the browser.",
        otherwise=("If the account belongs to a service, use a service principal or a managed identity instead.",),
        signatures=(
            phrase("the user account is disabled"),
            phrase("the password is expired"),
            phrase("user account has been disabled"),
        ),
        links=(links.AADSTS,),
        severity=Severity.REJECTED,
    ),
    Cause(
        key="sign_in_expired",
        area=Area.ENTRA,
        title="The sign-in session has expired or was revoked",
        why="It was inactive for too long, the organization requires a new sign-in, or the password changed.",
        fix="Sign in again with the program that stores the session: remove its stored account or profile first.",
        otherwise=(
            (
                "If a program runs unattended with the session of a user, it stops after 90 days without use, a "
                "changed password or a policy: use a managed identity or a service principal."
            ),
            "If a service or container holds the refresh token, authorize the connection again there.",
            (
                "If the policy sets a sign-in frequency, an administrator can change it; signing in again helps until"
                " the next time."
            ),
        ),
        setting=StackSetting.SIGN_IN,
        signatures=(
            phrase("the refresh token has expired"),
            phrase("refresh token", any_of=("has expired", "is expired", "was revoked", "has been revoked", "revoked")),
            phrase("reauthentication required", strength=Strength.LIKELY),
            phrase("invalid_grant", strength=Strength.WEAK),
            phrase("the provided grant has expired due to it being revoked"),
            phrase("your session has expired", where=about_azure),
            phrase("credentials have expired due to inactivity", strength=Strength.EXACT),
        ),
        commands=(
            run("az logout"),
            run("az login --tenant {tenant}"),
        ),
        links=(links.AZ_LOGIN, links.AADSTS),
        severity=Severity.REJECTED,
    ),
    Cause(
        key="claims_challenge_unsupported",
        area=Area.ENTRA,
        title="A claims challenge requires signing in again",
        why="The service rejected the token before it expired (continuous access evaluation). "
        "Azure CLI, Azure PowerShell and azd need a manual sign-in with the claims challenge it sent.",
        fix="Run the command shown in the error message, or sign out and sign in again.",
        otherwise=(
            (
                "If it comes back after each sign-in, the address or device that signs in differs from the one that "
                "calls the service (VPN, split tunnel, proxy): use one network for both."
            ),
        ),
        signatures=(
            phrase("--claims-challenge", unless=("unexpected keyword argument",), where=about_azure),
            phrase("claims challenges are not supported"),
            phrase("doesn't support claims challenges"),
            phrase("does not support claims challenges"),
            phrase("continuous access evaluation resulted in challenge"),
            phrase("tokencreatedwithoutdatedpolicies"),
            phrase("locationconditionevaluationsatisfied"),
            phrase("insufficient_claims"),
            phrase("claims challenge", strength=Strength.LIKELY),
        ),
        commands=(
            run("az logout"),
            run("az login --tenant {tenant} --scope https://vault.azure.net/.default"),
        ),
        links=(links.CONTINUOUS_ACCESS, links.AZ_LOGIN),
        severity=Severity.REJECTED,
    ),
    Cause(
        key="interactive_not_possible",
        area=Area.PROGRAM,
        title="Interactive sign-in is not possible or was not completed",
        why="This sign-in method needs a user with a browser. There was none, or the sign-in timed out.",
        fix="Use a credential that needs no browser. On a development machine, install Azure CLI, sign in with az "
        "login, and let the program use that account. On a server, use a managed identity or a service principal "
        "(AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET).",
        otherwise=(
            "Where only the browser is missing, sign in with a device code.",
            (
                "If the program keeps the sign-in in a keychain that is not available, turn that off in its options, "
                "or pass it a service principal."
            ),
        ),
        signatures=(
            phrase("couldn't start an http server"),
            phrase("failed to open a browser"),
            phrase("failed to begin authentication flow"),
            phrase("could not locate a runnable browser"),
            phrase("unable to open a web page"),
            phrase("timed out after waiting", "for the user to authenticate"),
            phrase("timed out waiting for user to authenticate"),
            phrase("couldn't begin authentication"),
            phrase("interactive authentication is required"),
            phrase("authenticationrequirederror"),
            phrase("authenticationrequiredexception"),
            phrase("automatic authentication has been disabled"),
            phrase("interactive authentication is needed"),
            own_message(INTERACTIVE_SIGN_IN_REQUIRED),
            phrase("no account or login hint was passed"),
            phrase("call 'authenticate' to begin"),
            phrase('"redirect_uri" must be a url with port number'),
            phrase("no authorization code, cached access token, or refresh token"),
            phrase(
                "device code",
                any_of=("expired", "authorization_pending", "declined", "canceled"),
                where=about_azure,
            ),
            phrase("code_expired", where=about_azure),
            phrase("authorization_pending"),
            phrase("authorization_declined"),
            phrase("user canceled authentication"),
            phrase("authentication_canceled"),
            phrase("interactionrequired", strength=Strength.LIKELY, unless=("continuous access",)),
            phrase("interaction_required", strength=Strength.LIKELY),
            phrase("address already in use", any_of=("8400", "localhost", "redirect")),
            phrase("linux", "xdg-open"),
            phrase(
                "interactivebrowsercredential", any_of=("failed", "timed out", "unavailable"), strength=Strength.LIKELY
            ),
            phrase("fail to create device flow"),
            phrase("device code", strength=Strength.WEAK),
            phrase("browser", any_of=("open", "launch", "not available"), strength=Strength.WEAK),
            phrase("can't listen on port", any_of=("port 0", "8400", "localhost")),
            phrase("user did not complete the flow in time"),
            phrase("timeout. no auth response arrived"),
            phrase("state missing from auth_code_flow"),
        ),
        commands=(run("az login --use-device-code --tenant {tenant}"),),
        links=(links.PYTHON_LOCAL, links.AZ_LOGIN),
    ),
    Cause(
        key="tenant_restricted",
        area=Area.ENTRA,
        title="Access to this tenant is restricted",
        why="The network's proxy sends a list of permitted tenants (tenant restrictions), or the cross-tenant access "
        "policy of one of the two tenants denies this sign-in.",
        fix="Name your own tenant at sign-in (in the program, the tenant ID): without it, a program may sign in to "
        "another tenant, such as Microsoft Services, which the restriction denies. If the tenant in the error is "
        "the intended one, ask the network administrator to add it to the tenant restrictions, or an "
        "administrator of the tenant to change its cross-tenant access settings. Signing in again does not help.",
        otherwise=(
            "If the account is a guest, sign in to the tenant of the resource, not to the account's home tenant.",
        ),
        signatures=(
            phrase("access to", "tenant is denied"),
            phrase("cross-tenant access", any_of=("policy", "denied", "not allow", "blocked")),
        ),
        links=(links.TENANT_RESTRICTIONS, links.AADSTS),
        severity=Severity.REJECTED,
        look_alikes=(("conditional_access_blocked", "A policy on the device, location or application."),),
    ),
)
