"""Azure's built-in roles that concern Key Vault, identities and the hosts of a scenario.

https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
"""

import re
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, kw_only=True)
class Role:
    """A role definition. Actions apply to management operations, data actions to secrets, keys and certificates."""

    id: str
    name: str
    description: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()
    built_in: bool = True

    def allows(self, action: str) -> bool:
        """Whether the role includes a management action."""
        return _matches(action, self.actions) and not _matches(action, self.not_actions)

    def allows_data(self, action: str) -> bool:
        """Whether the role includes a data action."""
        return _matches(action, self.data_actions) and not _matches(action, self.not_data_actions)


def _matches(action: str, patterns: tuple[str, ...]) -> bool:
    return any(_compiled(pattern).fullmatch(action) for pattern in patterns)


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Actions are case-insensitive, and `*` stands for any number of segments."""
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.IGNORECASE)


# Most Key Vault roles include these, so that the portal can show the vault.
_READ_AND_SUPPORT = (
    "Microsoft.Authorization/*/read",
    "Microsoft.Insights/alertRules/*",
    "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Support/*",
)
_VAULT_READ = (
    "Microsoft.KeyVault/checkNameAvailability/read",
    "Microsoft.KeyVault/deletedVaults/read",
    "Microsoft.KeyVault/locations/*/read",
    "Microsoft.KeyVault/vaults/*/read",
    "Microsoft.KeyVault/operations/read",
)

OWNER = Role(
    id="8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    name="Owner",
    description="Grants full access to manage all resources, including the ability to assign roles in Azure RBAC.",
    actions=("*",),
)
SECRETS_USER_ROLE = Role(
    id="4633458b-17de-408a-b874-0445c86b69e6",
    name="Key Vault Secrets User",
    description="Read secret contents. Only works for key vaults that use the 'Azure role-based access control'"
    " permission model.",
    data_actions=(
        "Microsoft.KeyVault/vaults/secrets/getSecret/action",
        "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
    ),
)
SECRETS_OFFICER_ROLE = Role(
    id="b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    name="Key Vault Secrets Officer",
    description="Perform any action on the secrets of a key vault, except manage permissions. Only works for key vaults"
    " that use the 'Azure role-based access control' permission model.",
    actions=(*_READ_AND_SUPPORT, *_VAULT_READ),
    data_actions=("Microsoft.KeyVault/vaults/secrets/*",),
)

CERTIFICATE_USER = Role(
    id="db79e9a7-68ee-4b58-9aeb-b90e7c24fcba",
    name="Key Vault Certificate User",
    description="Read certificate contents. Only works for key vaults that use the 'Azure role-based access"
    " control' permission model.",
    data_actions=(
        "Microsoft.KeyVault/vaults/certificates/read",
        "Microsoft.KeyVault/vaults/secrets/getSecret/action",
        "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
        "Microsoft.KeyVault/vaults/keys/read",
    ),
)

BUILT_IN_ROLES = (
    OWNER,
    Role(
        id="b24988ac-6180-42a0-ab88-20f7382dd24c",
        name="Contributor",
        description="Grants full access to manage all resources, but does not allow you to assign roles in Azure RBAC,"
        " manage assignments in Azure Blueprints, or share image galleries.",
        actions=("*",),
        not_actions=(
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
            "Microsoft.Blueprint/blueprintAssignments/write",
            "Microsoft.Blueprint/blueprintAssignments/delete",
            "Microsoft.Compute/galleries/share/action",
            "Microsoft.Purview/consents/write",
            "Microsoft.Purview/consents/delete",
            "Microsoft.Resources/deploymentStacks/manageDenySetting/action",
        ),
    ),
    Role(
        id="acdd72a7-3385-48ef-bd42-f606fba81ae7",
        name="Reader",
        description="View all resources, but does not allow you to make any changes.",
        actions=("*/read",),
    ),
    Role(
        id="18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        name="User Access Administrator",
        description="Lets you manage user access to Azure resources.",
        actions=("*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"),
    ),
    Role(
        id="f58310d9-a9f6-439a-9e8d-f62e7b41a168",
        name="Role Based Access Control Administrator",
        description="Manage access to Azure resources by assigning roles using Azure RBAC. This role does not allow you"
        " to manage access using other ways, such as Azure Policy.",
        actions=(
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete",
            "*/read",
            "Microsoft.Support/*",
        ),
    ),
    Role(
        id="00482a5a-887f-4fb3-b363-3b7fe8e74483",
        name="Key Vault Administrator",
        description="Perform all data plane operations on a key vault and all objects in it, including certificates,"
        " keys, and secrets. Cannot manage key vault resources or manage role assignments. Only works for key vaults"
        " that use the 'Azure role-based access control' permission model.",
        actions=(*_READ_AND_SUPPORT, *_VAULT_READ),
        data_actions=("Microsoft.KeyVault/vaults/*",),
    ),
    SECRETS_USER_ROLE,
    SECRETS_OFFICER_ROLE,
    Role(
        id="21090545-7ca7-4776-b22c-e363652d74d2",
        name="Key Vault Reader",
        description="Read metadata of key vaults and its certificates, keys, and secrets. Cannot read sensitive values"
        " such as secret contents or key material. Only works for key vaults that use the 'Azure role-based access"
        " control' permission model.",
        actions=(*_READ_AND_SUPPORT, *_VAULT_READ),
        data_actions=("Microsoft.KeyVault/vaults/*/read", "Microsoft.KeyVault/vaults/secrets/readMetadata/action"),
    ),
    Role(
        id="f25e0fa2-a7c8-4377-a976-54943a77a395",
        name="Key Vault Contributor",
        description="Manage key vaults, but does not allow you to assign roles in Azure RBAC, and does not allow you to"
        " access secrets, keys, or certificates.",
        actions=(*_READ_AND_SUPPORT, "Microsoft.KeyVault/*"),
        not_actions=("Microsoft.KeyVault/locations/deletedVaults/purge/action", "Microsoft.KeyVault/hsmPools/*"),
    ),
    Role(
        id="a4417e6f-fecd-4de8-b567-7b0420556985",
        name="Key Vault Certificates Officer",
        description="Perform any action on the certificates of a key vault, excluding reading the secret and key"
        " portions, and managing permissions. Only works for key vaults that use the 'Azure role-based access control'"
        " permission model.",
        actions=(*_READ_AND_SUPPORT, *_VAULT_READ),
        data_actions=(
            "Microsoft.KeyVault/vaults/certificatecas/*",
            "Microsoft.KeyVault/vaults/certificates/*",
            "Microsoft.KeyVault/vaults/certificatecontacts/write",
        ),
    ),
    CERTIFICATE_USER,
    Role(
        id="14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
        name="Key Vault Crypto Officer",
        description="Perform any action on the keys of a key vault, except manage permissions. Only works for key"
        " vaults that use the 'Azure role-based access control' permission model.",
        actions=(*_READ_AND_SUPPORT, *_VAULT_READ),
        data_actions=("Microsoft.KeyVault/vaults/keys/*", "Microsoft.KeyVault/vaults/keyrotationpolicies/*"),
    ),
    Role(
        id="12338af0-0e69-4776-bea7-57ae8d297424",
        name="Key Vault Crypto User",
        description="Perform cryptographic operations using keys. Only works for key vaults that use the 'Azure"
        " role-based access control' permission model.",
        data_actions=(
            "Microsoft.KeyVault/vaults/keys/read",
            "Microsoft.KeyVault/vaults/keys/update/action",
            "Microsoft.KeyVault/vaults/keys/backup/action",
            "Microsoft.KeyVault/vaults/keys/encrypt/action",
            "Microsoft.KeyVault/vaults/keys/decrypt/action",
            "Microsoft.KeyVault/vaults/keys/wrap/action",
            "Microsoft.KeyVault/vaults/keys/unwrap/action",
            "Microsoft.KeyVault/vaults/keys/sign/action",
            "Microsoft.KeyVault/vaults/keys/verify/action",
        ),
    ),
    Role(
        id="de139f84-1756-47ae-9be6-808fbbe84772",
        name="Website Contributor",
        description="Lets you manage websites (not web plans), but not access to them.",
        actions=(*_READ_AND_SUPPORT, "Microsoft.Web/sites/*", "Microsoft.Web/serverFarms/read"),
    ),
    Role(
        id="e40ec5ca-96e0-45a2-b4ff-59039f2c2b59",
        name="Managed Identity Contributor",
        description="Create, Read, Update, and Delete User Assigned Identity",
        actions=(*_READ_AND_SUPPORT, "Microsoft.ManagedIdentity/userAssignedIdentities/*"),
    ),
    Role(
        id="f1a07417-d97a-45cb-824c-7a7467783830",
        name="Managed Identity Operator",
        description="Read and Assign User Assigned Identity",
        actions=(
            *_READ_AND_SUPPORT,
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
        ),
    ),
)


def find_role(name: str) -> Role:
    """Return the built-in role with this name, in any case. Raises LookupError."""
    for role in BUILT_IN_ROLES:
        if role.name.lower() == name.lower():
            return role
    raise LookupError(f"Role {name!r} does not exist. Roles: {', '.join(role.name for role in BUILT_IN_ROLES)}.")
