"""All settings by subject, and how the fields of Config are read from them."""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from secrets_app.conf import (
    access,
    certificate,
    connection_string,
    credential,
    expected_principal,
    history,
    server,
    token_vault,
    vault,
)
from secrets_app.conf.setting import RawSettings, Setting
from secrets_app.core.check_ids import CheckId

_SUBJECTS: tuple[ModuleType, ...] = (
    *(vault, credential, certificate, connection_string, expected_principal, access, server, history, token_vault),
)
SUBJECTS: Mapping[str, Mapping[str, Setting[object]]] = {module.TITLE: module.SETTINGS for module in _SUBJECTS}
"""Title -> name -> setting. docs/settings.md is generated from it."""

SETTINGS: dict[str, Setting[object]] = {name: row for rows in SUBJECTS.values() for name, row in rows.items()}

IDENTITY_SETTINGS = frozenset(
    name for subject in (credential, certificate, connection_string, expected_principal) for name in subject.SETTINGS
)
"""The settings for the site's identity. None of them applies when a visitor selects another identity."""

_PARTS = (credential, expected_principal)
"""Subjects whose attributes are fields of CredentialOptions and ExpectedPrincipal, read as a whole."""

READERS: dict[str, Callable[[RawSettings], Any]] = {
    **{
        row.attribute: row.read
        for module in _SUBJECTS
        if module not in _PARTS
        for row in module.SETTINGS.values()
        if row.attribute
    },
    **{attribute: read for module in _SUBJECTS for attribute, read in module.READERS.items()},
}
"""Field of Config -> function that reads it. Raises SettingError."""

UNKNOWN = CheckId("W012", "A `KVSITE_` variable is not a setting, so it has no effect.")
IS_REMOVED = CheckId("W096", "A setting was removed in an earlier version, so it has no effect.")
REMOVED: Mapping[str, str] = {"KVSITE_DEBUG": "was removed in 0.2.0, so it has no effect. The log has the traceback."}
"""Former settings -> the message."""

DICT_NOT_A_DICT = CheckId("E102", "`PRINCIPAL_USED`, the settings in another Django project, is not a dict.")
DICT_UNKNOWN_KEY = CheckId("E103", "`PRINCIPAL_USED` has a key that is not a setting.")
DICT_WRONG_TYPE = CheckId("E104", "A value in `PRINCIPAL_USED` is not text, a number or a list of texts.")
URLS_MISSING = CheckId("W105", "`secrets_app` is installed, but the project's URLs do not include `secrets_app.urls`.")
STATIC_FILES_MISSING = CheckId("W106", "`django.contrib.staticfiles` is not installed, so the pages have no style.")
_PROJECT_CHECKS = (DICT_NOT_A_DICT, DICT_UNKNOWN_KEY, DICT_WRONG_TYPE, URLS_MISSING, STATIC_FILES_MISSING)

TOKEN_SCOPE = CheckId("E064", "The resource or scope of a token check is not valid.")
IDENTIFIER_CHECKS = (
    CheckId("E093", "The vault of a secret identifier in the request is not allowed."),
    CheckId("E094", "A secret identifier in the request is malformed."),
    CheckId("E095", "The version in the request is not the one in the secret identifier."),
)

CHECK_IDS: tuple[CheckId, ...] = tuple(
    dict.fromkeys(
        (
            *(check for row in SETTINGS.values() for check in row.checks),
            *(UNKNOWN, IS_REMOVED, TOKEN_SCOPE, *IDENTIFIER_CHECKS, *_PROJECT_CHECKS),
        )
    )
)
"""Every kind of problem."""
