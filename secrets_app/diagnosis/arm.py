"""Which role an action of Azure Resource Manager needs, and at which scope: from an error text.

https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
"""

import re

from secrets_app.diagnosis.evidence import Evidence
from secrets_app.diagnosis.stacks import Stack

_ACTION = re.compile(r"perform\saction\(?s?\)?:?\s['\"](Microsoft\.[\w./]{3,200})['\"]", re.IGNORECASE)
_SCOPE = re.compile(r"(?:over|at)\sscope\s['\"](/subscriptions/[\w./()-]{1,600})['\"]", re.IGNORECASE)
_LINKED = re.compile(r"linked\sscope\(s\)\s['\"](/subscriptions/[\w./()-]{1,600})['\"]", re.IGNORECASE)
_PARTS = re.compile(
    r"(?P<subscription>/subscriptions/[^/]+)(?:(?P<group>/resourcegroups/[^/]+)"
    r"(?P<resource>/providers/[^/]+/[^/]+/[^/]+)?(?P<child>/.+)?)?",
    re.IGNORECASE,
)
_ROLES = (
    ("microsoft.authorization/roleassignments/", "Role Based Access Control Administrator"),
    ("microsoft.authorization/roledefinitions/", "User Access Administrator"),
    ("microsoft.authorization/policyassignments/", "Resource Policy Contributor"),
    ("microsoft.authorization/locks/", "User Access Administrator"),
    ("microsoft.managedidentity/userassignedidentities/assign/", "Managed Identity Operator"),
    ("microsoft.managedidentity/", "Managed Identity Contributor"),
    ("microsoft.storage/storageaccounts/listkeys/", "Storage Account Key Operator Service Role"),
    ("microsoft.storage/", "Storage Account Contributor"),
    ("microsoft.keyvault/", "Key Vault Contributor"),
    ("microsoft.network/dnszones/", "DNS Zone Contributor"),
    ("microsoft.network/privatednszones/", "Private DNS Zone Contributor"),
    ("microsoft.network/", "Network Contributor"),
    ("microsoft.compute/virtualmachines", "Virtual Machine Contributor"),
    ("microsoft.compute/disks", "Virtual Machine Contributor"),
    ("microsoft.containerservice/managedclusters/listclusteruser", "Azure Kubernetes Service Cluster User Role"),
    ("microsoft.containerservice/managedclusters/listclusteradmin", "Azure Kubernetes Service Cluster Admin Role"),
    ("microsoft.containerservice/", "Azure Kubernetes Service Contributor Role"),
    ("microsoft.containerregistry/registries/pull", "AcrPull"),
    ("microsoft.containerregistry/registries/push", "AcrPush"),
    ("microsoft.app/", "Container Apps Contributor"),
    ("microsoft.web/serverfarms", "Web Plan Contributor"),
    ("microsoft.web/sites", "Website Contributor"),
    ("microsoft.documentdb/", "DocumentDB Account Contributor"),
    ("microsoft.sql/", "SQL Server Contributor"),
    ("microsoft.operationalinsights/", "Log Analytics Contributor"),
    ("microsoft.insights/", "Monitoring Contributor"),
    ("microsoft.eventhub/", "Azure Event Hubs Data Owner"),
    ("microsoft.servicebus/", "Azure Service Bus Data Owner"),
    ("microsoft.recoveryservices/", "Backup Contributor"),
    ("microsoft.apimanagement/", "API Management Service Contributor"),
    ("microsoft.automation/", "Automation Contributor"),
    ("microsoft.datafactory/", "Data Factory Contributor"),
    ("microsoft.cognitiveservices/", "Cognitive Services Contributor"),
    ("microsoft.machinelearningservices/", "AzureML Data Scientist"),
    ("microsoft.cdn/", "CDN Profile Contributor"),
    ("microsoft.logic/", "Logic App Contributor"),
    ("microsoft.search/", "Search Service Contributor"),
    ("microsoft.appconfiguration/", "App Configuration Contributor"),
    ("microsoft.resourcegraph/", "Reader"),
    ("microsoft.costmanagement/", "Cost Management Reader"),
)
"""The start of an action -> a role with few other rights that contains it. The first that matches counts."""
_CREATING = (Stack.TERRAFORM, Stack.PULUMI, Stack.BICEP, Stack.AZD, Stack.PACKER)
"""Tools that read a resource before they create or change it: a role that only reads is not enough."""
_CHILD_IS_RESOURCE = ("microsoft.network/virtualnetworks", "microsoft.sql/servers")
"""Types of which the children are often granted on their own, such as one subnet."""


def arm_action(evidence: Evidence) -> str:
    """The refused action in lowercase; empty if the text names none."""
    found = _ACTION.findall(evidence.text) if "perform action" in evidence.lower_text else []
    return found[-1 if _is_linked(evidence) else 0].lower().rstrip(".") if found else ""


def _is_linked(evidence: Evidence) -> bool:
    """Whether a resource that the refused one refers to is missing the right: it is named last."""
    return "linked scope" in evidence.lower_text


def arm_role(evidence: Evidence) -> str | None:
    """A role with few other rights that contains the refused action; None if the text names no action."""
    action = arm_action(evidence)
    if not action:
        return None
    creates = evidence.stack in _CREATING and "data.azurerm_" not in evidence.lower_text
    if action.endswith("/read") and not creates:
        return "Reader"
    return next((role for start, role in _ROLES if action.startswith(start)), "Contributor")


def arm_scope(evidence: Evidence) -> str | None:
    """The scope of the role: that of the error, or above it where its resource does not exist yet or is a part."""
    pattern = _LINKED if _is_linked(evidence) else _SCOPE
    match = pattern.search(evidence.text) if "scope" in evidence.lower_text else None
    parts = _PARTS.fullmatch(match[1].rstrip("./")) if match else None
    if parts is None:
        return None
    subscription, group, resource = parts["subscription"], parts["group"] or "", parts["resource"] or ""
    action, creates = arm_action(evidence), evidence.stack in _CREATING
    if not group or (creates and not resource and "/resourcegroups/" in action):
        return subscription
    if parts["child"] and any(kind in resource.lower() for kind in _CHILD_IS_RESOURCE):
        return match[1].rstrip("./") if match else None
    is_new = action.endswith("/write") and not parts["child"] and not action.startswith("microsoft.authorization/")
    return f"{subscription}{group}{'' if is_new or creates else resource}"


def described(scope: str) -> str:
    """The scope in words: `the resource group contoso-rg`."""
    names = scope.strip("/").split("/")
    if len(names) == 2:
        return "the subscription"
    return f"the resource group {names[3]}" if len(names) == 4 else f"{names[-2]}/{names[-1]}"
