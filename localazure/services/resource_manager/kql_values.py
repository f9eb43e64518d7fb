"""Comparisons, constants and functions of the Kusto query language, over JSON values.

https://learn.microsoft.com/kusto/query/datatypes-string-operators
"""

import re
from collections.abc import Callable, Mapping
from typing import Any


def order_key(value: Any) -> tuple[int, float, str]:
    """Return the key for sorting. Nothing comes before numbers, and numbers before texts."""
    if value is None:
        return 0, 0, ""
    return (1, float(value), "") if isinstance(value, int | float) else (2, 0, text_of(value))


def text_of(value: Any) -> str:
    """Return a value as text, as `tostring` does."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left == right
    return left is not None and right is not None and text_of(left) == text_of(right)


def _equal_in_any_case(left: Any, right: Any) -> bool:
    return left is not None and right is not None and text_of(left).casefold() == text_of(right).casefold()


def _contains(left: Any, right: Any) -> bool:
    return text_of(right).casefold() in text_of(left).casefold()


def _has(left: Any, right: Any) -> bool:
    """Whether `right` occurs as a whole term."""
    return (
        re.search(rf"(?<![A-Za-z0-9]){re.escape(text_of(right))}(?![A-Za-z0-9])", text_of(left), re.IGNORECASE)
        is not None
    )


def _starts(left: Any, right: Any) -> bool:
    return text_of(left).casefold().startswith(text_of(right).casefold())


def _ends(left: Any, right: Any) -> bool:
    return text_of(left).casefold().endswith(text_of(right).casefold())


def _negated(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda left, right: not compare(left, right)


def _less(left: Any, right: Any) -> bool:
    return left is not None and right is not None and order_key(left) < order_key(right)


_POSITIVE = {"contains": _contains, "has": _has, "startswith": _starts, "endswith": _ends}
COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": _equal,
    "!=": _negated(_equal),
    "=~": _equal_in_any_case,
    "!~": _negated(_equal_in_any_case),
    "<": _less,
    ">": lambda left, right: _less(right, left),
    "<=": lambda left, right: _less(left, right) or _equal(left, right),
    ">=": lambda left, right: _less(right, left) or _equal(left, right),
    **_POSITIVE,
    **{f"!{name}": _negated(compare) for name, compare in _POSITIVE.items()},
}
LISTS = {
    "in": (_equal, True),
    "!in": (_equal, False),
    "in~": (_equal_in_any_case, True),
    "!in~": (_equal_in_any_case, False),
}
"""Operator -> the comparison with each item, and the wanted result."""
CONSTANTS = {"true": True, "false": False}
FUNCTIONS: Mapping[str, Callable[[list[Any]], Any]] = {
    "tolower": lambda values: text_of(values[0]).lower(),
    "toupper": lambda values: text_of(values[0]).upper(),
    "tostring": lambda values: text_of(values[0]),
    "tobool": lambda values: {"true": True, "false": False}.get(text_of(values[0]).lower()),
    "strcat": lambda values: "".join(map(text_of, values)),
    "isempty": lambda values: text_of(values[0]) == "",
    "isnotempty": lambda values: text_of(values[0]) != "",
    "isnull": lambda values: values[0] is None,
    "isnotnull": lambda values: values[0] is not None,
    "array_length": lambda values: len(values[0]) if isinstance(values[0], list) else None,
    "not": lambda values: values[0] is not True,
}
