"""The OpenAPI document as rows for its page."""

from collections.abc import Iterator
from typing import Any, NamedTuple

_SUCCESS = "200"


class Operation(NamedTuple):
    """One method of one URL."""

    method: str
    path: str
    summary: str
    parameters: tuple[tuple[str, str], ...]
    body: tuple[str, ...]
    """The content types of the request body."""
    schema: str
    """Name of the schema of the answer; empty where it is any JSON."""
    errors: str


class Property(NamedTuple):
    name: str
    type: str
    refers_to: str
    """Name of the schema that the type refers to."""
    description: str


class Schema(NamedTuple):
    name: str
    description: str
    properties: tuple[Property, ...]


def operations(document: dict[str, Any]) -> list[Operation]:
    """Every operation, in the order of the document."""
    return [
        _operation(method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def schemas(document: dict[str, Any]) -> list[Schema]:
    """Every schema, by name."""
    return [
        Schema(name, schema.get("description", ""), tuple(_properties(schema)))
        for name, schema in document["components"]["schemas"].items()
    ]


def _operation(method: str, path: str, operation: dict[str, Any]) -> Operation:
    responses = operation["responses"]
    content = responses[_SUCCESS]["content"]["application/json"]["schema"]
    return Operation(
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        parameters=tuple((row["name"], row["description"]) for row in operation.get("parameters", ())),
        body=tuple(operation.get("requestBody", {}).get("content", ())),
        schema=_name(content),
        errors=", ".join(sorted(responses.keys() - {_SUCCESS})),
    )


def _properties(schema: dict[str, Any]) -> Iterator[Property]:
    for name, value in schema.get("items", schema).get("properties", {}).items():
        text, refers_to = _type(value)
        yield Property(name, text, refers_to, value.get("description", ""))


def _type(schema: dict[str, Any]) -> tuple[str, str]:
    """The type in words, and the schema that it refers to: `list of`, `Attempt`."""
    if "$ref" in schema:
        return "", _name(schema)
    if "anyOf" in schema:
        text, name = _type(schema["anyOf"][0])
        return f"{text} or null".strip(), name
    if schema.get("type") == "array":
        text, name = _type(schema["items"])
        return f"list of {text}".strip(), name
    if "const" in schema:
        return str(schema["const"]), ""
    types = schema.get("type", "any")
    values = ", ".join(str(value) for value in schema.get("enum", ()) if value is not None)
    text = " or ".join(types) if isinstance(types, list) else str(types)
    return f"{text}: {values}" if values else text, ""


def _name(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]
