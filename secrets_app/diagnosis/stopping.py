"""When a failing member ended a chain early: who was never asked."""

from collections.abc import Sequence

from secrets_app.diagnosis.cause import Weight
from secrets_app.diagnosis.causes import CAUSES
from secrets_app.diagnosis.weighing import Member

_LIKELY_MEANT = ("ManagedIdentityCredential", "AzureCliCredential")


def what_was_hidden(failed: Member, behind: Sequence[str]) -> str:
    """A sentence naming the likeliest of those that were never asked; empty when the chain did not stop at `failed`."""
    if not behind or CAUSES[failed.cause].weight < Weight.TROUBLE:
        return ""
    named = [name for name in behind if name in _LIKELY_MEANT] or list(behind[:1])
    others = len(behind) - len(named)
    names = ", ".join(named) + (f" and {others} other{'' if others == 1 else 's'}" if others else "")
    return f"It stopped at {failed.credential}. Never asked: {names}."
