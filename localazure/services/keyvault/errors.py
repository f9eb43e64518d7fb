"""Key Vault's errors, with its exact wording and line endings."""

from http import HTTPStatus
from typing import Any

from localazure.scenarios.directory import KEY_VAULT_APP_ID, KEY_VAULT_AUDIENCE
from localazure.scenarios.vaults import Vault
from localazure.services.errors import ServiceError

RETRY_AFTER_S = 10
"""Throttling limits apply to 10-second windows: https://learn.microsoft.com/azure/key-vault/general/service-limits"""


UNAVAILABLE_PAGE = """\
<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN""http://www.w3.org/TR/html4/strict.dtd">\r
<HTML><HEAD><TITLE>Service Unavailable</TITLE>\r
<META HTTP-EQUIV="Content-Type" Content="text/html; charset=us-ascii"></HEAD>\r
<BODY><h2>Service Unavailable</h2>\r
<hr><p>HTTP Error 503. The service is unavailable.</p>\r
</BODY></HTML>\r
"""
"""HTTP.sys answers for a service that does not run: https://github.com/Azure/azure-sdk-for-net/issues/12558"""


def error_body(code: str, message: str, inner_code: str | None = None) -> dict[str, Any]:
    inner = {"innererror": {"code": inner_code}} if inner_code else {}
    return {"error": {"code": code, "message": message, **inner}}


def unauthorized(vault: Vault, message: str) -> ServiceError:
    """401 with the challenge, which contains the tenant of the vault.

    https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses
    """
    tenant_url = f"https://login.microsoftonline.com/{vault.subscription.tenant.id}"
    challenge = f'Bearer authorization="{tenant_url}", resource="{KEY_VAULT_AUDIENCE}"'
    return ServiceError(401, error_body("Unauthorized", message), {"WWW-Authenticate": challenge})


def missing_token(vault: Vault) -> ServiceError:
    return unauthorized(vault, "AKV10000: Request is missing a Bearer or PoP token.")


def unknown_key(vault: Vault, encoded_header: str) -> ServiceError:
    text = "AKV10046: Unable to resolve the key used for signature validation."
    return unauthorized(vault, f"{text} EncodedJwtHeader: '{encoded_header}'.")


def wrong_audience(vault: Vault, found: str) -> ServiceError:
    return unauthorized(
        vault, f"AKV10022: Invalid audience. Expected {KEY_VAULT_AUDIENCE} or {KEY_VAULT_APP_ID}, found: {found}."
    )


def wrong_issuer(vault: Vault, found: str) -> ServiceError:
    expected = vault.subscription.tenant.issuer
    return unauthorized(vault, f"AKV10032: Invalid issuer. Expected one of {expected}, found {found}.")


def invalid_token(vault: Vault, reason: str) -> ServiceError:
    return unauthorized(vault, f"Error validating token: {reason}")


def forbidden_by_rbac(vault: Vault, caller: str, action: str, item: str) -> ServiceError:
    lines = (
        "Caller is not authorized to perform action on resource.",
        "If role assignments, deny assignments or role definitions were changed recently,"
        " please observe propagation time.",
        f"Caller: {caller}",
        f"Action: '{action}'",
        f"Resource: '{vault.resource_id}/{item}'",
        "Assignment: (not found)",
        "DenyAssignmentId: null",
        "DecisionReason: 'DeniedWithNoValidRBAC' ",
        f"Vault: {vault.name};location={vault.location}",
        "",
    )
    return ServiceError(403, error_body("Forbidden", "\r\n".join(lines), "ForbiddenByRbac"))


def access_denied(vault: Vault, caller: str, kind: str, permission: str) -> ServiceError:
    text = (
        f"The user, group or application '{caller}' does not have {kind} {permission} permission on key vault"
        f" '{vault.name};location={vault.location}'. For help resolving this issue, please see"
        " https://go.microsoft.com/fwlink/?linkid=2125287"
    )
    return ServiceError(403, error_body("Forbidden", text, "AccessDenied"))


