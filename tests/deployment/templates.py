"""Reads both deployment templates into one form, in which they can be compared."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pycep import BicepParser  # type: ignore[import-untyped]

INFRA = Path(__file__).parents[2] / "infra"
EXPRESSION = "(expression)"
_NOT_A_PROPERTY = frozenset({"name", "type", "apiVersion", "dependsOn", "condition", "parent"})


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource: `paths` maps each property path to its literal value or EXPRESSION."""

    type: str
    api_version: str
    conditional: bool
    paths: dict[str, object]

    @property
    def properties(self) -> set[str]:
        """The paths of the properties, without the indexes of lists."""
        return {re.sub(r"\[\d+\]", "", path) for path in self.paths}


@dataclass(frozen=True, kw_only=True)
class Template:
    """What both forms of the template state."""

    parameters: dict[str, dict[str, object]]
    resources: tuple[Resource, ...]
    outputs: dict[str, str]
    settings: frozenset[str]
    """The names of the site's app settings."""


_COMPUTED = frozenset({"operator", "function", "loop_type"})
"""The keys of a Bicep expression."""


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each property path, with the index of a list in brackets, and its value."""
    if isinstance(value, dict) and value and not value.keys() & _COMPUTED:
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{index}]")
    else:
        yield path, value


def _kind(type_: str, name: str) -> str:
    """Site configurations have one type and very different properties."""
    return f"{type_} {name}" if type_.endswith("/config") else type_


@cache
def arm_template() -> Template:
    """infra/azuredeploy.json."""
    document = json.loads((INFRA / "azuredeploy.json").read_text())
    resources = []
    for resource in document["resources"]:
        last_name = re.sub(r".*/(\w+)'\)\]$", r"\1", resource["name"])
        found = _leaves({name: value for name, value in resource.items() if name not in _NOT_A_PROPERTY})
        paths = {
            path: EXPRESSION if isinstance(value, str) and value.startswith("[") else value for path, value in found
        }
        resources.append(
            Resource(
                type=_kind(resource["type"], last_name),
                api_version=resource["apiVersion"],
                conditional="condition" in resource,
                paths=paths,
            )
        )
    (settings,) = (
        resource["properties"] for resource in document["resources"] if resource["name"].endswith("/appsettings')]")
    )
    return Template(
        parameters={name: _arm_parameter(row) for name, row in document["parameters"].items()},
        resources=tuple(resources),
        outputs={name: row["type"] for name, row in document["outputs"].items()},
        settings=frozenset(re.findall(r"'([A-Z][A-Z_]+)'", settings)),
    )


def _arm_parameter(row: dict[str, Any]) -> dict[str, object]:
    default = row.get("defaultValue")
    return {
        "secure": row["type"] == "securestring",
        "type": row["type"].removeprefix("secure"),
        "required": "defaultValue" not in row,
        "default": EXPRESSION if isinstance(default, str) and default.startswith("[") else default,
        "allowed": row.get("allowedValues"),
        "min": row.get("minLength"),
        "max": row.get("maxLength"),
        "description": row["metadata"]["description"],
    }


@cache
def bicep_template(name: str = "main.bicep") -> Template:
    """infra/main.bicep, or another Bicep file of that folder."""
    text = (INFRA / name).read_text()
    document = BicepParser().parse(text=text)
    names = {*document["parameters"], *document["variables"]}
    declared = [row for row in document["resources"].values() if not row["existing"]]
    found = re.findall(r"resource appSettings .*?\n}\n", text, re.DOTALL) or [""]
    return Template(
        parameters={name: _bicep_parameter(row, text, name) for name, row in document["parameters"].items()},
        resources=tuple(_bicep_resource(row, names) for row in declared),
        outputs={name: row["type"] for name, row in document["outputs"].items()},
        settings=frozenset(re.findall(r"([A-Z][A-Z_]+): ", found[0])),
    )


def _bicep_resource(resource: dict[str, Any], names: set[str]) -> Resource:
    conditional = "condition" in resource["config"]
    config = resource["config"]["config"] if conditional else resource["config"]
    found = _leaves({key: value for key, value in config.items() if key not in _NOT_A_PROPERTY})
    paths = {path: EXPRESSION if _is_bicep_expression(value, names) else value for path, value in found}
    if "scope" in paths:
        paths["scope"] = EXPRESSION  # the symbolic name of a resource
    return Resource(
        type=_kind(resource["type"], config["name"]) if isinstance(config["name"], str) else resource["type"],
        api_version=resource["api_version"],
        conditional=conditional,
        paths=paths,
    )


def _is_bicep_expression(value: Any, names: set[str]) -> bool:
    if isinstance(value, dict):
        return bool(value.keys() & _COMPUTED)
    return isinstance(value, str) and (value in names or "${" in value)


def _bicep_parameter(row: dict[str, Any], text: str, name: str) -> dict[str, object]:
    decorators = {decorator["type"]: decorator.get("argument") for decorator in row["decorators"]}
    required = re.search(rf"^param {name} \w+ =", text, re.MULTILINE) is None
    default = row["default"]
    is_expression = isinstance(default, dict) or default == "webSiteName"
    return {
        "secure": "secure" in decorators,
        "type": row["type"],
        "required": required,
        "default": EXPRESSION if is_expression else default,
        "allowed": decorators.get("allowed"),
        "min": decorators.get("min_length"),
        "max": decorators.get("max_length"),
        "description": decorators["description"],
    }
