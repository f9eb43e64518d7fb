"""Interactive sign-ins: pending device codes, authorization codes and issued refresh tokens."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from localazure.scenarios.directory import User


@dataclass(frozen=True, kw_only=True)
class Session:
    user: User
    mfa: bool
    """Whether the sign-in used multifactor authentication."""


@dataclass
class DeviceSignIn:
    """A pending device code sign-in."""

    form: Mapping[str, str]
    """The form of the device code request; its scope also applies to the token."""
    polled: bool = False
    """Whether the client has polled for the token before."""


@dataclass
class BrowserSignIn:
    """A browser sign-in whose authorization code was issued."""

    query: Mapping[str, str]
    """The query of the authorization request; its scope, redirect URI and code challenge apply to the code."""
    redeemed: bool = False


@dataclass
class SignInSessions:
    device_codes: dict[str, DeviceSignIn] = field(default_factory=dict)
    browser_codes: dict[str, BrowserSignIn] = field(default_factory=dict)
    refresh_tokens: dict[str, Session] = field(default_factory=dict)

    def issue_refresh_token(self, session: Session) -> str:
        """Return a new refresh token for this session."""
        token = f"1.{secrets.token_urlsafe(96)}"
        self.refresh_tokens[token] = session
        return token
