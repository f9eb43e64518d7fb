"""The ids of Django's system checks for invalid settings."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CheckId:
    """One kind of invalid setting. Definitions are module constants; each id has one meaning."""

    code: str
    """E001: an error; unless the problem allows it, nothing is read until it is fixed. W012: a warning."""
    meaning: str
    """For docs/settings.md."""

    def __str__(self) -> str:
        """The id as Django's checks print it."""
        return f"secrets_app.{self.code}"

    @property
    def is_error(self) -> bool:
        return self.code.startswith("E")
