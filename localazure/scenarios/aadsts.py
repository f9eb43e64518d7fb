"""Entra error codes (AADSTS) that fault injection can return, in addition to those that scenarios produce.

https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class AadstsError:
    text: str
    """`{client_id}`, `{resource}`, `{tenant_id}`, `{tenant_name}`, `{now}` and `{then}` are placeholders."""
    error: str = "invalid_grant"
    status: int = 400


AADSTS_ERRORS: Mapping[int, AadstsError] = {
    50001: AadstsError(
        text="The resource principal named {resource} was not found in the tenant named {tenant_name}.",
        error="invalid_resource",
    ),
    50005: AadstsError(
        text="User tried to log in to a device from a platform that's currently not supported through Conditional"
        " Access policy."
    ),
    50013: AadstsError(
        text="Assertion failed signature validation. [Reason - The provided signature value did not match the expected"
        " signature value.]"
    ),
    50034: AadstsError(
        text="The user account {{EmailHidden}} does not exist in the {tenant_id} directory. To sign into this"
        " application, the account must be added to the directory."
    ),
    50049: AadstsError(text="Unknown or invalid instance.", error="invalid_instance"),
    50055: AadstsError(text="The password is expired."),
    50057: AadstsError(text="The user account is disabled."),
    50059: AadstsError(
        text="No tenant-identifying information found in either the request or implied by any provided credentials.",
        error="invalid_request",
    ),
    50079: AadstsError(
        text="Due to a configuration change made by your administrator, or because you moved to a new location, you"
        " must enroll in multi-factor authentication to access '{resource}'."
    ),
    50105: AadstsError(
        text="Your administrator has configured the application kvsite ('{client_id}') to block users unless they are"
        " specifically granted ('assigned') access to the application. The signed-in user '{{EmailHidden}}' is blocked"
        " because they are not a direct member of a group with access, nor had access directly assigned by an"
        " administrator."
    ),
    50126: AadstsError(text="Error validating credentials due to invalid username or password."),
    50158: AadstsError(
        text="External security challenge not satisfied. User will be redirected to another page or authentication"
        " provider to satisfy additional authentication challenges."
    ),
    50173: AadstsError(
        text="The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have"
        " changed or reset their password. The grant was issued on '{then}' and the TokensValidFrom date (before which"
        " tokens are not valid) for this user is '{now}'."
    ),
    500014: AadstsError(
        text="The service principal for resource '{resource}' is disabled. This indicate that a subscription within the"
        " tenant has lapsed, or that the administrator for this tenant has disabled the application, preventing tokens"
        " from being issued for it.",
        error="invalid_resource",
    ),
    500133: AadstsError(
        text="Assertion is not within its valid time range. Ensure that the access token is not expired before using it"
        " for user assertion, or request a new token. Current time: {now}, expiry time of assertion {then}."
    ),
    53003: AadstsError(
        text="Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."
    ),
    530003: AadstsError(text="Your device is required to be managed to access this resource."),
    65001: AadstsError(
        text="The user or administrator has not consented to use the application with ID '{client_id}' named"
        " 'Microsoft Azure CLI'. Send an interactive authorization request for this user and resource."
    ),
    65002: AadstsError(
        text="Consent between first party application '{client_id}' and first party resource '{resource}' must be"
        " configured via preauthorization - applications owned and operated by Microsoft must get approval from the"
        " API owner before requesting tokens for that API."
    ),
    650057: AadstsError(
        text="Invalid resource. The client has requested access to a resource which is not listed in the requested"
        " permissions in the client's application registration. Client app ID: {client_id}(kvsite). Resource value"
        " from request: {resource}. Resource app ID: cfa8b339-82a2-471a-a3c9-0fc0be7a4093.",
        error="invalid_resource",
    ),
    70001: AadstsError(
        text="Application with identifier '{client_id}' was not found in the directory {tenant_id}",
        error="unauthorized_client",
    ),
    70043: AadstsError(
        text="The refresh token has expired or is invalid due to sign-in frequency checks by conditional access. The"
        " token was issued on {then} and the maximum allowed lifetime for this request is 43200."
    ),
    700082: AadstsError(
        text="The refresh token has expired due to inactivity.\u00a0The token was issued on {then} and was inactive for"
        " 90.00:00:00."
    ),
    7000112: AadstsError(text="Application '{client_id}'(kvsite) is disabled.", error="unauthorized_client"),
    7000229: AadstsError(
        text="The client application {client_id} is missing service principal in the tenant {tenant_id}. See"
        " instructions here: https://go.microsoft.com/fwlink/?linkid=2225119",
        error="unauthorized_client",
    ),
    90061: AadstsError(text="Request to External OIDC endpoint failed.", error="invalid_client", status=401),
    90072: AadstsError(
        text="User account '{{EmailHidden}}' from identity provider '{issuer}' does not exist in tenant '{tenant_name}'"
        " and cannot access the application '{client_id}'(Microsoft Azure CLI) in that tenant. The account needs to be"
        " added as an external user in the tenant first. Sign out and sign in again with a different Azure Active"
        " Directory user account."
    ),
    900382: AadstsError(
        text="Confidential Client is not supported in Cross Cloud request.", error="invalid_client", status=401
    ),
    1002016: AadstsError(
        text="You are using TLS version 1.0, 1.1 and/or 3DES cipher which are deprecated to improve the security"
        " posture of Azure AD. Your TenantID is: {tenant_id}. Please refer to"
        " https://go.microsoft.com/fwlink/?linkid=2161187 and conduct needed actions to remediate the issue.",
        error="invalid_request",
    ),
    70021: AadstsError(
        text="No matching federated identity record found for presented assertion. Assertion Issuer:"
        " 'https://issuer.example.org'. Assertion Subject: 'system:serviceaccount:default:default'. Assertion Audience:"
        " 'api://AzureADTokenExchange'.",
        error="invalid_request",
    ),
    700011: AadstsError(
        text="Application with identifier {client_id} was not found in the directory.",
        error="unauthorized_client",
    ),
    7002137: AadstsError(
        text="No matching federated identity record found for presented assertion subject '{client_id}'. Please make"
        " sure the federated identity credential Subject is '{client_id}'.",
        error="invalid_client",
        status=401,
    ),
}
