"""One setting as a row, a problem in one as a value and as an exception, and the parsers that settings share."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from secrets_app.core.check_ids import CheckId
from secrets_app.core.hosts import is_host, parse_guid
from secrets_app.core.redaction import redact

REQUIRED = CheckId("E040", "A setting that the selected credential requires is not set.")

RawSettings = Mapping[str, str]
"""Setting -> its text, without the empty ones."""


class HiddenSettings(dict[str, str]):
    """The raw settings, which include passwords: the repr, as in `diffsettings`, shows the names only."""

    def __repr__(self) -> str:
        return f"<{', '.join(sorted(self)) or 'none'}: values not shown>"


@dataclass(frozen=True, kw_only=True)
class SettingProblem:
    """One problem in the settings, with how to fix it."""

    check: CheckId
    """The Django system check that reports it."""
    setting: str
    message: str
    """What is wrong: a sentence that starts after the setting's name."""
    hint: str
    cause: str = "setting_invalid"
    """Key of a cause in the catalog."""
    example: str | None = None
    """A valid value or a placeholder, for a command to copy."""
    blocks_reading: bool = True
    """Nothing is read until it is fixed."""

    @property
    def id(self) -> str:
        """Of the Django system check: secrets_app.E001."""
        return str(self.check)

    @property
    def is_error(self) -> bool:
        """The system check fails, even if a secret can be read."""
        return self.check.is_error

    @property
    def sentence(self) -> str:
        return f"{self.setting} {self.message}"


class SettingError(Exception):
    """Raised for a setting that cannot be parsed. Carries the problem."""

    def __init__(self, check: CheckId, setting: str, message: str, hint: str, **more: Any) -> None:
        # A quoted value may be a secret that was put into the wrong setting.
        self.problem = SettingProblem(
            check=check, setting=setting, message=redact(message), hint=redact(hint),
            **{"blocks_reading": check.is_error, **more},
        )  # fmt: skip
        super().__init__(self.problem.sentence)


T_co = TypeVar("T_co", covariant=True)

Parser = Callable[[str, str], T_co]
"""(setting's name, its text) -> the value. Raises SettingError."""


def as_text(_name: str, text: str) -> str:
    """The parser of a setting that takes any text."""
    return text


@dataclass(frozen=True, kw_only=True)
class Setting(Generic[T_co]):
    """One row of the settings. A setting with a new value also needs a field of Config, with this default."""

    name: str
    help: str
    """One or two sentences, Markdown."""
    default: T_co
    """The value when the setting is not set."""
    default_note: str = ""
    """Shown as the default where the value does not say enough, Markdown."""
    parse: Parser[T_co]
    attribute: str | None = None
    """The field of Config, or of CredentialOptions, that has the value; None where a reader combines settings."""
    is_secret: bool = False
    """No output may repeat it, and no tool that this site starts gets it."""
    selects_credential: bool = False
    """Whether it selects the credential or its identity, and so contradicts a connection string."""
    checks: tuple[CheckId, ...] = ()
    example: str | None = None
    """A valid value or a placeholder, for the command that fixes a problem."""

    def read(self, settings: RawSettings) -> T_co:
        """The parsed value, or the default. Raises SettingError."""
        text = settings.get(self.name)
        if text is None:
            return self.default
        try:
            return self.parse(self.name, text)
        except SettingError as error:
            error.problem = replace(error.problem, example=error.problem.example or self.example or self.default_text)
            raise

    @property
    def default_text(self) -> str | None:
        """The default as it is written in the environment; None where there is none."""
        if self.default is None or self.default == ():
            return None
        if isinstance(self.default, tuple):
            return ",".join(map(str, self.default))
        return f"{self.default:g}" if isinstance(self.default, float) else str(self.default)

    @property
    def shown_default(self) -> str:
        """The default for the documentation, Markdown; empty where there is none."""
        return self.default_note or (f"`{self.default_text}`" if self.default_text else "")


def by_name(*settings: Setting[object]) -> dict[str, Setting[object]]:
    return {setting.name: setting for setting in settings}


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
