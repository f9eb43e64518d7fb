"""The sign-in state of an `az` command: who is signed in, and which subscription is selected."""

from dataclasses import dataclass

from localazure.scenarios.directory import Application, ManagedIdentity, Subscription, User

CliIdentity = User | Application | ManagedIdentity


@dataclass
class CliSession:
    identity: CliIdentity | None = None
    """None: no account is signed in."""
    subscription: Subscription | None = None
    """The selected subscription; None: the first one."""
    mfa: bool = False
    """Whether the user completed multifactor authentication."""

    def sign_in(self, identity: CliIdentity, *, mfa: bool) -> None:
        self.identity, self.subscription, self.mfa = identity, None, mfa

    def sign_out(self) -> None:
        self.identity, self.subscription, self.mfa = None, None, False
