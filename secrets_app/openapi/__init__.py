"""The OpenAPI document of the JSON API: its schemas are derived from the dataclasses that the API serializes.

`manage.py documents` writes `openapi.json` beside this module; `/api/schema` serves that file.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "openapi.json"


@cache
def openapi_text() -> str:
    """The document as JSON text."""
    return FILE.read_text(encoding="utf-8")


def openapi_document() -> dict[str, Any]:
    """The document: OpenAPI 3.1, whose schemas are JSON Schema 2020-12."""
    document: dict[str, Any] = json.loads(openapi_text())
    return document
