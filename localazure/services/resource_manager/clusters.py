"""The Kubernetes cluster of the scenarios on Kubernetes: https://learn.microsoft.com/rest/api/aks/managed-clusters"""

from typing import Any

from starlette.responses import Response

from localazure.scenarios.directory import CLUSTER_ISSUER, Subscription
from localazure.scenarios.scenario import Host
from localazure.services.resource_manager import errors
from localazure.services.resource_manager.call import Call, Operation, json_response, require_group
from localazure.state.emulator_state import EmulatorState

TYPE = "Microsoft.ContainerService/managedClusters"
NAME = "kvsite-aks"
IN_GROUP = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{TYPE}"


def clusters_of(state: EmulatorState, subscription: Subscription) -> list[dict[str, Any]]:
    """The JSON of the clusters of a subscription."""
    exists = state.scenario.host is Host.KUBERNETES and subscription == state.scenario.subscription
    return [_cluster(subscription)] if exists else []


def list_clusters(call: Call) -> Response:
    if "group" in call.parameters:
        require_group(call)
    found = clusters_of(call.state, call.subscription)
    return json_response({"value": [item for item in found if call.allows(f"{TYPE}/read", item["id"])]})


def get(call: Call) -> Response:
    parameters = call.parameters
    group = f"/subscriptions/{parameters['subscription']}/resourceGroups/{parameters['group']}"
    call.require(f"{TYPE}/read", f"{group}/providers/{TYPE}/{parameters['name']}")
    require_group(call)
    for cluster in clusters_of(call.state, call.subscription):
        if cluster["name"] == parameters["name"].lower():
            return json_response(cluster)
    raise errors.resource_not_found(f"{TYPE}/{parameters['name']}", parameters["group"])


def _cluster(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": f"{subscription.group_scope}/providers/{TYPE}/{NAME}",
        "name": NAME,
        "type": TYPE,
        "location": "westeurope",
        "tags": {},
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "provisioningState": "Succeeded",
            "powerState": {"code": "Running"},
            "kubernetesVersion": "1.33",
            "dnsPrefix": NAME,
            "oidcIssuerProfile": {"enabled": True, "issuerURL": CLUSTER_ISSUER},
            "securityProfile": {"workloadIdentity": {"enabled": True}},
        },
    }


OPERATIONS = (
    Operation("GET", f"/subscriptions/{{subscription}}/providers/{TYPE}", list_clusters, TYPE),
    Operation("GET", IN_GROUP, list_clusters, TYPE),
    Operation("GET", f"{IN_GROUP}/{{name}}", get, TYPE),
)
