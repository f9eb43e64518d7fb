"""User-assigned managed identities and their federated credentials.

https://learn.microsoft.com/rest/api/managedidentity
"""

import re
import uuid
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from localazure.scenarios.directory import PRODUCTION, ManagedIdentity
from localazure.scenarios.registrations import FederatedCredential
from localazure.services.resource_manager import errors
from localazure.services.resource_manager.call import Call, Operation, json_response, require_group
from localazure.services.resource_manager.identity_block import identity_id

TYPE = "Microsoft.ManagedIdentity/userAssignedIdentities"
IN_GROUP = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{TYPE}"
IDENTITY = f"{IN_GROUP}/{{name}}"
CREDENTIALS = f"{IDENTITY}/federatedIdentityCredentials"
CREDENTIAL_TYPE = f"{TYPE}/federatedIdentityCredentials"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,127}")
MAX_CREDENTIALS = 20
NO_CONTENT = 204


def list_identities(call: Call) -> Response:
    if "group" in call.parameters:
        require_group(call)
    found = call.state.directory.user_assigned.values() if call.subscription == PRODUCTION else ()
    visible = (item for item in found if call.allows(f"{TYPE}/read", item.resource_id))
    return json_response({"value": [user_assigned_json(item) for item in visible]})


def get(call: Call) -> Response:
    return json_response(user_assigned_json(_existing(call, f"{TYPE}/read")))


def put(call: Call) -> Response:
    """Create an identity; one that exists is returned unchanged."""
    call.require(f"{TYPE}/write", _scope(call))
    require_group(call)
    name = call.parameters["name"]
    existing = call.state.directory.user_assigned.get(name.lower())
    if existing is not None:
        return json_response(user_assigned_json(existing))
    if not NAME.fullmatch(name):
        text = f"The identity name '{name}' is invalid. Use 3 to 128 letters, digits, hyphens and underscores."
        raise errors.error(400, "InvalidResourceName", text)
    resource_id = call.subscription.resource_id(f"{TYPE}/{name}")
    created = ManagedIdentity(
        name=name, client_id=str(uuid.uuid4()), object_id=str(uuid.uuid4()), resource_id=resource_id
    )
    call.state.directory.add_identity(created)
    return json_response(user_assigned_json(created), 201)


def delete(call: Call) -> Response:
    identity = _existing(call, f"{TYPE}/delete")
    call.state.directory.remove_identity(identity)
    for host in tuple(call.state.hosts.values()):
        if identity in host.identities:
            kept = tuple(item for item in host.identities if item != identity)
            call.state.set_host(replace(host, identities=kept))
    return Response(status_code=200)


def list_credentials(call: Call) -> Response:
    identity = _existing(call, f"{CREDENTIAL_TYPE}/read")
    found = call.state.directory.federated_credentials(identity.client_id)
    return json_response({"value": [_credential_json(identity, item) for item in found]})


def get_credential(call: Call) -> Response:
    identity = _existing(call, f"{CREDENTIAL_TYPE}/read")
    return json_response(_credential_json(identity, _find_credential(call, identity)))


def put_credential(call: Call) -> Response:
    identity = _existing(call, f"{CREDENTIAL_TYPE}/write")
    requested, known = _requested(call), call.state.directory.federated_credentials(identity.client_id)
    others = tuple(item for item in known if item.name.lower() != requested.name.lower())
    if any((item.issuer, item.subject) == (requested.issuer, requested.subject) for item in others):
        text = (
            "The issuer and subject combination already exists for this Managed Identity. Federated Identity Credential"
            " issuer and subject combination must be unique."
        )
        raise errors.error(409, "Conflict", text)
    if len(others) >= MAX_CREDENTIALS:
        text = f"Too many Federated Identity Credentials: the maximum of {MAX_CREDENTIALS} is reached."
        raise errors.error(400, "BadRequest", text)
    call.state.directory.set_federated_credentials(identity, (*others, requested))
    return json_response(_credential_json(identity, requested), 200 if len(others) < len(known) else 201)


