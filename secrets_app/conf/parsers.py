"""Parsers that several settings share."""

import re

from secrets_app.conf.setting import Parser, SettingError
from secrets_app.core.check_ids import CheckId
from secrets_app.core.hosts import is_host, parse_guid

MAX_SECONDS = 60


def seconds(check: CheckId, *, at_least: float) -> Parser[float]:
    """A parser of seconds, from `at_least` to 60."""

    def parse(name: str, text: str) -> float:
        if re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,3})?", text) and at_least <= float(text) <= MAX_SECONDS:
            return float(text)
        message = f"is {text!r}, but must be a number of seconds from {at_least:g} to {MAX_SECONDS}."
        raise SettingError(check, name, message, "Correct it, or remove it to use the default.")

    return parse


def split_list(text: str) -> tuple[str, ...]:
    """The parts between the commas in lower case, without empty ones.

    Only ASCII is lowercased: the Kelvin sign becomes a plain k in lower case, and lookalikes must stay different.
    """
    return tuple(part.strip().lower() if part.isascii() else part.strip() for part in text.split(",") if part.strip())


def hosts(check: CheckId) -> Parser[tuple[str, ...]]:
    """A parser of a list of host names."""

    def parse(name: str, text: str) -> tuple[str, ...]:
        found = split_list(text)
        for host in found:
            if not is_host(host):
                raise SettingError(
                    check, name, f"contains {host!r}, which is not a valid host name.",
                    "List host names separated by commas, without https://, port or *.",
                )  # fmt: skip
        return found

    return parse


def guid(check: CheckId, what: str = "ID") -> Parser[str]:
    """A parser of a GUID, which it returns in lower case. `what`: the kind of ID, for the message."""

    def parse(name: str, text: str) -> str:
        id_ = parse_guid(text)
        if id_:
            return id_
        raise SettingError(
            check, name, f"is not a valid {what}: it must be a GUID, with 8-4-4-4-12 hexadecimal digits.",
            "Copy it from the Azure portal, without braces or quotes.", example="00000000-0000-0000-0000-000000000000",
        )  # fmt: skip

    return parse
