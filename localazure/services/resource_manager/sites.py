"""App Service sites: identity, app settings and restart.

https://learn.microsoft.com/rest/api/appservice/web-apps
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from localazure.services.keyvault.access import CLIENT_ADDRESS
from localazure.services.resource_manager import errors
from localazure.services.resource_manager.call import Call, Operation, as_object, json_response, require_group
from localazure.services.resource_manager.identity_block import identity_json, requested_identities
from localazure.state.hosts import SITES as TYPE
from localazure.state.hosts import HostResource

IN_GROUP = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{TYPE}"
SITE = f"{IN_GROUP}/{{name}}"


def list_sites(call: Call) -> Response:
    if "group" in call.parameters:
        require_group(call)
    found = [host for host in call.state.hosts.values() if host.type == TYPE and host.subscription == call.subscription]
    return json_response({"value": [site_json(host) for host in found if call.allows(f"{TYPE}/read", host.scope)]})


def get(call: Call) -> Response:
    return json_response(site_json(_existing(call, f"{TYPE}/read")))


def put(call: Call) -> Response:
    """Create a site, or change its identity, tags and app settings. PATCH does the same for an existing site."""
    call.require(f"{TYPE}/write", site_scope(call))
    group = require_group(call)
    body, existing = as_object(call.body, "body"), _find(call)
    if existing is None and call.method == "PATCH":
        raise errors.resource_not_found(f"{TYPE}/{call.parameters['name']}", call.parameters["group"])
    site = existing or HostResource(type=TYPE, name=call.parameters["name"], subscription=call.subscription)
    assert site.scope.lower().startswith(group.lower())  # noqa: S101 - one resource group per subscription
    call.state.set_host(_changed(call, site, body))
    return json_response(site_json(call.state.hosts[site.scope.lower()]), 200 if existing else 201)


def list_app_settings(call: Call) -> Response:
    site = _existing(call, f"{TYPE}/config/list/action")
    return json_response(_settings_json(site))


def put_app_settings(call: Call) -> Response:
    """Replace the app settings; the site restarts."""
    site = _existing(call, f"{TYPE}/config/write")
    changed = replace(site, app_settings={name: str(value) for name, value in call.properties().items()})
    call.state.set_host(changed)
    return json_response(_settings_json(changed))


def slot_setting_names(call: Call) -> Response:
    site = _existing(call, f"{TYPE}/config/read")
    names = {"connectionStringNames": None, "appSettingNames": None, "azureStorageConfigNames": None}
    return json_response({**_config(site, "slotConfigNames"), "properties": names})


def site_config(call: Call) -> Response:
    site = _existing(call, f"{TYPE}/config/read")
    return json_response({**_config(site, "web"), "properties": {"linuxFxVersion": "PYTHON|3.12", "alwaysOn": False}})


def restart(call: Call) -> Response:
    site = _existing(call, f"{TYPE}/restart/action")
    call.state.set_host(site)
    return Response(status_code=200)


def publishing_profiles(call: Call) -> Response:
    """`az webapp show` reads the FTP address from them. They contain no credentials here."""
    site = _existing(call, f"{TYPE}/publishxml/action")
    host = f"ftps://waws-prod-am2-001.ftp.azurewebsites.windows.net/{site.name}"
    profile = f'<publishProfile profileName="{site.name} - FTP" publishMethod="FTP" publishUrl="{host}" />'
    deploy = f'<publishProfile profileName="{site.name} - Web Deploy" publishMethod="MSDeploy" publishUrl="{host}" />'
    return Response(f"<publishData>{deploy}{profile}</publishData>", media_type="application/xml")


def site_json(site: HostResource) -> dict[str, Any]:
    """Return the JSON of a site."""
    host_name = f"{site.name}.azurewebsites.net"
    return {
        "id": site.scope,
        "name": site.name,
        "type": TYPE,
        "kind": "app,linux",
        "location": "West Europe",
        "tags": dict(site.tags),
        **identity_json(site),
        "properties": {
            "name": site.name,
            "state": "Running",
            "serverFarmId": f"{site.subscription.group_scope}/providers/Microsoft.Web/serverfarms/plan-{site.name}",
            "sku": "Free",
            "hostNames": [host_name],
            "defaultHostName": host_name,
            "enabledHostNames": [host_name],
            "resourceGroup": site.subscription.resource_group,
            "enabled": True,
            "reserved": True,
            "httpsOnly": True,
            "outboundIpAddresses": CLIENT_ADDRESS,
            "possibleOutboundIpAddresses": f"{CLIENT_ADDRESS},203.0.113.8",
            "keyVaultReferenceIdentity": "SystemAssigned",
            **site.properties,
        },
    }


def site_scope(call: Call) -> str:
    parameters = call.parameters
    group = f"/subscriptions/{parameters['subscription']}/resourceGroups/{parameters['group']}"
    return f"{group}/providers/{TYPE}/{parameters['name']}"


def _changed(call: Call, site: HostResource, body: Mapping[str, Any]) -> HostResource:
    """Return `site` with the identity, tags and properties of the body. Raises ServiceError."""
    if body.get("identity") is not None:
        site = replace(site, identities=requested_identities(call, site, body["identity"]))
    if isinstance(body.get("tags"), dict):
        site = replace(site, tags={str(name): str(value) for name, value in body["tags"].items()})
    properties = as_object(body.get("properties") or {}, "properties")
    config = properties.get("siteConfig")
    settings = config.get("appSettings") if isinstance(config, dict) else None
    if isinstance(settings, list):
        pairs = (as_object(item, "appSettings") for item in settings)
        site = replace(site, app_settings={str(item.get("name")): str(item.get("value")) for item in pairs})
    names = ("serverFarmId", "httpsOnly")
    kept: dict[str, object] = {name: properties[name] for name in names if name in properties}
    return replace(site, properties={**site.properties, **kept})


def _find(call: Call) -> HostResource | None:
    host = call.state.hosts.get(site_scope(call).lower())
    return host if host is not None and host.type == TYPE else None


def _existing(call: Call, action: str) -> HostResource:
    """Return the site in the path. Raises ServiceError when it does not exist or the caller lacks `action`."""
    call.require(action, site_scope(call))
    require_group(call)
    site = _find(call)
    if site is None:
        raise errors.resource_not_found(f"{TYPE}/{call.parameters['name']}", call.parameters["group"])
    return site


def _settings_json(site: HostResource) -> dict[str, Any]:
    return {**_config(site, "appsettings"), "properties": dict(site.app_settings)}


def _config(site: HostResource, name: str) -> dict[str, Any]:
    return {"id": f"{site.scope}/config/{name}", "name": name, "type": f"{TYPE}/config", "location": "West Europe"}


OPERATIONS = (
    Operation("GET", f"/subscriptions/{{subscription}}/providers/{TYPE}", list_sites, TYPE),
    Operation("GET", IN_GROUP, list_sites, TYPE),
    Operation("GET", SITE, get, TYPE),
    Operation("PUT", SITE, put, TYPE),
    Operation("PATCH", SITE, put, TYPE),
    Operation("POST", f"{SITE}/config/appsettings/list", list_app_settings, TYPE),
    Operation("PUT", f"{SITE}/config/appsettings", put_app_settings, TYPE),
    Operation("GET", f"{SITE}/config/slotConfigNames", slot_setting_names, TYPE),
    Operation("GET", f"{SITE}/config/web", site_config, TYPE),
    Operation("POST", f"{SITE}/publishxml", publishing_profiles, TYPE),
    Operation("POST", f"{SITE}/restart", restart, TYPE),
)
