"""How long we wait for Azure: the limits on every client, far below the libraries' own minutes."""

from typing import Any, TypedDict


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


def credential_limits(deadline_s: float) -> dict[str, Any]:
    """Limits for the token services: one more chance for a metadata service that is just starting.

    A silent one is given up at half time, so that the members behind it are asked too.
    """
    return {**vault_limits(deadline_s), "retry_status": 1, "read_timeout": deadline_s / 2}


def process_timeout_s(deadline_s: float) -> int:
    """Whole seconds for az and the other tools: they give up before the page does, so the page can say it was them."""
    return max(1, int(deadline_s * 0.8))
