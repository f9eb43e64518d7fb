"""Role assignments: https://learn.microsoft.com/rest/api/authorization/role-assignments"""

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from localazure.scenarios.directory import Identity, User
from localazure.scenarios.roles import Role
from localazure.services.resource_manager import errors
from localazure.services.resource_manager.call import Call, Operation, find_subscription, json_response
from localazure.services.resource_manager.role_definitions import definition_id
from localazure.state.role_assignments import RoleAssignment, is_within

TYPE = "Microsoft.Authorization/roleAssignments"
NO_CONTENT = 204


def create(call: Call) -> Response:
    scope, name = call.parameters["scope"], call.parameters["name"]
    call.require(f"{TYPE}/write", scope)
    if _guid(name) is None:
        text = f"The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID."
        raise errors.error(400, "InvalidRoleAssignmentId", text)
    assignment = _requested(call, scope, name)
    _check_conflicts(call, assignment)
    call.state.roles.add(assignment)
    return json_response(assignment_json(assignment), 201)


def get(call: Call) -> Response:
    call.require(f"{TYPE}/read", call.parameters["scope"])
    assignment = call.state.roles.get(call.parameters["name"])
    if assignment is None or not is_within(call.parameters["scope"], assignment.scope):
        text = f"The role assignment '{call.parameters['name']}' is not found."
        raise errors.error(404, "RoleAssignmentNotFound", text)
    return json_response(assignment_json(assignment))


def delete(call: Call) -> Response:
    call.require(f"{TYPE}/delete", call.parameters["scope"])
    removed = call.state.roles.remove(call.parameters["name"])
    return Response(status_code=NO_CONTENT) if removed is None else json_response(assignment_json(removed))


def list_at_scope(call: Call) -> Response:
    """The assignments at, above and below a scope; `$filter` accepts atScope(), principalId eq and assignedTo()."""
    scope = call.parameters["scope"]
    call.require(f"{TYPE}/read", scope)
    selected = _filter(call.query.get("$filter", ""), scope)
    related = (item for item in call.state.roles if item.covers(scope) or is_within(item.scope, scope))
    return json_response({"value": [assignment_json(item) for item in related if selected(item)]})


def assignment_json(assignment: RoleAssignment) -> dict[str, Any]:
    """Return the JSON of a role assignment."""
    created = f"{datetime.fromtimestamp(assignment.created_on, tz=UTC):%Y-%m-%dT%H:%M:%S}.0000000Z"
    return {
        "properties": {
            "roleDefinitionId": definition_id(assignment.role, assignment.scope),
            "principalId": assignment.principal_id,
            "principalType": assignment.principal_type,
            "scope": assignment.scope,
            "condition": assignment.condition,
            "conditionVersion": assignment.condition_version,
            "createdOn": created,
            "updatedOn": created,
            "createdBy": assignment.created_by,
            "updatedBy": assignment.created_by,
            "delegatedManagedIdentityResourceId": None,
            "description": assignment.description,
        },
        "id": assignment.id,
        "type": TYPE,
        "name": assignment.name,
    }


def _requested(call: Call, scope: str, name: str) -> RoleAssignment:
    """The assignment that the body describes. Raises ServiceError."""
    properties = call.properties()
    principal_id = _guid(properties.get("principalId"))
    if principal_id is None:
        text = "The request was incorrectly formatted. The property 'principalId' must be a GUID."
        raise errors.error(400, "BadRequestFormat", text)
    return RoleAssignment(
        name=name,
        role=_role(call, str(properties.get("roleDefinitionId", ""))),
        principal_id=principal_id,
        principal_type=_principal_type(call, principal_id, properties.get("principalType"), scope),
        scope=scope,
        created_on=call.state.now_s(),
        created_by=call.caller.object_id,
        description=properties.get("description"),
        condition=properties.get("condition"),
        condition_version=properties.get("conditionVersion"),
    )


def _role(call: Call, role_id: str) -> Role:
    name = role_id.rstrip("/").rpartition("/")[2].lower()
    if name not in call.state.roles.roles:
        text = f"The specified role definition with ID '{name.replace('-', '')}' does not exist."
        raise errors.error(400, "RoleDefinitionDoesNotExist", text)
    return call.state.roles.roles[name]


def _principal_type(call: Call, principal_id: str, requested: Any, scope: str) -> str:
    """Return the type of the principal. Raises ServiceError when it does not exist or has another type.

    With a requested type, Azure accepts a principal that it does not know: it may not be replicated yet.
    """
    known: Identity | None = call.state.directory.find_principal(principal_id)
    if known is None:
        if requested:
            return str(requested)
        match = re.match(r"/subscriptions/([^/]+)", scope, re.IGNORECASE)
        tenant = find_subscription(call.state, match[1]).tenant if match else call.state.tenant
        text = (
            f"Principal {principal_id.replace('-', '')} does not exist in the directory {tenant.id}. Check that you"
            " have the correct principal ID. If you are creating this principal and then immediately assigning a role,"
            " this error might be related to a replication delay. In this case, set the role assignment principalType"
            " property to a value, such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype"
        )
        raise errors.error(400, "PrincipalNotFound", text)
    actual = "User" if isinstance(known, User) else "ServicePrincipal"
    if requested and str(requested).lower() != actual.lower():
        text = (
            f"The PrincipalId '{principal_id.replace('-', '')}' has type '{actual}' , which is different from specified"
            f" PrinciaplType '{requested}'."
        )
        raise errors.error(400, "UnmatchedPrincipalType", text)
    return actual


def _check_conflicts(call: Call, new: RoleAssignment) -> None:
    same_name = call.state.roles.get(new.name)
    if same_name is not None and _key(same_name) != _key(new):
        text = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
        raise errors.error(400, "RoleAssignmentUpdateNotPermitted", text)
    for existing in call.state.roles:
        if _key(existing) == _key(new) and existing.name.lower() != new.name.lower():
            existing_id = existing.name.replace("-", "")
            text = f"The role assignment already exists. The ID of the existing role assignment is {existing_id}."
            raise errors.error(409, "RoleAssignmentExists", text)


def _key(assignment: RoleAssignment) -> tuple[str, str, str]:
    return assignment.scope.rstrip("/").lower(), assignment.role.id, assignment.principal_id.lower()


def _filter(text: str, scope: str) -> Callable[[RoleAssignment], bool]:
    """Return the predicate of `$filter`. Raises ServiceError."""
    principal = re.fullmatch(r"principalId eq '([^']*)'|assignedTo\('([^']*)'\)", text, re.IGNORECASE)
    if principal:
        object_id = (principal[1] or principal[2]).lower()
        return lambda item: item.principal_id.lower() == object_id
    if text.replace(" ", "").lower() == "atscope()":
        return lambda item: item.covers(scope)
    if text:
        message = (
            f"The filter '{text}' is not supported. Supported filters are either 'atScope()' or"
            " 'principalId eq '{value}' or assignedTo('{value}')'."
        )
        raise errors.error(400, "UnsupportedQuery", message)
    return lambda _item: True


def _guid(value: Any) -> str | None:
    try:
        return str(uuid.UUID(value)) if isinstance(value, str) else None
    except ValueError:
        return None


OPERATIONS = (
    Operation("GET", f"{{scope}}/providers/{TYPE}", list_at_scope, TYPE),
    Operation("GET", f"{{scope}}/providers/{TYPE}/{{name}}", get, TYPE),
    Operation("PUT", f"{{scope}}/providers/{TYPE}/{{name}}", create, TYPE),
    Operation("DELETE", f"{{scope}}/providers/{TYPE}/{{name}}", delete, TYPE),
)
