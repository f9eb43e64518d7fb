"""The commands for vaults and their secrets, as far as hints print them."""

import uuid
from datetime import UTC, datetime
from typing import Any

from localazure.services.azure_cli.command import Command, Options, Output
from localazure.services.azure_cli.context import Context
from localazure.services.azure_cli.result import CliError

VAULTS = "/providers/Microsoft.KeyVault/vaults"
SOFT_DELETE_WARNING = (
    "WARNING: Warning! If you have soft-delete protection enabled on this key vault, this secret will be moved to the"
    " soft deleted state. You will not be able to create a secret with the same name within this key vault until the"
    " secret has been purged from the soft-deleted state. Please see the following documentation for additional"
    " guidance.\nhttps://learn.microsoft.com/azure/key-vault/general/soft-delete-overview\n"
)
_VAULT = ("--vault-name!",)
_NAME = ("--name!", "-n")
_NAMED_VAULT = ("--name!", "-n")
_GROUP = ("--resource-group", "-g")


async def show(context: Context, options: Options) -> Any:
    return _with_group(await _vault(context, options.name))


async def list_vaults(context: Context, _options: Options) -> Any:
    found = (await context.arm("GET", f"{context.subscription().scope}{VAULTS}"))["value"]
    fields = ("id", "location", "name", "tags", "type")
    rows = [{"Location": item["location"], "Name": item["name"], "ResourceGroup": "kvsite-rg"} for item in found]
    return Output([_with_group({name: item[name] for name in fields}) for item in found], table=rows)


async def set_policy(context: Context, options: Options) -> Any:
    vault = await _vault(context, options.name)
    policies = list(vault["properties"]["accessPolicies"])
    if vault["properties"]["enableRbacAuthorization"]:
        raise CliError("Cannot set policies to a vault with '--enable-rbac-authorization' specified")
    kinds = ("secret", "key", "certificate", "storage")
    requested = {kind: getattr(options, f"{kind}_permissions") for kind in kinds}
    permissions = {f"{kind}s" if kind != "storage" else kind: names for kind, names in requested.items() if names}
    others = [item for item in policies if item["objectId"] != options.object_id]
    same = [item["permissions"] for item in policies if item["objectId"] == options.object_id]
    known: dict[str, Any] = same[0] if same else {}
    tenant_id = vault["properties"]["tenantId"]
    policy = {"tenantId": tenant_id, "objectId": options.object_id, "permissions": {**known, **permissions}}
    return await _update(context, vault, accessPolicies=[*others, policy])


async def add_network_rule(context: Context, options: Options) -> Any:
    vault, address = await _vault(context, options.name), options.ip_address[0]
    acls = vault["properties"].get("networkAcls") or {"bypass": "AzureServices", "defaultAction": "Allow"}
    rules = [*acls.get("ipRules", []), {"value": address}]
    return await _update(context, vault, networkAcls={**acls, "ipRules": rules})


async def list_network_rules(context: Context, options: Options) -> Any:
    return (await _vault(context, options.name))["properties"].get("networkAcls")


async def update(context: Context, options: Options) -> Any:
    vault, changes = await _vault(context, options.name), {}
    if options.public_network_access:
        changes["publicNetworkAccess"] = options.public_network_access
    if options.enable_rbac_authorization:
        changes["enableRbacAuthorization"] = options.enable_rbac_authorization.lower() == "true"
    if options.default_action:
        acls = vault["properties"].get("networkAcls") or {"bypass": "AzureServices"}
        changes["networkAcls"] = {**acls, "defaultAction": options.default_action}
    return await _update(context, vault, **changes)


