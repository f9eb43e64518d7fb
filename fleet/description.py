"""One target as files and the command line describe it, checked before it is stored.

The keys are those of the dict PRINCIPAL_USED: `managed_identity_client_id` is KVSITE_MANAGED_IDENTITY_CLIENT_ID.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

from fleet.models import Target
from secrets_app import conf
from secrets_app.conf import expected_principal, project
from secrets_app.conf.schema import IDENTITY_SETTINGS, SETTINGS
from secrets_app.conf.setting import SettingProblem
from secrets_app.conf.vault import VAULT_ADDRESS_SETTINGS
from secrets_app.core.redaction import redact

MIN_INTERVAL_S, MAX_INTERVAL_S = 10, 86_400
EXPECTED_PREFIX = "KVSITE_EXPECTED_"
OWN_PREFIX = "this site:"
"""Of the name of the site's own target."""
_CONNECTION_STRING = "KVSITE_CONNECTION_STRING"  # may contain a client secret
SETTING_KEYS = {
    project.key_of(name): name
    for name in ("SECRET_VERSION", *sorted(IDENTITY_SETTINGS))
    if name.startswith(("KVSITE_", "SECRET_")) and name != _CONNECTION_STRING
}
"""Key -> setting that a target can have in place of the site's."""
_OF_SITES = ("site", "token", "audience")
_OWN_KEYS = ("name", "kind", "vault", "secret", *_OF_SITES, "labels", "interval_s", "credential_expires_on")
KEYS = (*_OWN_KEYS, *SETTING_KEYS)
TOKEN = "token"  # noqa: S105 - a key
AUDIENCE = "audience"
"""Key of a target, and of the settings of another site."""
_KINDS = {"secret": Target.Kind.VAULT, "site": Target.Kind.SITE}
_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]{0,127}|file:/[^\0\n]{1,400}")
LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
"""The name of a label."""
_LABEL_TEXT = re.compile(r"[^,\x00-\x1f\x7f-\x9f\u2028\u2029]{0,100}")
MAX_LABEL = 100
_MAX_TEXT, _MAX_LABELS = 300, 20
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_APPLICATION_URI = re.compile(r"api://[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")
"""Azure's own services have URIs that begin with https."""
_TOKEN_EXCHANGE = re.compile(r"api://AzureADTokenExchange", re.IGNORECASE)
"""A token for it can be exchanged for one of an application that trusts this identity.

https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity
"""
_PLACEHOLDER = "a-reference"


class InvalidTargetError(ValueError):
    """A target is not valid; the message is one sentence without any secret. `key` is the one that is wrong."""

    def __init__(self, message: str, key: str = "") -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True, kw_only=True)
class Description:
    """A valid target."""

    name: str
    kind: Target.Kind
    vault_url: str = ""
    secret_name: str = ""
    site_url: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    interval_s: int | None = None
    """None: KVSITE_WATCH_INTERVAL_S."""
    credential_expires_on: datetime | None = None

    @property
    def address(self) -> tuple[str, str, str, str]:
        """What is read. A target with another one begins a new history."""
        return address_of(self.kind, self.vault_url, self.secret_name, self.site_url)


def address_of(kind: str, vault_url: str, secret_name: str, site_url: str) -> tuple[str, str, str, str]:
    """What identifies the address. Another site tells its vault and secret itself."""
    return (kind, "", "", site_url) if kind == Target.Kind.SITE else (kind, vault_url, secret_name, "")


def describe(fields: Mapping[str, Any]) -> Description:
    """The target with these keys. Raises InvalidTargetError."""
    texts = {key: _text(key, value) for key, value in fields.items() if key not in {"labels", "credential_expires_on"}}
    given = {key: text for key, text in texts.items() if text}
    kind = _kind(given)
    settings = {SETTING_KEYS[key]: text for key, text in given.items() if key in SETTING_KEYS}
    references = {name: settings.pop(name) for name in list(settings) if SETTINGS[name].is_secret}
    if kind is Target.Kind.SITE:
        address = _site(given, settings, references)
        references = {TOKEN: given[TOKEN]} if TOKEN in given else {}
        settings |= _audience(given)
    else:
        address = _vault(given, settings, references)
    for key, reference in {**references, **({TOKEN: given[TOKEN]} if TOKEN in given else {})}.items():
        _check_reference(project.key_of(key), reference)
    name = given.get("name") or address.get("site_url") or _secret_label(address)
    return Description(
        name=_name(name),
        kind=kind,
        **address,
        settings=settings,
        references=references,
        labels=_labels(fields.get("labels", {})),
        interval_s=_interval(given.get("interval_s")),
        credential_expires_on=_day(fields.get("credential_expires_on")),
    )


