"""Settings: the optional history of readings, its database, watching and alerts."""

import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from secrets_app.conf.setting import RawSettings, Setting, SettingError, by_name
from secrets_app.core.check_ids import CheckId

TITLE = "History, watching and fleets"

_SWITCH = CheckId("E110", "`KVSITE_HISTORY` is neither `on` nor `off`.")
_DATABASE = CheckId("E111", "`KVSITE_DATABASE_URL` is not a supported URL of a database.")
_BROKER = CheckId("E112", "`KVSITE_BROKER_URL` is not a supported URL of a message broker.")
_DAYS = CheckId("E113", "`KVSITE_HISTORY_DAYS` is not a supported number of days.")
_INTERVAL = CheckId("E114", "`KVSITE_WATCH_INTERVAL_S` is not a supported number of seconds.")
_ALERTS = CheckId("E115", "`KVSITE_ALERT_URLS` contains no URL of an alert service.")
_HOLD = CheckId("E116", "`KVSITE_ALERT_AFTER_S` is not a supported number of seconds.")

_MAX_DAYS = 3650
_MIN_INTERVAL_S, _DAY_S = 10, 86_400
_REQUIREMENTS = "requirements-fleet.txt"
_BROKERS: dict[str, tuple[str, ...]] = {
    "redis": ("celery", "redis"),
    "rediss": ("celery", "redis"),
    "amqp": ("celery",),
    "amqps": ("celery",),
    "azureservicebus": ("celery", "azure.servicebus"),
    "azurestoragequeues": ("celery", "azure.storage.queue"),
}
"""Scheme -> packages that it needs."""


def _parse_switch(name: str, text: str) -> bool:
    if text.lower() in {"on", "off"}:
        return text.lower() == "on"
    raise SettingError(
        _SWITCH, name, f"is {text!r}, but must be on or off. Until this is fixed, no history is recorded.",
        "Correct it, or remove it.", blocks_reading=False,
    )  # fmt: skip


def install_command() -> str:
    """The command that installs the optional packages: from the lock file of a checkout, or the package's extra."""
    if (Path(__file__).resolve().parents[2] / _REQUIREMENTS).is_file():
        return f"python -m pip install --require-hashes -r {_REQUIREMENTS}"
    return 'python -m pip install "principal-used[fleet]"'


def is_installed(package: str) -> bool:
    """Whether this module can be imported."""
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # the package that contains it is missing
        return False


def _parse_database(name: str, text: str) -> str:
    """The URL. Raises SettingError; its message does not repeat the URL, which contains a password."""
    scheme = text.partition("://")[0].lower()
    if scheme not in {"sqlite", "postgres", "postgresql"} or not _is_url(text):
        raise SettingError(
            _DATABASE, name, "is not the URL of a SQLite or PostgreSQL database. Until this is fixed, no history is "
            "recorded.", "Use postgresql://user:password@host/name or sqlite:////path/to/file.",
            blocks_reading=False, example="postgresql://<user>:<password>@<host>/<name>",
        )  # fmt: skip
    needed = ("dj_database_url", *(() if scheme == "sqlite" else ("psycopg",)))
    _require(_DATABASE, name, needed)
    return text


def _parse_broker(name: str, text: str) -> str:
    scheme = text.partition("://")[0].lower()
    if scheme not in _BROKERS or not _is_url(text):
        raise SettingError(
            _BROKER, name, f"is not the URL of a supported broker: {', '.join(_BROKERS)}.",
            "Use redis://host:6379/0, or remove it: one process needs none.",
            blocks_reading=False, example="redis://<host>:6379/0",
        )  # fmt: skip
    _require(_BROKER, name, _BROKERS[scheme])
    return text


def _is_url(text: str) -> bool:
    try:
        return urlsplit(text).port is None or True
    except ValueError:
        return False


def _require(check: CheckId, name: str, packages: tuple[str, ...]) -> None:
    missing = [package for package in packages if not is_installed(package)]
    if missing:
        azure = " ".join(package.replace(".", "-") for package in missing if package.startswith("azure."))
        install = f"python -m pip install {azure}" if azure else install_command()  # the extra `fleet` has neither
        raise SettingError(
            check, name, f"needs a package that is not installed: {', '.join(missing)}.", f"Run: {install}",
            blocks_reading=False,
        )  # fmt: skip


