"""Lists the resources of a subscription or resource group.

https://learn.microsoft.com/rest/api/resources/resources/list
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from starlette.responses import Response

from localazure.scenarios.directory import PRODUCTION, Subscription
from localazure.services.resource_manager import errors
from localazure.services.resource_manager.api_versions import RESOURCES
from localazure.services.resource_manager.call import Call, Operation, json_response, require_group
from localazure.services.resource_manager.clusters import clusters_of
from localazure.services.resource_manager.sites import site_json
from localazure.services.resource_manager.user_assigned_identities import user_assigned_json
from localazure.services.resource_manager.vault_json import vault_json
from localazure.services.resource_manager.vaults import vaults_of
from localazure.services.resource_manager.virtual_machines import machine_json
from localazure.state.emulator_state import EmulatorState
from localazure.state.hosts import SITES

SUMMARY = ("id", "name", "type", "location", "tags")
_CONDITION = re.compile(r"(resourceType|name|resourceGroup|location)\s+(eq|ne)\s+'([^']*)'", re.IGNORECASE)
Resource = Mapping[str, Any]


def list_resources(call: Call) -> Response:
    """The resources that the caller can read; `$filter` accepts eq and ne, combined with `and` or `or`."""
    if "group" in call.parameters:
        require_group(call)
    selected = _filter(call.query.get("$filter", ""))
    found = [item for item in all_resources(call.state, call.subscription) if selected(item)]
    visible = [item for item in found if call.allows(f"{item['type']}/read", item["id"])]
    return json_response({"value": [{name: item[name] for name in SUMMARY if name in item} for item in visible]})


def all_resources(state: EmulatorState, subscription: Subscription) -> Iterator[Resource]:
    """The JSON of every resource of a subscription."""
    yield from (vault_json(settings) for settings in vaults_of(state, subscription))
    for host in state.hosts.values():
        if host.subscription == subscription:
            yield site_json(host) if host.type == SITES else machine_json(host)
    if subscription == PRODUCTION:
        yield from (user_assigned_json(item) for item in state.directory.user_assigned.values())
    yield from clusters_of(state, subscription)


def _filter(text: str) -> Callable[[Resource], bool]:
    """Return the predicate of `$filter`. Raises ServiceError."""
    if not text.strip():
        return lambda _resource: True
    alternatives = [
        [_condition(part, text) for part in re.split(r"\s+and\s+", alternative)]
        for alternative in re.split(r"\s+or\s+", text.strip())
    ]
    return lambda resource: any(all(test(resource) for test in conditions) for conditions in alternatives)


def _condition(part: str, whole: str) -> Callable[[Resource], bool]:
    match = _CONDITION.fullmatch(part.strip().removeprefix("(").removesuffix(")"))
    if match is None:
        text = f"Invalid $filter '{whole}' specified in the query string."
        raise errors.error(400, "InvalidFilterInQueryString", text)
    field, wanted, negated = match[1].lower(), match[3].lower(), match[2].lower() == "ne"
    return lambda resource: (_value(resource, field).lower() == wanted) is not negated


def _value(resource: Resource, field: str) -> str:
    if field == "resourcegroup":
        return str(resource["id"]).split("/")[4]
    return str(resource["type" if field == "resourcetype" else field])


OPERATIONS = (
    Operation("GET", "/subscriptions/{subscription}/resources", list_resources, RESOURCES),
    Operation("GET", "/subscriptions/{subscription}/resourceGroups/{group}/resources", list_resources, RESOURCES),
)
