"""Evaluates a template: parameters, variables, conditions, names, and resources in the order of their dependencies."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from localazure.scenarios.directory import Subscription
from localazure.services.errors import ServiceError
from localazure.services.resource_manager.errors import error
from localazure.services.resource_manager.templates.expressions import evaluate, invalid_template, is_expression
from localazure.services.resource_manager.templates.functions import SIMPLE

TYPES = {
    "string": str,
    "securestring": str,
    "int": int,
    "bool": bool,
    "array": list,
    "object": dict,
    "secureobject": dict,
}
_JSON_NAMES = {
    str: "String, Uri",
    int: "Integer",
    float: "Float",
    bool: "Boolean",
    list: "Array",
    dict: "Object",
    type(None): "Null",
}
"""The names of types in Resource Manager's errors."""
SECURE = ("securestring", "secureobject")
MAX_RESOURCES = 800
Reference = Callable[[str, bool], Any]
"""Resource ID and whether the whole resource is wanted -> JSON. Raises ServiceError."""


@dataclass(frozen=True, kw_only=True)
class PlannedResource:
    type: str
    name: str
    api_version: str
    id: str
    source: Mapping[str, Any] = field(repr=False)
    """The resource in the template, not yet evaluated."""
    depends_on: tuple[str, ...] = ()
    """Resource IDs in lower case."""


