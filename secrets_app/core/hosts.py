"""Validation of vault URLs and IDs, and the token scope of each Azure cloud."""

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """One Azure cloud: its Key Vault suffix, portal and sign-in host."""

    name: str
    vault_suffix: str
    portal: str
    login_host: str
    """The authority host: azure.identity.AzureAuthorityHosts."""

    @property
    def scope(self) -> str:
        """The token scope for vaults in this cloud."""
        return f"https://{self.vault_suffix}/.default"


# https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#dns-suffixes-for-object-identifiers
PUBLIC = Cloud(
    name="the Azure public cloud",
    vault_suffix="vault.azure.net",
    portal="https://portal.azure.com",
    login_host="login.microsoftonline.com",
)
CLOUDS = (
    PUBLIC,
    Cloud(
        name="Azure China",
        vault_suffix="vault.azure.cn",
        portal="https://portal.azure.cn",
        login_host="login.chinacloudapi.cn",
    ),
    Cloud(
        name="Azure US Government",
        vault_suffix="vault.usgovcloudapi.net",
        portal="https://portal.azure.us",
        login_host="login.microsoftonline.us",
    ),
)

# 3 to 24 letters, digits and hyphens; starts with a letter, no trailing hyphen, no consecutive hyphens.
# https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftkeyvault
_VAULT_NAME = re.compile(r"(?!.*--)[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]")
_VAULT_HOST_IN_TEXT = re.compile(
    rf"(?<![\w.@-])[a-z0-9-]{{3,24}}\.(?:{'|'.join(re.escape(cloud.vault_suffix) for cloud in CLOUDS)})(?![\w.-])"
)
# Parsed as an IPv4 address by the WHATWG URL standard (curl, browsers): 127.1, 0x7f.1, 0177.0.0.1, 2130706433.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
# https://www.rfc-editor.org/rfc/rfc6761#section-6.3, and the loopback names in /etc/hosts of Red Hat and Debian.
_LOOPBACK = re.compile(r"(?:.*\.)?localhost(?:[46]|\.localdomain[46]?)?")
_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+")


_SECRET_PATH = re.compile(r"(?P<name>[0-9a-zA-Z-]{1,127})(?:/(?P<version>[0-9a-fA-F]{32}))?")


class AddressError(ValueError):
    """The URL is not a vault's; the message is a complete sentence for users."""

    @property
    def after_a_colon(self) -> str:
        """The sentence in lower case, for use after a colon."""
        text = str(self)
        return f"{text[:1].lower()}{text[1:]}"


class ForeignHostError(AddressError):
    """A well-formed URL of a host that is not an Azure vault: a token sent there would be stolen."""


def vault_url(text: str, *, also_allowed: tuple[str, ...] = ()) -> str:
    """`https://<host>` of the vault in `text`, in lower case, without a trailing slash.

    `also_allowed`: further host names that the operator trusts. Raises AddressError, ForeignHostError.
    """
    host, address = https_host(text), urlsplit(text)
    if host not in also_allowed:
        _check_azure_host(host)
    if address.path.strip("/") or address.query or address.fragment:
        raise AddressError(f"It has extra text after the host name; the vault's URL is https://{host}.")
    return f"https://{host}"


def https_host(text: str) -> str:
    """The host, in lower case, of a plain https:// URL.

    Raises AddressError.
    """
    host = _split(text).hostname or ""
    if not is_host(host):
        raise AddressError("It has no valid host name; a vault's URL looks like https://contoso.vault.azure.net.")
    return host


@dataclass(frozen=True, kw_only=True)
class SecretId:
    """A parsed secret identifier."""

    vault_url: str
    name: str
    version: str | None


def secret_id(text: str, *, also_allowed: tuple[str, ...] = ()) -> SecretId:
    """Parse `https://<vault>/secrets/<name>` or `.../<name>/<version>`. Raises AddressError, ForeignHostError."""
    address = _split(text)
    vault = vault_url(f"https://{address.hostname or ''}", also_allowed=also_allowed)
    kind, _, rest = address.path.strip("/").partition("/")
    if kind.lower() in {"certificates", "keys"}:
        raise AddressError(f"It identifies one of the vault's {kind.lower()}; replace /{kind}/ with /secrets/.")
    match = _SECRET_PATH.fullmatch(rest)
    if kind.lower() != "secrets" or not match or address.query or address.fragment:
        raise AddressError(f"It must have the form {vault}/secrets/<name> or {vault}/secrets/<name>/<version>.")
    return SecretId(vault_url=vault, name=match["name"], version=match["version"])