async def assign_role(context: Context, options: Options) -> Any:
    """`az role assignment create`."""
    scope = options.scope
    authorization = f"{scope}/providers/Microsoft.Authorization"
    found = await context.arm("GET", f"{authorization}/roleDefinitions", _filter=f"roleName eq '{options.role}'")
    if not found["value"]:
        raise CliError(f"Role '{options.role}' doesn't exist.")
    principal = {"principalId": options.assignee_object_id or options.assignee}
    kind = {"principalType": options.assignee_principal_type} if options.assignee_principal_type else {}
    properties = {"roleDefinitionId": found["value"][0]["id"], **principal, **kind}
    try:
        created = await context.arm(
            "PUT", f"{authorization}/roleAssignments/{uuid.uuid4()}", {"properties": properties}
        )
    except CliError as error:
        if "(RoleAssignmentExists)" not in error.result.stderr:
            raise
        found = await context.arm("GET", f"{authorization}/roleAssignments", _filter="atScope()")
        created = next(item for item in found["value"] if properties.items() <= item["properties"].items())
    flat = {**created.pop("properties"), **created}
    return dict(sorted(_with_group(flat).items()))


async def list_roles(context: Context, options: Options) -> Any:
    """`az role assignment list`."""
    scope = options.scope or context.subscription().scope
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments"
    found = (await context.arm("GET", path, _filter="atScope()"))["value"]
    roles = context.state.roles.roles
    flat = [{**item["properties"], **{name: item[name] for name in ("id", "name", "type")}} for item in found]
    wanted = [item for item in flat if options.assignee in (None, item["principalId"])]
    for item in wanted:
        item["roleDefinitionName"] = roles[item["roleDefinitionId"].rpartition("/")[2]].name
    rows = [
        {"Principal": item["principalId"], "Role": item["roleDefinitionName"], "Scope": item["scope"]}
        for item in wanted
    ]
    return Output([dict(sorted(item.items())) for item in wanted], table=rows)


async def show_secret(context: Context, options: Options) -> Any:
    path = f"/secrets/{options.name}/{options.version or ''}"
    return _secret(await context.vault("GET", options.vault_name, path))


async def set_secret(context: Context, options: Options) -> Any:
    body = {"value": options.value, "tags": {"file-encoding": "utf-8"}}
    return _secret(await context.vault("PUT", options.vault_name, f"/secrets/{options.name}", body))


async def set_secret_attributes(context: Context, options: Options) -> Any:
    attributes: dict[str, Any] = {}
    if options.enabled:
        attributes["enabled"] = options.enabled.lower() == "true"
    for name, field in (("expires", "exp"), ("not_before", "nbf")):
        if getattr(options, name):
            attributes[field] = _seconds(getattr(options, name))
    path = f"/secrets/{options.name}/{options.version or ''}"
    return _secret(await context.vault("PATCH", options.vault_name, path, {"attributes": attributes}))


async def list_secrets(context: Context, options: Options) -> Any:
    found = [_listed(item) for item in (await context.vault("GET", options.vault_name, "/secrets"))["value"]]
    rows = [
        {"Name": item["name"], "Id": item["id"], "ContentType": item["contentType"] or "",
         "Enabled": item["attributes"]["enabled"], "Expires": item["attributes"]["expires"] or ""}
        for item in found
    ]  # fmt: skip
    return Output(found, table=rows)


async def list_deleted_secrets(context: Context, options: Options) -> Any:
    found = (await context.vault("GET", options.vault_name, "/deletedsecrets"))["value"]
    return [_deleted(item) for item in found]


async def recover_secret(context: Context, options: Options) -> Any:
    return _secret(await context.vault("POST", options.vault_name, f"/deletedsecrets/{options.name}/recover"))


async def delete_secret(context: Context, options: Options) -> Any:
    deleted = _deleted(await context.vault("DELETE", options.vault_name, f"/secrets/{options.name}"))
    return Output(deleted, stderr=SOFT_DELETE_WARNING)


async def _vault(context: Context, name: str) -> dict[str, Any]:
    found = (await context.arm("GET", f"{context.subscription().scope}{VAULTS}"))["value"]
    for item in found:
        if item["name"].lower() == name.lower():
            return dict(item)
    raise CliError(f"The Vault '{name}' not found within subscription.")


