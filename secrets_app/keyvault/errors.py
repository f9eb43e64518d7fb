"""Turns an exception into a Failure: the evidence, without its diagnosis."""

import logging
import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError, ServiceRequestError, ServiceResponseError

from secrets_app.azure_client.responses import error_message
from secrets_app.conf.setting import SettingProblem
from secrets_app.core.reading import Failure, Stage, VaultSaw
from secrets_app.core.redaction import external_text
from secrets_app.credentials.token_trace import TokenTrace

log = logging.getLogger(__name__)

# `AKV10032: ...` from the vault, `AADSTS7000215: ...` from Microsoft Entra ID, if the response has no structured code.
_CODE_IN_TEXT = re.compile(r"\b(AKV\d{4,6}|AADSTS\d{4,9})\b")
_MAX_CODE_CHARACTERS = 100
# Key Vault's 403 names the caller it saw: `appid=...;oid=...;iss=https://sts.windows.net/<tenant>/`.
_CALLER = re.compile(
    r"appid=(?P<app_id>[^;'\s]{0,100});oid=(?P<object_id>[^;'\s]{0,100})"
    r"(?:;[^;'\s=]{1,40}=[^;'\s]{0,400}){0,20}?;iss=(?P<issuer>[^;'\s]{0,400})"
)
_ADDRESS_IN_TEXT = re.compile(r"Client address: (\S+)")
# `x-ms-keyvault-network-info: conn_type=Ipv4;addr=203.0.113.7;act_addr_fam=InterNetwork;`
_ADDRESS_IN_HEADER = re.compile(r"(?:^|;)\s*addr=([^;\s]+)")


def failure_of(error: Exception, trace: TokenTrace) -> Failure:
    """The evidence in `error`; `trace` is the token request of its reading. Unexpected errors are logged."""
    if not isinstance(error, (AzureError, ValueError)):
        log.error("unexpected %s while reading a secret", type(error).__name__, exc_info=error)
    message = external_text(error_message(error))
    return Failure(
        stage=_stage(error, trace),
        message=message,
        status=error.status_code if isinstance(error, HttpResponseError) else None,
        code=_code(error, message),
        exception=f"{type(error).__module__}.{type(error).__qualname__}",
        retry_after_s=_retry_after_s(error),
    )


def configuration_failure(problems: Iterable[SettingProblem]) -> Failure:
    """Setting errors as the reason why the vault was not called."""
    return Failure(stage=Stage.CONFIGURATION, message=" ".join(problem.sentence for problem in problems))


def deadline_failure(deadline_s: float, waiting_for: str) -> Failure:
    """The reading exceeded its deadline."""
    return Failure(
        stage=Stage.DEADLINE,
        message=f"Timed out after {deadline_s:g} seconds, waiting for {waiting_for}.",
        waiting_for=waiting_for,
    )


def _stage(error: Exception, trace: TokenTrace) -> Stage:
    if not trace.names:
        return Stage.CONFIGURATION  # the credential could not be created
    if trace.started and trace.principal is None:
        return Stage.TOKEN
    incomplete = isinstance(error, HttpResponseError) and error.status_code is None
    if incomplete or isinstance(error, (ServiceRequestError, ServiceResponseError)):
        return Stage.NETWORK
    return Stage.VAULT


def _code(error: Exception, message: str) -> str | None:
    """The most specific code: a numbered one in the message, or the innermost one in the vault's JSON."""
    numbered = _CODE_IN_TEXT.search(message)
    if numbered:
        return numbered[1]
    details = getattr(error, "error", None)
    inner = getattr(details, "innererror", None)
    codes = (inner.get("code") if isinstance(inner, Mapping) else None, getattr(details, "code", None))
    return next((external_text(code, _MAX_CODE_CHARACTERS) for code in codes if isinstance(code, str)), None)


def _retry_after_s(error: Exception) -> float | None:
    """Seconds in `Retry-After`, which Key Vault sends as a number."""
    response: Any = error.response if isinstance(error, HttpResponseError) else None
    text = response.headers.get("Retry-After", "") if response else ""
    return float(text) if text.isascii() and text.isdigit() else None


def client_address(headers: Mapping[str, str]) -> str | None:
    """The client address as the vault saw it, from a header of every vault response."""
    return _address(_ADDRESS_IN_HEADER.search(headers.get("x-ms-keyvault-network-info", "")))


def _address(match: re.Match[str] | None) -> str | None:
    """The IP address that was matched; None if it is none, as whatever answers for the vault may write any text."""
    try:
        return str(ip_address(match[1].rstrip(".,;"))) if match else None
    except ValueError:
        return None


def vault_saw(failure: Failure | None, client_address: str | None) -> VaultSaw | None:
    """The caller as named in the vault's response; None if it names none."""
    text = failure.message if failure else ""
    caller = _CALLER.search(text)
    client_address = _address(_ADDRESS_IN_TEXT.search(text)) or client_address
    if not caller and not client_address:
        return None
    return VaultSaw(**(caller.groupdict() if caller else {}), client_address=client_address)
