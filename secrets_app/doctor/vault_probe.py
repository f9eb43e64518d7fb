"""The vault's response to a request without a token: status, tenant, clock and certificate."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests
import urllib3
from requests.auth import AuthBase

from secrets_app.azure_client.cancellation import time_limit
from secrets_app.azure_client.transport import close_abandoned_sockets, closed_on_cancel, new_session
from secrets_app.doctor.connection import (
    TOO_SLOW,
    ConnectionProblem,
    certificate_problem,
    connection_problem,
    peer_issuer,
    untrusted_issuer,
)
from secrets_app.keyvault.errors import client_address

CONNECT_S, READ_S = 1.2, 1.2
"""Limits of one operation on the connection."""
TIME_LIMIT_S = 2.0
"""Of the whole request: the limits above restart with every byte."""
_PATH = "/secrets?api-version=7.4"
# `WWW-Authenticate: Bearer authorization="https://login.microsoftonline.com/<tenant>", resource="..."`
# https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses
_TENANT = re.compile(r"""authorization(?:_uri)?="?https://[^/"\s]+/([0-9a-fA-F-]{36})\b""", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class VaultProbe:
    """The response, or why there is none."""

    status: int | None = None
    elapsed_s: float | None = None
    tenant_id: str | None = None
    client_address: str | None = None
    azure_time: datetime | None = None
    local_time: datetime | None = None
    """This machine's clock when the response arrived."""
    issuer: str | None = None
    """Issuer of the certificate, as `organisation, name`."""
    problem: ConnectionProblem | None = None


class _Anonymous(AuthBase):
    """Sends no credentials; without it, requests would take a password for this host from ~/.netrc."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def probe_vault(vault_url: str | None) -> VaultProbe:
    """Sends one request without a token, with the proxy and CA certificates that the SDK uses. Never raises.

    `vault_url` is the validated URL from the settings; with None, no request is sent.
    """
    if vault_url is None:
        return VaultProbe(problem=ConnectionProblem(message="No request was sent: no valid vault is configured."))
    try:
        with (
            time_limit(TIME_LIMIT_S) as limit,
            closed_on_cancel(),
            new_session() as session,
            session.get(
                vault_url + _PATH, auth=_Anonymous(), allow_redirects=False, stream=True, timeout=(CONNECT_S, READ_S)
            ) as response,
        ):
            return _probe_from(response)
    except requests.exceptions.SSLError as error:
        issuer = untrusted_issuer(vault_url)
        return VaultProbe(issuer=issuer, problem=certificate_problem(error, issuer))
    except (OSError, ValueError, urllib3.exceptions.HTTPError) as error:
        close_abandoned_sockets(error)
        return VaultProbe(problem=TOO_SLOW if limit.cancelled else connection_problem(error))


def _probe_from(response: requests.Response) -> VaultProbe:
    arrived_at = datetime.now(UTC)
    return VaultProbe(
        status=response.status_code,
        elapsed_s=response.elapsed.total_seconds(),
        tenant_id=tenant_of(response.headers),
        client_address=client_address(response.headers),
        azure_time=time_of(response.headers),
        local_time=arrived_at,
        issuer=peer_issuer(response),
    )


def tenant_of(headers: Mapping[str, str]) -> str | None:
    """The vault's tenant ID, from its authentication challenge."""
    match = _TENANT.search(headers.get("WWW-Authenticate", ""))
    return match[1].lower() if match else None


def time_of(headers: Mapping[str, str]) -> datetime | None:
    """Azure's clock, from the `Date` header (RFC 9110), accurate to the second."""
    try:
        return parsedate_to_datetime(headers.get("Date", "")).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
