"""Role definitions: https://learn.microsoft.com/rest/api/authorization/role-definitions"""

import re
from typing import Any

from starlette.responses import Response

from localazure.scenarios.roles import Role
from localazure.services.resource_manager import errors
from localazure.services.resource_manager.call import Call, Operation, json_response

TYPE = "Microsoft.Authorization/roleDefinitions"
READ = f"{TYPE}/read"
_FILTER = re.compile(r"(roleName|type) eq '((?:[^']|'')*)'|atScopeAndBelow\(\)", re.IGNORECASE)


def list_definitions(call: Call) -> Response:
    """The definitions at a scope; `$filter` accepts `roleName eq`, `type eq` and `atScopeAndBelow()`."""
    scope = call.parameters.get("scope", "/")
    call.require(READ, scope)
    roles = [role for role in call.state.roles.roles.values() if _selected(role, call.query.get("$filter", ""))]
    return json_response({"value": [definition(role, scope) for role in roles]})


def get_definition(call: Call) -> Response:
    scope = call.parameters.get("scope", "/")
    call.require(READ, scope)
    role = call.state.roles.roles.get(call.parameters["name"].lower())
    if role is None:
        text = f"The specified role definition with ID '{call.parameters['name']}' does not exist."
        raise errors.error(404, "RoleDefinitionDoesNotExist", text)
    return json_response(definition(role, scope))


def definition_id(role: Role, scope: str) -> str:
    """The role definition's ID as seen from `scope`: qualified with its subscription."""
    subscription = re.match(r"/subscriptions/[^/]+", scope, re.IGNORECASE)
    return f"{subscription[0] if subscription else ''}/providers/{TYPE}/{role.id}"


def definition(role: Role, scope: str) -> dict[str, Any]:
    """Return the JSON of a role definition."""
    permissions = {
        "actions": list(role.actions),
        "notActions": list(role.not_actions),
        "dataActions": list(role.data_actions),
        "notDataActions": list(role.not_data_actions),
    }
    return {
        "properties": {
            "roleName": role.name,
            "type": "BuiltInRole" if role.built_in else "CustomRole",
            "description": role.description,
            "assignableScopes": ["/"],
            "permissions": [permissions],
            "createdOn": "2015-02-02T21:55:09.8806423Z",
            "updatedOn": "2021-11-11T20:13:28.6061853Z",
            "createdBy": None,
            "updatedBy": None,
        },
        "id": definition_id(role, scope),
        "type": TYPE,
        "name": role.id,
    }


def _selected(role: Role, filter_: str) -> bool:
    for condition in filter(None, (part.strip() for part in re.split(r"\s+and\s+", filter_))):
        match = _FILTER.fullmatch(condition)
        if match is None:
            text = f"The filter '{filter_}' is not supported. Supported filters are 'roleName eq' and 'type eq'."
            raise errors.error(400, "UnsupportedQuery", text)
        kind = "BuiltInRole" if role.built_in else "CustomRole"
        actual = {"rolename": role.name, "type": kind}.get((match[1] or "").lower())
        if actual is not None and actual.lower() != match[2].replace("''", "'").lower():
            return False
    return True


OPERATIONS = (
    Operation("GET", f"{{scope}}/providers/{TYPE}", list_definitions, TYPE),
    Operation("GET", f"{{scope}}/providers/{TYPE}/{{name}}", get_definition, TYPE),
    Operation("GET", f"/providers/{TYPE}", list_definitions, TYPE),
    Operation("GET", f"/providers/{TYPE}/{{name}}", get_definition, TYPE),
)
