"""What Azure raised or answered -> a Failure: evidence, not yet its meaning."""

import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError, ServiceRequestError, ServiceResponseError

from secrets_app.conf.schema import SettingProblem
from secrets_app.core.reading import Failure, Stage, VaultSaw
from secrets_app.core.redaction import redact
from secrets_app.credentials.tracing import TokenTrace, error_message

log = logging.getLogger(__name__)

# `AKV10032: ...` of the vault, `AADSTS7000215: ...` of Entra: the only code in answers without a structured one.
_CODE_IN_TEXT = re.compile(r"\b(AKV\d{4,6}|AADSTS\d{4,9})\b")
# Key Vault's 403 names the caller it saw: `appid=...;oid=...;iss=https://sts.windows.net/<tenant>/`.
_CALLER = re.compile(
    r"appid=(?P<app_id>[^;'\s]{0,100});oid=(?P<object_id>[^;'\s]{0,100})"
    r"(?:;[^;'\s=]{1,40}=[^;'\s]{0,400}){0,20}?;iss=(?P<issuer>[^;'\s]{0,400})"
)
_ADDRESS_IN_TEXT = re.compile(r"Client address: (\S+)")
# `x-ms-keyvault-network-info: conn_type=Ipv4;addr=203.0.113.7;act_addr_fam=InterNetwork;`
_ADDRESS_IN_HEADER = re.compile(r"(?:^|;)\s*addr=([^;\s]+)")


def failure_of(error: Exception, walk: TokenTrace) -> Failure:
    """The evidence in `error`, raised while `walk` went on. One that is not Azure's is logged with its traceback."""
    if not isinstance(error, (AzureError, ValueError)):
        log.error("unexpected %s while reading a secret", type(error).__name__, exc_info=error)
    message = redact(error_message(error))
    return Failure(
        stage=_stage(error, walk),
        message=message,
        status=error.status_code if isinstance(error, HttpResponseError) else None,
        code=_code(error, message),
        exception=f"{type(error).__module__}.{type(error).__qualname__}",
        retry_after_s=_retry_after_s(error),
    )


def configuration_failure(mistakes: Iterable[SettingProblem]) -> Failure:
    """The settings' mistakes as the reason why nothing was asked of the vault."""
    return Failure(stage=Stage.CONFIGURATION, message=" ".join(mistake.sentence for mistake in mistakes))


def deadline_failure(deadline_s: float, waiting_for: str) -> Failure:
    """Our own time ran out."""
    return Failure(
        stage=Stage.DEADLINE,
        message=f"After {deadline_s:g} seconds we were still waiting for {waiting_for}.",
        waiting_for=waiting_for,
    )


def _stage(error: Exception, walk: TokenTrace) -> Stage:
    if not walk.names:
        return Stage.CONFIGURATION  # the credential could not even be made
    if walk.started and walk.principal is None:
        return Stage.TOKEN
    cut_off = isinstance(error, HttpResponseError) and error.status_code is None
    if cut_off or isinstance(error, (ServiceRequestError, ServiceResponseError)):
        return Stage.NETWORK
    return Stage.VAULT


def _code(error: Exception, message: str) -> str | None:
    """The most exact code: the innermost of the vault's JSON, unless the text itself carries a numbered one."""
    numbered = _CODE_IN_TEXT.search(message)
    if numbered:
        return numbered[1]
    details = getattr(error, "error", None)
    inner = getattr(details, "innererror", None)
    codes = (inner.get("code") if isinstance(inner, Mapping) else None, getattr(details, "code", None))
    return next((code for code in codes if isinstance(code, str)), None)


def _retry_after_s(error: Exception) -> float | None:
    """Seconds in `Retry-After`, which Key Vault gives as a number."""
    response: Any = error.response if isinstance(error, HttpResponseError) else None
    text = response.headers.get("Retry-After", "") if response else ""
    return float(text) if text.isascii() and text.isdigit() else None


def client_address(headers: Mapping[str, str]) -> str | None:
    """The caller's address as the vault saw it, from the header every answer of a vault has."""
    found = _ADDRESS_IN_HEADER.search(headers.get("x-ms-keyvault-network-info", ""))
    return found[1] if found else None


def vault_saw(failure: Failure | None, client_address: str | None) -> VaultSaw | None:
    """The caller as the vault named it in its answer, if it did."""
    text = failure.message if failure else ""
    caller = _CALLER.search(text)
    address = _ADDRESS_IN_TEXT.search(text)
    client_address = address[1] if address else client_address
    if not caller and not client_address:
        return None
    return VaultSaw(**(caller.groupdict() if caller else {}), client_address=client_address)
