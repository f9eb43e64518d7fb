"""Azure Resource Graph: queries over the resources that the caller can read.

https://learn.microsoft.com/rest/api/azureresourcegraph/resourcegraph/resources/resources
"""

import base64
import binascii
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from localazure.scenarios.directory import Subscription
from localazure.services.errors import ServiceError
from localazure.services.resource_manager import kql
from localazure.services.resource_manager.api_versions import RESOURCE_GRAPH
from localazure.services.resource_manager.call import Call, Operation, as_object, json_response
from localazure.services.resource_manager.resources import all_resources
from localazure.services.resource_manager.role_assignments import assignment_json
from localazure.services.resource_manager.subscriptions import is_visible

COLUMNS = (
    *("id", "name", "type", "tenantId", "kind", "location", "resourceGroup", "subscriptionId", "managedBy", "sku"),
    *("plan", "properties", "tags", "identity", "zones", "extendedLocation"),
)
DEFAULT_PAGE, MAX_PAGE = 100, 1000
INVALID_QUERY = (
    "Query is invalid. Please refer to the documentation for the Azure Resource Graph service and fix the error before"
    " retrying."
)


def query(call: Call) -> Response:
    """The result of a query, as an array of objects or as a table, in pages."""
    body = as_object(call.body, "body")
    options = as_object(body.get("options") or {}, "options")
    subscriptions = _subscriptions(call, body.get("subscriptions"))
    if not isinstance(body.get("query"), str):
        raise _error(400, "BadRequest", {"code": "InvalidQuery", "message": INVALID_QUERY})
    try:
        rows = kql.run(body["query"], _tables(call, subscriptions), "resources")
    except kql.QueryError as error:
        raise _error(400, "BadRequest", {"code": "InvalidQuery", "message": INVALID_QUERY}, error.detail) from None
    start, end = _page(options, len(rows))
    page = rows[start:end]
    more = {"$skipToken": base64.b64encode(str(end).encode()).decode()} if end < len(rows) else {}
    as_table = str(options.get("resultFormat", "objectArray")).lower() == "table"
    return json_response(
        {
            "totalRecords": len(rows),
            "count": len(page),
            "data": _table(page) if as_table else page,
            "facets": [],
            "resultTruncated": "false",
            **more,
        }
    )


def _tables(call: Call, subscriptions: list[Subscription]) -> dict[str, Callable[[], list[kql.Row]]]:
    return {
        "resources": lambda: list(_resources(call, subscriptions)),
        "resourcecontainers": lambda: list(_containers(call, subscriptions)),
        "authorizationresources": lambda: list(_assignments(call, subscriptions)),
    }


def _resources(call: Call, subscriptions: list[Subscription]) -> Iterator[kql.Row]:
    for subscription in subscriptions:
        for item in all_resources(call.state, subscription):
            if call.allows(f"{item['type']}/read", item["id"]):
                yield _row(subscription, {**item, "resourceGroup": subscription.resource_group})


def _containers(call: Call, subscriptions: list[Subscription]) -> Iterator[kql.Row]:
    for subscription in subscriptions:
        path = "Microsoft.Resources/subscriptions"
        yield _row(subscription, {"id": subscription.scope, "name": subscription.name, "type": path})
        if call.allows(f"{path}/resourceGroups/read", subscription.group_scope):
            name = subscription.resource_group
            group = {"id": subscription.group_scope, "name": name, "type": f"{path}/resourceGroups"}
            yield _row(subscription, {**group, "location": "westeurope", "resourceGroup": name})


def _assignments(call: Call, subscriptions: list[Subscription]) -> Iterator[kql.Row]:
    for subscription in subscriptions:
        for assignment in call.state.roles:
            within = assignment.scope.lower().startswith(subscription.scope.lower())
            if within and call.allows("Microsoft.Authorization/roleAssignments/read", assignment.scope):
                yield _row(subscription, assignment_json(assignment))


def _row(subscription: Subscription, item: dict[str, Any]) -> kql.Row:
    """Resource Graph has types, locations and resource groups in lower case."""
    own = {"subscriptionId": subscription.id, "tenantId": subscription.tenant.id, "kind": "", **item}
    lower = {name: str(own.get(name, "")).lower() for name in ("type", "location", "resourceGroup")}
    row = {**own, **lower, "location": lower["location"].replace(" ", "")}
    return {name: row.get(name) for name in COLUMNS}


def _subscriptions(call: Call, requested: Any) -> list[Subscription]:
    """The requested subscriptions that the caller can read; by default all of them. Raises ServiceError."""
    visible = [item for item in call.state.subscriptions if is_visible(call, item)]
    if requested in (None, []):
        return visible
    wanted = {str(item).lower() for item in requested} if isinstance(requested, list) else set()
    found = [item for item in visible if item.id in wanted]
    if not found:
        detail = {"code": "AccessDenied", "message": "Access is denied to the requested resource."}
        raise _error(403, "AccessDenied", detail)
    return found


def _page(options: dict[str, Any], total: int) -> tuple[int, int]:
    """The first row and the row after the last one. Raises ServiceError."""
    size, skip, token = options.get("$top", DEFAULT_PAGE), options.get("$skip", 0), options.get("$skipToken")
    if token is not None:
        try:
            skip = int(base64.b64decode(str(token), validate=True))
        except (binascii.Error, ValueError):
            raise _error(400, "BadRequest", _invalid("$skipToken", token)) from None
    for name, value, low, high in (("$top", size, 1, MAX_PAGE), ("$skip", skip, 0, 2**31)):
        if type(value) is not int or not low <= value <= high:
            raise _error(400, "BadRequest", _invalid(name, value))
    return skip, min(skip + size, max(total, skip))


def _invalid(name: str, value: object) -> dict[str, Any]:
    return {"code": "InvalidQueryOption", "message": f"The value {str(value)[:50]!r} of the option {name} is invalid."}


def _table(rows: list[kql.Row]) -> dict[str, Any]:
    names = list(rows[0]) if rows else []
    kinds = {str: "string", int: "integer", bool: "boolean"}
    columns = [{"name": name, "type": kinds.get(type(rows[0][name]), "object")} for name in names]
    return {"columns": columns, "rows": [[row.get(name) for name in names] for row in rows]}


def _error(status: int, code: str, *details: dict[str, Any]) -> ServiceError:
    text = (
        f"Please provide below info when asking for support: timestamp = {datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}0Z,"
        f" correlationId = {uuid.uuid4()}."
    )
    return ServiceError(status, {"error": {"code": code, "message": text, "details": list(details)}})


OPERATIONS = (Operation("POST", "/providers/Microsoft.ResourceGraph/resources", query, RESOURCE_GRAPH),)
