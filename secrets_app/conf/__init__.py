"""The typed Config that the settings make."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from django.conf import settings

from secrets_app.conf.access import AccessMode, authentication_off_problem
from secrets_app.conf.connection_string import ConnectionString
from secrets_app.conf.schema import READERS, SETTINGS, SettingError, SettingProblem
from secrets_app.conf.secret_key import missing_key_problem
from secrets_app.conf.token_vault import TokenVaultTokenUrl
from secrets_app.core.credential_options import CredentialOptions
from secrets_app.core.reading import ExpectedPrincipal
from secrets_app.core.redaction import well_formed


@dataclass(frozen=True, kw_only=True)
class Config:
    """The product's settings, checked and typed. What was given wrongly is a problem, and has its default here."""

    vault_url: str | None = None
    secret_name: str | None = None
    secret_version: str | None = None
    access: AccessMode = AccessMode.LOOPBACK
    people: tuple[str, ...] = ()
    """Who of those who signed in may look: names in small letters, object ids, or `*`."""
    value_people: tuple[str, ...] = ()
    passphrase: str | None = field(default=None, repr=False)
    values_passphrase: str | None = field(default=None, repr=False)
    shows_values: bool = False
    platform_signs_in: bool = False
    """The platform says that its authentication is on, so its headers can be believed."""
    token_vault: TokenVaultTokenUrl | None = None
    """The token of the retired Token Vault that the settings name."""
    sign_in: CredentialOptions | None = field(default_factory=CredentialOptions)
    """None where the settings that say who to be are wrong: then nobody is asked for a token."""
    connection_string: ConnectionString | None = None
    """The old library's, where one is set and was understood; `sign_in` is what it means."""
    expected: ExpectedPrincipal | None = None
    allowed_vault_hosts: tuple[str, ...] = ()
    deadline_s: float = 10.0
    result_life_s: float = 1.0
    threads: int = 128
    hosts: tuple[str, ...] = ()
    debug: bool = False
    log_level: str = "INFO"
    site_key: str | None = field(default=None, repr=False)
    problems: tuple[SettingProblem, ...] = ()
    fingerprint_key: str = field(default="", repr=False)

    @property
    def mistakes(self) -> tuple[SettingProblem, ...]:
        """The problems that must be mended before anything is read."""
        return tuple(problem for problem in self.problems if problem.stops)


def current(overrides: Mapping[str, str | None] | None = None, names: Mapping[str, str] | None = None) -> Config:
    """The Config of Django's settings as they are now.

    `overrides` replaces the words of single settings, as a command's arguments do; `names` says what such a
    setting is called in sentences ({"SECRET_NAME": "--secret"}).
    """
    given = {name: words for name, words in (overrides or {}).items() if words is not None}
    words = {**settings.SECRETS_APP, **given}
    site = (settings.SECRET_KEY, settings.PRODUCTION, settings.SITE_KEY_IS_KEPT, settings.PLATFORM_SIGNS_IN)
    return _loaded(tuple(words.items()), tuple((names or {}).items()), *site)


@lru_cache(maxsize=16)  # every request asks, several times
def _loaded(
    words: tuple[tuple[str, str], ...],
    names: tuple[tuple[str, str], ...],
    fingerprint_key: str,
    production: bool,  # noqa: FBT001 - lru_cache knows its arguments best by their places
    key_is_kept: bool,  # noqa: FBT001
    platform_signs_in: bool,  # noqa: FBT001
) -> Config:
    config = load(dict(words), dict(names))
    missing = (
        None
        if dict(words).get("KVSITE_SECRET_KEY", "").strip()
        else missing_key_problem(production=production, kept=key_is_kept)
    )
    off = authentication_off_problem(config.access, platform_signs_in=platform_signs_in)
    problems = (*config.problems, *(problem for problem in (missing, off) if problem))
    return replace(config, fingerprint_key=fingerprint_key, problems=problems, platform_signs_in=platform_signs_in)


def load(words: Mapping[str, str], names: Mapping[str, str] | None = None) -> Config:
    """The Config that `words` (setting -> text) make. Never raises: each mistake becomes one of its problems."""
    given = {well_formed(name): well_formed(text).strip() for name, text in words.items() if text.strip()}
    values: dict[str, Any] = {}
    problems: list[SettingProblem] = []
    for attribute, read in READERS.items():
        try:
            values[attribute] = read(given)
        except SettingError as mistake:
            # Two readers may stumble over the same setting: it is said once.
            problems += [mistake.problem] if mistake.problem not in problems else []
            if attribute == "sign_in":
                values[attribute] = None
    problems += _unknown_names(given)
    called = names or {}
    if values["sign_in"]:
        by = values["sign_in"].chosen_by
        values["sign_in"] = replace(values["sign_in"], chosen_by=called.get(by, by))
    named = (replace(problem, setting=called.get(problem.setting, problem.setting)) for problem in problems)
    return Config(
        **{name: value for name, value in values.items() if value is not None or name == "sign_in"},
        problems=tuple(named),
    )


def _unknown_names(given: Mapping[str, str]) -> list[SettingProblem]:
    return [_unknown_name(name) for name in sorted(given.keys() - SETTINGS.keys())]


def _unknown_name(name: str) -> SettingProblem:
    near = difflib.get_close_matches(name.upper(), SETTINGS, n=1)
    return SettingProblem(
        id="secrets_app.W012",
        setting=name,
        says="is not a setting of this site, so it does nothing.",
        hint=f"Did you mean {near[0]}?" if near else "The README lists every setting.",
        stops=False,
    )
