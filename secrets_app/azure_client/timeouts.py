"""Timeouts and retry limits of every Azure client, far below the libraries' defaults."""

import math
from typing import NotRequired, TypedDict

from secrets_app.core.credential_options import PROCESS_TIMEOUT_SHARE


class ClientLimits(TypedDict):
    """Keyword arguments of every Azure client. Defaults: connect 300 s, read 300 s, up to 10 tries."""

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
    """Limits for the vault: an error response is shown, not retried; the deadline ends a request without response."""
    return ClientLimits(
        connection_timeout=min(3.0, deadline_s * 0.3),
        # Longer than the deadline, which always ends the request first and reports what did not respond.
        read_timeout=deadline_s * 1.5,
        retry_total=1,
        retry_read=0,
        retry_status=0,
        retry_backoff_factor=0.1,
    )


def credential_limits(deadline_s: float) -> ClientLimits:
    """Limits for the token endpoints: one retry, for a metadata service that is just starting.

    Without a response the request ends after half the deadline, so that the rest of the chain is tried too.
    """
    return ClientLimits(**{**vault_limits(deadline_s), "retry_status": 1, "read_timeout": deadline_s / 2})


def max_retry_delay_s(limits: ClientLimits) -> float:
    """The longest pause before a retry. A service may request an hour; showing its error soon is more useful."""
    return limits["read_timeout"] / 10


def retry_budget_s(deadline_s: float, retry_timeout_s: float) -> float:
    """How long the managed identity endpoint is retried if the settings specify `retry_timeout_s`.

    Ends before the reading does, so that the page can show the endpoint's own error.
    """
    return min(retry_timeout_s, deadline_s * 0.8)


def limits_with_retries(deadline_s: float, retry_timeout_s: float) -> ClientLimits:
    """Limits for a managed identity endpoint that is retried at even intervals for about `retry_timeout_s`."""
    limits = credential_limits(deadline_s)
    pause_s = max_retry_delay_s(limits)
    # The first retry is immediate. A number of retries, because azure-core's time limit would hide the response.
    retries = math.ceil(retry_budget_s(deadline_s, retry_timeout_s) / pause_s) + 1 if retry_timeout_s else 0
    return ClientLimits(
        **{
            **limits,
            "retry_total": retries,
            "retry_status": retries,
            "retry_connect": min(retries, 1),  # if nothing listens, further retries only take time
            "retry_backoff_factor": pause_s,
            "retry_mode": "fixed",
        }
    )


def az_timeout_s(deadline_s: float) -> float:
    """az times out before the reading does, so that the page can name az."""
    return deadline_s * PROCESS_TIMEOUT_SHARE


def process_timeout_s(deadline_s: float) -> int:
    """The same for the tools that azure-identity starts, in whole seconds."""
    return max(1, int(deadline_s * PROCESS_TIMEOUT_SHARE))
