"""Adapts a cause to what its error names: the resource, two times, the action, the address."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from secrets_app.core.hosts import GUID_PATTERN
from secrets_app.diagnosis.arm import described
from secrets_app.diagnosis.cause import Cause, run
from secrets_app.diagnosis.command_values import HintContext
from secrets_app.diagnosis.evidence import Evidence

_AZURE_RESOURCE = re.compile(
    r"(?:named|resource)\s['\"]?https?://[\w.-]{0,200}(?:azure|windows|microsoft|usgovcloudapi)[\w.-]{0,60}",
    re.IGNORECASE,
)
_NAMED_RESOURCE = re.compile(
    r"(?:resource[\s+]principal|application|resource)[\s+]named[\s+]['\"]?([^\s'\"+]{1,300}?)['\"]?[\s+]+was",
    re.IGNORECASE,
)
_GUID = re.compile(GUID_PATTERN)
_BARE_HOST = re.compile(r"(?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,63}", re.IGNORECASE)


def _unknown_resource(cause: Cause, context: HintContext) -> Cause:
    resource = context.resource
    if resource is None:
        return _resource_in_text(cause, context.evidence) if context.evidence else cause
    api_id = _GUID.search(resource)
    return replace(
        cause,
        why=f"Microsoft Entra ID has no resource {resource} in this tenant.",
        fix=f"Check the spelling, including https://.{_scheme_suggestion(resource)} For your own API, create a "
        "service principal.",
        commands=(
            run(f'az ad sp list --filter "servicePrincipalNames/any(n:n eq \'{resource}\')" --query "[].displayName"'),
            run(f"az ad sp create --id {api_id[0] if api_id else '<application-id-of-the-API>'}"),
        ),
    )


def _resource_in_text(cause: Cause, evidence: Evidence) -> Cause:
    """Tells apart the vault's URL, another service of Azure, an API of a tenant, and a request that names nothing."""
    if "is not provided" in evidence.text:
        return replace(
            cause,
            why="The request names no resource. The v1 endpoint (/oauth2/token) needs the parameter resource.",
            fix="Send the parameter resource, or use the v2.0 endpoint (/oauth2/v2.0/token) with scope. For Key Vault "
            "it is https://vault.azure.net.",
            commands=(),
        )
    named = _NAMED_RESOURCE.search(evidence.text)
    if named is None or "vault." in named[1].lower():
        return replace(cause, commands=()) if named else cause
    if _AZURE_RESOURCE.search(evidence.text):
        # A service of Azure has a service principal in every tenant: the request named it wrongly.
        return replace(
            cause,
            why=f"In this cloud and tenant no resource is called {named[1]}.",
            fix="Use the service's resource of the cloud that the tenant belongs to, with exactly its spelling. Each "
            "national cloud has endpoints of its own, and retired services no longer exist.",
            commands=(),
        )
    return replace(
        cause,
        why=f"This tenant has no service principal of the API {named[1]}.",
        fix="Compare the requested resource with the Application ID URI of the API (App registrations > Expose an "
        "API). If the API belongs to another tenant, sign in to that tenant, or let an administrator of this tenant "
        "create its service principal and consent.",
    )


_GAP = re.compile(
    r"current\stime:\s(?P<now>[\dT:.Z -]{19,30}).{0,200}?expiry\stime\sof\sassertion\s(?P<end>[\dT:.Z -]{19,30})",
    re.IGNORECASE | re.DOTALL,
)
_CLOCK_S = 15 * 60
_MONTH_S = 30 * 24 * 3600