def _whole(check: CheckId, least: int, most: int, unit: str) -> Callable[[str, str], int]:
    """A parser of a whole number."""

    def parse(name: str, text: str) -> int:
        if re.fullmatch(r"[0-9]{1,7}", text) and least <= int(text) <= most:
            return int(text)
        raise SettingError(
            check, name, f"is {text!r}, but must be a whole number of {unit} from {least} to {most}.",
            "Correct it, or remove it to use the default.", blocks_reading=False,
        )  # fmt: skip

    return parse


def _parse_alerts(name: str, text: str) -> tuple[str, ...]:
    """The URLs, separated by spaces: a URL may contain a comma."""
    urls = tuple(text.split())
    if any("://" not in url for url in urls):
        raise SettingError(
            _ALERTS, name, "contains a word that is not a URL. Until this is fixed, no alerts are sent.",
            "Separate the URLs of apprise by spaces.", blocks_reading=False,
            example="mailtos://<user>:<password>@<host>",
        )  # fmt: skip
    _require(_ALERTS, name, ("apprise",))
    return urls


def password_in(url: str | None) -> str | None:
    """The password of a URL, as the server gets it."""
    try:
        return unquote(urlsplit(url or "").password or "") or None
    except ValueError:
        return None


def tokens_in(url: str) -> tuple[str, ...]:
    """The parts of an alert URL that look like tokens: `slack://A/B/C` has them in the place of host and path."""
    parts = re.split(r"[/:@?&=#]+", unquote(url))
    return tuple(part for part in parts if re.fullmatch(r"(?=.*[0-9])(?=.*[A-Za-z])[\w~+-]{16,500}", part))


HISTORY = Setting(
    name="KVSITE_HISTORY",
    help="`on` records the result of each reading in a database and shows what changed: [fleet.md](fleet.md). "
    "Run `manage.py migrate` once.",
    default=False, default_note="`off`", parse=_parse_switch, attribute="records_history", checks=(_SWITCH,),
    example="on",
)  # fmt: skip
DATABASE_URL: Setting[str | None] = Setting(
    name="KVSITE_DATABASE_URL",
    help="The database of the history: `postgresql://user:password@host/name`, or `sqlite:////path/to/file`.",
    default=None, default_note="`.local/history.sqlite3`", parse=_parse_database, attribute="database_url",
    is_secret=True, checks=(_DATABASE,),
)  # fmt: skip
HISTORY_DAYS = Setting(
    name="KVSITE_HISTORY_DAYS",
    help=f"Days after which observations are deleted: 1 to {_MAX_DAYS}.",
    default=90, parse=_whole(_DAYS, 1, _MAX_DAYS, "days"), attribute="history_days", checks=(_DAYS,),
)  # fmt: skip
WATCH_INTERVAL = Setting(
    name="KVSITE_WATCH_INTERVAL_S",
    help="Seconds between two checks of a target that names no interval of its own, with `manage.py watch`: "
    f"{_MIN_INTERVAL_S} to {_DAY_S}.",
    default=300, parse=_whole(_INTERVAL, _MIN_INTERVAL_S, _DAY_S, "seconds"), attribute="watch_interval_s",
    checks=(_INTERVAL,),
)  # fmt: skip
BROKER_URL: Setting[str | None] = Setting(
    name="KVSITE_BROKER_URL",
    help="The message broker between `manage.py watch` processes on several machines, for example "
    "`redis://host:6379/0`. Not needed on one machine.",
    default=None, default_note="memory of the process", parse=_parse_broker, attribute="broker_url", is_secret=True,
    checks=(_BROKER,),
)  # fmt: skip
ALERT_URLS: Setting[tuple[str, ...]] = Setting(
    name="KVSITE_ALERT_URLS",
    help="Where changes are reported: [URLs of apprise](https://appriseit.com/services/), separated by spaces.",
    default=(), parse=_parse_alerts, attribute="alert_urls", is_secret=True, checks=(_ALERTS,),
)  # fmt: skip
ALERT_AFTER = Setting(
    name="KVSITE_ALERT_AFTER_S",
    help="Seconds that a changed result has to last before it is reported; a shorter change is not.",
    default=120, parse=_whole(_HOLD, 0, _DAY_S, "seconds"), attribute="alert_after_s", checks=(_HOLD,),
)  # fmt: skip
SETTINGS = by_name(HISTORY, DATABASE_URL, HISTORY_DAYS, WATCH_INTERVAL, BROKER_URL, ALERT_URLS, ALERT_AFTER)
READERS: dict[str, Callable[[RawSettings], Any]] = {}
