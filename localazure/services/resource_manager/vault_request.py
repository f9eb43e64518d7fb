"""Parses and validates the body of creating or changing a vault."""

import ipaddress
import re
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from localazure.scenarios.vaults import Vault
from localazure.services.errors import ServiceError
from localazure.services.resource_manager import errors
from localazure.services.resource_manager.call import Call, as_object
from localazure.state.vault_settings import PERMISSION_KINDS, AccessPolicy, VaultSettings

NAME = re.compile(r"(?!.*--)[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]")
LOCATION = re.compile(r"[a-z0-9]{1,40}")
MAX_POLICIES = 1024
MAX_IP_RULES = 1000
PERMISSIONS = {
    "keys": (
        *("all", "encrypt", "decrypt", "wrapkey", "unwrapkey", "sign", "verify", "get", "list", "create", "update"),
        *("import", "delete", "backup", "restore", "recover", "purge", "release", "rotate", "getrotationpolicy"),
        "setrotationpolicy",
    ),
    "secrets": ("all", "get", "list", "set", "delete", "backup", "restore", "recover", "purge"),
    "certificates": (
        *("all", "get", "list", "delete", "create", "import", "update", "managecontacts", "getissuers", "listissuers"),
        *("setissuers", "deleteissuers", "manageissuers", "recover", "purge", "backup", "restore"),
    ),
    "storage": (
        *("all", "get", "list", "delete", "set", "update", "regeneratekey", "recover", "purge", "backup", "restore"),
        *("setsas", "listsas", "getsas", "deletesas"),
    ),
}
"""https://learn.microsoft.com/rest/api/keyvault/keyvault/vaults/create-or-update#permissions"""
FLAGS = ("enabledForDeployment", "enabledForDiskEncryption", "enabledForTemplateDeployment", "enablePurgeProtection")
RETENTION_DAYS = range(7, 91)
RBAC_BY_DEFAULT_FROM = "2026-02-01"
"""API version from which a new vault uses Azure RBAC unless the request says otherwise."""


def requested_settings(call: Call, existing: VaultSettings | None, *, partial: bool = False) -> VaultSettings:
    """Return the settings that the body describes. Raises ServiceError.

    Azure replaces the properties that the body contains and keeps network rules and access policies it omits
    on an existing vault.
    """
    body, properties = as_object(call.body, "body"), call.properties()
    settings = existing if existing is not None and existing.deleted_on is None else None
    if settings is None:
        settings = _new_vault(call, existing, body, properties)
    elif not partial:
        _require_tenant(call, properties)
    if not partial or "tags" in body:
        tags = as_object(body.get("tags") or {}, "tags")
        settings = replace(settings, tags={str(name): str(value) for name, value in tags.items()})
    return _with_properties(call, settings, properties)


def requested_policies(call: Call, settings: VaultSettings, operation: str) -> VaultSettings:
    """Return `settings` after an access policy operation: add, replace or remove. Raises ServiceError."""
    if operation not in ("add", "replace", "remove"):
        raise _invalid("operationKind")
    policies = _policies(call, call.properties().get("accessPolicies"))
    if operation == "replace":
        return replace(settings, access_policies=policies)
    known = {_key(policy): policy for policy in settings.access_policies}
    for policy in policies:
        current = known.get(_key(policy))
        known[_key(policy)] = _merged(current, policy, add=operation == "add")
    return replace(
        settings, access_policies=tuple(policy for policy in known.values() if any(policy.permissions.values()))
    )


def _new_vault(
    call: Call, deleted: VaultSettings | None, body: Mapping[str, Any], properties: Mapping[str, Any]
) -> VaultSettings:
    name, location = call.parameters["name"], str(body.get("location", "")).replace(" ", "").lower()
    if not NAME.fullmatch(name):
        text = (
            f"The vault name '{name}' is invalid. A vault's name must be between 3-24 alphanumeric characters. The name"
            " must begin with a letter, end with a letter or digit, and not contain consecutive hyphens. Follow this"
            " link for more information: https://go.microsoft.com/fwlink/?linkid=2147742"
        )
        raise errors.error(400, "VaultNameNotValid", text)
    if not LOCATION.fullmatch(location):
        raise errors.error(400, "LocationRequired", "The location property is required for this definition.")
    if deleted is not None:
        return _recovered(deleted, properties)
    _require_tenant(call, properties)
    if "accessPolicies" not in properties and properties.get("enableRbacAuthorization") is False:
        raise _invalid("accessPolicies")
    vault = Vault(name=name, location=location, subscription=call.subscription)
    rbac = call.api_version >= RBAC_BY_DEFAULT_FROM
    days = properties.get("softDeleteRetentionInDays", VaultSettings.retention_days)
    if type(days) is not int or days not in RETENTION_DAYS:
        raise _invalid("softDeleteRetentionInDays")
    return VaultSettings(vault=vault, created_on=call.state.now_s(), rbac=rbac, retention_days=days)


def _recovered(deleted: VaultSettings, properties: Mapping[str, Any]) -> VaultSettings:
    if str(properties.get("createMode", "")).lower() != "recover":
        text = (
            "A vault with the same name already exists in deleted state. You need to either recover or purge existing"
            " key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft"
            " delete."
        )
        raise errors.error(409, "ConflictError", text)
    return replace(deleted, deleted_on=None)


