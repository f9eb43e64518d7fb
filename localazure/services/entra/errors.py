"""Entra's errors, with its exact wording: https://learn.microsoft.com/entra/identity-platform/reference-error-codes"""

import uuid

from localazure.services.errors import ServiceError
from localazure.state.emulator_state import EmulatorState

LOGIN = "login.microsoftonline.com"
FEDERATION_HELP = "https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
CERTIFICATE_HELP = "https://learn.microsoft.com/entra/identity-platform/certificate-credentials"


def entra_error(
    state: EmulatorState, number: int, error: str, text: str, status: int = 400, **more: str
) -> ServiceError:
    """Return the JSON of an error: code, description, trace ID, correlation ID and time."""
    trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
    timestamp = state.timestamp()
    description = f"AADSTS{number}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}"
    body = {
        "error": error,
        "error_description": description,
        "error_codes": [number],
        "timestamp": timestamp,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"https://{LOGIN}/error?code={number}",
    }
    return ServiceError(status, body | more)


def invalid_client(state: EmulatorState, number: int, text: str) -> ServiceError:
    """401: the client could not be authenticated."""
    return entra_error(state, number, "invalid_client", text, 401)


def unknown_tenant(state: EmulatorState, tenant: str) -> ServiceError:
    text = (
        f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the"
        " correct cloud. Check with your subscription administrator, this may happen if there are no active"
        " subscriptions for the tenant."
    )
    return entra_error(state, 90002, "invalid_tenant", text)


def unknown_instance(state: EmulatorState) -> ServiceError:
    return entra_error(state, 50049, "invalid_instance", "Unknown or invalid instance.")


def malformed_tenant(state: EmulatorState, tenant: str) -> ServiceError:
    text = f"Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external domain."
    return entra_error(state, 900023, "invalid_request", text)


def missing_field(state: EmulatorState, name: str) -> ServiceError:
    text = f"The request body must contain the following parameter: '{name}'."
    return entra_error(state, 900144, "invalid_request", text)


def unsupported_grant(state: EmulatorState, grant_type: str) -> ServiceError:
    return entra_error(
        state, 70003, "unsupported_grant_type", f"The app requested an unsupported grant type '{grant_type}'."
    )


def unknown_application(state: EmulatorState, client_id: str, tenant_name: str) -> ServiceError:
    text = (
        f"Application with identifier '{client_id}' was not found in the directory '{tenant_name}'. This can happen"
        " if the application has not been installed by the administrator of the tenant or consented to by any user in"
        " the tenant. You may have sent your authentication request to the wrong tenant."
    )
    return entra_error(state, 700016, "unauthorized_client", text)


def missing_client_credential(state: EmulatorState) -> ServiceError:
    text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
    return invalid_client(state, 7000218, text)


def public_client(state: EmulatorState) -> ServiceError:
    text = "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."
    return invalid_client(state, 700025, text)


def wrong_secret(state: EmulatorState, client_id: str) -> ServiceError:
    text = (
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value,"
        f" not the client secret ID, for a secret added to app '{client_id}'."
    )
    return invalid_client(state, 7000215, text)


def expired_secret(state: EmulatorState, client_id: str) -> ServiceError:
    text = (
        f"The provided client secret keys for app '{client_id}' are expired. Visit the Azure portal to create new keys"
        " for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security:"
        " https://aka.ms/certCreds."
    )
    return invalid_client(state, 7000222, text)


def unknown_certificate(state: EmulatorState, client_id: str, thumbprint: str, reason: str) -> ServiceError:
    text = (
        "The certificate with identifier used to sign the client assertion is not registered on application."
        f" [Reason - {reason}, Thumbprint of key used by client: '{thumbprint}', Please visit the Azure Portal, Graph"
        f" Explorer or directly use MS Graph to see configured keys for app Id '{client_id}'. Review the documentation"
        " at https://docs.microsoft.com/en-us/graph/deployments to determine the corresponding service endpoint and"
        " https://docs.microsoft.com/en-us/graph/api/application-get?view=graph-rest-1.0&tabs=http to build a query"
        f" request URL, such as 'https://graph.microsoft.com/beta/applications/{client_id}']. Alternatively, SNI may"
        " be configured on the app. Please ensure that client assertion is being sent with the x5c claim in the JWT"
        " header using MSAL's WithSendX5C() method so that Azure Active Directory can validate the certificate being"
        " used."
    )
    return invalid_client(state, 700027, text)


