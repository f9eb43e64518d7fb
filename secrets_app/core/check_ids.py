"""The ids of Django's system checks for mistakes in the settings."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CheckId:
    """One kind of mistake. Definitions are module constants; each id has one meaning."""

    code: str
    """E001: nothing is read until it is fixed, except where the problem says otherwise. W012: a warning."""
    meaning: str
    """For docs/settings.md."""

    def __str__(self) -> str:
        """As Django's checks print it."""
        return f"secrets_app.{self.code}"

    @property
    def is_error(self) -> bool:
        return self.code.startswith("E")
