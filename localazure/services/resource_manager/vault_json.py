"""The JSON of a vault: https://learn.microsoft.com/rest/api/keyvault/keyvault/vaults/get"""

from datetime import UTC, datetime
from typing import Any

from localazure.state.vault_settings import AccessPolicy, VaultSettings


def vault_json(settings: VaultSettings) -> dict[str, Any]:
    """Return the JSON of a vault."""
    vault = settings.vault
    created = f"{datetime.fromtimestamp(settings.created_on, tz=UTC):%Y-%m-%dT%H:%M:%S.000Z}"
    return {
        "id": vault.scope,
        "name": vault.name,
        "type": "Microsoft.KeyVault/vaults",
        "location": vault.location,
        "tags": dict(settings.tags),
        "systemData": {"createdAt": created, "lastModifiedAt": created},
        "properties": {
            "sku": {"family": "A", "name": settings.sku},
            "tenantId": vault.subscription.tenant.id,
            **_network_acls(settings),
            "accessPolicies": [_policy(policy) for policy in settings.access_policies],
            "enabledForDeployment": False,
            "enabledForDiskEncryption": False,
            "enabledForTemplateDeployment": False,
            **settings.flags,
            "enableSoftDelete": True,
            "softDeleteRetentionInDays": settings.retention_days,
            "enableRbacAuthorization": settings.rbac,
            "vaultUri": f"{vault.uri}/",
            "provisioningState": "Succeeded",
            "publicNetworkAccess": "Enabled" if settings.public_network_access else "Disabled",
        },
    }


def deleted_vault_json(settings: VaultSettings) -> dict[str, Any]:
    """Return the JSON of a soft-deleted vault."""
    vault, deleted_on = settings.vault, settings.deleted_on or 0
    properties = {
        "vaultId": vault.scope,
        "location": vault.location,
        "tags": dict(settings.tags),
        "deletionDate": _time(deleted_on),
        "scheduledPurgeDate": _time(deleted_on + settings.retention_days * 86_400),
        "purgeProtectionEnabled": bool(settings.flags.get("enablePurgeProtection")),
    }
    base = f"{vault.subscription.scope}/providers/Microsoft.KeyVault/locations/{vault.location}/deletedVaults"
    kind = "Microsoft.KeyVault/deletedVaults"
    return {"id": f"{base}/{vault.name}", "name": vault.name, "type": kind, "properties": properties}


def _time(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%Y-%m-%dT%H:%M:%SZ}"


def _network_acls(settings: VaultSettings) -> dict[str, Any]:
    """Absent from a vault without network rules."""
    rules = (settings.ip_rules, settings.virtual_network_rules)
    if settings.default_action == "Allow" and not any(rules) and settings.bypass == "AzureServices":
        return {}
    acls = {
        "bypass": settings.bypass,
        "defaultAction": settings.default_action,
        "ipRules": [{"value": rule} for rule in settings.ip_rules],
        "virtualNetworkRules": [{"id": rule} for rule in settings.virtual_network_rules],
    }
    return {"networkAcls": acls}


def _policy(policy: AccessPolicy) -> dict[str, Any]:
    application = {"applicationId": policy.application_id} if policy.application_id else {}
    permissions = {kind: list(names) for kind, names in policy.permissions.items()}
    return {"tenantId": policy.tenant_id, "objectId": policy.object_id, **application, "permissions": permissions}
