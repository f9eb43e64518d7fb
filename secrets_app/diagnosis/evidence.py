"""What an error text holds as evidence: codes, names, ids, hosts and times."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from secrets_app.diagnosis.cleaning import bare, clean
from secrets_app.redaction import redact

_SHOWN = 64
"""Hosts, ids, addresses and times kept of one text."""

_AADSTS = re.compile(r"AADSTS[\s:]?(\d{4,8})(?!\d)", re.IGNORECASE)
_AKV = re.compile(r"AKV[\s:]?(\d{5})(?!\d)", re.IGNORECASE)
_EXCEPTION = re.compile(
    r"(?<![\w.])((?:[A-Za-z_]\w{0,60}\.){0,8}[A-Z]\w{0,80}(?:Error|Exception|Failure|Timeout|Warning))(?=:|\s|\(|$)"
)
_JSON_CODE = re.compile(
    r"""["']?\b(?:code|error|errorCode|error_code|ErrorCode)\b["']?\s{0,3}[:=]\s{0,3}["']?([A-Za-z]\w{2,60})"""
)
_LEADING_CODE = re.compile(r"(?:^|[\s:>])\(([A-Z][A-Za-z]{3,60}|[a-z]{3,20}_[a-z_]{3,40})\)\s", re.MULTILINE)
_STATUS = re.compile(
    r"(?:Status(?:\s?Code)?|HTTP(?:\sError|\sstatus(?:\scode)?|/[\d.]{1,3})?|http_status|StatusCode|RESPONSE|Response status code)"
    r"[\"']?\s{0,3}[:=]?\s{0,3}[\"']?([1-5]\d\d)(?!\d)",
    re.IGNORECASE,
)
_HOST = re.compile(
    r"(?<![\w@.-])((?:[a-z0-9](?:[a-z0-9-]{0,62})\.){1,6}(?:net|com|cn|us|de|io|org|local|internal))(?![\w-])",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]|\.\d)")
_GUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_GUIDS = re.compile(rf"(?<![\w-]){_GUID}(?![\w-])")
_TIME = re.compile(r"(?<!\d)\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?")
_CALLER = re.compile(rf"\b(appid|oid|tid)\s?=\s?['\"]?({_GUID})", re.IGNORECASE)
_ISSUER = re.compile(rf"iss\s?=\s?https://[\w.-]{{1,80}}/({_GUID})", re.IGNORECASE)
_CLIENT_ADDRESS = re.compile(r"Client address:?\s{0,3}([0-9a-fA-F.:]{3,45})", re.IGNORECASE)
_VAULT = re.compile(r"(?:Vault:\s{0,3}|key vault\s['\"]|vaults/)([A-Za-z0-9-]{3,24})(?![\w-])", re.IGNORECASE)
_VAULT_HOST = re.compile(
    r"(?<![\w.-])([A-Za-z0-9-]{3,24})\.vault\.(?:azure\.net|azure\.cn|usgovcloudapi\.net)", re.IGNORECASE
)
_VAULT_ID = re.compile(
    rf"/subscriptions/{_GUID}/resourcegroups/[\w.()-]{{1,90}}/providers/microsoft\.keyvault/vaults/[A-Za-z0-9-]{{3,24}}",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class ChainAttempt:
    """What a chain's message says of one of its members."""

    credential: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything an error text, and what is known beside it, holds. The text is redacted."""

    text: str
    exception: str | None = None
    status: int | None = None
    service_code: str | None = None
    inner_code: str | None = None
    codes: frozenset[str] = frozenset()
    """Every code of the text, lower case: for comparing."""
    aadsts: tuple[int, ...] = ()
    akv: tuple[int, ...] = ()
    attempts: tuple[ChainAttempt, ...] = ()
    credential: str | None = None
    """The chain's member whose text this is, when it is one member's."""

    def with_attempts(self, attempts: tuple[ChainAttempt, ...]) -> "Evidence":
        """The same evidence with what a chain's members said."""
        return replace(self, attempts=attempts)

    @cached_property
    def bare(self) -> str:
        """The text as phrases are compared with it."""
        return bare(self.text)

    @property
    def exception_name(self) -> str | None:
        """The exception's class without its module, lower case."""
        return self.exception.rpartition(".")[2].lower() if self.exception else None

    @cached_property
    def hosts(self) -> tuple[str, ...]:
        return _first(match.lower() for match in _HOST.findall(self.text))

    @cached_property
    def addresses(self) -> tuple[str, ...]:
        return _first(_ADDRESS.findall(self.text))

    @cached_property
    def ids(self) -> tuple[str, ...]:
        return _first(match.lower() for match in _GUIDS.findall(self.text))

    @cached_property
    def times(self) -> tuple[str, ...]:
        return _first(_TIME.findall(self.text))

    @cached_property
    def caller(self) -> dict[str, str]:
        """The ids the vault named its caller by: `appid`, `oid`, and `tid` from the issuer."""
        ids = {name.lower(): value.lower() for name, value in _CALLER.findall(self.text)}
        issuer = _ISSUER.search(self.text)
        return ids | ({"tid": issuer[1].lower()} if issuer else {})

    @cached_property
    def client_address(self) -> str | None:
        match = _CLIENT_ADDRESS.search(self.text)
        return match[1].rstrip(".:") if match else None

    @cached_property
    def vault(self) -> str | None:
        match = _VAULT_HOST.search(self.text) or _VAULT.search(self.text)
        return match[1] if match else None

    @cached_property
    def vault_id(self) -> str | None:
        """The vault's resource id, when a refusal names it."""
        match = _VAULT_ID.search(self.text)
        return match[0] if match else None


def gather(
    text: str,
    *,
    exception: str | None = None,
    status: int | None = None,
    code: str | None = None,
    credential: str | None = None,
    attempts: tuple[ChainAttempt, ...] = (),
) -> Evidence:
    """Everything `text` holds, with what the caller knows beside it. Any text will do."""
    plain = redact(clean(text))
    codes = _codes(plain)
    named = [code] if code else []
    return Evidence(
        text=plain,
        exception=exception or _last_exception(plain),
        status=status or _status(plain),
        service_code=code or (codes[0] if codes else None),
        inner_code=codes[-1] if len(codes) > 1 else None,
        codes=frozenset(name.lower() for name in named + codes),
        aadsts=_numbers(_AADSTS, f"{plain}\n{code or ''}"),
        akv=_numbers(_AKV, f"{plain}\n{code or ''}"),
        attempts=attempts,
        credential=credential,
    )


def _codes(text: str) -> list[str]:
    leading = _LEADING_CODE.findall(text)
    return list(dict.fromkeys([*leading, *_JSON_CODE.findall(text)]))[:_SHOWN]


def _numbers(pattern: re.Pattern[str], text: str) -> tuple[int, ...]:
    return tuple(dict.fromkeys(int(number) for number in pattern.findall(text)))[:_SHOWN]


def _status(text: str) -> int | None:
    match = _STATUS.search(text)
    return int(match[1]) if match else None


def _last_exception(text: str) -> str | None:
    names = _EXCEPTION.findall(text)
    return names[-1] if names else None


def _first(found: Iterable[str]) -> tuple[str, ...]:
    kept = dict.fromkeys(found)
    return tuple(kept)[:_SHOWN]
