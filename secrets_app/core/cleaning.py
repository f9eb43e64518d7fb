"""Cleans a whole result: every text in it that may come from outside the site."""

from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

from secrets_app.core.redaction import external_text

T = TypeVar("T")


def cleaned(value: T, *, given: str = "") -> T:
    """The value, a frozen dataclass or plain JSON value, with each text in it cleaned (`redaction.external_text`).

    All texts, not those known to come from outside: a field that is added later is cleaned too.
    """
    return _cleaned(value, given)  # type: ignore[no-any-return]


def _cleaned(value: Any, given: str) -> Any:
    if isinstance(value, str):
        return value if isinstance(value, Enum) else external_text(value, given=given)
    if isinstance(value, dict):
        return {_cleaned(name, given): _cleaned(inner, given) for name, inner in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)(_cleaned(inner, given) for inner in value)
    if is_dataclass(value) and not isinstance(value, type):
        changes = {field.name: _cleaned(getattr(value, field.name), given) for field in fields(value) if field.init}
        return replace(value, **changes)
    return value
