"""Kinds of words that several settings take."""

import re
from collections.abc import Callable

from secrets_app.conf.errors import RawSettings, SettingError
from secrets_app.core.hosts import is_host
from secrets_app.core.ids import parse_guid


def seconds(number: int, setting: str, at_least: float, example: str) -> Callable[[RawSettings], float | None]:
    """A reader of seconds, from `at_least` to 60."""

    def read(given: RawSettings) -> float | None:
        text = given.get(setting)
        if text is None:
            return None
        if re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,3})?", text) and at_least <= float(text) <= 60:
            return float(text)
        says = f"is {text!r}; it must be seconds, from {at_least:g} to 60."
        raise SettingError(number, setting, says, f"Leave it out for {example}.", example=example)

    return read


def list_of(text: str) -> tuple[str, ...]:
    """The parts between the commas, in small letters, without the empty ones.

    Only of ASCII: the small letter of the Kelvin sign is a plain k, and what looks alike must not become the same.
    """
    return tuple(part.strip().lower() if part.isascii() else part.strip() for part in text.split(",") if part.strip())


def hosts_in(number: int, setting: str, given: RawSettings, example: str) -> tuple[str, ...]:
    """The host names that `setting` lists. Raises Mistake where one is no host name."""
    hosts = list_of(given.get(setting, ""))
    for host in hosts:
        if not is_host(host):
            raise SettingError(
                number, setting, f"has {host!r} in it, which is not a host name.",
                "Write host names alone, with commas between: no https://, no port, no *.", example=example,
            )  # fmt: skip
    return hosts


def guid(number: int, setting: str, text: str) -> str:
    """The id in small letters. Raises Mistake where it is none."""
    id_ = parse_guid(text)
    if id_:
        return id_
    raise SettingError(
        number, setting, "is not an id: those are 32 digits, 0-9 and a-f, with hyphens as in 8-4-4-4-12.",
        "Copy it from the portal, without braces or quotes.", example="00000000-0000-0000-0000-000000000000",
    )  # fmt: skip
