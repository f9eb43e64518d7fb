"""Config: the parsed settings."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from django.conf import settings

from secrets_app.conf import access, history, project, server, vault
from secrets_app.conf.access import AccessMode, Network, authentication_off_problem
from secrets_app.conf.connection_string import ConnectionString
from secrets_app.conf.history import password_in, tokens_in
from secrets_app.conf.schema import IS_REMOVED, READERS, REMOVED, SETTINGS, UNKNOWN
from secrets_app.conf.secret_key import missing_key_problem
from secrets_app.conf.setting import SettingError, SettingProblem
from secrets_app.conf.token_vault import TokenVaultTokenUrl
from secrets_app.core.caching import ResultCache
from secrets_app.core.credential_options import CredentialOptions
from secrets_app.core.known_secrets import known_secrets
from secrets_app.core.reading import ExpectedPrincipal
from secrets_app.core.redaction import well_formed
from secrets_app.core.runtime import shared

_MAX_CONFIGS = 256
"""Those of the site, of visitors' choices, and of the vaults of a fleet."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """The settings, parsed. An invalid setting is a problem, and its field has the default."""

    vault_url: str | None = None
    secret_name: str | None = None
    secret_version: str | None = None
    access: AccessMode = access.MODE.default
    # The next four start closed: an invalid setting must not give access.
    people: tuple[str, ...] = ()
    """The signed-in users who may see the pages: names in lower case, object IDs, or `*`."""
    value_people: tuple[str, ...] = ()
    passphrase: str | None = field(default=None, repr=False)
    values_passphrase: str | None = field(default=None, repr=False)
    sign_in_code: str | None = field(default=None, repr=False)
    """With `loopback`: the code in the link that the site prints when it starts."""
    shows_values: bool = False
    metrics_token: str | None = field(default=None, repr=False)
    """What a scraper of /metrics sends instead of signing in."""
    trusted_proxies: tuple[Network, ...] = ()
    platform_signs_in: bool = False
    """The platform reports that its authentication is on, so its headers can be trusted."""
    token_vault: TokenVaultTokenUrl | None = None
    """The token of the retired Token Vault."""
    credential: CredentialOptions | None = field(default_factory=CredentialOptions)
    """None where one of its settings is invalid: then no token is requested."""
    connection_string: ConnectionString | None = None
    """The old .NET library's, where a valid one is set; `credential` is its meaning."""
    expected: ExpectedPrincipal | None = None
    allowed_vault_hosts: tuple[str, ...] = vault.ALLOWED_VAULT_HOSTS.default
    tls_issuer: str | None = vault.TLS_ISSUER.default
    deadline_s: float = server.DEADLINE.default
    result_life_s: float = server.RESULT_LIFE.default
    threads: int = server.THREADS.default
    hosts: tuple[str, ...] = server.HOSTS.default
    hsts: server.Hsts = server.HSTS.default
    log_level: str = server.LOG_LEVEL.default
    site_key: str | None = field(default=None, repr=False)
    records_history: bool = history.HISTORY.default
    database_url: str | None = field(default=None, repr=False)
    history_days: int = history.HISTORY_DAYS.default
    watch_interval_s: int = history.WATCH_INTERVAL.default
    broker_url: str | None = field(default=None, repr=False)
    alert_urls: tuple[str, ...] = field(default=(), repr=False)
    alert_after_s: int = history.ALERT_AFTER.default
    problems: tuple[SettingProblem, ...] = ()
    fingerprint_key: str = field(default="", repr=False)


def current(overrides: Mapping[str, str | None] | None = None, names: Mapping[str, str] | None = None) -> Config:
    """The Config of the current Django settings.

    `overrides` replaces the text of single settings, as a command's arguments do; `names` is what such a setting is
    called in messages ({"SECRET_NAME": "--secret"}).
    """
    replaced = {name: text for name, text in (overrides or {}).items() if text is not None}
    source = project.source()
    raw = {**source.raw, **replaced}
    called = {**source.names, **(names or {})}
    site = (settings.SECRET_KEY, project.in_production(), project.key_is_stored(), project.platform_signs_in())
    config = _loaded(tuple(raw.items()), tuple(called.items()), source.problems, *site)
    shared(_RegisteredSecrets).add(config, raw)
    return config


