"""Tenants and subscriptions: https://learn.microsoft.com/rest/api/resources/subscriptions"""

from typing import Any

from starlette.responses import Response

from localazure.scenarios.directory import Subscription, Tenant
from localazure.services.resource_manager.api_versions import SUBSCRIPTIONS
from localazure.services.resource_manager.call import Call, Operation, json_response
from localazure.state.role_assignments import is_within


def list_tenants(call: Call) -> Response:
    own = (tenant for tenant in call.state.tenants if tenant.id == call.caller.tenant_id)
    tenants = call.state.directory.user_tenants() if call.caller.is_user else own
    return json_response({"value": [_tenant(tenant) for tenant in tenants]})


def list_subscriptions(call: Call) -> Response:
    """The subscriptions of the token's tenant in which the caller has a role, at any scope."""
    found = [_subscription(item) for item in call.state.subscriptions if is_visible(call, item)]
    return json_response({"value": found, "count": {"type": "Total", "value": len(found)}})


def get_subscription(call: Call) -> Response:
    subscription = call.subscription
    if not is_visible(call, subscription):
        call.require("Microsoft.Resources/subscriptions/read", subscription.scope)
    return json_response(_subscription(subscription))


def is_visible(call: Call, subscription: Subscription) -> bool:
    """Whether the subscription is in the token's tenant and the caller has a role in it, at any scope."""
    assignments = call.state.roles.of_principal(call.caller.object_id)
    in_tenant = subscription.tenant.id == call.caller.tenant_id
    return in_tenant and any(is_within(item.scope, subscription.scope) for item in assignments)


def _tenant(tenant: Tenant) -> dict[str, Any]:
    return {
        "id": f"/tenants/{tenant.id}",
        "tenantId": tenant.id,
        "countryCode": "DE",
        "displayName": tenant.name,
        "domains": [tenant.domain],
        "tenantCategory": "Home",
        "defaultDomain": tenant.domain,
        "tenantType": "AAD",
    }


def _subscription(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": subscription.scope,
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": subscription.id,
        "tenantId": subscription.tenant.id,
        "displayName": subscription.name,
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }


OPERATIONS = (
    Operation("GET", "/tenants", list_tenants, SUBSCRIPTIONS),
    Operation("GET", "/subscriptions", list_subscriptions, SUBSCRIPTIONS),
    Operation("GET", "/subscriptions/{subscription}", get_subscription, SUBSCRIPTIONS),
)