class Template:
    """Raises ServiceError for an invalid template or parameter."""

    def __init__(self, content: Any, parameters: Any, subscription: Subscription, reference: Reference) -> None:
        if not isinstance(content, dict) or not isinstance(content.get("resources"), list):
            raise _invalid("The template must be an object with the property 'resources'")
        self._content = content
        self._subscription = subscription
        self._reference = reference
        self._copies: dict[str, int] = {}
        self._parameters = self._read_parameters(content.get("parameters") or {}, parameters or {})
        self._variables: dict[str, Any] = {}

    def value(self, source: Any) -> Any:
        """Return a part of the template with its expressions evaluated; properties that are null are left out."""
        if isinstance(source, str):
            return self._evaluate(source)
        if isinstance(source, list):
            return [self.value(item) for item in source]
        if isinstance(source, dict):
            values = {key: self.value(item) for key, item in source.items()}
            return {key: item for key, item in values.items() if item is not None}
        return source

    def resources(self) -> tuple[PlannedResource, ...]:
        """The resources whose condition is true, dependencies first."""
        if len(self._content["resources"]) > MAX_RESOURCES:
            raise _invalid(f"The number of template resources exceeds the maximum of '{MAX_RESOURCES}'")
        planned = [self._plan(item) for item in self._content["resources"] if self._is_deployed(item)]
        return tuple(_ordered(planned))

    def outputs(self) -> dict[str, Any]:
        """The outputs after the deployment."""
        declared = self._content.get("outputs") or {}
        return {
            name: {"type": str(item.get("type", "string")).capitalize(), "value": self.value(item.get("value"))}
            for name, item in declared.items()
        }

    def shown_parameters(self) -> dict[str, Any]:
        """The parameters as a deployment shows them: without the values of secure ones."""
        declared = {
            name.lower(): str(item["type"]).lower() for name, item in (self._content.get("parameters") or {}).items()
        }
        return {
            name: {"type": declared[name.lower()].capitalize()}
            | ({} if declared[name.lower()] in SECURE else {"value": value})
            for name, value in self._parameters.items()
        }

    def _is_deployed(self, item: Any) -> bool:
        if not isinstance(item, dict) or not isinstance(item.get("type"), str):
            raise _invalid("Every resource must be an object with 'type', 'name' and 'apiVersion'")
        if "copy" in item or "resources" in item:
            raise _invalid("Local Azure does not evaluate 'copy' of resources and nested resources")
        return bool(self.value(item.get("condition", True)))

    def _plan(self, item: Mapping[str, Any]) -> PlannedResource:
        for name in ("name", "apiVersion"):
            if not isinstance(item.get(name), str):
                raise _invalid(f"The resource of type '{item['type']}' has no '{name}'")
        name, scope = str(self.value(item["name"])), item.get("scope")
        base = str(self.value(scope)) if scope else self._subscription.group_scope
        dependencies = tuple(str(self.value(entry)).lower() for entry in item.get("dependsOn") or ())
        return PlannedResource(
            type=item["type"],
            name=name,
            api_version=str(self.value(item["apiVersion"])),
            id=resource_id(base, item["type"], *name.split("/")),
            source={key: entry for key, entry in item.items() if key not in ("dependsOn", "condition", "comments")},
            depends_on=dependencies,
        )

    def _read_parameters(self, declared: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        known = {name.lower(): name for name in declared}
        provided = {}
        for name, item in given.items():
            if name.lower() not in known:
                listed = ", ".join(declared)
                raise _invalid(
                    f"The template parameters '{name}' in the parameters file are not valid; they are not present in"
                    f" the original template and can therefore not be provided at deployment time. The only supported"
                    f" parameters for this template are '{listed}'"
                )
            provided[known[name.lower()]] = item.get("value") if isinstance(item, dict) else None
        self._parameters = {}
        for name, item in declared.items():
            if name not in provided and "defaultValue" not in item:
                raise _invalid(f"The value for the template parameter '{name}' is not provided")
            value = provided[name] if name in provided else self.value(item["defaultValue"])
            _check_parameter(name, item, value)
            self._parameters[name] = value
        return self._parameters

    def _evaluate(self, text: str) -> Any:
        if text.startswith("[["):
            return text[1:]
        return evaluate(text, self._call) if is_expression(text) else text

    def _call(self, name: str, arguments: list[Callable[[], Any]]) -> Any:
        key = name.lower()
        if key == "if":
            if len(arguments) != 3:
                raise invalid_template("The function 'if' expects three arguments")
            return arguments[1]() if arguments[0]() else arguments[2]()
        values = [argument() for argument in arguments]
        function = SIMPLE.get(key) or self._of_deployment().get(key)
        if function is None:
            raise invalid_template(f"The template function '{name}' is not valid")
        try:
            return function(*values)
        except (TypeError, AttributeError, KeyError):
            raise invalid_template(f"The arguments of the template function '{name}' are not valid") from None

    def _parameters_function(self, name: str) -> Any:
        for known, value in self._parameters.items():
            if known.lower() == name.lower():
                return value
        raise invalid_template(f"The template parameter '{name}' is not found")

    def _variables_function(self, name: str) -> Any:
        declared = self._content.get("variables") or {}
        if name in self._variables:
            return self._variables[name]
        copies = [item for item in declared.get("copy", ()) if item.get("name", "").lower() == name.lower()]
        found = [known for known in declared if known.lower() == name.lower() and known != "copy"]
        if copies:
            value: Any = list(self._copied(copies[0]))
        elif found:
            value = self.value(declared[found[0]])
        else:
            raise invalid_template(f"The template variable '{name}' is not found")
        self._variables[name] = value
        return value

    def _copied(self, copy: Mapping[str, Any]) -> Iterator[Any]:
        for index in range(min(int(self.value(copy["count"])), MAX_RESOURCES)):
            self._copies[copy["name"].lower()] = index
            yield self.value(copy["input"])

    def _copyindex(self, name: str, offset: int = 0) -> int:
        return self._copies[name.lower()] + offset

    def _resourceid(self, *values: Any) -> str:
        parts = list(map(str, values))
        while parts and "/" not in parts[0]:  # a subscription ID and a resource group can precede the type
            parts.pop(0)
        return resource_id(self._subscription.group_scope, *parts)

    def _subscriptionresourceid(self, *values: Any) -> str:
        return resource_id(self._subscription.scope, *map(str, values))

    def _resourcegroup(self) -> dict[str, Any]:
        group = self._subscription
        return {"id": group.group_scope, "name": group.resource_group, "location": "westeurope", "tags": {}}

    def _subscription_function(self) -> dict[str, Any]:
        own = self._subscription
        return {"id": own.scope, "subscriptionId": own.id, "tenantId": own.tenant.id, "displayName": own.name}

    def _tenant(self) -> dict[str, Any]:
        return {"tenantId": self._subscription.tenant.id, "displayName": self._subscription.tenant.name}

    def _environment(self) -> dict[str, Any]:
        login = {"loginEndpoint": "https://login.microsoftonline.com/", "tenant": "common"}
        return {"name": "AzureCloud", "authentication": login, "suffixes": {"keyvaultDns": ".vault.azure.net"}}

    def _reference_function(self, target: str, _version: str = "", full: str = "") -> Any:
        return self._reference(target, full.lower() == "full")

    def _of_deployment(self) -> dict[str, Callable[..., Any]]:
        """Name in lower case -> a function that depends on the deployment."""
        return {
            "parameters": self._parameters_function,
            "variables": self._variables_function,
            "copyindex": self._copyindex,
            "resourceid": self._resourceid,
            "subscriptionresourceid": self._subscriptionresourceid,
            "resourcegroup": self._resourcegroup,
            "subscription": self._subscription_function,
            "tenant": self._tenant,
            "environment": self._environment,
            "reference": self._reference_function,
        }


def resource_id(base: str, resource_type: str, *names: str) -> str:
    """Return the ID of a resource: type and name segments alternate."""
    namespace, *kinds = resource_type.split("/")
    if len(kinds) != len(names):
        raise invalid_template(f"The resource type '{resource_type}' needs '{len(kinds)}' name segments")
    pairs = "/".join(f"{kind}/{name}" for kind, name in zip(kinds, names, strict=True))
    return f"{base}/providers/{namespace}/{pairs}"


def _ordered(planned: list[PlannedResource]) -> Iterator[PlannedResource]:
    """Dependencies first. A dependency on a resource that is not deployed is ignored, as one with a false condition."""
    waiting, ids = list(planned), {item.id.lower() for item in planned}
    done: set[str] = set()
    while waiting:
        ready = [item for item in waiting if not (set(item.depends_on) & ids) - done]
        if not ready:
            names = ", ".join(item.id for item in waiting)
            raise _invalid(f"Circular dependency detected on resource: '{names}'")
        yield from ready
        done |= {item.id.lower() for item in ready}
        waiting = [item for item in waiting if item.id.lower() not in done]


def _check_parameter(name: str, declared: Mapping[str, Any], value: Any) -> None:
    kind = str(declared.get("type", "")).lower()
    if kind not in TYPES:
        raise _invalid(f"The type '{declared.get('type')}' of the template parameter '{name}' is not valid")
    if type(value) is not TYPES[kind]:
        raise _invalid(
            f"Template parameter JToken type is not valid. Expected '{_JSON_NAMES[TYPES[kind]]}'. Actual"
            f" '{_JSON_NAMES[type(value)].partition(',')[0]}'. Please see https://aka.ms/arm-create-parameter-file for"
            " usage details"
        )
    allowed = declared.get("allowedValues")
    if allowed and value not in allowed:
        raise _invalid(
            f"The provided value '{value}' for the template parameter '{name}' is not valid. The value '{value}' is not"
            f" part of the allowed value(s): '{','.join(map(str, allowed))}'"
        )
    if isinstance(value, str | list):
        size = len(value)
        if size < declared.get("minLength", size):
            raise _invalid(_wrong_length(name, f"greater than or equal to '{declared['minLength']}'"))
        if size > declared.get("maxLength", size):
            raise _invalid(_wrong_length(name, f"less than or equal to '{declared['maxLength']}'"))


def _wrong_length(name: str, expected: str) -> str:
    return (
        f"The provided value for the template parameter '{name}' is not valid. Length of the value should be"
        f" {expected}. Please see https://aka.ms/arm-syntax-parameters for usage details"
    )


def _invalid(reason: str) -> ServiceError:
    reason = re.sub(r"\.+$", "", reason)
    return error(400, "InvalidTemplate", f"Deployment template validation failed: '{reason}.'.")
