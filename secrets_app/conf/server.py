"""The site itself: how long, under which names."""

import re
from collections.abc import Callable
from typing import Any

from secrets_app.conf.errors import RawSettings, SettingError
from secrets_app.conf.parsers import hosts_in, seconds
from secrets_app.conf.secret_key import parse_secret_key
from secrets_app.core.logs import LEVELS

_BOOLEANS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def _threads(given: RawSettings) -> int | None:
    text = given.get("KVSITE_THREADS")
    if text is None or (re.fullmatch(r"[0-9]{1,3}", text) and 2 <= int(text) <= 512):
        return int(text) if text else None
    raise SettingError(
        25, "KVSITE_THREADS", f"is {text!r}; it must be a whole number from 2 to 512, and until then there are 128.",
        "Leave it out for 128.", example="128",
    )  # fmt: skip


def _hosts(given: RawSettings) -> tuple[str, ...]:
    return hosts_in(14, "KVSITE_HOSTS", given, "kvsite.example.org")


def _debug(given: RawSettings) -> bool:
    text = given.get("KVSITE_DEBUG", "0").lower()
    if text not in _BOOLEANS:
        raise SettingError(
            15, "KVSITE_DEBUG", f"is {given['KVSITE_DEBUG']!r}; it is either 1 or 0.", "Leave it out in production."
        )
    return _BOOLEANS[text]


def _log_level(given: RawSettings) -> str | None:
    level = given.get("KVSITE_LOG_LEVEL")
    if level is None or level.upper() in LEVELS:
        return level and level.upper()
    raise SettingError(
        28, "KVSITE_LOG_LEVEL", f"is {level!r}, which is no level of a log.",
        f"Set it to one of: {', '.join(LEVELS)}.", example="INFO",
    )  # fmt: skip


SETTINGS: dict[str, tuple[str, str]] = {
    "KVSITE_DEADLINE_S": ("`10`", "Seconds after which a reading ends, whatever Azure does: 1 to 60."),
    "KVSITE_RESULT_LIFE_S": (
        "`1`",
        "Seconds a result is shown again before the vault is asked anew: 0 to 60. A crowd is one call on the vault.",
    ),
    "KVSITE_THREADS": (
        "`128`",
        "How many requests gunicorn answers at a time in each process, 2 to 512; `WEB_CONCURRENCY` sets the processes.",
    ),
    "KVSITE_HOSTS": (
        "",
        "The site's own host names, separated by commas, besides loopback and the one App Service gives. "
        "A site with a name of its own answers over TLS alone, on loopback too; the probes need none.",
    ),
    "KVSITE_SECRET_KEY": (
        "made once, kept in `.local/`",
        "The key for cookies and fingerprints, 50 characters or more. A site in production needs one of its own.",
    ),
    "KVSITE_LOG_LEVEL": (
        "`INFO`",
        "`DEBUG`, `INFO`, `WARNING` or `ERROR`. At `DEBUG` the Azure libraries tell what they do as well; "
        "tokens, keys and the bodies of answers are left out at every level.",
    ),
    "KVSITE_DEBUG": ("off", "`1` shows Django's debug pages. Never in production."),
}

READERS: dict[str, Callable[[RawSettings], Any]] = {
    "deadline_s": seconds(10, "KVSITE_DEADLINE_S", at_least=1, example="10"),
    "result_life_s": seconds(13, "KVSITE_RESULT_LIFE_S", at_least=0, example="1"),
    "threads": _threads,
    "hosts": _hosts,
    "debug": _debug,
    "log_level": _log_level,
    "site_key": parse_secret_key,
}
