"""Extracts evidence from an error message."""

import re
from dataclasses import dataclass
from textwrap import shorten

from secrets_app.core.redaction import redact
from secrets_app.diagnosis.codes import is_entra_code
from secrets_app.diagnosis.evidence import MAX_VALUES, ChainAttempt, Evidence
from secrets_app.diagnosis.normalize import NormalizedText, normalize
from secrets_app.diagnosis.services import Service

_AADSTS = re.compile(r"AADSTS[\s:]?(\d{4,8})(?!\d)", re.IGNORECASE)
_BROKEN_AADSTS = re.compile(r"AADSTS[\s:]?(\d{2,7})[ \t]{0,4}\n[ \t|>]{0,20}(\d{1,6})(?!\d|[-.:/]\d)", re.IGNORECASE)
"""A number that a screenshot or a narrow terminal broke into two lines."""
_ENTRA_LIST = re.compile(
    r"""(?:error_codes["']?\s{0,3}:\s{0,3}\[\s{0,8}|login\.microsoftonline\.[a-z]{2,3}/error\?code=)(\d{5,8})"""
)
_SIGN_IN_PAGE = re.compile(
    r"error\s?code:?\s{0,8}(\d{5,8})\b(?=.{0,400}(?:request|correlation)\s?id)", re.IGNORECASE | re.DOTALL
)
"""Microsoft's sign-in page prints the number without `AADSTS`, above the IDs of the request."""
_MAX_FRAME_CHARACTERS = 16 * 1024
"""Maximum characters of stack frames kept: enough to identify the package."""
_AKV = re.compile(r"AKV[\s:]?(\d{5})(?!\d)", re.IGNORECASE)
_EXCEPTION = re.compile(
    r"(?<![\w.])((?:[A-Za-z_]\w{0,60}\.){0,8}[A-Z]\w{0,80}(?:Error|Exception|Failure|Timeout|Warning))(?=:|\s|\(|$)"
)
_JSON_CODE = re.compile(
    r"""(?<!rpc\serror:\s)\b(?i:error[\s_]?code|code|error)\b["']?\s{0,3}[:=]\s{0,3}
        (?:["']([A-Za-z][\w.]{2,60})["'] | ([A-Z][A-Za-z]{3,60}|[a-z]{3,20}_[a-z_]{3,40})(?![\w./#\[=-]|\s[a-z]))""",
    re.VERBOSE,
)
"""A quoted value, or an unquoted one that looks like a code: `error: making Read request` has none, and in
`Error: Code="X"` it is X."""
_LEADING_CODE = re.compile(
    r"(?:^|[\s:>])\(([A-Z][A-Za-z]{3,60}|[a-z]{3,20}_[a-z_]{3,40})\)(?=[\s\"'.]|$)", re.MULTILINE
)
_KEY_VAULT_CODE = re.compile(r"\b(?:Forbidden\s{0,2}By[A-Z]\w{2,30}|ObjectIs(?:Being)?(?:Deleted|Recovered)\w{0,30})\b")
"""Error codes unique to Key Vault, accepted anywhere in the text."""
_STATUS = re.compile(
    r"""(?:status(?:[\s_-]?code)?|error\scode|returned\san\serror|HTTP\scode|response\scode|HTTP(?:\sError|\sstatus(?:\scode)?|/[\d.]{1,3})?|http_status|RESPONSE)
        (?:\sdoes\snot\sindicate\ssuccess)?[\"']?\s{0,3}[:=]?\s{0,3}[\"'(]?([1-5]\d\d)(?!\d)""",
    re.IGNORECASE | re.VERBOSE,
)
_REASON = re.compile(
    r"""['"](Unauthorized|Forbidden|NotFound|BadRequest|MethodNotAllowed|Conflict|TooManyRequests|InternalServerError
        |BadGateway|ServiceUnavailable|GatewayTimeout)['"]
      | :\s(?:[45]\d\d\s)?(Unauthorized|Forbidden|Not\sFound|Bad\sRequest)(?=[\s.,"']|$)
      | \b[45]\d\d\s(?:Client|Server)\sError:\s([A-Z]\w{2,20}(?:\s[A-Z]\w{2,20}){0,2})
      | \b(?=[45]\d\d\s)[45]\d\d\s(Unauthorized|Forbidden|Not\sFound|Bad\sRequest|Too\sMany\sRequests|Conflict)\b""",
    re.VERBOSE,
)
_REASONS = {
    "badrequest": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "notfound": 404,
    "methodnotallowed": 405,
    "conflict": 409,
    "toomanyrequests": 429,
    "internalservererror": 500,
    "badgateway": 502,
    "serviceunavailable": 503,
    "gatewaytimeout": 504,
}


