"""Known error texts and the cause of each: one JSON object a line.

examples.jsonl has texts as each stack prints them, with invented names and IDs; cases.jsonl has recorded ones.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

EXAMPLES, CASES = "examples.jsonl", "cases.jsonl"


@cache
def examples() -> Mapping[str, tuple[str, ...]]:
    """Cause key -> its example texts."""
    grouped: dict[str, list[str]] = {}
    for row in _rows(EXAMPLES):
        grouped.setdefault(row["cause"], []).append(row["text"])
    return {key: tuple(texts) for key, texts in grouped.items()}


def cases() -> list[dict[str, Any]]:
    """Recorded texts: id, message, cause_key, source, and exception, http_status and error_code or None.

    Some have a stack, and `also`: other causes that explain the text.
    """
    return list(_rows(CASES))


def known_texts() -> tuple[tuple[str, str], ...]:
    """Cause key and text of all examples and cases."""
    pairs = [(key, text) for key, texts in examples().items() for text in texts]
    return (*pairs, *((row["cause_key"], row["message"]) for row in _rows(CASES)))


def _rows(name: str) -> Iterator[dict[str, Any]]:
    return map(json.loads, files(__package__).joinpath(name).read_text(encoding="utf-8").splitlines())
