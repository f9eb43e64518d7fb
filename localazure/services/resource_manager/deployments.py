"""Deployments of templates to a resource group: create, validate and what-if.

https://learn.microsoft.com/rest/api/resources/deployments
"""

import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from localazure.services.errors import ServiceError
from localazure.services.resource_manager import errors
from localazure.services.resource_manager.api_versions import RESOURCES
from localazure.services.resource_manager.call import Call, Handler, Operation, as_object, json_response, require_group
from localazure.services.resource_manager.operations import OPERATIONS as PROVIDERS
from localazure.services.resource_manager.operations import check_api_version, find
from localazure.services.resource_manager.templates.template import PlannedResource, Template

TYPE = "Microsoft.Resources/deployments"
PATH = f"/subscriptions/{{subscription}}/resourcegroups/{{group}}/providers/{TYPE}"
HIDDEN = "*******"
SECRETS = "Microsoft.KeyVault/vaults/secrets"


def create(call: Call) -> Response:
    """Deploy the template; the response contains the result, because nothing takes time here."""
    call.require(f"{TYPE}/write", f"{require_group(call)}/providers/{TYPE}/{call.parameters['name']}")
    template, planned = _template(call), None
    failure: dict[str, Any] | None = None
    planned = template.resources()
    for resource in planned:
        try:
            _dispatch(call, "PUT", resource.id, resource.api_version, _body(template, resource))
        except ServiceError as error:
            failure = _failure(resource, error)
            break
    deployment = _deployment(call, template, planned, failure)
    call.state.deployments[_key(call)] = deployment
    base = f"https://management.azure.com{require_group(call)}/providers/{TYPE}/{call.parameters['name']}"
    status = f"{base}/operationStatuses/{uuid.uuid4()}?api-version={call.api_version}"
    return json_response(deployment, 201, {"Azure-AsyncOperation": status})


def get(call: Call) -> Response:
    return json_response(_existing(call))


def list_deployments(call: Call) -> Response:
    call.require(f"{TYPE}/read", require_group(call))
    return json_response({"value": list(call.state.deployments.values())})


def operation_status(call: Call) -> Response:
    deployment = _existing(call)
    failure = deployment["properties"].get("error")
    return json_response(
        {"status": deployment["properties"]["provisioningState"], **({"error": failure} if failure else {})}
    )


def list_operations(call: Call) -> Response:
    """The resources of a deployment, with their results."""
    properties = _existing(call)["properties"]
    found = [
        {
            "id": f"{_existing(call)['id']}/operations/{index}",
            "operationId": str(index),
            "properties": {
                "provisioningOperation": "Create",
                "provisioningState": "Succeeded",
                "statusCode": "OK",
                "targetResource": {"id": item["id"]},
            },
        }
        for index, item in enumerate(properties.get("outputResources", ()))
    ]
    return json_response({"value": found})


def validate(call: Call) -> Response:
    """Check the template, its parameters, and the permission to write each resource."""
    template = _template(call)
    planned = template.resources()
    for resource in planned:
        operation, _ = _find(resource)
        check_api_version(operation, resource.api_version)
        call.require(f"{resource.type}/write", resource.id)
    return json_response(_deployment(call, template, planned, None, validated=True))


def what_if(call: Call) -> Response:
    """What a deployment would create or change, without doing it."""
    call.require(f"{TYPE}/whatIf/action", require_group(call))
    template = _template(call)
    changes = [_change(call, template, resource) for resource in template.resources()]
    return json_response(
        {"status": "Succeeded", "properties": {"correlationId": str(uuid.uuid4()), "changes": changes}}
    )


def _template(call: Call) -> Template:
    properties = call.properties()
    if str(properties.get("mode", "")).lower() != "incremental":
        raise errors.error(400, "InvalidDeployment", "Local Azure deploys only in the mode 'Incremental'.")
    content = properties.get("template")
    if isinstance(content, str):
        try:
            content = json.loads(content)
        except (ValueError, RecursionError):
            raise errors.invalid_request_content("The template is not valid JSON") from None

    def reference(target: str, full: bool) -> Any:  # noqa: FBT001 - a callback of the template
        found = _read(call, target)
        return found if full else found.get("properties", {})

    return Template(content, as_object(properties.get("parameters") or {}, "parameters"), call.subscription, reference)


def _dispatch(call: Call, method: str, path: str, version: str, body: Any = None) -> Any:
    """Return the JSON of another operation of this caller. Raises ServiceError."""
    operation, parameters = find(PROVIDERS, method, path)
    check_api_version(operation, version)
    inner = replace(call, method=method, path=path, api_version=version, parameters=parameters, body=body, query={})
    return json.loads(bytes(operation.handler(inner).body) or b"null")


def _read(call: Call, path: str) -> dict[str, Any]:
    operation, parameters = find(PROVIDERS, "GET", path)
    inner = replace(call, method="GET", path=path, parameters=parameters, body=None, query={})
    found: dict[str, Any] = json.loads(bytes(operation.handler(inner).body))
    return found


