"""Example texts of each cause, as its stack prints them, with invented names and IDs: one JSON object a line."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

FILE = "examples.jsonl"


@cache
def examples() -> Mapping[str, tuple[str, ...]]:
    """Cause key -> its example texts."""
    grouped: dict[str, list[str]] = {}
    for key, text in _rows():
        grouped.setdefault(key, []).append(text)
    return {key: tuple(texts) for key, texts in grouped.items()}


def _rows() -> Iterator[tuple[str, str]]:
    for line in files(__package__).joinpath(FILE).read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield row["cause"], row["text"]
