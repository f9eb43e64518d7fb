"""Resources that are stored and returned unchanged, because nothing in Local Azure depends on them."""

from typing import Any

from starlette.responses import Response

from localazure.services.resource_manager import errors
from localazure.services.resource_manager.call import Call, Operation, as_object, json_response, require_group

PLANS = "Microsoft.Web/serverfarms"
POLICIES = "Microsoft.Web/sites/basicPublishingCredentialsPolicies"
AUTHENTICATION = "Microsoft.Web/sites/config"
SITE = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Web/sites/{site}"
PLAN = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{PLANS}/{{name}}"


def put(call: Call) -> Response:
    resource_type = _type(call)
    call.require(f"{resource_type}/write", call.path)
    require_group(call)
    existed, body = call.path.lower() in call.state.stored_resources, as_object(call.body, "body")
    kept: dict[str, Any] = {
        name: body[name] for name in ("location", "tags", "kind", "sku", "properties") if name in body
    }
    stored: dict[str, Any] = {"id": call.path, "name": call.path.rpartition("/")[2], "type": resource_type, **kept}
    call.state.stored_resources[call.path.lower()] = stored
    return json_response(stored, 200 if existed else 201)


def get(call: Call) -> Response:
    resource_type = _type(call)
    call.require(f"{resource_type}/read", call.path)
    require_group(call)
    stored: dict[str, Any] | None = call.state.stored_resources.get(call.path.lower())
    if stored is None:
        raise errors.resource_not_found(f"{resource_type}/{call.path.rpartition('/')[2]}", call.parameters["group"])
    return json_response(stored)


def _type(call: Call) -> str:
    if "site" not in call.parameters:
        return PLANS
    return POLICIES if "basicpublishing" in call.path.lower() else AUTHENTICATION


OPERATIONS = tuple(
    Operation(method, path, handler, "Microsoft.Web/sites")
    for path in (PLAN, f"{SITE}/basicPublishingCredentialsPolicies/{{name}}", f"{SITE}/config/authsettingsV2")
    for method, handler in (("GET", get), ("PUT", put))
)
