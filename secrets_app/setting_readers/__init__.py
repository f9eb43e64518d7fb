"""The settings by subject: the table of their names and meanings, and how each is read from its words."""

from collections.abc import Callable
from typing import Any

from secrets_app.setting_readers import (
    access,
    certificate,
    connection_string,
    expected,
    sign_in,
    site,
    token_vault,
    vault,
)
from secrets_app.setting_readers.problem import Given, Mistake, Problem

__all__ = ["READERS", "SETTINGS", "WHO_TO_BE", "Given", "Mistake", "Problem"]

_SUBJECTS = (vault, sign_in, certificate, connection_string, expected, access, site, token_vault)

SETTINGS: dict[str, tuple[str, str]] = {name: row for subject in _SUBJECTS for name, row in subject.SETTINGS.items()}
"""Name -> (default, meaning), in Markdown. The README's table is made from this one."""

WHO_TO_BE = frozenset(
    name for subject in (sign_in, certificate, connection_string, expected) for name in subject.SETTINGS
)
"""The settings that say who the site is or should be. None of them binds a visitor who chooses another identity."""

READERS: dict[str, Callable[[Given], Any]] = {
    attribute: read for subject in _SUBJECTS for attribute, read in subject.READERS.items()
}
"""Attribute of Config -> what reads it. Each gives a value, or None for the default, or raises Mistake."""
