"""Setting: one environment variable, its parser, its default, its documentation and the ids of its mistakes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from secrets_app.conf.errors import RawSettings, SettingError
from secrets_app.core.check_ids import CheckId

T_co = TypeVar("T_co", covariant=True)

Parser = Callable[[str, str], T_co]
"""(setting's name, its text) -> the value. Raises SettingError."""


def as_text(_name: str, text: str) -> str:
    """The parser of a setting that takes any text."""
    return text


@dataclass(frozen=True, kw_only=True)
class Setting(Generic[T_co]):
    """One row of the settings: nothing about it is written anywhere else."""

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
    selects_credential: bool = False
    """Whether it selects the credential or its identity, and so contradicts a connection string."""
    checks: tuple[CheckId, ...] = ()
    example: str | None = None
    """A valid value or a placeholder, for the command that fixes a mistake."""

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