def assertion_lifetime_invalid(state: EmulatorState, now: str, starts: str, ends: str) -> ServiceError:
    text = (
        f"Client assertion is not within its valid time range. Current time: {now}, assertion valid from {starts},"
        f" expiry time of assertion {ends}. Review the documentation at {CERTIFICATE_HELP} ."
    )
    return invalid_client(state, 700024, text)


def malformed_assertion(state: EmulatorState) -> ServiceError:
    return invalid_client(state, 50027, "JWT token is invalid or malformed.")


def assertion_client_mismatch(state: EmulatorState) -> ServiceError:
    text = "Client assertion application identifier doesn't match 'client_id' parameter."
    return invalid_client(state, 700021, text)


def assertion_audience_mismatch(state: EmulatorState) -> ServiceError:
    text = (
        f"Client assertion audience claim does not match Realm issuer. Review the documentation at {CERTIFICATE_HELP} ."
    )
    return invalid_client(state, 700023, text)


def federation_mismatch(state: EmulatorState, number: int, what: str, found: str) -> ServiceError:
    text = (
        f"No matching federated identity record found for presented assertion {what} '{found}'. Check your federated"
        f" identity credential Subject, Audience and Issuer against the presented assertion. {FEDERATION_HELP}"
    )
    return invalid_client(state, number, text)


def subject_case_mismatch(state: EmulatorState, found: str) -> ServiceError:
    text = (
        f"No matching federated identity record found for presented assertion subject '{found}'. The subject matches"
        " with case-insensitive comparison, but not with case-sensitive comparison."
    )
    return invalid_client(state, 7002138, text)


def unknown_redirect(state: EmulatorState, redirect: str, client_id: str) -> ServiceError:
    text = (
        f"The redirect URI '{redirect}' specified in the request does not match the redirect URIs configured for the"
        f" application '{client_id}'. Make sure the redirect URI sent in the request matches one added to your"
        " application in the Azure portal."
    )
    return entra_error(state, 50011, "invalid_request", text)


def invalid_scope(state: EmulatorState, scope: str) -> ServiceError:
    text = (
        "The provided request must include a 'scope' input parameter. The provided value for the input parameter"
        f" 'scope' is not valid. The scope {scope} is not valid."
    )
    return entra_error(state, 70011, "invalid_scope", text)


def scope_without_default(state: EmulatorState, scope: str) -> ServiceError:
    text = (
        f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value with"
        " /.default suffixed to the resource identifier (application ID URI)."
    )
    return entra_error(state, 1002012, "invalid_scope", text)


def unknown_resource(state: EmulatorState, resource: str) -> ServiceError:
    text = (
        f"The resource principal named {resource} was not found in the tenant named {state.tenant.name}. This can"
        " happen if the application has not been installed by the administrator of the tenant or consented to by any"
        " user in the tenant. You might have sent your authentication request to the wrong tenant."
    )
    return entra_error(state, 500011, "invalid_resource", text)


def mfa_required(state: EmulatorState, resource: str) -> ServiceError:
    text = (
        "Due to a configuration change made by your administrator, or because you moved to a new location, you must"
        f" use multi-factor authentication to access '{resource}'."
    )
    return entra_error(state, 50076, "invalid_grant", text, suberror="basic_action")


def user_not_in_tenant(state: EmulatorState, issuer: str, tenant_name: str) -> ServiceError:
    text = (
        f"User account '{{EmailHidden}}' from identity provider '{issuer}' does not exist in tenant '{tenant_name}' and"
        " cannot access the application '04b07795-8ddb-461a-bbee-02f9e1bf7b46'(Microsoft Azure CLI) in that tenant. The"
        " account needs to be added as an external user in the tenant first. Sign out and sign in again with a"
        " different Azure Active Directory user account."
    )
    return entra_error(state, 50020, "invalid_grant", text)


def authorization_pending(state: EmulatorState) -> ServiceError:
    text = "OAuth 2.0 device flow error. Authorization is pending. Continue polling."
    return entra_error(state, 70016, "authorization_pending", text)


def unknown_device_code(state: EmulatorState) -> ServiceError:
    text = "Request body contains an unexpected, malformed or expired 'device_code'."
    return entra_error(state, 70020, "expired_token", text)


def invalid_grant(state: EmulatorState) -> ServiceError:
    return entra_error(state, 70000, "invalid_grant", "Provided grant is invalid or malformed.")


def unknown_refresh_token(state: EmulatorState) -> ServiceError:
    text = "Invalid request. Request is malformed or invalid."
    return entra_error(state, 9002313, "invalid_grant", text)
