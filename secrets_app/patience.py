"""How long we wait for Azure: the limits on every client, far below the libraries' own minutes."""

from typing import TypedDict


class ClientLimits(TypedDict):
    """Keyword arguments every Azure client takes; without them: connect 300 s, read 300 s, up to 10 tries."""

    connection_timeout: float
    read_timeout: float
    retry_total: int
    retry_read: int
    retry_status: int
    retry_backoff_factor: float


def vault_limits(deadline_s: float) -> ClientLimits:
    """Limits for the vault: a refusal is shown, not tried again; a silent vault meets the deadline first."""
    return ClientLimits(
        connection_timeout=min(3.0, deadline_s * 0.3),
        read_timeout=deadline_s,
        retry_total=1,
        retry_read=0,
        retry_status=0,
        retry_backoff_factor=0.1,
    )


def credential_limits(deadline_s: float) -> ClientLimits:
    """Limits for the token services: one more chance for a metadata service that is just starting.

    A silent one is given up at half time, so that the members behind it are asked too.
    """
    return ClientLimits(**{**vault_limits(deadline_s), "retry_status": 1, "read_timeout": deadline_s / 2})


def longest_pause_s(limits: ClientLimits) -> float:
    """The pause before a second try. A service may ask for an hour; after a moment its refusal is worth more."""
    return limits["read_timeout"] / 10


def az_limit_s(deadline_s: float) -> float:
    """az gives up before the page does, so the page can say that it was az."""
    return deadline_s * 0.8


def process_timeout_s(deadline_s: float) -> int:
    """The same for the tools that azure-identity starts: it takes whole seconds."""
    return max(1, int(deadline_s * 0.8))
