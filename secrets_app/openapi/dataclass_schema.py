"""JSON Schema of dataclasses, as `dataclasses.asdict` serializes them. Docstrings become descriptions."""

import ast
import inspect
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from itertools import pairwise
from typing import Any, get_args, get_origin

Schema = dict[str, Any]
_SCALARS: dict[object, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
    Any: {},
}


class Components:
    """The schemas that a document refers to by name."""

    def __init__(self) -> None:
        self.schemas: dict[str, Schema] = {}

    def add(
        self, cls: type, *, without: tuple[str, ...] = (), extra: Mapping[str, Schema] = types.MappingProxyType({})
    ) -> Schema:
        """A reference to the schema of the dataclass, with properties left out or added. Every property is required."""
        name = cls.__name__
        if name not in self.schemas:
            self.schemas[name] = {}  # a class may refer to itself
            hints, descriptions = typing.get_type_hints(cls), _field_docstrings(cls)
            properties = {
                field.name: self.of(hints[field.name]) | descriptions.get(field.name, {})
                for field in fields(cls)
                if field.name not in without
            }
            self.schemas[name] = object_schema(_for_json(cls.__doc__ or ""), {**properties, **extra})
        return reference(name)

    def of(self, annotation: Any) -> Schema:
        """The schema of a type. Raises TypeError for one that is not plain data."""
        if annotation in _SCALARS:
            return dict(_SCALARS[annotation])
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin in {types.UnionType, typing.Union}:
            return self._optional(arguments)
        if origin in {tuple, list}:
            return {"type": "array", "items": self.of(arguments[0])}
        if origin is dict:
            return {"type": "object"}
        if isinstance(annotation, type) and issubclass(annotation, StrEnum):
            return {"type": "string", "enum": [str(member) for member in annotation]}
        if is_dataclass(annotation) and isinstance(annotation, type):
            return self.add(annotation)
        raise TypeError(f"{annotation} has no JSON Schema")

    def _optional(self, arguments: tuple[Any, ...]) -> Schema:
        [schema] = [self.of(argument) for argument in arguments if argument is not types.NoneType]
        return nullable(schema)


def reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def nullable(schema: Schema) -> Schema:
    """The schema, or null."""
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    values = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, "type": [schema["type"], "null"], **values}


def array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def object_schema(description: str, properties: Mapping[str, Schema], *, optional: tuple[str, ...] = ()) -> Schema:
    """An object whose properties are all there, except those in `optional`. More may be added later."""
    required = [name for name in properties if name not in optional]
    schema = {"type": "object", "description": description, "properties": dict(properties), "required": required}
    return schema if description else {name: value for name, value in schema.items() if name != "description"}


@cache
def _field_docstrings(cls: type) -> dict[str, Schema]:
    """The strings below the fields of a class."""
    [body] = [
        node.body
        for node in ast.walk(ast.parse(inspect.getsource(inspect.getmodule(cls) or cls)))
        if isinstance(node, ast.ClassDef) and node.name == cls.__name__
    ]
    return {
        field.target.id: {"description": _for_json(text.value.value)}
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def _for_json(docstring: str) -> str:
    """The docstring on one line, in JSON's terms."""
    return re.sub(r"\bNone\b", "null", " ".join(docstring.split()))
