"""The settings by subject: the table of their names and meanings, and how each is read from its words."""

from collections.abc import Callable
from typing import Any

from secrets_app.conf import (
    access,
    certificate,
    connection_string,
    credential,
    expected_principal,
    server,
    token_vault,
    vault,
)
from secrets_app.conf.errors import RawSettings, SettingError, SettingProblem

__all__ = ["IDENTITY_SETTINGS", "READERS", "SETTINGS", "RawSettings", "SettingError", "SettingProblem"]

_SUBJECTS = (vault, credential, certificate, connection_string, expected_principal, access, server, token_vault)

SETTINGS: dict[str, tuple[str, str]] = {name: row for subject in _SUBJECTS for name, row in subject.SETTINGS.items()}
"""Name -> (default, meaning), in Markdown. The README's table is made from this one."""

IDENTITY_SETTINGS = frozenset(
    name for subject in (credential, certificate, connection_string, expected_principal) for name in subject.SETTINGS
)
"""The settings that say who the site is or should be. None of them binds a visitor who chooses another identity."""

READERS: dict[str, Callable[[RawSettings], Any]] = {
    attribute: read for subject in _SUBJECTS for attribute, read in subject.READERS.items()
}
"""Attribute of Config -> what reads it. Each gives a value, or None for the default, or raises Mistake."""
