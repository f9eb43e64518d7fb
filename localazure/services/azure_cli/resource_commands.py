"""The commands for hosts, identities, clusters and applications, as far as hints print them."""

from typing import Any

from localazure.services.azure_cli.command import Command, Options
from localazure.services.azure_cli.context import Context

SITE, MACHINE = "Microsoft.Web/sites", "Microsoft.Compute/virtualMachines"
IDENTITY, CLUSTER = "Microsoft.ManagedIdentity/userAssignedIdentities", "Microsoft.ContainerService/managedClusters"
SYSTEM = "[system]"
_GROUP, _NAME = ("--resource-group!", "-g"), ("--name!", "-n")
_ON_HOST = (_GROUP, _NAME)


def _path(context: Context, options: Options, resource_type: str, name: str) -> str:
    return f"{context.subscription().scope}/resourceGroups/{options.resource_group}/providers/{resource_type}/{name}"


async def _assign(context: Context, options: Options, resource_type: str) -> Any:
    path = _path(context, options, resource_type, options.name)
    current = (await context.arm("GET", path)).get("identity") or {"type": "None"}
    kinds = {kind.strip() for kind in current["type"].split(",")} - {"None"}
    requested = options.identities or [SYSTEM]
    kinds |= {"SystemAssigned"} if SYSTEM in requested else set()
    user = [item for item in requested if item != SYSTEM]
    kinds |= {"UserAssigned"} if user else set()
    assigned: dict[str, Any] = {key: {} for key in (*current.get("userAssignedIdentities", {}), *user)}
    body: dict[str, Any] = {"type": ", ".join(sorted(kinds))}
    if assigned:
        body["userAssignedIdentities"] = assigned
    return (await context.arm("PATCH", path, {"identity": body}))["identity"]


async def assign_to_site(context: Context, options: Options) -> Any:
    return _identity(await _assign(context, options, SITE))


async def assign_to_machine(context: Context, options: Options) -> Any:
    identity = await _assign(context, options, MACHINE)
    return {
        "systemAssignedIdentity": identity.get("principalId", ""),
        "userAssignedIdentities": identity.get("userAssignedIdentities", {}),
    }


async def show_site(context: Context, options: Options) -> Any:
    return _flat(await context.arm("GET", _path(context, options, SITE, options.name)))


async def show_site_identity(context: Context, options: Options) -> Any:
    return await _show_identity(context, options, SITE)


async def show_machine_identity(context: Context, options: Options) -> Any:
    return await _show_identity(context, options, MACHINE)


async def _show_identity(context: Context, options: Options, resource_type: str) -> Any:
    found = (await context.arm("GET", _path(context, options, resource_type, options.name))).get("identity")
    return _identity(found) if found else None


async def set_app_settings(context: Context, options: Options) -> Any:
    path = f"{_path(context, options, SITE, options.name)}/config/appsettings"
    current = (await context.arm("POST", f"{path}/list"))["properties"]
    pairs = dict(item.partition("=")[::2] for item in options.settings)
    changed = (await context.arm("PUT", path, {"properties": {**current, **pairs}}))["properties"]
    return [{"name": name, "slotSetting": False, "value": None} for name in changed]


async def restart_site(context: Context, options: Options) -> None:
    await context.arm("POST", f"{_path(context, options, SITE, options.name)}/restart")


async def list_machines(context: Context, _options: Options) -> Any:
    return await _list(context, MACHINE)


async def list_identities(context: Context, _options: Options) -> Any:
    return await _list(context, IDENTITY)


async def list_clusters(context: Context, _options: Options) -> Any:
    return await _list(context, CLUSTER)


async def show_identity(context: Context, options: Options) -> Any:
    return _flat(await context.arm("GET", _path(context, options, IDENTITY, options.name)))


async def show_cluster(context: Context, options: Options) -> Any:
    cluster = _flat(await context.arm("GET", _path(context, options, CLUSTER, options.name)))
    profile = cluster["oidcIssuerProfile"]
    return {**cluster, "oidcIssuerProfile": {"enabled": profile["enabled"], "issuerUrl": profile["issuerURL"]}}


async def list_federated(context: Context, options: Options) -> Any:
    path = f"{_path(context, options, IDENTITY, options.identity_name)}/federatedIdentityCredentials"
    return [_flat(item) for item in (await context.arm("GET", path))["value"]]


