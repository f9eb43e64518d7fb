"""Where the settings come from: the environment of the site, or the dict PRINCIPAL_USED of another project."""

import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from secrets_app.conf.schema import DICT_NOT_A_DICT, DICT_UNKNOWN_KEY, DICT_WRONG_TYPE, SETTINGS
from secrets_app.conf.setting import RawSettings, SettingProblem
from secrets_app.core.check_ids import CheckId

DICT = "PRINCIPAL_USED"
_PREFIX = "KVSITE_"
_OF_THE_SITE = {
    "KVSITE_DATABASE_URL": "DATABASES",
    "KVSITE_HOSTS": "ALLOWED_HOSTS",
    "KVSITE_HSTS": "SECURE_HSTS_SECONDS",
    "KVSITE_LOG_LEVEL": "LOGGING",
    "KVSITE_SECRET_KEY": "SECRET_KEY",
    "KVSITE_THREADS": "",
}
"""Settings of the stand-alone site, and the setting of a project that has the same purpose."""


@dataclass(frozen=True)
class Source:
    """The settings as texts, what each is called in messages, and what is wrong with the dict."""

    raw: RawSettings
    names: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[SettingProblem, ...] = ()


def is_embedded() -> bool:
    """Whether the app is installed in another project than the stand-alone site, whose settings have SECRETS_APP."""
    return not hasattr(settings, "SECRETS_APP")


def key_of(name: str) -> str:
    """The key of a setting in the dict: KVSITE_ACCESS is `access`, KEY_VAULT_URI is `key_vault_uri`."""
    return name.removeprefix(_PREFIX).lower()


_NAME = re.compile(r"\b(?:KVSITE_[A-Z_]+|KEY_VAULT_(?:URI|URL|NAME)|SECRET_(?:NAME|VERSION))\b")
KEYS = {key_of(name): name for name in SETTINGS if name not in _OF_THE_SITE}


def shown_name(name: str) -> str:
    """What a setting is called where the app runs: `KVSITE_ACCESS`, or `PRINCIPAL_USED["access"]`."""
    return f'{DICT}["{key_of(name)}"]' if is_embedded() and name in SETTINGS else name


def use_shown_names(text: str) -> str:
    """A sentence of this product, with each of its settings called as in `shown_name`."""
    return _NAME.sub(lambda match: shown_name(match[0]), text) if is_embedded() else text


def source() -> Source:
    """The settings of this process. A mistake in the dict is a problem; the rest of it is used."""
    if not is_embedded():
        return Source(settings.SECRETS_APP)
    given = getattr(settings, DICT, {})
    if not isinstance(given, Mapping):
        message = f"is not a dict, but of type {type(given).__name__}."
        return Source(
            {}, problems=(_problem(DICT_NOT_A_DICT, DICT, message, f"Write {DICT} = {{...}} in the settings."),)
        )
    raw: dict[str, str] = {}
    problems: list[SettingProblem] = []
    for key, value in given.items():
        text = _as_text(value)
        if key not in KEYS:
            problems.append(_unknown(key))
        elif text is None:
            message = f"is of type {type(value).__name__}, but must be text, a number or a list of texts."
            problems.append(_problem(DICT_WRONG_TYPE, f'{DICT}["{key}"]', message, "Correct it, or remove it."))
        else:
            raw[KEYS[key]] = text
    return Source(raw, {name: shown_name(name) for name in SETTINGS}, tuple(problems))


def _as_text(value: Any) -> str | None:
    """The value as it is written in the environment; empty for None; None where its type is not supported."""
    if value is None:
        return ""
    if isinstance(value, str | Path):
        return str(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value) if isinstance(value, int) else f"{value:.15g}"
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return ",".join(value)
    return None


def _unknown(key: object) -> SettingProblem:
    name = f"{_PREFIX}{key}".upper()
    if name in _OF_THE_SITE:
        project_setting = _OF_THE_SITE[name]
        hint = f"Remove it; the project has {project_setting}." if project_setting else "Remove it."
        return _problem(DICT_UNKNOWN_KEY, f'{DICT}["{key}"]', "is a setting of the stand-alone site only.", hint)
    near = difflib.get_close_matches(str(key).lower().removeprefix(_PREFIX.lower()), KEYS, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "docs/embedding.md says how the keys are named."
    return _problem(DICT_UNKNOWN_KEY, DICT, f"has the key {str(key)[:60]!r}, which is not a setting.", hint)


def _problem(check: CheckId, setting: str, message: str, hint: str) -> SettingProblem:
    return SettingProblem(check=check, setting=setting, message=message, hint=hint)


def in_production() -> bool:
    """Whether the site has a host name of its own; a project is responsible for its own key."""
    return bool(getattr(settings, "PRODUCTION", False))


def key_is_stored() -> bool:
    """Whether every process has the same key, also after a restart."""
    return bool(getattr(settings, "SITE_KEY_IS_STORED", True))


def platform_signs_in() -> bool:
    """Whether App Service reports that its authentication is on: then it removes such headers from client requests.

    https://learn.microsoft.com/azure/app-service/reference-app-settings
    """
    if hasattr(settings, "PLATFORM_SIGNS_IN"):
        return bool(settings.PLATFORM_SIGNS_IN)
    return os.environ.get("WEBSITE_AUTH_ENABLED", "").lower() == "true" and bool(
        os.environ.get("WEBSITE_SITE_NAME") or os.environ.get("WEBSITE_HOSTNAME")
    )


def trusts_x_forwarded_for() -> bool:
    """Whether App Service's front end, which appends the address that it saw, passed on every request."""
    if hasattr(settings, "TRUST_X_FORWARDED_FOR"):
        return bool(settings.TRUST_X_FORWARDED_FOR)
    return bool(os.environ.get("WEBSITE_HOSTNAME"))