_MAX_LAYER = 240
"""Characters shown of one layer."""


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One of the errors that are nested in a text."""

    exception: str | None
    """Name of the exception class."""
    service: Service | None
    """The service that refused or was not reached, according to this layer."""
    status: int | None
    """The HTTP status."""
    code: str | None
    text: str
    """The start of the layer's own words, redacted."""


def extract_evidence(
    text: str,
    *,
    exception: str | None = None,
    status: int | None = None,
    code: str | None = None,
    credential: str | None = None,
    attempts: tuple[ChainAttempt, ...] = (),
) -> Evidence:
    """The evidence in `text`; the arguments take precedence over values found in it. Accepts any text."""
    return evidence_in(
        normalize(text), exception=exception, status=status, code=code, credential=credential, attempts=attempts
    )


def evidence_in(
    normalized: NormalizedText,
    *,
    exception: str | None = None,
    status: int | None = None,
    code: str | None = None,
    credential: str | None = None,
    attempts: tuple[ChainAttempt, ...] = (),
) -> Evidence:
    """The same for a text that was normalized before: normalizing a text again removes another layer of escapes."""
    redacted = redact(normalized.text)
    codes = _codes(redacted)
    all_codes = [code, *codes] if code else codes
    return Evidence(
        text=redacted,
        code_is_known=code is not None,
        unredacted="" if redacted == normalized.text else normalized.text,
        frames=redact(normalized.frames[:_MAX_FRAME_CHARACTERS]) if normalized.frames else "",
        exception=exception or _last_exception(redacted),
        status=status or _status(redacted),
        service_code=code or (codes[0] if codes else None),
        inner_code=codes[-1] if len(codes) > 1 else None,
        codes=frozenset(name.lower() for name in all_codes),
        aadsts=_entra_numbers(f"{redacted}\n{code or ''}"),
        akv=_numbers(_AKV, f"{redacted}\n{code or ''}"),
        attempts=attempts,
        credential=credential,
    )


def layers_of(evidence: Evidence) -> tuple[Layer, ...]:
    """The nested errors of a text, the outermost first: each program that passes an error on adds a layer."""
    return tuple(_layer(text) for text in evidence.layers)


def _layer(text: str) -> Layer:
    exceptions = _EXCEPTION.findall(text)
    layer = Evidence(text=text, aadsts=_entra_numbers(text), akv=_numbers(_AKV, text))
    codes = _codes(text)
    return Layer(
        exception=exceptions[0] if exceptions else None,
        service=layer.service,
        status=_status(text),
        code=layer.code or (codes[-1] if codes else None),
        text=shorten(text, _MAX_LAYER, placeholder=" ..."),
    )


def _codes(text: str) -> list[str]:
    leading = _LEADING_CODE.findall(text)
    named = [quoted or bare for quoted, bare in _JSON_CODE.findall(text) if bare or _looks_like_code(quoted)]
    own = ["".join(name.split()) for name in _KEY_VAULT_CODE.findall(text)]
    return list(dict.fromkeys([*leading, *named, *own]))[:MAX_VALUES]


def _looks_like_code(word: str) -> bool:
    """Whether a quoted word is a code: `error: "name" may only contain` has none."""
    return "_" in word or not word.islower()


def _entra_numbers(text: str) -> tuple[int, ...]:
    """AADSTS numbers in the text, otherwise those in its error_codes list, error URL or the sign-in page."""
    found = _BROKEN_AADSTS.findall(text) if "AADSTS" in text else ()
    joined = [int(start + end) for start, end in found if not is_entra_code(int(start))]
    if broken := tuple(dict.fromkeys(number for number in joined if is_entra_code(number))):
        return broken
    return _numbers(_AADSTS, text) or _numbers(_ENTRA_LIST, text) or _numbers(_SIGN_IN_PAGE, text)


def _numbers(pattern: re.Pattern[str], text: str) -> tuple[int, ...]:
    return tuple(dict.fromkeys(int(number) for number in pattern.findall(text)))[:MAX_VALUES]


def _status(text: str) -> int | None:
    """The HTTP status as a number, otherwise by its reason phrase: .NET prints `invalid status code 'Forbidden'`."""
    match = _STATUS.search(text)
    if match:
        return int(match[1])
    reason = _REASON.search(text)
    return _REASONS.get("".join(filter(None, reason.groups())).replace(" ", "").lower()) if reason else None


def _last_exception(text: str) -> str | None:
    names = _EXCEPTION.findall(text)
    return names[-1] if names else None
