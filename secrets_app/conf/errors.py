"""A mistake in the settings, as a value and as an exception."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from secrets_app.core.check_ids import CheckId
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
    """One mistake in the settings, with how to fix it."""

    id: str
    """Of the Django system check that reports it: secrets_app.E001."""
    setting: str
    message: str
    """What is wrong: a sentence that starts after the setting's name."""
    hint: str
    cause: str = "setting_invalid"
    """Key of a cause in the catalogue."""
    example: str | None = None
    """A valid value or a placeholder, for a command to copy."""
    blocks_reading: bool = True
    """Nothing is read until it is fixed."""

    @property
    def is_error(self) -> bool:
        """The system check fails, even if a secret can be read."""
        return self.id.startswith("secrets_app.E")

    @property
    def sentence(self) -> str:
        return f"{self.setting} {self.message}"


class SettingError(Exception):
    """Raised for a setting that cannot be parsed. Carries the problem."""

    def __init__(self, check: CheckId, setting: str, message: str, hint: str, **more: Any) -> None:
        # A quoted value may be a secret that was put into the wrong setting.
        self.problem = SettingProblem(
            id=str(check), setting=setting, message=redact(message), hint=redact(hint),
            **{"blocks_reading": check.is_error, **more},
        )  # fmt: skip
        super().__init__(self.problem.sentence)
