"""The resource types that the templates use: their API version and properties.

Sources: the resource reference of each type, https://learn.microsoft.com/azure/templates/, autumn 2026. A property that
is not listed here is misspelled or new; add it after a look at the reference.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ResourceType:
    """One type: its API version and the paths of its properties. `*` stands for any name."""

    api_version: str
    required: frozenset[str]
    optional: frozenset[str] = frozenset()


def _type(api_version: str, required: str, optional: str = "") -> ResourceType:
    return ResourceType(api_version, frozenset(required.split()), frozenset(optional.split()))


_SITE_CHILD = "2025-03-01"
_CONFIG = {
    "appsettings": "properties",
    "authsettingsV2": """properties.platform.enabled properties.globalValidation.requireAuthentication
        properties.globalValidation.unauthenticatedClientAction properties.globalValidation.redirectToProvider
        properties.globalValidation.excludedPaths properties.identityProviders.azureActiveDirectory.enabled
        properties.identityProviders.azureActiveDirectory.registration.clientId
        properties.identityProviders.azureActiveDirectory.registration.openIdIssuer
        properties.login.tokenStore.enabled properties.httpSettings.requireHttps""",
}

TYPES: Mapping[str, ResourceType] = {
    "Microsoft.ManagedIdentity/userAssignedIdentities": _type("2024-11-30", "location", "tags"),
    "Microsoft.KeyVault/vaults": _type(
        "2026-02-01",
        "location properties.tenantId properties.sku.family properties.sku.name",
        """tags properties.enableRbacAuthorization properties.enableSoftDelete properties.softDeleteRetentionInDays
        properties.enablePurgeProtection properties.publicNetworkAccess""",
    ),
    "Microsoft.KeyVault/vaults/secrets": _type("2026-02-01", "properties.value", "properties.contentType"),
    "Microsoft.Web/serverfarms": _type("2025-03-01", "location sku.name", "tags kind properties.reserved"),
    "Microsoft.Web/sites": _type(
        "2025-03-01",
        "location properties.serverFarmId",
        """tags kind identity.type identity.userAssignedIdentities properties.httpsOnly
        properties.clientAffinityEnabled properties.publicNetworkAccess properties.siteConfig.linuxFxVersion
        properties.siteConfig.appCommandLine properties.siteConfig.alwaysOn properties.siteConfig.ftpsState
        properties.siteConfig.minTlsVersion properties.siteConfig.scmMinTlsVersion
        properties.siteConfig.http20Enabled properties.siteConfig.healthCheckPath
        properties.siteConfig.ipSecurityRestrictions properties.siteConfig.ipSecurityRestrictionsDefaultAction""",
    ),
    **{f"Microsoft.Web/sites/config {name}": _type(_SITE_CHILD, paths) for name, paths in _CONFIG.items()},
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": _type(_SITE_CHILD, "properties.allow"),
    "Microsoft.Web/sites/sourcecontrols": _type(
        _SITE_CHILD, "properties.repoUrl properties.branch properties.isManualIntegration"
    ),
    "Microsoft.App/managedEnvironments": _type("2026-01-01", "location properties"),
    "Microsoft.App/containerApps": _type(
        "2026-01-01",
        "location properties.environmentId properties.template.containers.name properties.template.containers.image",
        """identity.type properties.configuration.activeRevisionsMode properties.configuration.ingress.external
        properties.configuration.ingress.targetPort properties.configuration.ingress.transport
        properties.configuration.ingress.allowInsecure properties.configuration.ingress.ipSecurityRestrictions
        properties.configuration.secrets.name properties.configuration.secrets.value
        properties.template.containers.env.name properties.template.containers.env.value
        properties.template.containers.env.secretRef properties.template.containers.resources.cpu
        properties.template.containers.resources.memory properties.template.containers.probes.type
        properties.template.containers.probes.httpGet.path properties.template.containers.probes.httpGet.port
        properties.template.scale.minReplicas properties.template.scale.maxReplicas""",
    ),
    "Microsoft.Authorization/roleAssignments": _type(
        "2022-04-01", "scope properties.principalId properties.roleDefinitionId properties.principalType"
    ),
    "Microsoft.Insights/diagnosticSettings": _type(
        "2021-05-01-preview", "scope properties.workspaceId properties.logs.category properties.logs.enabled"
    ),
}