def delete_credential(call: Call) -> Response:
    identity = _existing(call, f"{CREDENTIAL_TYPE}/delete")
    name, known = call.parameters["credential"], call.state.directory.federated_credentials(identity.client_id)
    kept = tuple(item for item in known if item.name.lower() != name.lower())
    call.state.directory.set_federated_credentials(identity, kept)
    return Response(status_code=200 if len(kept) < len(known) else NO_CONTENT)


def user_assigned_json(identity: ManagedIdentity) -> dict[str, Any]:
    """Return the JSON of a user-assigned identity."""
    return {
        "id": identity_id(identity),
        "name": identity.name,
        "type": TYPE,
        "location": "westeurope",
        "tags": {},
        "properties": {
            "tenantId": PRODUCTION.tenant.id,
            "principalId": identity.object_id,
            "clientId": identity.client_id,
            "isolationScope": "None",
        },
    }


def _credential_json(identity: ManagedIdentity, credential: FederatedCredential) -> dict[str, Any]:
    properties = {
        "issuer": credential.issuer,
        "subject": credential.subject,
        "audiences": [credential.audience],
    }
    return {
        "id": f"{identity_id(identity)}/federatedIdentityCredentials/{credential.name}",
        "name": credential.name,
        "type": CREDENTIAL_TYPE,
        "properties": properties,
    }


def _requested(call: Call) -> FederatedCredential:
    """The credential that the body describes. Raises ServiceError."""
    properties = call.properties()
    issuer, subject, audiences = (properties.get(name) for name in ("issuer", "subject", "audiences"))
    if not isinstance(issuer, str) or not issuer.startswith("https://"):
        raise errors.error(400, "BadRequest", "The issuer must be a valid https URL.")
    if not isinstance(subject, str) or not subject:
        raise errors.error(400, "BadRequest", "The subject must not be empty.")
    if not isinstance(audiences, list) or len(audiences) != 1 or not isinstance(audiences[0], str):
        raise errors.error(400, "BadRequest", "Exactly one audience must be specified.")
    name = call.parameters["credential"]
    return FederatedCredential(name=name, issuer=issuer, subject=subject, audience=audiences[0])


def _find_credential(call: Call, identity: ManagedIdentity) -> FederatedCredential:
    name = call.parameters["credential"]
    for item in call.state.directory.federated_credentials(identity.client_id):
        if item.name.lower() == name.lower():
            return item
    resource = f"{CREDENTIAL_TYPE}/{identity.name}/{name}"
    raise errors.resource_not_found(resource, call.parameters["group"])


def _scope(call: Call) -> str:
    parameters = call.parameters
    group = f"/subscriptions/{parameters['subscription']}/resourceGroups/{parameters['group']}"
    return f"{group}/providers/{TYPE}/{parameters['name']}"


def _existing(call: Call, action: str) -> ManagedIdentity:
    """Return the identity in the path. Raises ServiceError when it does not exist or the caller lacks `action`."""
    call.require(action, _scope(call))
    require_group(call)
    identity = call.state.directory.user_assigned.get(call.parameters["name"].lower())
    if identity is None or call.subscription != PRODUCTION:
        raise errors.resource_not_found(f"{TYPE}/{call.parameters['name']}", call.parameters["group"])
    return identity


OPERATIONS = (
    Operation("GET", f"/subscriptions/{{subscription}}/providers/{TYPE}", list_identities, TYPE),
    Operation("GET", IN_GROUP, list_identities, TYPE),
    Operation("GET", IDENTITY, get, TYPE),
    Operation("PUT", IDENTITY, put, TYPE),
    Operation("DELETE", IDENTITY, delete, TYPE),
    Operation("GET", CREDENTIALS, list_credentials, TYPE),
    Operation("GET", f"{CREDENTIALS}/{{credential}}", get_credential, TYPE),
    Operation("PUT", f"{CREDENTIALS}/{{credential}}", put_credential, TYPE),
    Operation("DELETE", f"{CREDENTIALS}/{{credential}}", delete_credential, TYPE),
)
