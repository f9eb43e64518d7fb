"""A reading from its JSON document. The document comes from a file or a form, so none of it is trusted."""

import json
from dataclasses import dataclass
from typing import Any

from secrets_app.core.formatting import KINDS
from secrets_app.core.reading import PrincipalKind, Stage
from secrets_app.core.redaction import printable, redact

MAX_BYTES = 128 * 1024
"""Of one document; a reading takes about 10 KiB."""
_MAX_TEXT = 1000
_FORM = "Use the output of `manage.py principal --json`, or of /api/reading."

_STAGES: dict[str, str] = {
    Stage.CONFIGURATION: "invalid settings",
    Stage.TOKEN: "no access token",
    Stage.NETWORK: "no response",
    Stage.DEADLINE: "timed out",
}


class InvalidDocumentError(ValueError):
    """The text is not a reading; the message is a complete sentence."""


@dataclass(frozen=True)
class SavedReading:
    """What a document says. Every text is one line, redacted and short."""

    name: str
    """How messages call it."""
    document: dict[str, Any]

    def text(self, path: str) -> str | None:
        """The value at `principal.object_id` as text; None where there is none."""
        value: Any = self.document
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if value is None or value == "" or isinstance(value, dict | list):
            return None
        return printable(redact(str(value)[:_MAX_TEXT]))

    def items(self, key: str) -> "list[SavedReading]":
        """The objects of the list at `key`."""
        found = self.document.get(key)
        listed = found if isinstance(found, list) else []
        return [SavedReading(self.name, item) for item in listed if isinstance(item, dict)]

    @property
    def ok(self) -> bool:
        return self.document["ok"] is True

    @property
    def stage(self) -> str | None:
        return self.text("failure.stage")

    @property
    def main_cause(self) -> str | None:
        hints = self.items("hints")
        return None if self.ok or not hints else hints[0].text("cause")

    @property
    def principal(self) -> str | None:
        """`dana@contoso.com (user)`; None where no token was obtained."""
        names = (self.text(f"principal.{key}") for key in ("user_principal_name", "name", "app_id"))
        name = next(filter(None, names), None)
        kind = self.text("principal.kind")
        known = KINDS[PrincipalKind(kind)] if kind in list(PrincipalKind) else kind
        return " ".join(filter(None, (name, f"({known})" if known else ""))) or None

    @property
    def result(self) -> str:
        """`OK`, `403 ForbiddenByRbac`, or the stage at which it failed."""
        if self.ok:
            return "OK"
        codes = filter(None, (self.text("failure.status"), self.text("failure.code")))
        return " ".join(codes) or _STAGES.get(self.stage or "", "not read")


def safe_lines(value: object) -> str:
    """The text of a command: redacted and short, its lines kept."""
    return "\n".join(map(printable, redact(str(value)[:_MAX_TEXT]).splitlines()))


def parse_reading(text: str, name: str) -> SavedReading:
    """The reading in `text`, called `name` in messages. Raises InvalidDocumentError."""
    if not text.strip():
        raise InvalidDocumentError(f"{name} is empty. {_FORM}")
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise InvalidDocumentError(f"{name} is longer than {MAX_BYTES // 1024} KiB. {_FORM}")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidDocumentError(f"{name} is not JSON. {_FORM}") from error
    return parse_document(document, name)


def parse_document(document: Any, name: str) -> SavedReading:
    """The reading in parsed JSON. Raises InvalidDocumentError.

    Takes a reading, or the list of `principal --all --json`, of which the credential that the site uses counts.
    """
    if isinstance(document, list):
        document = _selected(document)
    if isinstance(document, dict) and "checks" in document:
        raise InvalidDocumentError(f"{name} is the doctor's result, not a reading. {_FORM}")
    if not isinstance(document, dict) or not isinstance(document.get("ok"), bool) or "attempts" not in document:
        raise InvalidDocumentError(f"{name} is not a reading. {_FORM}")
    return SavedReading(name, document)


def _selected(rows: list[Any]) -> Any:
    """The reading of the selected credential, otherwise the first one."""
    tried = [row for row in rows if isinstance(row, dict) and isinstance(row.get("reading"), dict)]
    row = next((row for row in tried if row.get("picked") is True), tried[0] if tried else {})
    return row.get("reading")
