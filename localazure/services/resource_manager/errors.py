"""Resource Manager's errors.

https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors
"""

from collections.abc import Sequence

from localazure.scenarios.directory import Tenant
from localazure.services.errors import ServiceError, quoted


def error(status: int, code: str, message: str) -> ServiceError:
    """An error in Resource Manager's format."""
    return ServiceError(status, {"error": {"code": code, "message": message}})


def unauthorized(tenant: Tenant, code: str, message: str, reason: str = "") -> ServiceError:
    """401 with a challenge that names the tenant. `reason` replaces the message in the challenge."""
    authority = f"https://login.microsoftonline.com/{tenant.id}"
    description = f'error="invalid_token", error_description="{reason or message}"'
    challenge = f'Bearer authorization_uri="{authority}", {description}'
    return ServiceError(401, {"error": {"code": code, "message": message}}, {"WWW-Authenticate": challenge})


def authorization_failed(client: str, object_id: str, action: str, scope: str) -> ServiceError:
    text = quoted(
        f"The client '{client}' with object id '{object_id}' does not have authorization to perform action"
        f" '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh"
        " your credentials."
    )
    return error(403, "AuthorizationFailed", text)


def missing_api_version() -> ServiceError:
    text = "The api-version query parameter (?api-version=) is required for all requests."
    return error(400, "MissingApiVersionParameter", text)


def invalid_api_version(version: str, supported: Sequence[str]) -> ServiceError:
    """For operations of Resource Manager itself."""
    text = f"The api-version '{version}' is invalid. The supported versions are '{','.join(supported)}'."
    return error(400, "InvalidApiVersionParameter", text)


def unsupported_api_version(resource_type: str, version: str, supported: Sequence[str]) -> ServiceError:
    """For operations of a resource provider."""
    namespace, _, name = resource_type.partition("/")
    text = (
        f"The resource type '{name}' could not be found in the namespace '{namespace}' for api version '{version}'."
        f" The supported api-versions are '{','.join(supported)}'."
    )
    return error(404, "InvalidResourceType", text)


def subscription_not_found(subscription_id: str) -> ServiceError:
    return error(404, "SubscriptionNotFound", f"The subscription '{subscription_id}' could not be found.")


def group_not_found(name: str) -> ServiceError:
    return error(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")


def resource_not_found(resource: str, group: str) -> ServiceError:
    """`resource` is the type and name, `Microsoft.KeyVault/vaults/contoso`."""
    text = (
        f"The Resource '{resource}' under resource group '{group}' was not found. For more details please go to"
        " https://aka.ms/ARMResourceNotFoundFix"
    )
    return error(404, "ResourceNotFound", text)


def invalid_request_content(reason: str) -> ServiceError:
    text = f"The request content was invalid and could not be deserialized: '{reason}'."
    return error(400, "InvalidRequestContent", text)


def method_not_allowed(method: str) -> ServiceError:
    return error(405, "HttpMethodNotAllowed", f"The http method '{method}' is not supported for this resource.")


def not_emulated(path: str) -> ServiceError:
    text = (
        f"No HTTP resource was found that matches the request URI '{path}'. Local Azure does not emulate this"
        " operation; docs/local-azure.md lists the supported ones."
    )
    return error(404, "NotFound", text)