def _assertion_gap(cause: Cause, context: HintContext) -> Cause:
    """Minutes are the clock's fault, hours a token that is sent again, years an error in the program that wrote it."""
    match = _GAP.search(context.evidence.text) if context.evidence else None
    gap_s = _gap_s(match["now"], match["end"]) if match else None
    if gap_s is None or abs(gap_s) < _CLOCK_S:
        return cause
    if abs(gap_s) > _MONTH_S:
        fix = (
            "The clock is right: the program writes the assertion's exp wrongly. It is the number of seconds since "
            "1970-01-01 in UTC, as a number, a few minutes in the future."
        )
    else:
        fix = (
            "The clock is right. If the program sends a token that it received, it is an expired one: read the token "
            "file for each sign-in; in a pipeline, sign in again right before this step. If the program makes the "
            "assertion itself, exp and nbf are seconds since 1970-01-01 in UTC, not in local time."
        )
    return replace(cause, fix=fix, commands=())


def _gap_s(now: str, end: str) -> float | None:
    try:
        times = [datetime.fromisoformat(text.strip().rstrip(".").replace(" ", "T")[:19]) for text in (now, end)]
    except ValueError:
        return None
    return (times[0] - times[1]).total_seconds()


def _data_role(cause: Cause, context: HintContext) -> Cause:
    role = context.command_values.values.get("data_role")
    if not role:
        return cause
    return replace(
        cause,
        fix=f"Assign the role {role} on the resource to the principal that is actually used, which may be your own "
        "account, a managed identity or a service principal. It can take up to 10 minutes to take effect.",
    )


def _private_address(cause: Cause, context: HintContext) -> Cause:
    """A private address cannot be a rule of the firewall: the request came through a virtual network."""
    address = context.evidence.client_address if context.evidence else None
    if not address or not address.startswith(_PRIVATE) or "subnet" in context.command_values.values:
        return cause
    return replace(
        cause,
        fix=f"The address {address} is private, and the firewall takes only public ones: allow the subnet that the "
        "program is in, or the one its virtual network integration uses, with the service endpoint Microsoft.KeyVault "
        "on it; or connect through a private endpoint of the vault.",
        otherwise=(),
        commands=(
            run(
                "az network vnet subnet update --resource-group {group} --vnet-name <virtual-network> --name <subnet> "
                "--service-endpoints Microsoft.KeyVault"
            ),
            run("az keyvault network-rule add --name {vault} --subnet <resource-id-of-the-subnet>"),
        ),
    )


_PRIVATE = ("10.", "192.168.", "100.64.", *(f"172.{second}." for second in range(16, 32)))


def _arm_role(cause: Cause, context: HintContext) -> Cause:
    values = context.command_values.values
    role, scope = values.get("arm_role"), values.get("arm_scope")
    if not role:
        return cause
    where = described(scope) if scope else "the scope named in the error"
    reader = ", or Contributor for a tool that creates or changes resources" if role == "Reader" else ""
    return replace(
        cause,
        fix=f"Assign a role that contains the action named in the error, such as {role}{reader}, on {where} to the "
        "principal with the object ID in the error. Then sign in again. A new role assignment can take up to 10 "
        "minutes to take effect.",
    )


def _failed_endpoint(cause: Cause, context: HintContext) -> Cause:
    resource = context.resource
    if resource is None:
        return cause
    return replace(
        cause,
        why="It responded without a token: it has a temporary error, or Microsoft Entra ID has no resource "
        f"{resource} in this tenant.",
        fix=f"Check the spelling, including https://.{_scheme_suggestion(resource)} If it is correct, try again in a "
        "minute. The command below requests a token for a resource that exists in every tenant.",
        commands=(run("python manage.py principal --scope https://management.azure.com", site_only=True),),
    )


def _scheme_suggestion(resource: str) -> str:
    return f" Did you mean https://{resource}?" if _BARE_HOST.fullmatch(resource) else ""


BY_ERROR: Mapping[str, Callable[[Cause, HintContext], Cause]] = {
    "resource_not_in_tenant": _unknown_resource,
    "mi_endpoint_error": _failed_endpoint,
    "assertion_time_invalid": _assertion_gap,
    "other_service_role_missing": _data_role,
    "arm_authorization_failed": _arm_role,
    "kv_firewall_denied": _private_address,
}
