"""Who has signed in interactively: device codes under way, and the refresh tokens given out."""

import secrets
from dataclasses import dataclass, field

from localazure.directory import User


@dataclass(frozen=True, kw_only=True)
class Session:
    user: User
    mfa: bool
    """Whether the sign-in had a second factor."""


@dataclass
class Sessions:
    device_codes: dict[str, int] = field(default_factory=dict)
    """Device code -> how often the client has asked whether it is done."""
    refresh_tokens: dict[str, Session] = field(default_factory=dict)

    def remember(self, session: Session) -> str:
        """A new refresh token for that session."""
        token = f"1.{secrets.token_urlsafe(96)}"
        self.refresh_tokens[token] = session
        return token