def _find(resource: PlannedResource) -> tuple[Operation, dict[str, str]]:
    try:
        return find(PROVIDERS, "PUT", resource.id)
    except ServiceError:
        namespace, _, name = resource.type.partition("/")
        text = (
            f"No registered resource provider found for location 'westeurope' and API version '{resource.api_version}'"
            f" for type '{name}' in the namespace '{namespace}'. Local Azure does not deploy this type."
        )
        raise errors.error(400, "NoRegisteredProviderFound", text) from None


def _body(template: Template, resource: PlannedResource) -> dict[str, Any]:
    _find(resource)
    body: dict[str, Any] = template.value(
        {key: item for key, item in resource.source.items() if key not in ("type", "scope")}
    )
    return body


def _failure(resource: PlannedResource, error: ServiceError) -> dict[str, Any]:
    body = error.body if isinstance(error.body, dict) else {}
    detail = {**body.get("error", {}), "target": resource.id}
    text = (
        "At least one resource deployment operation failed. Please list deployment operations for details. Please see"
        " https://aka.ms/arm-deployment-operations for usage details."
    )
    return {"code": "DeploymentFailed", "message": text, "details": [detail]}


def _change(call: Call, template: Template, resource: PlannedResource) -> dict[str, Any]:
    try:
        before: dict[str, Any] | None = _read(call, resource.id)
    except ServiceError:
        before = None
    if before is None and resource.source.get("properties") is not None and "reference(" in str(resource.source):
        return {"resourceId": resource.id, "changeType": "Unsupported", "unsupportedReason": _UNSUPPORTED}
    after = _body(template, resource)
    if resource.type.lower() == SECRETS.lower():
        after["properties"]["value"] = HIDDEN
    after = {"id": resource.id, "type": resource.type, **after}
    kind = "Create" if before is None else "Modify" if _differs(before, after) else "NoChange"
    return {"resourceId": resource.id, "changeType": kind, "before": before, "after": after, "delta": []}


_UNSUPPORTED = (
    "Changes to the resource cannot be predicted because it depends on the properties of a resource that does not exist"
    " yet."
)


def _differs(before: Any, after: Any) -> bool:
    """Whether the template sets something that is not so already."""
    if isinstance(before, dict) and isinstance(after, dict):
        compared = [key for key in after if key in before or key == "identity"]
        ignored = ("apiVersion", "id", "name", "type", "location")
        return any(_differs(before.get(key), after[key]) for key in compared if key not in ignored)
    return bool(before != after)


def _deployment(
    call: Call,
    template: Template,
    planned: tuple[PlannedResource, ...],
    failure: dict[str, Any] | None,
    *,
    validated: bool = False,
) -> dict[str, Any]:
    now = f"{datetime.fromtimestamp(call.state.now_s(), tz=UTC):%Y-%m-%dT%H:%M:%S}.0000000Z"
    properties: dict[str, Any] = {
        "mode": "Incremental",
        "provisioningState": "Failed" if failure else "Succeeded",
        "timestamp": now,
        "duration": "PT1S",
        "correlationId": str(uuid.uuid4()),
        "parameters": template.shown_parameters(),
        "providers": [],
        "dependencies": [],
    }
    resources = [{"id": resource.id} for resource in planned]
    if failure:
        properties["error"] = failure
    elif validated:
        properties["validatedResources"] = resources
    else:
        properties |= {"outputs": template.outputs(), "outputResources": resources}
    name = call.parameters["name"]
    base = f"{require_group(call)}/providers/{TYPE}/{name}"
    return {"id": base, "name": name, "type": TYPE, "properties": properties}


def _key(call: Call) -> str:
    return f"{require_group(call)}/{call.parameters['name']}".lower()


def _existing(call: Call) -> dict[str, Any]:
    call.require(f"{TYPE}/read", require_group(call))
    found: dict[str, Any] | None = call.state.deployments.get(_key(call))
    if found is None:
        text = f"Deployment '{call.parameters['name']}' could not be found."
        raise errors.error(404, "DeploymentNotFound", text)
    return found


def _checked(handler: Handler) -> Handler:
    """A template is data of any shape: what its evaluation does not expect is an invalid template."""

    def checked(call: Call) -> Response:
        try:
            return handler(call)
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
            text = "Deployment template validation failed: 'The template has an unexpected structure.'."
            raise errors.error(400, "InvalidTemplate", text) from None

    return checked


OPERATIONS = (
    Operation("GET", PATH, list_deployments, RESOURCES),
    Operation("GET", f"{PATH}/{{name}}", get, RESOURCES),
    Operation("PUT", f"{PATH}/{{name}}", _checked(create), RESOURCES),
    Operation("GET", f"{PATH}/{{name}}/operationStatuses/{{status}}", operation_status, RESOURCES),
    Operation("GET", f"{PATH}/{{name}}/operations", list_operations, RESOURCES),
    Operation("POST", f"{PATH}/{{name}}/validate", _checked(validate), RESOURCES),
    Operation("POST", f"{PATH}/{{name}}/whatIf", _checked(what_if), RESOURCES),
)
