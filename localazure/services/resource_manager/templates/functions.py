"""The template functions: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions"""

import uuid
from collections.abc import Callable
from typing import Any

from localazure.services.resource_manager.templates.expressions import invalid_template

_GUIDS = uuid.UUID("11fb06fb-712d-4ddd-98c7-e71bbd588830")
"""Namespace of the function guid(), which is a name-based UUID of its arguments, joined by hyphens."""


def _concat(*values: Any) -> Any:
    if values and isinstance(values[0], list):
        return [item for value in values for item in value]
    return "".join(_text(value) for value in values)


def _union(*values: Any) -> Any:
    if values and isinstance(values[0], dict):
        merged: dict[str, Any] = {}
        for value in values:
            merged |= value
        return merged
    return list(dict.fromkeys(item for value in values for item in value))


def _create_object(*values: Any) -> dict[str, Any]:
    if len(values) % 2:
        raise invalid_template("The function 'createObject' expects an even number of arguments")
    return dict(zip(map(str, values[::2]), values[1::2], strict=True))


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _format(template: str, *values: Any) -> str:
    for index, value in enumerate(values):
        template = template.replace(f"{{{index}}}", _text(value))
    return template


def _text(value: Any) -> str:
    return str(value) if not isinstance(value, bool) else ("True" if value else "False")


SIMPLE: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "and": lambda *values: all(values),
    "array": lambda value: value if isinstance(value, list) else [value],
    "bool": lambda value: value if isinstance(value, bool) else str(value).lower() in ("true", "1"),
    "coalesce": lambda *values: next((value for value in values if value is not None), None),
    "concat": _concat,
    "contains": lambda whole, part: str(part) in whole if isinstance(whole, str) else part in whole,
    "createarray": lambda *values: list(values),
    "createobject": _create_object,
    "empty": _empty,
    "equals": lambda a, b: a.lower() == b.lower() if isinstance(a, str) and isinstance(b, str) else a == b,
    "false": lambda: False,
    "format": _format,
    "guid": lambda *values: str(uuid.uuid5(_GUIDS, "-".join(map(str, values)))),
    "length": len,
    "not": lambda value: not value,
    "null": lambda: None,
    "or": lambda *values: any(values),
    "replace": lambda text, old, new: text.replace(old, new),
    "string": _text,
    "tolower": lambda text: text.lower(),
    "toupper": lambda text: text.upper(),
    "true": lambda: True,
    "union": _union,
}
"""Name in lower case -> implementation; functions that depend on the deployment are in template.py."""
