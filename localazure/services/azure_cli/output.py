"""The output of az: `--query` and `--output`, as in knack, the library of the real Azure CLI.

https://learn.microsoft.com/cli/azure/format-output-azure-cli
"""

import argparse
import json
from collections.abc import Callable, Mapping
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

QUERY_HELP = "To learn more about --query, please visit: 'https://learn.microsoft.com/cli/azure/query-azure-cli'"
FORMATS = ("json", "jsonc", "none", "table", "tsv")
HEADER_PADDING = 2
"""tabulate makes a column at least this much wider than its header."""
HIDDEN_IN_TABLES = ("id", "type", "etag", "revision")


def query(text: str) -> Any:
    """Return the compiled JMESPath query of an argument. Raises argparse.ArgumentTypeError."""
    try:
        return jmespath.compile(text)
    except JMESPathError:
        raise argparse.ArgumentTypeError(f"invalid jmespath_type value: {text!r}\n{QUERY_HELP}") from None


def formatted(value: Any, output: str, compiled: Any = None) -> str:
    """Return what az prints for `value`, after applying a compiled query."""
    if compiled is not None:
        value = compiled.search(value)
    if output == "none" or (value is None and output != "json"):
        return ""
    return _FORMATS[output](value)


def _json(value: Any) -> str:
    return "" if value is None else json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _tsv(value: Any) -> str:
    rows = value if isinstance(value, list) else [value]
    return "".join("\t".join(_tsv_cells(row)) + "\n" for row in rows)


def _tsv_cells(row: Any) -> list[str]:
    if isinstance(row, Mapping):
        return [_tsv_cell(item) for item in row.values()]
    return [_tsv_cell(item) for item in row] if isinstance(row, list) else [_tsv_cell(row)]


def _tsv_cell(value: Any) -> str:
    """Objects are empty, lists are their length."""
    if isinstance(value, list):
        return str(len(value))
    return "" if value is None or isinstance(value, Mapping) else str(value)


def _table(value: Any) -> str:
    rows = [_table_row(row) for row in (value if isinstance(value, list) else [value])]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    if not columns:
        return ""
    widths = [max(len(name) + HEADER_PADDING, *(len(row.get(name, "")) for row in rows)) for name in columns]
    lines = [columns, ["-" * width for width in widths], *([row.get(name, "") for name in columns] for row in rows)]
    text = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)
    return "\n".join(text) + "\n"


def _table_row(row: Any) -> dict[str, str]:
    if isinstance(row, list):
        return {f"Column{index}": _text(item) for index, item in enumerate(row, 1)}
    if not isinstance(row, Mapping):
        return {"Result": _text(row)}
    shown = {name: item for name, item in row.items() if name not in HIDDEN_IN_TABLES and _is_scalar(item)}
    return {name[:1].upper() + name[1:]: _text(item) for name, item in shown.items() if item is not None}


def _is_scalar(value: Any) -> bool:
    return not isinstance(value, list | Mapping)


def _text(value: Any) -> str:
    return str(value) if _is_scalar(value) else ""


_FORMATS: Mapping[str, Callable[[Any], str]] = {"json": _json, "jsonc": _json, "tsv": _tsv, "table": _table}
