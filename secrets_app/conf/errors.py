"""A mistake in the settings, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from secrets_app.core.redaction import redact

RawSettings = Mapping[str, str]
"""Setting -> its text, without the empty ones."""


class HiddenSettings(dict[str, str]):
    """The settings as they were given, passwords among them: a repr, as in `diffsettings`, has the names alone."""

    def __repr__(self) -> str:
        return f"<{', '.join(sorted(self)) or 'none'}: values not shown>"


@dataclass(frozen=True, kw_only=True)
class SettingProblem:
    """One mistake in the settings, in words, with the way out."""

    id: str
    """Of the Django system check that reports it."""
    setting: str
    says: str
    """What is wrong, as a sentence that begins after the setting's name."""
    hint: str
    cause: str = "setting_invalid"
    """Key of the catalogue of causes."""
    example: str | None = None
    """A value that would do, for a command to copy."""
    stops: bool = True
    """Nothing is read before it is mended."""

    @property
    def is_error(self) -> bool:
        """The check fails, whether or not something can be read all the same."""
        return self.id.startswith("secrets_app.E")

    @property
    def sentence(self) -> str:
        return f"{self.setting} {self.says}"


class SettingError(Exception):
    """Carries the problem of a setting that cannot be read."""

    def __init__(self, number: int, setting: str, says: str, hint: str, **more: Any) -> None:
        id_ = f"secrets_app.{'E' if more.get('stops', True) else 'W'}{number:03}"
        # What is quoted may be a secret that was put into the wrong setting.
        self.problem = SettingProblem(id=id_, setting=setting, says=redact(says), hint=redact(hint), **more)
        super().__init__(self.problem.sentence)
