"""How long we wait for Azure: the limits on every client, far below the libraries' own minutes."""

import math
from typing import NotRequired, TypedDict


class ClientLimits(TypedDict):
    """Keyword arguments every Azure client takes; without them: connect 300 s, read 300 s, up to 10 tries."""

    connection_timeout: float
    read_timeout: float
    retry_total: int
    retry_read: int
    retry_status: int
    retry_backoff_factor: float
    retry_connect: NotRequired[int]
    retry_mode: NotRequired[str]
    """azure.core.pipeline.policies.RetryMode: `exponential`, `fixed`."""


def vault_limits(deadline_s: float) -> ClientLimits:
    """Limits for the vault: a refusal is shown, not tried again; a silent vault meets the deadline first."""
    return ClientLimits(
        connection_timeout=min(3.0, deadline_s * 0.3),
        # The deadline ends it first, and says what was waited for, however late a busy machine notices.
        read_timeout=deadline_s * 1.5,
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


def max_retry_delay_s(limits: ClientLimits) -> float:
    """The pause before a second try. A service may ask for an hour; after a moment its refusal is worth more."""
    return limits["read_timeout"] / 10


def retry_budget_s(deadline_s: float, seconds: float) -> float:
    """How long a managed identity's endpoint is asked again where the settings say `seconds`.

    It ends before the reading does, so that the page can show the endpoint's own refusal.
    """
    return min(seconds, deadline_s * 0.8)


def limits_with_retries(deadline_s: float, seconds: float) -> ClientLimits:
    """Limits for a managed identity's endpoint that is asked again, in even steps, for about that long."""
    limits = credential_limits(deadline_s)
    pause_s = max_retry_delay_s(limits)
    # The first new try comes at once. azure-core counts tries; its own limit of time would hide what was answered.
    tries = math.ceil(retry_budget_s(deadline_s, seconds) / pause_s) + 1 if seconds else 0
    return ClientLimits(
        **{
            **limits,
            "retry_total": tries,
            "retry_status": tries,
            "retry_connect": min(tries, 1),  # where nothing listens at all, more tries only wait
            "retry_backoff_factor": pause_s,
            "retry_mode": "fixed",
        }
    )


def az_timeout_s(deadline_s: float) -> float:
    """az gives up before the page does, so the page can say that it was az."""
    return deadline_s * 0.8


def process_timeout_s(deadline_s: float) -> int:
    """The same for the tools that azure-identity starts: it takes whole seconds."""
    return max(1, int(deadline_s * 0.8))
