"""Evidence extracted from an error message: its source, the service that refused, codes, names, IDs, hosts, times."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

from secrets_app.core.hosts import GUID_PATTERN
from secrets_app.core.reading import Platform
from secrets_app.diagnosis.layers import split_layers
from secrets_app.diagnosis.normalize import squash, tokenize
from secrets_app.diagnosis.places import Cloud, detect_cloud, detect_platform
from secrets_app.diagnosis.services import Operation, Service, detect_operation, detect_service
from secrets_app.diagnosis.stacks import Stack, detect_stack

MAX_VALUES = 64
"""Maximum number of hosts, IDs, IP addresses and times kept per text."""

_HOST = re.compile(
    r"(?<![\w@.-])((?:[a-z0-9](?:[a-z0-9-]{0,62})\.){1,6}(?:net|com|cn|us|de|io|org|local|internal))(?![\w-]|\.\w)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]|\.\d)")
_GUIDS = re.compile(rf"(?<![\w-]){GUID_PATTERN}(?![\w-])")
_TIME = re.compile(r"(?<!\d)\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?")
_CALLER = re.compile(rf"\b(appid|oid|tid)\s?=\s?['\"]?({GUID_PATTERN})", re.IGNORECASE)
_ISSUER = re.compile(rf"iss\s?=\s?https://[\w.-]{{1,80}}/({GUID_PATTERN})", re.IGNORECASE)
_CLIENT_ADDRESS = re.compile(r"Client address:?\s{0,3}([0-9a-fA-F.:]{3,45})", re.IGNORECASE)
_VAULT = re.compile(
    # `Action: 'Microsoft.KeyVault/vaults/secrets/...'` names no vault; a name at the end of the text may be truncated.
    r"(?:(?<!\w)Vault:\s{0,3}(?![a-z]{1,20}\svault)|key vault\s['\"]|(?<!Action:\s'Microsoft\.KeyVault/)(?<!\w)vaults/"
    r"(?!secrets/|keys/|certificates/))"
    r"([A-Za-z0-9-]{3,24})(?=[^\w-])",
    re.IGNORECASE,
)
_DOCUMENTATION = re.compile(
    r"https?://(?:aka\.ms|go\.microsoft\.com|(?:learn|docs|support)\.microsoft\.com|github\.com|azure\.github\.io"
    r"|[\w.]{1,40}safelinks\.protection\.outlook\.com)/[^\s\"'<>]{0,2000}",
    re.IGNORECASE,
)
_DOCUMENTATION_HOSTS = ("aka.ms", ".microsoft.com", "github.", "outlook.com")
_REQUESTED_RESOURCE = re.compile(r"\bresource=https?(?::|%3A)[^\s&\"'<>]{0,300}", re.IGNORECASE)
"""A parameter of a token request names the service that the token is for, not the one that refused."""
_VAULT_HOST = re.compile(
    r"(?<![\w.-])([A-Za-z0-9-]{3,24})\.vault\.(?:azure\.net|azure\.cn|usgovcloudapi\.net)", re.IGNORECASE
)
_VAULT_ID = re.compile(
    rf"/subscriptions/{GUID_PATTERN}/resourcegroups/[\w.()-]{{1,90}}/providers/microsoft\.keyvault/vaults/[A-Za-z0-9-]{{3,24}}(?=[^\w-])",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class ChainAttempt:
    """One credential's part of a credential chain's error message."""

    credential: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """An error message (redacted) and the values extracted from it or passed with it."""

    text: str
    frames: str = ""
    """Stack frames removed from the text: they identify the package that ran; phrases are not matched in them."""
    exception: str | None = None
    status: int | None = None
    service_code: str | None = None
    inner_code: str | None = None
    codes: frozenset[str] = frozenset()
    """All error codes in the text, in lowercase."""
    aadsts: tuple[int, ...] = ()
    akv: tuple[int, ...] = ()
    attempts: tuple[ChainAttempt, ...] = ()
    credential: str | None = None
    """The credential whose message this is, if it is one part of a chain's message."""
    code_is_known: bool = False
    """Whether the caller passed the service's code, so that it need not be recognized as one of Azure."""
    unredacted: str = field(default="", repr=False, compare=False)
    """The text for phrases only: redaction may take the words of an error for a password. Dropped by `shareable`."""

    def with_attempts(self, attempts: tuple[ChainAttempt, ...]) -> "Evidence":
        """A copy with the chain's attempts set."""
        return replace(self, attempts=attempts)

    def shareable(self) -> "Evidence":
        """A copy without the unredacted text: what may be shown and kept."""
        return replace(self, unredacted="")

    @cached_property
    def squashed(self) -> str:
        """The text normalized for phrase matching, without documentation links, which name many causes."""
        return squash(self._words)

    @cached_property
    def tokenized(self) -> str:
        """The text normalized for matching short words."""
        return tokenize(self._words)

    @cached_property
    def _words(self) -> str:
        return _without_links(self.unredacted or self.text)

    @cached_property
    def _plain(self) -> str:
        return _without_links(self.text)

    def contains(self, phrase: str) -> bool:
        """Whether the text contains a normalized phrase. Short words have a space on each side."""
        return phrase in (self.tokenized if phrase[0] == " " else self.squashed)

    @cached_property
    def service(self) -> Service | None:
        """The service that refused or was not reached, according to the innermost layer that tells."""
        if self.aadsts:
            return Service.ENTRA
        found = (detect_service(_without_links(layer).lower()) for layer in reversed(self.layers))
        named = next((service for service in found if service), None)
        return detect_service(self.frames.lower()) if named is None and self.frames else named

    @cached_property
    def operation(self) -> Operation:
        """The object (secrets, keys, certificates) and the action of the request to Key Vault."""
        return detect_operation(self.lower_text)

    @cached_property
    def stack(self) -> Stack | None:
        """The program that printed the text: the outermost one, whose settings apply."""
        return detect_stack(self._everything, self.lower_text)

    @cached_property
    def platform(self) -> Platform:
        """The platform on which the failed program ran, as far as the text tells."""
        return detect_platform(self.lower_text)

    @cached_property
    def cloud(self) -> Cloud | None:
        """The cloud whose hosts are in the text."""
        return detect_cloud(self._lower)

    @cached_property
    def layers(self) -> tuple[str, ...]:
        """The text unwrapped: the outermost layer first, the innermost last."""
        return split_layers(self.text)

    @cached_property
    def _lower(self) -> str:
        return self._plain.lower()

    @cached_property
    def _everything(self) -> str:
        """Exception, text with its links, and stack frames."""
        return f"{self.exception or ''}\n{self.text}\n{self.frames}"

    @cached_property
    def lower_text(self) -> str:
        """Exception, text with its links, and stack frames, in lowercase."""
        return self._everything.lower()

    @property
    def code(self) -> str | None:
        """The code that says most: of Entra ID, of Key Vault's token check, the inner one, or the service's."""
        if self.aadsts:
            return f"AADSTS{self.aadsts[0]}"
        return f"AKV{self.akv[0]}" if self.akv else self.inner_code or self.service_code

    @cached_property
    def summary(self) -> str:
        """Who printed the text and who refused what, in sentences; empty if the text tells nothing of it."""
        operation = self.operation if self.service is Service.KEY_VAULT else ""
        refusal = " ".join(str(part) for part in (self.status, self.code) if part)
        parts = (
            f"Printed by: {self.stack}." if self.stack else "",
            f"Service: {', '.join(str(part) for part in (self.service, operation) if str(part))}."
            if self.service
            else "",
            f"{refusal}." if refusal else "",
        )
        return " ".join(filter(None, parts))

    def as_json(self) -> dict[str, object]:
        """The evidence as plain JSON values without its layers; None where the text does not tell."""
        return {
            "summary": self.summary,
            "stack": self.stack,
            "service": self.service,
            "object": self.operation.object,
            "action": self.operation.action,
            "status": self.status,
            "code": self.code,
            "codes": sorted(self.codes),
            "exception": self.exception,
            "platform": None if self.platform is Platform.UNKNOWN else self.platform,
            "cloud": self.cloud,
        }

    @property
    def exception_name(self) -> str | None:
        """The exception's class name without its module, in lowercase."""
        return self.exception.rpartition(".")[2].lower() if self.exception else None

    @cached_property
    def hosts(self) -> tuple[str, ...]:
        return _unique(match.lower() for match in _HOST.findall(self.text))

    @cached_property
    def addresses(self) -> tuple[str, ...]:
        return _unique(_ADDRESS.findall(self.text))

    @cached_property
    def ids(self) -> tuple[str, ...]:
        return _unique(match.lower() for match in _GUIDS.findall(self.text))

    @cached_property
    def times(self) -> tuple[str, ...]:
        return _unique(_TIME.findall(self.text))

    @cached_property
    def caller(self) -> dict[str, str]:
        """The caller's IDs as reported by the vault: `appid`, `oid`, and `tid` from the issuer."""
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
        """The vault's resource ID, if the error names it."""
        match = _VAULT_ID.search(self.text)
        return match[0] if match else None


def _without_links(text: str) -> str:
    if "http" not in text:
        return text
    if any(host in text for host in _DOCUMENTATION_HOSTS):
        text = _DOCUMENTATION.sub(" ", text)
    return _REQUESTED_RESOURCE.sub(" ", text) if "resource=" in text else text


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))[:MAX_VALUES]