def _secret_label(address: Mapping[str, str]) -> str:
    return f"{address['vault_url'].removeprefix('https://').partition('.')[0]}/{address['secret_name']}"


def address_settings(vault_url: str, secret_name: str) -> dict[str, str]:
    """The settings that name this secret of this vault, in place of the site's."""
    others = dict.fromkeys((row.name for row in VAULT_ADDRESS_SETTINGS), "")
    return {**others, "KEY_VAULT_URI": vault_url, "SECRET_NAME": secret_name}


def overrides(address: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """The settings of a reading of this target, in place of the site's.

    A target with a credential of its own has none of the site's: together they would be contradictory. The principal
    that the site expects is not expected of other targets.
    """
    has_credential = any(SETTINGS[name].selects_credential for name in settings)
    cleared = IDENTITY_SETTINGS if has_credential else expected_principal.SETTINGS
    return {**dict.fromkeys(("SECRET_VERSION", *cleared), ""), **address, **settings}


def _text(key: str, value: Any) -> str:
    if key not in KEYS:
        near = difflib.get_close_matches(key, KEYS, n=1)
        hint = f"Did you mean {near[0]}?" if near else "docs/fleet.md lists the keys."
        raise InvalidTargetError(f"{_shown(key)} is not a key of a target. {hint}", key)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = ",".join(value)
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise InvalidTargetError(f"{key} must be text, not of type {type(value).__name__}.", key)
    text = str(value).strip()
    if len(text) > _MAX_TEXT or not text.isprintable():
        raise InvalidTargetError(f"{key} must be one line of at most {_MAX_TEXT} characters.", key)
    if redact(text) != text:
        raise InvalidTargetError(f"{key} contains what looks like a token or a password, which is never stored.", key)
    return text


def _shown(text: str) -> str:
    return repr(redact(text)[:40])


def _kind(given: Mapping[str, str]) -> Target.Kind:
    word = given.get("kind", "site" if "site" in given else "secret")
    if word not in _KINDS:
        raise InvalidTargetError(f"kind is {_shown(word)}, but must be secret or site.", "kind")
    required, excluded = (("site",), ("vault", "secret")) if word == "site" else (("vault", "secret"), _OF_SITES)
    for key in required:
        if key not in given:
            raise InvalidTargetError(f"{key} is missing: a target of kind {word} requires it.")
    for key in excluded:
        if key in given:
            raise InvalidTargetError(f"{key} does not apply to a target of kind {word}.", key)
    return _KINDS[word]


def _vault(given: Mapping[str, str], settings: Mapping[str, str], references: Mapping[str, str]) -> dict[str, str]:
    """The address, checked by the readers of the site's own settings."""
    vault = given["vault"]
    by = "KEY_VAULT_URI" if re.search(r"[./:]", vault) else "KEY_VAULT_NAME"
    allowed = project.source().raw.get("KVSITE_ALLOWED_VAULT_HOSTS", "")
    raw = {**settings, **dict.fromkeys(references, _PLACEHOLDER), by: vault, "SECRET_NAME": given["secret"]}
    config = conf.load({**raw, "KVSITE_ALLOWED_VAULT_HOSTS": allowed})
    for problem in config.problems:
        if problem.is_error:
            raise _error(problem)
    return {"vault_url": config.vault_url or "", "secret_name": config.secret_name or ""}


def _site(given: Mapping[str, str], settings: Mapping[str, str], references: Mapping[str, str]) -> dict[str, str]:
    """The address. Another site reads with its own settings; only what is expected of it can be stated."""
    for name in (*settings, *references):
        if name not in expected_principal.SETTINGS:
            key = project.key_of(name)
            raise InvalidTargetError(f"{key} does not apply to another site, which reads with its own settings.", key)
    for problem in conf.load(settings).problems:
        if problem.setting in settings:
            raise _error(problem)
    return {"site_url": site_url(given["site"])}


def _audience(given: Mapping[str, str]) -> dict[str, str]:
    """The audience of the tokens for the site. A token of another service, which the site could misuse, is refused."""
    audience = given.get(AUDIENCE)
    if audience is None:
        return {}
    if TOKEN in given:
        raise InvalidTargetError("token and audience exclude each other: both are sent as Authorization.", AUDIENCE)
    if not _APPLICATION_URI.fullmatch(audience) or _TOKEN_EXCHANGE.match(audience):
        message = "audience must be the application ID URI of the site's app registration, such as api://<client-id>."
        raise InvalidTargetError(message, AUDIENCE)
    return {AUDIENCE: audience}


def site_url(text: str) -> str:
    """The address of another site. HTTPS, because its answer is evidence; HTTP on this machine only."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise InvalidTargetError("site is not a valid URL.", "site") from None
    host = (parts.hostname or "").lower()
    if not host or parts.username is not None or parts.query or parts.fragment or not re.fullmatch(r"[\w.:-]+", host):
        raise InvalidTargetError("site must be a URL such as https://payroll.example.com, without a query.", "site")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        raise InvalidTargetError("site must begin with https://.", "site")
    shown_host = f"[{host}]" if ":" in host else host
    path = re.sub(r"/(api/reading/?)?$", "", parts.path)
    return f"{parts.scheme}://{shown_host}{f':{port}' if port else ''}{path}"


def _error(problem: SettingProblem) -> InvalidTargetError:
    """The problem, with the target's key in place of the setting's name."""
    names = {"KEY_VAULT_URI": "vault", "KEY_VAULT_NAME": "vault", "SECRET_NAME": "secret"}
    key = names.get(problem.setting) or project.key_of(problem.setting)
    return InvalidTargetError(f"{key} {problem.message}", key)


def _check_reference(key: str, text: str) -> None:
    if not _REFERENCE.fullmatch(text):
        raise InvalidTargetError(
            f"{key} must be env:NAME or file:/path, which names the variable or the file that has it: secrets are "
            "never stored.", key,
        )  # fmt: skip


def _name(name: str) -> str:
    if len(name) > 200 or name.startswith(OWN_PREFIX):
        raise InvalidTargetError(f"name must have at most 200 characters and not begin with {OWN_PREFIX!r}.", "name")
    return name


def _labels(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping) or len(value) > _MAX_LABELS:
        raise InvalidTargetError(f"labels must be a table of at most {_MAX_LABELS} texts.", "labels")
    return dict(_checked_labels(value.items()))


def _checked_labels(items: Iterable[tuple[str, Any]]) -> Iterable[tuple[str, str]]:
    for key, value in items:
        text = str(value).strip()
        if not LABEL.fullmatch(key):
            raise InvalidTargetError(f"The label {_shown(key)} must have letters, digits, dots and hyphens.", "labels")
        if not isinstance(value, str):
            raise InvalidTargetError(f"The label {key} must be text, not of type {type(value).__name__}.", "labels")
        if not _LABEL_TEXT.fullmatch(text) or redact(text) != text:
            message = f"The label {key} must be one line of at most {MAX_LABEL} characters, without commas."
            raise InvalidTargetError(message, "labels")
        if text:
            yield key, text


def _interval(text: str | None) -> int | None:
    if text is None:
        return None
    if re.fullmatch(r"[0-9]{1,6}", text) and MIN_INTERVAL_S <= int(text) <= MAX_INTERVAL_S:
        return int(text)
    message = f"interval_s is {_shown(text)}, but must be a whole number from {MIN_INTERVAL_S} to {MAX_INTERVAL_S}."
    raise InvalidTargetError(message, "interval_s")


def _day(value: Any) -> datetime | None:
    """The time, of a TOML date or of text such as `2027-01-31`; UTC where it has no time zone."""
    if value is None or value == "":
        return None
    try:
        day = value if isinstance(value, date) else datetime.fromisoformat(str(value).strip())
        found = day if isinstance(day, datetime) else datetime(day.year, day.month, day.day)  # noqa: DTZ001 - below
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # the year 1 or 9999 may have no time in UTC
        text = _shown(str(value))
        raise InvalidTargetError(
            f"credential_expires_on is {text}, but must be a date such as 2027-01-31.", "credential_expires_on"
        ) from None
