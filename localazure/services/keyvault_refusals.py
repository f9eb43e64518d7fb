"""The refusals of Key Vault, in its own words, line ends included."""

from http import HTTPStatus
from typing import Any

from localazure.directory import KEY_VAULT_AUDIENCE
from localazure.services.refusal import Refusal
from localazure.vaults import RBAC_ACTIONS, Permission, Vault

RETRY_AFTER_S = 10
"""Throttling counts requests in windows of ten seconds: https://learn.microsoft.com/azure/key-vault/general/service-limits"""


def error(code: str, message: str, inner_code: str | None = None) -> dict[str, Any]:
    inner = {"innererror": {"code": inner_code}} if inner_code else {}
    return {"error": {"code": code, "message": message, **inner}}


def unauthorized(vault: Vault, message: str) -> Refusal:
    """401 with the challenge that names the vault's own tenant, before any token is known.

    https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses
    """
    tenant_url = f"https://login.microsoftonline.com/{vault.subscription.tenant.id}"
    challenge = f'Bearer authorization="{tenant_url}", resource="{KEY_VAULT_AUDIENCE}"'
    return Refusal(401, error("Unauthorized", message), {"WWW-Authenticate": challenge})


def missing_token(vault: Vault) -> Refusal:
    return unauthorized(vault, "AKV10000: Request is missing a Bearer or PoP token.")


def unknown_key(vault: Vault, encoded_header: str) -> Refusal:
    text = "AKV10046: Unable to resolve the key used for signature validation."
    return unauthorized(vault, f"{text} EncodedJwtHeader: '{encoded_header}'.")


def wrong_audience(vault: Vault, found: str) -> Refusal:
    return unauthorized(vault, f"AKV10022: Invalid audience. Expected {KEY_VAULT_AUDIENCE}, found: {found}.")


def wrong_issuer(vault: Vault, found: str) -> Refusal:
    expected = vault.subscription.tenant.issuer
    return unauthorized(vault, f"AKV10032: Invalid issuer. Expected one of {expected}, found {found}.")


def invalid_token(vault: Vault, reason: str) -> Refusal:
    return unauthorized(vault, f"Error validating token: {reason}")


def no_role(vault: Vault, caller: str, permission: Permission, item: str) -> Refusal:
    lines = (
        "Caller is not authorized to perform action on resource.",
        "If role assignments, deny assignments or role definitions were changed recently,"
        " please observe propagation time.",
        f"Caller: {caller}",
        f"Action: '{RBAC_ACTIONS[permission]}'",
        f"Resource: '{vault.resource_id}/{item}'",
        "Assignment: (not found)",
        "DenyAssignmentId: null",
        "DecisionReason: 'DeniedWithNoValidRBAC' ",
        f"Vault: {vault.name};location={vault.location}",
        "",
    )
    return Refusal(403, error("Forbidden", "\r\n".join(lines), "ForbiddenByRbac"))


def no_policy(vault: Vault, caller: str, permission: Permission) -> Refusal:
    text = (
        f"The user, group or application '{caller}' does not have secrets {permission} permission on key vault"
        f" '{vault.name};location={vault.location}'. For help resolving this issue, please see"
        " https://go.microsoft.com/fwlink/?linkid=2125287"
    )
    return Refusal(403, error("Forbidden", text, "AccessDenied"))


def outside_firewall(vault: Vault, caller: str, address: str) -> Refusal:
    lines = (
        "Client address is not authorized and caller is not a trusted service.",
        f"Client address: {address}",
        f"Caller: {caller}",
        f"Vault: {vault.name};location={vault.location}",
    )
    return Refusal(403, error("Forbidden", "\r\n".join(lines), "ForbiddenByFirewall"))


def no_private_link(vault: Vault) -> Refusal:
    lines = (
        "Connection is not an approved private link and caller was ignored because bypass is not set to"
        " 'AzureServices' and PublicNetworkAccess is set to 'Disabled'.",
        f"Vault: {vault.name};location={vault.location}",
    )
    return Refusal(403, error("Forbidden", "\r\n".join(lines), "ForbiddenByConnection"))


def throttled() -> Refusal:
    text = "Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached"
    return Refusal(429, error("Throttled", text), {"Retry-After": str(RETRY_AFTER_S)})


def vault_failure(status: int) -> Refusal:
    """What a vault in trouble answers: its own words for 429, and no body at all when it is down."""
    return throttled() if status == HTTPStatus.TOO_MANY_REQUESTS else Refusal(status, None)


def invalid_name(name: str) -> Refusal:
    return Refusal(400, error("BadParameter", f"The request URI contains an invalid name: {name}"))


def invalid_body(reason: str) -> Refusal:
    return Refusal(400, error("BadParameter", reason))


def deleted_secret_not_found(name: str) -> Refusal:
    return Refusal(404, error("SecretNotFound", f"Deleted Secret not found: {name}"))


def name_held_by_deleted(name: str) -> Refusal:
    text = (
        f"Secret {name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state,"
        " the secret can only be recovered or purged."
    )
    return Refusal(409, error("Conflict", text, "ObjectIsDeletedButRecoverable"))


def certificate_not_found(item: str) -> Refusal:
    text = (
        f"A certificate with (name/id) {item} was not found in this key vault. If you recently deleted this"
        " certificate you may be able to recover it using the correct recovery command. For help resolving this issue,"
        " please see https://go.microsoft.com/fwlink/?linkid=2125182"
    )
    return Refusal(404, error("CertificateNotFound", text))


def secret_disabled(operation: str) -> Refusal:
    text = f"Operation {operation} is not allowed on a disabled secret."
    return Refusal(403, error("Forbidden", text, "SecretDisabled"))


def secret_not_found(item: str) -> Refusal:
    text = (
        f"A secret with (name/id) {item} was not found in this key vault. If you recently deleted this secret"
        " you may be able to recover it using the correct recovery command. For help resolving this issue,"
        " please see https://go.microsoft.com/fwlink/?linkid=2125182"
    )
    return Refusal(404, error("SecretNotFound", text))


def missing_api_version() -> Refusal:
    return Refusal(400, error("BadParameter", "api-version must be specified"))


def unknown_api_version(version: str, latest: str) -> Refusal:
    hint = f"Consider using the latest supported version ({latest})."
    return Refusal(400, error("BadParameter", f"The specified version ({version}) is not recognized. {hint}"))


def unknown_path(path: str) -> Refusal:
    return Refusal(404, error("NotFound", f"The requested resource {path} was not found."))
