"""Settings: the site itself, its time limits, host names, key and log."""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from secrets_app.conf.secret_key import KEY_MISSING, KEY_NOT_STORED, KEY_TOO_SHORT, MIN_KEY_LENGTH, parse_secret_key
from secrets_app.conf.setting import MAX_SECONDS, RawSettings, Setting, SettingError, by_name, hosts, seconds
from secrets_app.core.check_ids import CheckId
from secrets_app.core.logs import LEVELS

TITLE = "Server"

_DEADLINE = CheckId("E010", "`KVSITE_DEADLINE_S` is not a supported number of seconds.")
_RESULT_LIFE = CheckId("E013", "`KVSITE_RESULT_LIFE_S` is not a supported number of seconds.")
_HOST = CheckId("E014", "`KVSITE_HOSTS` contains an invalid host name.")
_THREADS = CheckId("E025", "`KVSITE_THREADS` is not a supported number of threads.")
_HSTS = CheckId("E101", "`KVSITE_HSTS` is not `host`, `subdomains` or `preload`.")
_LEVEL = CheckId("E028", "`KVSITE_LOG_LEVEL` is not a log level.")

_MIN_THREADS, _MAX_THREADS = 2, 512


def _parse_threads(name: str, text: str) -> int:
    if re.fullmatch(r"[0-9]{1,3}", text) and _MIN_THREADS <= int(text) <= _MAX_THREADS:
        return int(text)
    raise SettingError(
        _THREADS, name, f"is {text!r}, but must be a whole number from {_MIN_THREADS} to {_MAX_THREADS}. "
        "Until this is fixed, the default is used.",
        "Correct it, or remove it to use the default.",
    )  # fmt: skip


def _parse_level(name: str, text: str) -> str:
    if text.upper() in LEVELS:
        return text.upper()
    raise SettingError(
        _LEVEL, name, f"is {text!r}, which is not a log level.", f"Set it to one of: {', '.join(LEVELS)}."
    )


class Hsts(StrEnum):
    """What HSTS covers."""

    HOST = "host"
    SUBDOMAINS = "subdomains"
    PRELOAD = "preload"


def _parse_hsts(name: str, text: str) -> Hsts:
    if text in list(Hsts):
        return Hsts(text)
    raise SettingError(_HSTS, name, f"is {text!r}, which is not supported.", f"Set it to one of: {', '.join(Hsts)}.")


DEADLINE = Setting(
    name="KVSITE_DEADLINE_S",
    help=f"Seconds after which a reading ends, even without a response: 1 to {MAX_SECONDS}.",
    default=10.0, parse=seconds(_DEADLINE, at_least=1), attribute="deadline_s", checks=(_DEADLINE,),
)  # fmt: skip
RESULT_LIFE = Setting(
    name="KVSITE_RESULT_LIFE_S",
    help=f"Seconds for which a result is shown again before the vault is called again: 0 to {MAX_SECONDS}. "
    "Concurrent requests share one vault call.",
    default=1.0, parse=seconds(_RESULT_LIFE, at_least=0), attribute="result_life_s", checks=(_RESULT_LIFE,),
)  # fmt: skip
THREADS = Setting(
    name="KVSITE_THREADS",
    help=f"Requests that each gunicorn process handles at a time: {_MIN_THREADS} to {_MAX_THREADS}. "
    "`WEB_CONCURRENCY` sets the number of processes.",
    default=128, parse=_parse_threads, attribute="threads", checks=(_THREADS,),
)  # fmt: skip
HOSTS: Setting[tuple[str, ...]] = Setting(
    name="KVSITE_HOSTS",
    help="The site's own host names, separated by commas, in addition to loopback and the App Service default host "
    "name. A site with its own host name uses HTTPS only, on loopback too; the health probes also work over HTTP.",
    default=(), parse=hosts(_HOST), attribute="hosts", checks=(_HOST,), example="kvsite.example.org",
)  # fmt: skip
HSTS = Setting(
    name="KVSITE_HSTS",
    help="What the `Strict-Transport-Security` header of a site with its own host name covers: `host`, `subdomains` "
    "(also all subdomains of each host), or `preload` (also browsers' preload lists, which is hard to undo).",
    default=Hsts.HOST, parse=_parse_hsts, attribute="hsts", checks=(_HSTS,),
)  # fmt: skip
SECRET_KEY: Setting[str | None] = Setting(
    name="KVSITE_SECRET_KEY",
    help=f"The key for cookies and fingerprints: {MIN_KEY_LENGTH} characters or more. Required in production.",
    is_secret=True, default=None, default_note="generated once, stored in `.local/`", parse=parse_secret_key,
    attribute="site_key", checks=(KEY_TOO_SHORT, KEY_NOT_STORED, KEY_MISSING),
)  # fmt: skip
LOG_LEVEL = Setting(
    name="KVSITE_LOG_LEVEL",
    help=f"{', '.join(f'`{level}`' for level in LEVELS)}. `DEBUG` includes the log of the Azure libraries. Tokens, "
    "keys and response bodies are not logged at any level.",
    default="INFO", parse=_parse_level, attribute="log_level", checks=(_LEVEL,),
)  # fmt: skip
WORKER_VARIABLE = "PRINCIPAL_USED_WORKER"
"""Set by the site's worker in its own environment and read by the doctor: `128 threads, timeout 75 s`."""
SETTINGS = by_name(DEADLINE, RESULT_LIFE, THREADS, HOSTS, HSTS, SECRET_KEY, LOG_LEVEL)
READERS: dict[str, Callable[[RawSettings], Any]] = {}