async def _update(context: Context, vault: dict[str, Any], **properties: Any) -> Any:
    return _with_group(await context.arm("PATCH", vault["id"], {"properties": properties}))


def _with_group(item: dict[str, Any]) -> dict[str, Any]:
    """az adds the resource group to every resource and sorts the properties."""
    return dict(sorted({**item, "resourceGroup": item["id"].split("/")[4]}.items()))


def _secret(bundle: dict[str, Any]) -> dict[str, Any]:
    return dict(sorted({**_listed(bundle), "kid": bundle.get("kid"), "value": bundle.get("value")}.items()))


def _listed(item: dict[str, Any]) -> dict[str, Any]:
    attributes = item["attributes"]
    return {
        "attributes": {
            "created": _date(attributes["created"]),
            "enabled": attributes["enabled"],
            "expires": _date(attributes.get("exp")),
            "notBefore": _date(attributes.get("nbf")),
            "recoverableDays": attributes["recoverableDays"],
            "recoveryLevel": attributes["recoveryLevel"],
            "updated": _date(attributes["updated"]),
        },
        "contentType": item.get("contentType"),
        "id": item["id"],
        "managed": item.get("managed"),
        "name": item["id"].split("/")[4],
        "tags": item.get("tags"),
    }


def _deleted(item: dict[str, Any]) -> dict[str, Any]:
    dates = {name: _date(item[name]) for name in ("deletedDate", "scheduledPurgeDate")}
    return dict(sorted({**_listed(item), **dates, "recoveryId": item["recoveryId"]}.items()))


def _date(seconds: int | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, tz=UTC).isoformat()


def _seconds(text: str) -> int:
    try:
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
    except ValueError:
        raise CliError(f"argument --expires: invalid datetime: '{text}'", 2) from None


_SECRET = (_VAULT, _NAME, ("--version",))
COMMANDS = (
    Command("keyvault show", show, (_NAMED_VAULT, _GROUP)),
    Command("keyvault list", list_vaults, (_GROUP,)),
    Command(
        "keyvault set-policy",
        set_policy,
        (
            *(_NAMED_VAULT, ("--object-id!",), _GROUP, ("--secret-permissions",), ("--key-permissions",)),
            *(("--certificate-permissions",), ("--storage-permissions",)),
        ),
        repeated=("--secret-permissions", "--key-permissions", "--certificate-permissions", "--storage-permissions"),
    ),
    Command(
        "keyvault network-rule add", add_network_rule, (_NAMED_VAULT, ("--ip-address!",), _GROUP), (), ("--ip-address",)
    ),
    Command("keyvault network-rule list", list_network_rules, (_NAMED_VAULT, _GROUP)),
    Command(
        "keyvault update",
        update,
        (_NAMED_VAULT, _GROUP, ("--public-network-access",), ("--default-action",), ("--enable-rbac-authorization",)),
    ),
    Command(
        "role assignment create",
        assign_role,
        (("--role!",), ("--scope!",), ("--assignee-object-id",), ("--assignee-principal-type",), ("--assignee",)),
    ),
    Command("role assignment list", list_roles, (("--scope",), ("--assignee",)), ("--all",)),
    Command("keyvault secret show", show_secret, _SECRET),
    Command("keyvault secret set", set_secret, (_VAULT, _NAME, ("--value!",))),
    Command(
        "keyvault secret set-attributes",
        set_secret_attributes,
        (*_SECRET, ("--enabled",), ("--expires",), ("--not-before",)),
    ),
    Command("keyvault secret list", list_secrets, (_VAULT, ("--maxresults",)), ("--include-managed",)),
    Command("keyvault secret list-deleted", list_deleted_secrets, (_VAULT,)),
    Command("keyvault secret recover", recover_secret, (_VAULT, _NAME)),
    Command("keyvault secret delete", delete_secret, (_VAULT, _NAME)),
)
