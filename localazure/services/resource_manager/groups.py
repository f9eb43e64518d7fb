"""Resource groups and resource providers.

https://learn.microsoft.com/rest/api/resources/resource-groups
"""

from typing import Any

from starlette.responses import Response

from localazure.scenarios.directory import Subscription
from localazure.services.resource_manager import api_versions, errors
from localazure.services.resource_manager.call import Call, Operation, json_response, require_group

READ = "Microsoft.Resources/subscriptions/resourceGroups/read"
GROUP = "/subscriptions/{subscription}/resourcegroups/{group}"


def list_groups(call: Call) -> Response:
    group = _group(call.subscription)
    return json_response({"value": [group] if call.allows(READ, group["id"]) else []})


def get(call: Call) -> Response:
    call.require(READ, f"/subscriptions/{call.parameters['subscription']}/resourceGroups/{call.parameters['group']}")
    require_group(call)
    return json_response(_group(call.subscription))


def exists(call: Call) -> Response:
    call.require(READ, f"/subscriptions/{call.parameters['subscription']}/resourceGroups/{call.parameters['group']}")
    known = call.parameters["group"].lower() == call.subscription.resource_group.lower()
    return Response(status_code=204 if known else 404)


def get_provider(call: Call) -> Response:
    call.require(f"{call.parameters['namespace']}/register/action", call.subscription.scope)
    namespace = call.parameters["namespace"].lower()
    types = {name: versions for name, versions in api_versions.SUPPORTED.items() if _namespace(name) == namespace}
    if not types:
        text = f"The resource namespace '{call.parameters['namespace']}' is invalid."
        raise errors.error(404, "InvalidResourceNamespace", text)
    name = next(iter(types)).partition("/")[0]
    return json_response(
        {
            "id": f"{call.subscription.scope}/providers/{name}",
            "namespace": name,
            "registrationPolicy": "RegistrationRequired",
            "registrationState": "Registered",
            "resourceTypes": [
                {
                    "resourceType": item.partition("/")[2],
                    "locations": ["West Europe"],
                    "apiVersions": list(reversed(versions)),
                }
                for item, versions in types.items()
            ],
        }
    )


def _namespace(resource_type: str) -> str:
    return resource_type.partition("/")[0].lower()


def _group(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": subscription.group_scope,
        "name": subscription.resource_group,
        "type": "Microsoft.Resources/resourceGroups",
        "location": "westeurope",
        "tags": {},
        "properties": {"provisioningState": "Succeeded"},
    }


OPERATIONS = (
    Operation("GET", "/subscriptions/{subscription}/resourcegroups", list_groups, api_versions.RESOURCES),
    Operation("GET", GROUP, get, api_versions.RESOURCES),
    Operation("HEAD", GROUP, exists, api_versions.RESOURCES),
    Operation("GET", "/subscriptions/{subscription}/providers/{namespace}", get_provider, api_versions.RESOURCES),
)
