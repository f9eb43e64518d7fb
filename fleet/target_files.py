"""Files of targets, TOML and CSV. Every error names the file, the line and the reason."""

import csv
import io
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from fleet.description import KEYS, Description, InvalidTargetError, describe
from secrets_app.core.redaction import printable, redact

MAX_BYTES, MAX_TARGETS = 20 * 1024 * 1024, 50_000
MAX_ERRORS = 20
"""That are reported; a file with a wrong column has one on every line."""
_TABLE, _DEFAULTS, _LABEL = "target", "defaults", "label."


class InvalidFileError(ValueError):
    """The file cannot be imported. The message has a line for each error: `targets.toml:7: payroll: reason`."""


class _Entry(NamedTuple):
    line: int
    """Where it begins."""
    fields: Mapping[str, Any]
    lines: Mapping[str, int]
    """Key -> its line, where that is known."""


def read_targets(path: Path) -> list[Description]:
    """The targets in the file, which is CSV if its name ends in `.csv`, otherwise TOML. Raises InvalidFileError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InvalidFileError(f"{path}: cannot be read: {error.strerror}.") from None
    if len(data) > MAX_BYTES:
        raise InvalidFileError(f"{path}: is larger than {MAX_BYTES // 1024 // 1024} MiB.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InvalidFileError(f"{path}:{line}: is not UTF-8 text. Save the file as UTF-8.") from None
    entries = _csv_entries(text, path) if path.suffix.lower() == ".csv" else _toml_entries(text, path)
    return _described(list(entries), path)


def _described(entries: list[_Entry], path: Path) -> list[Description]:
    if not entries:
        raise InvalidFileError(f"{path}: contains no targets.")
    if len(entries) > MAX_TARGETS:
        raise InvalidFileError(f"{path}: contains more than {MAX_TARGETS} targets.")
    found: dict[str, tuple[int, Description]] = {}
    errors: list[str] = []
    for entry in entries:
        try:
            description = describe(entry.fields)
        except InvalidTargetError as error:
            errors.append(f"{path}:{entry.lines.get(error.key, entry.line)}: {_called(entry)}{error}")
            continue
        if description.name in found:
            first = found[description.name][0]
            errors.append(f"{path}:{entry.line}: the name {description.name!r} is already used in line {first}.")
        found[description.name] = entry.line, description
    if errors:
        more = [f"{len(errors) - MAX_ERRORS} more errors."] if len(errors) > MAX_ERRORS else []
        raise InvalidFileError("\n".join([*errors[:MAX_ERRORS], *more]))
    return [description for _, description in found.values()]


def _called(entry: _Entry) -> str:
    """The target's name, if it has one that is no secret."""
    name = entry.fields.get("name")
    return f"{printable(name[:60])}: " if isinstance(name, str) and name and redact(name) == name else ""


def _toml_entries(text: str, path: Path) -> Iterator[_Entry]:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line ([0-9]+)", str(error))
        line = found[1] if found else text.count("\n") + 1
        raise InvalidFileError(f"{path}:{line}: is not valid TOML: {printable(str(error))}.") from None
    except RecursionError:
        raise InvalidFileError(f"{path}: is not valid TOML: nested too deeply.") from None
    for key in content.keys() - {_TABLE, _DEFAULTS}:
        line = _line_of(key, text.splitlines(), 0)
        raise InvalidFileError(f"{path}:{line}: {redact(key)[:40]!r} is neither [defaults] nor [[target]].")
    defaults, tables = content.get(_DEFAULTS, {}), content.get(_TABLE, [])
    if not isinstance(defaults, dict) or not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
        raise InvalidFileError(f"{path}:1: targets are tables that begin with [[target]]; [defaults] is one table.")
    starts = [n for n, line in enumerate(text.splitlines()) if re.match(r"\s*\[\[\s*target\s*\]\]", line)]
    lines = text.splitlines()
    for number, table in enumerate(tables):
        start = starts[number] if number < len(starts) else 0
        end = starts[number + 1] if number + 1 < len(starts) else len(lines)
        known = {key: _line_of(key, lines[start:end], start) for key in table}
        yield _Entry(start + 1, _merged(defaults, table), known)


def _line_of(key: str, lines: list[str], offset: int) -> int:
    """The line of the key, or the first one; from 1."""
    pattern = re.compile(rf"\s*\[*\s*(?:target\s*\.\s*)?[\"']?{re.escape(key)}[\"']?\s*[=.\]]")
    return offset + 1 + next((n for n, line in enumerate(lines) if pattern.match(line)), 0)


def _merged(defaults: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    """The table over the defaults; labels are merged one by one."""
    labels = [each.get("labels", {}) for each in (defaults, table)]
    merged = {**defaults, **table}
    return (
        {**merged, "labels": {**labels[0], **labels[1]}} if all(isinstance(each, dict) for each in labels) else merged
    )


def _csv_entries(text: str, path: Path) -> Iterator[_Entry]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        if header and not any(
            name in KEYS for name in header
        ):  # the first target, or another separator: not repeated here
            raise InvalidFileError(
                f"{path}:1: must have the names of the columns, separated by commas, such as vault,secret."
            )
        repeated = next((name for name in header if header.count(name) > 1), None)
        if repeated is not None:
            raise InvalidFileError(f"{path}:1: the column {repeated[:40]!r} appears more than once.")
        line = reader.line_num + 1
        for cells in reader:
            if len(cells) > len(header):
                raise InvalidFileError(f"{path}:{line}: has {len(cells)} cells, but the header has {len(header)}.")
            if any(cell.strip() for cell in cells):
                yield _Entry(line, fields_of(zip(header, cells, strict=False)), {})
            line = reader.line_num + 1
    except csv.Error as error:
        raise InvalidFileError(f"{path}:{reader.line_num}: is not valid CSV: {error}.") from None


def fields_of(pairs: Any) -> dict[str, Any]:
    """The fields of a target from pairs of texts, without the empty ones; `label.team` is a label."""
    fields: dict[str, Any] = {"labels": {}}
    for key, text in pairs:
        if not text.strip():
            continue
        if key.startswith(_LABEL):
            fields["labels"][key.removeprefix(_LABEL)] = text
        else:
            fields[key] = text
    return fields