def _split(text: str) -> SplitResult:
    if not text.isascii():
        raise AddressError("It contains a non-ASCII character, which may look like an ASCII one. Retype it.")
    if any(character <= " " or character == "\\" for character in text):
        raise AddressError("It contains a space, a line break or a backslash.")
    try:
        address = urlsplit(text)
        port = address.port
    except ValueError as error:
        raise AddressError("It is not a valid URL.") from error
    if address.scheme.lower() != "https":
        raise AddressError("It must begin with https://, because an access token is sent to it.")
    if address.username is not None or address.password is not None:
        raise AddressError("It contains a user name or password (the part before @); a vault's URL has none.")
    if port not in (None, 443):
        raise AddressError(f"It specifies port {port}; vaults use port 443 only. Remove the port.")
    return address


def _check_azure_host(host: str) -> None:
    for cloud in CLOUDS:
        if host.endswith(f".{cloud.vault_suffix}"):
            check_vault_name(host.removesuffix(f".{cloud.vault_suffix}"))
            return
    known = ", ".join(f"*.{cloud.vault_suffix}" for cloud in CLOUDS)
    raise ForeignHostError(f"{host} is not an Azure Key Vault host ({known}), so no token is sent there.")


def check_vault_name(name: str) -> str:
    """`name`, if it is a valid vault name. Raises AddressError."""
    if not _VAULT_NAME.fullmatch(name):
        raise AddressError(
            f"{name!r} is not a valid vault name: 3 to 24 letters, digits and single hyphens, "
            "starting with a letter and ending with a letter or digit."
        )
    return name


def likely_vault_url(text: str) -> str | None:
    """The vault URL that an invalid one probably means: its host without the surrounding text; None without one."""
    match = _VAULT_HOST_IN_TEXT.search(text.lower())
    with suppress(AddressError):
        return vault_url(f"https://{match[0]}") if match else None
    return None


def is_host(name: str) -> bool:
    """Whether `name` is a lower-case host name with a dot, without a port, and not an IP address in any notation."""
    return bool(_HOST.fullmatch(name)) and not _NUMBER.fullmatch(name.rpartition(".")[2])


def is_loopback_name(name: str) -> bool:
    """Whether `name`, in lower case, always resolves to the loopback interface."""
    return bool(_LOOPBACK.fullmatch(name))


def cloud_of(url: str | None) -> Cloud:
    """The cloud of the vault at `url`; the public cloud for any other URL."""
    return cloud_at(url or "") or PUBLIC


@lru_cache(maxsize=512)  # called several times for each request
def cloud_at(url: str) -> Cloud | None:
    """The cloud of the vault at `url`; None for any other URL."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return None
    return next((cloud for cloud in CLOUDS if host.endswith(f".{cloud.vault_suffix}")), None)


def vault_name(url: str) -> str:
    """`contoso` for `https://contoso.vault.azure.net`."""
    return (urlsplit(url).hostname or "").partition(".")[0]


GUID_PATTERN = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
"""A regular expression without groups or anchors, to use alone or as part of a longer one."""
_GUID = re.compile(GUID_PATTERN)
_GUID_IN_TEXT = re.compile(rf"(?<![\w-]){GUID_PATTERN}(?![\w-])")
_TENANT = re.compile(r"[0-9a-zA-Z.-]{1,255}")
# The characters that azure-identity allows in a scope for az and PowerShell (azure.identity._internal:
# validate_scope), limited to the length of a URL.
_SCOPE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._:/-]{0,499}")
# The Windows certificate dialog separates the digits with spaces and puts an invisible mark before them.
_SEPARATORS = re.compile("[\\s:\u200e\u200f]+")


def parse_guid(text: str) -> str | None:
    """The client, object or tenant ID in lower case; None if `text` is not a GUID."""
    return text.lower() if _GUID.fullmatch(text) else None


def shorten_ids(text: str) -> str:
    """`text` with only the first eight digits of each GUID."""
    return _GUID_IN_TEXT.sub(lambda match: f"{match[0][:8]}…", text)


def is_tenant(text: str) -> bool:
    """Whether `text` can be a tenant: a tenant ID or a domain."""
    return bool(_TENANT.fullmatch(text))


def is_scope(text: str) -> bool:
    """Whether `text` can be a scope or a resource."""
    return bool(_SCOPE.fullmatch(text))


def parse_thumbprint(text: str) -> str | None:
    """The thumbprint in upper case, without separators; None if `text` is not a thumbprint."""
    digits = _SEPARATORS.sub("", text).upper()
    return digits if re.fullmatch("[0-9A-F]{40}", digits) else None