def forbidden_by_firewall(vault: Vault, caller: str, address: str) -> ServiceError:
    lines = (
        "Client address is not authorized and caller is not a trusted service.",
        f"Client address: {address}",
        f"Caller: {caller}",
        f"Vault: {vault.name};location={vault.location}",
    )
    return ServiceError(403, error_body("Forbidden", "\r\n".join(lines), "ForbiddenByFirewall"))


def forbidden_by_connection(vault: Vault) -> ServiceError:
    lines = (
        "Connection is not an approved private link and caller was ignored because bypass is not set to"
        " 'AzureServices' and PublicNetworkAccess is set to 'Disabled'.",
        f"Vault: {vault.name};location={vault.location}",
    )
    return ServiceError(403, error_body("Forbidden", "\r\n".join(lines), "ForbiddenByConnection"))


def throttled() -> ServiceError:
    text = "Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached"
    return ServiceError(429, error_body("Throttled", text), {"Retry-After": str(RETRY_AFTER_S)})


def error_for_status(status: int) -> ServiceError:
    """429 with Key Vault's error, 503 with the page of its web server; other statuses without a body."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return throttled()
    page = UNAVAILABLE_PAGE if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    return ServiceError(status, page)


def invalid_name(name: str) -> ServiceError:
    return ServiceError(400, error_body("BadParameter", f"The request URI contains an invalid name: {name}"))


def invalid_body(reason: str) -> ServiceError:
    return ServiceError(400, error_body("BadParameter", reason))


def deleted_secret_not_found(name: str) -> ServiceError:
    return ServiceError(404, error_body("SecretNotFound", f"Deleted Secret not found: {name}"))


def name_is_soft_deleted(name: str) -> ServiceError:
    text = (
        f"Secret {name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state,"
        " the secret can only be recovered or purged."
    )
    return ServiceError(409, error_body("Conflict", text, "ObjectIsDeletedButRecoverable"))


def certificate_not_found(item: str) -> ServiceError:
    text = (
        f"A certificate with (name/id) {item} was not found in this key vault. If you recently deleted this"
        " certificate you may be able to recover it using the correct recovery command. For help resolving this issue,"
        " please see https://go.microsoft.com/fwlink/?linkid=2125182"
    )
    return ServiceError(404, error_body("CertificateNotFound", text))


def key_not_found(item: str) -> ServiceError:
    text = (
        f"A key with (name/id) {item} was not found in this key vault. If you recently deleted this key you may be able"
        " to recover it using the correct recovery command. For help resolving this issue, please see"
        " https://go.microsoft.com/fwlink/?linkid=2125182"
    )
    return ServiceError(404, error_body("KeyNotFound", text))


def invalid_backup() -> ServiceError:
    return ServiceError(400, error_body("BadParameter", "Backup blob contains invalid or corrupt version."))


def secret_exists(name: str) -> ServiceError:
    """The words are not from a recording."""
    text = f"A secret with name {name} already exists in this key vault and cannot be restored."
    return ServiceError(409, error_body("Conflict", text))


def secret_disabled(operation: str) -> ServiceError:
    text = f"Operation {operation} is not allowed on a disabled secret."
    return ServiceError(403, error_body("Forbidden", text, "SecretDisabled"))


def secret_not_found(item: str) -> ServiceError:
    text = (
        f"A secret with (name/id) {item} was not found in this key vault. If you recently deleted this secret"
        " you may be able to recover it using the correct recovery command. For help resolving this issue,"
        " please see https://go.microsoft.com/fwlink/?linkid=2125182"
    )
    return ServiceError(404, error_body("SecretNotFound", text))


def missing_api_version() -> ServiceError:
    return ServiceError(400, error_body("BadParameter", "api-version must be specified"))


def unknown_api_version(version: str, latest: str) -> ServiceError:
    hint = f"Consider using the latest supported version ({latest})."
    return ServiceError(400, error_body("BadParameter", f"The specified version ({version}) is not recognized. {hint}"))


def unknown_path(path: str) -> ServiceError:
    return ServiceError(404, error_body("NotFound", f"The requested resource {path} was not found."))
