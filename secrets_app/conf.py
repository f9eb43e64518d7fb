"""The settings: their names and meanings in one table, and the typed Config they make."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings

from secrets_app import setting_readers
from secrets_app.redaction import well_formed
from secrets_app.setting_readers import Mistake, Problem

# Name -> (default, meaning), in Markdown. The README's table is made from this one.
SETTINGS: dict[str, tuple[str, str]] = {
    "KEY_VAULT_URI": ("", "The vault's address, `https://contoso.vault.azure.net`."),
    "KEY_VAULT_URL": ("", "The same, under the name other samples use."),
    "KEY_VAULT_NAME": ("", "The vault's name alone, `contoso`. Its address in the public cloud is made from it."),
    "SECRET_NAME": ("", "The secret to read: letters, digits and hyphens, no underscore."),
    "SECRET_VERSION": ("the current one", "One version of it: the 32 characters at the end of the secret's id."),
    "KVSITE_ACCESS": (
        "`loopback`",
        "Who may see the pages. `loopback`: only a browser on this machine. `open`: everybody who reaches the site; "
        "they see ids, never the secret's value.",
    ),
    "KVSITE_ALLOWED_VAULT_HOSTS": (
        "",
        "Host names, separated by commas, that may get a token besides Azure's own vault hosts.",
    ),
    "KVSITE_DEADLINE_S": ("`10`", "Seconds after which a reading ends, whatever Azure does: 1 to 60."),
    "KVSITE_RESULT_LIFE_S": (
        "`1`",
        "Seconds a result is shown again before the vault is asked anew: 0 to 60. A crowd is one call on the vault.",
    ),
    "KVSITE_HOSTS": (
        "",
        "The site's own host names, separated by commas, besides loopback and the one App Service gives. "
        "A site with a name of its own answers over TLS alone.",
    ),
    "KVSITE_SECRET_KEY": (
        "made once, kept in `.local/`",
        "The key for cookies and fingerprints, 50 characters or more. Set it in production.",
    ),
    "KVSITE_DEBUG": ("off", "`1` shows Django's debug pages. Never in production."),
}


@dataclass(frozen=True, kw_only=True)
class Config:
    """The product's settings, checked and typed. What was given wrongly is a problem, and has its default here."""

    vault_url: str | None = None
    secret_name: str | None = None
    secret_version: str | None = None
    access: str = "loopback"
    allowed_vault_hosts: tuple[str, ...] = ()
    deadline_s: float = 10.0
    result_life_s: float = 1.0
    hosts: tuple[str, ...] = ()
    debug: bool = False
    site_key: str | None = field(default=None, repr=False)
    problems: tuple[Problem, ...] = ()
    fingerprint_key: str = field(default="", repr=False)

    @property
    def mistakes(self) -> tuple[Problem, ...]:
        """The problems that must be mended before anything is read."""
        return tuple(problem for problem in self.problems if problem.stops)


def current(overrides: Mapping[str, str | None] | None = None, names: Mapping[str, str] | None = None) -> Config:
    """The Config of Django's settings as they are now.

    `overrides` replaces the words of single settings, as a command's arguments do; `names` says what such a
    setting is called in sentences ({"SECRET_NAME": "--secret"}).
    """
    given = {name: words for name, words in (overrides or {}).items() if words is not None}
    config = load({**settings.SECRETS_APP, **given}, names or {})
    return replace(config, fingerprint_key=settings.SECRET_KEY)


def load(words: Mapping[str, str], names: Mapping[str, str] | None = None) -> Config:
    """The Config that `words` (setting -> text) make. Never raises: each mistake becomes one of its problems."""
    given = {well_formed(name): well_formed(text).strip() for name, text in words.items() if text.strip()}
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for attribute, read in setting_readers.READERS.items():
        try:
            values[attribute] = read(given)
        except Mistake as mistake:
            # Two readers may stumble over the same setting: it is said once.
            problems += [mistake.problem] if mistake.problem not in problems else []
    problems += _unknown_names(given)
    called = names or {}
    named = (replace(problem, setting=called.get(problem.setting, problem.setting)) for problem in problems)
    return Config(**{name: value for name, value in values.items() if value is not None}, problems=tuple(named))


def _unknown_names(given: Mapping[str, str]) -> list[Problem]:
    return [_unknown_name(name) for name in sorted(given.keys() - SETTINGS.keys())]


def _unknown_name(name: str) -> Problem:
    near = difflib.get_close_matches(name.upper(), SETTINGS, n=1)
    return Problem(
        id="secrets_app.W012",
        setting=name,
        says="is not a setting of this site, so it does nothing.",
        way_out=f"Did you mean {near[0]}?" if near else "The README lists every setting.",
        stops=False,
    )
