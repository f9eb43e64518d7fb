"""Virtual machines: their identities. https://learn.microsoft.com/rest/api/compute/virtual-machines"""

from dataclasses import replace
from typing import Any

from starlette.responses import Response

from localazure.services.resource_manager import errors
from localazure.services.resource_manager.call import Call, Operation, as_object, json_response, require_group
from localazure.services.resource_manager.identity_block import identity_json, requested_identities
from localazure.state.hosts import MACHINES as TYPE
from localazure.state.hosts import HostResource

IN_GROUP = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{TYPE}"
MACHINE_ID = "7f3c1d8e-52b4-4a09-9e6d-0c8b7a1f4e35"
SIZE = "Standard_B1s"


def list_machines(call: Call) -> Response:
    if "group" in call.parameters:
        require_group(call)
    found = [host for host in call.state.hosts.values() if host.type == TYPE and host.subscription == call.subscription]
    return json_response({"value": [machine_json(host) for host in found if call.allows(f"{TYPE}/read", host.scope)]})


def get(call: Call) -> Response:
    return json_response(machine_json(_existing(call, f"{TYPE}/read")))


def update(call: Call) -> Response:
    """Change the identities and tags; PUT and PATCH differ in how they treat user-assigned identities."""
    machine, body = _existing(call, f"{TYPE}/write"), as_object(call.body, "body")
    if body.get("identity") is not None:
        machine = replace(machine, identities=requested_identities(call, machine, body["identity"]))
    if isinstance(body.get("tags"), dict):
        machine = replace(machine, tags={str(name): str(value) for name, value in body["tags"].items()})
    call.state.set_host(machine)
    return json_response(machine_json(machine))


def machine_json(machine: HostResource) -> dict[str, Any]:
    """Return the JSON of a virtual machine."""
    return {
        "id": machine.scope,
        "name": machine.name,
        "type": TYPE,
        "location": machine.location,
        "tags": dict(machine.tags),
        **identity_json(machine),
        "properties": {
            "vmId": MACHINE_ID,
            "provisioningState": "Succeeded",
            "hardwareProfile": {"vmSize": SIZE},
            "storageProfile": {"osDisk": {"osType": "Linux", "createOption": "FromImage"}, "dataDisks": []},
            "osProfile": {"computerName": machine.name, "adminUsername": "azureuser"},
            "networkProfile": {"networkInterfaces": []},
        },
    }


def _existing(call: Call, action: str) -> HostResource:
    """Return the machine in the path. Raises ServiceError when it does not exist or the caller lacks `action`."""
    parameters = call.parameters
    group = f"/subscriptions/{parameters['subscription']}/resourceGroups/{parameters['group']}"
    scope = f"{group}/providers/{TYPE}/{parameters['name']}"
    call.require(action, scope)
    require_group(call)
    machine = call.state.hosts.get(scope.lower())
    if machine is None or machine.type != TYPE:
        raise errors.resource_not_found(f"{TYPE}/{parameters['name']}", parameters["group"])
    return machine


OPERATIONS = (
    Operation("GET", f"/subscriptions/{{subscription}}/providers/{TYPE}", list_machines, TYPE),
    Operation("GET", IN_GROUP, list_machines, TYPE),
    Operation("GET", f"{IN_GROUP}/{{name}}", get, TYPE),
    Operation("PUT", f"{IN_GROUP}/{{name}}", update, TYPE),
    Operation("PATCH", f"{IN_GROUP}/{{name}}", update, TYPE),
)