class _RegisteredSecrets(ResultCache[int, Config]):
    """Registers the secrets in the settings, once for each Config, so that no output repeats them."""

    def __init__(self) -> None:
        super().__init__(_MAX_CONFIGS)

    def add(self, config: Config, raw: Mapping[str, str]) -> None:
        self.get(id(config), lambda: self._register(config, raw))

    def _register(self, config: Config, raw: Mapping[str, str]) -> Config:
        options = config.credential
        for text in (
            config.fingerprint_key,
            *(raw.get(name, "").strip() for name, row in SETTINGS.items() if row.is_secret),
            *((options.client_secret, options.system_access_token) if options else ()),
            *(password_in(url) for url in (config.database_url, config.broker_url, *config.alert_urls)),
            *(token for url in config.alert_urls for token in tokens_in(url)),
        ):
            known_secrets().add(text, pinned=True)
        return config  # kept, so that no other one gets its ID


@lru_cache(_MAX_CONFIGS)  # called several times for each request
def _loaded(
    raw: tuple[tuple[str, str], ...],
    names: tuple[tuple[str, str], ...],
    dict_problems: tuple[SettingProblem, ...],
    fingerprint_key: str,
    production: bool,  # noqa: FBT001 - lru_cache handles positional arguments best
    key_is_stored: bool,  # noqa: FBT001
    platform_signs_in: bool,  # noqa: FBT001
) -> Config:
    config = load(dict(raw), dict(names))
    missing = (
        None
        if dict(raw).get(server.SECRET_KEY.name, "").strip()
        else missing_key_problem(production=production, stored=key_is_stored)
    )
    off = authentication_off_problem(config.access, platform_signs_in=platform_signs_in)
    problems = (*dict_problems, *config.problems, *(problem for problem in (missing, off) if problem))
    return replace(config, fingerprint_key=fingerprint_key, problems=problems, platform_signs_in=platform_signs_in)


def load(raw: Mapping[str, str], names: Mapping[str, str] | None = None) -> Config:
    """The Config for `raw` (setting -> text). Never raises: each invalid setting becomes one of its problems."""
    texts = {well_formed(name): well_formed(text).strip() for name, text in raw.items() if text.strip()}
    values: dict[str, Any] = {}
    problems: list[SettingProblem] = []
    for attribute, read in READERS.items():
        try:
            values[attribute] = read(texts)
        except SettingError as error:
            # Two readers may fail because of the same setting: report it once.
            problems += [error.problem] if error.problem not in problems else []
            if attribute == "credential":
                values[attribute] = None
    problems += _unknown_names(texts)
    renamed = names or {}
    if values["credential"]:
        by = values["credential"].chosen_by
        values["credential"] = replace(values["credential"], chosen_by=renamed.get(by, by))
    named = (replace(problem, setting=renamed.get(problem.setting, problem.setting)) for problem in problems)
    return Config(**values, problems=tuple(named))


def _unknown_names(texts: Mapping[str, str]) -> list[SettingProblem]:
    return [_unknown_name(name) for name in sorted(texts.keys() - SETTINGS.keys())]


def _unknown_name(name: str) -> SettingProblem:
    if name.upper() in REMOVED:
        return SettingProblem(
            check=IS_REMOVED, setting=name, message=REMOVED[name.upper()], hint="Remove it.", blocks_reading=False
        )  # fmt: skip
    near = difflib.get_close_matches(name.upper(), SETTINGS, n=1)
    return SettingProblem(
        check=UNKNOWN,
        setting=name,
        message="is not a setting of this site, so it has no effect.",
        hint=f"Did you mean {near[0]}?" if near else "docs/settings.md lists all settings.",
        blocks_reading=False,
    )
