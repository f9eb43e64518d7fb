"""Finds vaults with Azure Resource Graph, and the secrets of each vault that the identity may list.

https://learn.microsoft.com/azure/governance/resource-graph/concepts/work-with-data
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any, NamedTuple, cast

from azure.core import AzureClouds
from azure.core.credentials import SupportsTokenInfo, TokenCredential
from azure.core.exceptions import AzureError, HttpResponseError
from azure.keyvault.secrets import SecretClient
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions

from fleet.description import LABEL, Description, InvalidTargetError, describe
from secrets_app import credentials
from secrets_app.azure_client.cancellation import Cancelled, time_limit
from secrets_app.azure_client.responses import error_message
from secrets_app.azure_client.timeouts import ClientLimits, vault_limits
from secrets_app.azure_client.transport import with_transport
from secrets_app.conf import Config
from secrets_app.core.formatting import span
from secrets_app.core.redaction import external_text

QUERY = (
    "resources | where type =~ 'microsoft.keyvault/vaults' | project id, name, resourceGroup, subscriptionId, tags,"
    " properties | order by id asc"
)
PAGE_SIZE = 1000
"""The most that Resource Graph allows."""
MAX_VAULTS, MAX_SECRETS = 10_000, 1000
"""In all; of each vault."""
_THREADS = 16
_DEADLINE_S, _VAULT_DEADLINE_S = 30.0, 30.0
"""Seconds for one page of Resource Graph, and for the secrets of one vault: a long list takes longer than a reading."""
DEADLINE_S = 300
"""Seconds for all of it, by default."""
_CLOUDS = {
    "login.chinacloudapi.cn": AzureClouds.AZURE_CHINA_CLOUD,
    "login.partner.microsoftonline.cn": AzureClouds.AZURE_CHINA_CLOUD,
    "login.microsoftonline.us": AzureClouds.AZURE_US_GOVERNMENT,
}


class DiscoveryError(Exception):
    """Azure refused the query or did not respond; the message is one sentence."""


class Refused(NamedTuple):
    """A vault whose secrets were not listed."""

    vault: str
    reason: str
    """`403 ForbiddenByRbac`."""


@dataclass(frozen=True)
class Discovered:
    """What was found."""

    vaults: int
    targets: tuple[Description, ...]
    refused: tuple[Refused, ...]


class _Vault(NamedTuple):
    name: str
    url: str
    labels: dict[str, str]


class _TimedOutError(Exception):
    """Not all of a response arrived in time; the message is one sentence."""


def discover(
    config: Config, subscriptions: Sequence[str] = (), secret_name: str | None = None, deadline_s: float = DEADLINE_S
) -> Discovered:
    """The secrets of every vault that the site's identity may see. Raises DiscoveryError.

    `subscriptions`: only in these. `secret_name`: this secret of every vault, without listing. Vaults whose turn has
    not come by the deadline are among those refused.
    """
    ends_at = monotonic() + deadline_s
    try:
        with credentials.build(config) as credential:
            vaults = list(_vaults(credential, config, subscriptions, ends_at))
            if secret_name:
                return Discovered(len(vaults), tuple(_targets((vault, [secret_name]) for vault in vaults)), ())
            with ThreadPoolExecutor(_THREADS) as pool:
                listed = list(pool.map(lambda vault: _names(vault, credential, ends_at), vaults))
    except (AzureError, ValueError, _TimedOutError) as error:
        raise DiscoveryError(f"Azure Resource Graph: {_reason(error)}") from error
    found = [(vault, names) for vault, names in zip(vaults, listed, strict=True) if isinstance(names, list)]
    refused = (names for names in listed if isinstance(names, Refused))
    return Discovered(len(vaults), tuple(_targets(found)), tuple(refused))


@contextmanager
def _limited(seconds: float, ends_at: float) -> Iterator[None]:
    """Ends the block's requests after these seconds, or at `ends_at`, however slowly a response arrives.

    Raises _TimedOutError then.
    """
    seconds = min(seconds, ends_at - monotonic())
    if seconds <= 0:
        raise _TimedOutError("not requested: the deadline of the discovery has passed.")
    try:
        with time_limit(seconds) as limit:
            try:
                yield
            except (AzureError, OSError):
                limit.check()  # a connection that the limit closed is an error too
                raise
    except Cancelled:
        raise _TimedOutError(f"no complete response within {span(max(1, round(seconds)))}.") from None


def _limits() -> ClientLimits:
    return ClientLimits(**{**vault_limits(_DEADLINE_S), "retry_status": 1})


def _vaults(
    credential: SupportsTokenInfo, config: Config, subscriptions: Sequence[str], ends_at: float
) -> Iterator[_Vault]:
    host = config.credential.authority_host if config.credential else None
    client = ResourceGraphClient(
        cast(TokenCredential, credential),
        cloud_setting=_CLOUDS.get((host or "").removeprefix("https://"), AzureClouds.AZURE_PUBLIC_CLOUD),
        permit_redirects=False,
        **with_transport(_limits()),
    )
    skip_token, count = None, 0
    with client:
        while True:
            options = QueryRequestOptions(top=PAGE_SIZE, skip_token=skip_token)
            request = QueryRequest(query=QUERY, subscriptions=list(subscriptions) or None, options=options)
            with _limited(_DEADLINE_S, ends_at):
                page = client.resources(request)
            rows = cast(list[dict[str, Any]], page.data or [])  # annotated as one JSON object
            yield from map(_vault, rows)
            count, skip_token = count + len(rows), page.skip_token
            if not skip_token or not rows or count >= MAX_VAULTS:
                return


def _vault(row: dict[str, Any]) -> _Vault:
    name = str(row.get("name"))
    url = (row.get("properties") or {}).get("vaultUri")
    own = {"vault": name, "resource-group": row.get("resourceGroup"), "subscription": row.get("subscriptionId")}
    tags = row.get("tags") or {}
    usable = {
        key: text for key, text in tags.items() if LABEL.fullmatch(key) and isinstance(text, str) and "," not in text
    }
    labels = {**dict(list(usable.items())[:15]), **own}
    return _Vault(name, str(url or name), {key: str(text)[:100] for key, text in labels.items() if text})


def _names(vault: _Vault, credential: SupportsTokenInfo, ends_at: float) -> list[str] | Refused:
    """The names of the enabled secrets, or why they could not be listed."""
    try:
        describe({"vault": vault.url, "secret": "x"})  # a host that may receive a token
        client = SecretClient(
            vault.url, cast(TokenCredential, credential), permit_redirects=False, **with_transport(_limits())
        )
        with client, _limited(_VAULT_DEADLINE_S, ends_at):
            found: list[str] = []
            for secret in client.list_properties_of_secrets():
                found += [secret.name] if secret.enabled and secret.name else []
                if len(found) >= MAX_SECRETS:
                    break
            return found
    except (AzureError, ValueError, _TimedOutError) as error:
        return Refused(vault.name, _reason(error))


def _reason(error: Exception) -> str:
    """`403 ForbiddenByRbac`, or the start of the message."""
    if isinstance(error, _TimedOutError):
        return str(error)
    if isinstance(error, HttpResponseError) and error.status_code and error.error:
        inner = getattr(error.error, "innererror", None) or {}
        return f"{error.status_code} {inner.get('code') or error.error.code}"
    return external_text(error_message(error)).splitlines()[0][:300] if str(error) else type(error).__name__


def _targets(found: Any) -> Iterator[Description]:
    for vault, names in found:
        for name in names:
            try:
                yield describe({"vault": vault.url, "secret": name, "labels": vault.labels})
            except InvalidTargetError:
                continue  # a tag that looks like a secret, or a vault of another kind