async def create_federated(context: Context, options: Options) -> Any:
    path = f"{_path(context, options, IDENTITY, options.identity_name)}/federatedIdentityCredentials/{options.name}"
    fields = {"issuer": options.issuer, "subject": options.subject, "audiences": options.audiences}
    return _flat(await context.arm("PUT", path, {"properties": fields}))


async def signed_in_user(context: Context, _options: Options) -> Any:
    return await context.graph("GET", "/me")


async def show_service_principal(context: Context, options: Options) -> Any:
    names = f"servicePrincipalNames/any(c:c eq '{options.id}')"
    found = (await context.graph("GET", "/servicePrincipals", _filter=names))["value"]
    return found[0] if found else await context.graph("GET", f"/servicePrincipals/{options.id}")


async def _application(context: Context, id_: str) -> dict[str, Any]:
    found = (await context.graph("GET", "/applications", _filter=f"appId eq '{id_}'"))["value"]
    return dict(found[0] if found else await context.graph("GET", f"/applications/{id_}"))


async def show_application(context: Context, options: Options) -> Any:
    return await _application(context, options.id)


async def reset_credential(context: Context, options: Options) -> Any:
    application = await _application(context, options.id)
    if not options.append:
        for item in application["passwordCredentials"]:
            await context.graph("POST", f"/applications/{application['id']}/removePassword", {"keyId": item["keyId"]})
    fields = {"displayName": options.display_name or "rbac"}
    added = await context.graph(
        "POST", f"/applications/{application['id']}/addPassword", {"passwordCredential": fields}
    )
    tenant = context.subscription().tenant.id
    return {"appId": application["appId"], "password": added["secretText"], "tenant": tenant}


async def list_federated_of_application(context: Context, options: Options) -> Any:
    application = await _application(context, options.id)
    return (await context.graph("GET", f"/applications/{application['id']}/federatedIdentityCredentials"))["value"]


async def _list(context: Context, resource_type: str) -> Any:
    found = await context.arm("GET", f"{context.subscription().scope}/providers/{resource_type}")
    return [_flat(item) for item in found["value"]]


def _identity(identity: dict[str, Any]) -> dict[str, Any]:
    fields = ("principalId", "tenantId", "type", "userAssignedIdentities")
    return {name: identity.get(name) for name in fields}


def _flat(item: dict[str, Any]) -> dict[str, Any]:
    """az merges the properties of these resources into the resource."""
    properties = item.get("properties", {})
    rest = {name: value for name, value in item.items() if name != "properties"}
    return dict(sorted({**properties, **rest, "resourceGroup": item["id"].split("/")[4]}.items()))


_FEDERATED = (("--identity-name!",), _GROUP)
COMMANDS = (
    Command("webapp identity assign", assign_to_site, (*_ON_HOST, ("--identities",)), (), ("--identities",)),
    Command("webapp show", show_site, _ON_HOST),
    Command("webapp identity show", show_site_identity, _ON_HOST),
    Command("webapp config appsettings set", set_app_settings, (*_ON_HOST, ("--settings!",)), (), ("--settings",)),
    Command("webapp restart", restart_site, _ON_HOST),
    Command("vm identity assign", assign_to_machine, (*_ON_HOST, ("--identities",)), (), ("--identities",)),
    Command("vm identity show", show_machine_identity, _ON_HOST),
    Command("vm list", list_machines, (("--resource-group", "-g"),)),
    Command("identity list", list_identities, (("--resource-group", "-g"),)),
    Command("identity show", show_identity, _ON_HOST),
    Command("identity federated-credential list", list_federated, _FEDERATED),
    Command(
        "identity federated-credential create",
        create_federated,
        (*_FEDERATED, _NAME, ("--issuer!",), ("--subject!",), ("--audiences!",)),
        (),
        ("--audiences",),
    ),
    Command("aks list", list_clusters, (("--resource-group", "-g"),)),
    Command("aks show", show_cluster, _ON_HOST),
    Command("ad signed-in-user show", signed_in_user),
    Command("ad sp show", show_service_principal, (("--id!",),)),
    Command("ad app show", show_application, (("--id!",),)),
    Command("ad app credential reset", reset_credential, (("--id!",), ("--display-name",)), ("--append",)),
    Command("ad app federated-credential list", list_federated_of_application, (("--id!",),)),
)
