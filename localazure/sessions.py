"""Who has signed in interactively: device codes under way, and the refresh tokens given out."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from localazure.directory import User


@dataclass(frozen=True, kw_only=True)
class Session:
    user: User
    mfa: bool
    """Whether the sign-in had a second factor."""


@dataclass
class DeviceSignIn:
    """A sign-in under way on another device."""

    form: Mapping[str, str]
    """What was asked for when it began: its scope holds for the token too."""
    asked: bool = False
    """Whether the client has asked once if it is done."""


@dataclass
class BrowserSignIn:
    """A sign-in in a browser, whose code was given out."""

    asked: Mapping[str, str]
    """With which query the browser came: scope, redirect and challenge hold for the code."""
    redeemed: bool = False


@dataclass
class Sessions:
    device_codes: dict[str, DeviceSignIn] = field(default_factory=dict)
    browser_codes: dict[str, BrowserSignIn] = field(default_factory=dict)
    refresh_tokens: dict[str, Session] = field(default_factory=dict)

    def remember(self, session: Session) -> str:
        """A new refresh token for that session."""
        token = f"1.{secrets.token_urlsafe(96)}"
        self.refresh_tokens[token] = session
        return token
