"""The schemas of the OpenAPI document, for answers: unknown keys are errors here, though clients must accept them."""

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from secrets_app.openapi import openapi_document

_FOLDER = Path(__file__).parent / "openapi"


@cache
def validator_of(name: str) -> Draft202012Validator:
    """Checks an answer against the schema `name`, strictly."""
    return strict_validator(openapi_document(), name)


def strict_validator(document: dict[str, Any], name: str) -> Draft202012Validator:
    """The same for a schema of another OpenAPI document."""
    document = copy.deepcopy(document)
    _close(document["components"])
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def errors_in(name: str, answer: Any) -> list[str]:
    """What is wrong with the answer, by path."""
    return [f"{error.json_path}: {error.message[:200]}" for error in validator_of(name).iter_errors(answer)]


def specification_errors(document: Any) -> list[str]:
    """What is wrong with an OpenAPI document, by the schema of the specification itself (3.1, 2022-10-07)."""
    schema = json.loads((_FOLDER / "schema-3.1.json").read_text(encoding="utf-8"))
    return [f"{error.json_path}: {error.message[:200]}" for error in Draft202012Validator(schema).iter_errors(document)]


def _close(node: Any) -> None:
    """Forbid unknown properties wherever properties are listed."""
    if isinstance(node, dict):
        if "properties" in node and node.get("type") == "object":
            node["additionalProperties"] = False
        for child in node.values():
            _close(child)
    elif isinstance(node, list):
        for child in node:
            _close(child)