def _require_tenant(call: Call, properties: Mapping[str, Any]) -> None:
    if str(properties.get("tenantId", "")).lower() != call.subscription.tenant.id:
        raise _invalid("tenantId")


def _with_properties(call: Call, settings: VaultSettings, properties: Mapping[str, Any]) -> VaultSettings:
    changes: dict[str, Any] = {}
    if isinstance(properties.get("enableRbacAuthorization"), bool):
        changes["rbac"] = properties["enableRbacAuthorization"]
    if properties.get("accessPolicies") is not None:
        changes["access_policies"] = _policies(call, properties["accessPolicies"])
    if properties.get("publicNetworkAccess"):
        access = _one_of(properties["publicNetworkAccess"], ("Enabled", "Disabled"), "publicNetworkAccess")
        changes["public_network_access"] = access == "Enabled"
    if properties.get("networkAcls") is not None:
        changes |= _network_acls(as_object(properties["networkAcls"], "networkAcls"))
    if properties.get("sku") is not None:
        sku = as_object(properties["sku"], "sku")
        changes["sku"] = _one_of(sku.get("name"), ("standard", "premium"), "sku.name")
    if properties.get("softDeleteRetentionInDays", settings.retention_days) != settings.retention_days:
        text = 'The property "softDeleteRetentionInDays" has been set already and it can\'t be modified.'
        raise errors.error(400, "BadRequest", text)
    flags = {name: properties[name] for name in FLAGS if isinstance(properties.get(name), bool)}
    if settings.flags.get("enablePurgeProtection") and flags.get("enablePurgeProtection") is False:
        text = (
            'The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection for a vault is'
            " an irreversible action."
        )
        raise errors.error(400, "BadRequest", text)
    return replace(settings, **changes, flags={**settings.flags, **flags})


def _network_acls(acls: Mapping[str, Any]) -> dict[str, Any]:
    ip_rules, networks = acls.get("ipRules") or [], acls.get("virtualNetworkRules") or []
    if not isinstance(ip_rules, list) or not isinstance(networks, list) or len(ip_rules) > MAX_IP_RULES:
        raise _invalid("networkAcls")
    return {
        "default_action": _one_of(acls.get("defaultAction", "Allow"), ("Allow", "Deny"), "defaultAction"),
        "bypass": _one_of(acls.get("bypass", "AzureServices"), ("None", "AzureServices"), "bypass"),
        "ip_rules": tuple(_cidr(as_object(rule, "ipRules").get("value")) for rule in ip_rules),
        "virtual_network_rules": tuple(str(as_object(rule, "virtualNetworkRules").get("id")) for rule in networks),
    }


def _cidr(value: Any) -> str:
    try:
        return str(ipaddress.IPv4Network(value, strict=False))
    except (ValueError, TypeError):
        text = f"The value '{value}' is not a valid IPv4 address or CIDR range."
        raise errors.error(400, "BadRequest", text) from None


def _policies(call: Call, value: Any) -> tuple[AccessPolicy, ...]:
    if not isinstance(value, list) or len(value) > MAX_POLICIES:
        raise _invalid("accessPolicies")
    return tuple(_policy(call, as_object(item, "accessPolicies")) for item in value)


def _policy(call: Call, fields: Mapping[str, Any]) -> AccessPolicy:
    if str(fields.get("tenantId", "")).lower() != call.subscription.tenant.id:
        raise _invalid("accessPolicies[*].tenantId")
    granted = as_object(fields.get("permissions"), "permissions")
    permissions = {kind: _names(granted[kind], kind) for kind in PERMISSION_KINDS if granted.get(kind) is not None}
    return AccessPolicy(
        tenant_id=call.subscription.tenant.id,
        object_id=_guid(fields.get("objectId"), "objectId"),
        application_id=_guid(fields["applicationId"], "applicationId") if fields.get("applicationId") else None,
        permissions=permissions,
    )


def _names(value: Any, kind: str) -> tuple[str, ...]:
    names = tuple(str(name).lower() for name in value) if isinstance(value, list) else ("",)
    if not set(names) <= set(PERMISSIONS[kind]):
        raise _invalid(f"permissions.{kind}")
    return names


def _merged(current: AccessPolicy | None, change: AccessPolicy, *, add: bool) -> AccessPolicy:
    before: Mapping[str, tuple[str, ...]] = current.permissions if current else {}
    after = dict(before)
    for kind, names in change.permissions.items():
        known = before.get(kind, ())
        kept = known if add else tuple(name for name in known if name not in names)
        after[kind] = tuple(dict.fromkeys((*kept, *names))) if add else kept
    return replace(change, permissions=after)


def _key(policy: AccessPolicy) -> tuple[str, str | None]:
    return policy.object_id, policy.application_id


def _one_of(value: Any, supported: tuple[str, ...], name: str) -> str:
    for item in supported:
        if str(value).lower() == item.lower():
            return item
    raise _invalid(name)


def _guid(value: Any, name: str) -> str:
    try:
        return str(uuid.UUID(str(value)))
    except ValueError:
        raise _invalid(name) from None


def _invalid(name: str) -> ServiceError:
    return errors.error(400, "BadRequest", f"An invalid value was provided for '{name}'.")
