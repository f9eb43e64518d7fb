"""Which addresses are Azure vaults, and what a token for them is asked for."""

import re
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """One of Microsoft's clouds, as far as Key Vault is concerned."""

    name: str
    vault_suffix: str
    portal: str
    login_host: str
    """Where one signs in: azure.identity.AzureAuthorityHosts."""

    @property
    def scope(self) -> str:
        """What a token for this cloud's vaults is asked for."""
        return f"https://{self.vault_suffix}/.default"


# https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#dns-suffixes-for-object-identifiers
PUBLIC = Cloud(
    name="Azure",
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

# 3 to 24 letters, digits and hyphens; a letter first, no hyphen last, no two in a row.
# https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftkeyvault
_VAULT_NAME = re.compile(r"(?!.*--)[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]")
_VAULT_HOST_IN_TEXT = re.compile(
    rf"(?<![\w.@-])[a-z0-9-]{{3,24}}\.(?:{'|'.join(re.escape(cloud.vault_suffix) for cloud in CLOUDS)})(?![\w.-])"
)
# What the WHATWG's URL rules, and so curl and browsers, read as an IPv4 address: 127.1, 0x7f.1, 0177.0.0.1, 2130706433.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
# https://www.rfc-editor.org/rfc/rfc6761#section-6.3, and what Red Hat's and Debian's /etc/hosts call this machine.
_LOOPBACK = re.compile(r"(?:.*\.)?localhost(?:[46]|\.localdomain[46]?)?")
_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+")


_SECRET_PATH = re.compile(r"(?P<name>[0-9a-zA-Z-]{1,127})(?:/(?P<version>[0-9a-fA-F]{32}))?")


class AddressError(ValueError):
    """An address that is no vault's; its text is a sentence for people."""

    @property
    def after_a_colon(self) -> str:
        """The same sentence where it goes on after a colon."""
        text = str(self)
        return f"{text[:1].lower()}{text[1:]}"


class ForeignHostError(AddressError):
    """A well-formed address of a host that is not an Azure vault: a token sent there is a stolen token."""


def vault_url(text: str, *, also_allowed: tuple[str, ...] = ()) -> str:
    """`https://<host>` of the vault that `text` names, in lower case, without a closing slash.

    `also_allowed` are host names the operator trusts besides Azure's. Raises AddressError, ForeignHostError.
    """
    host, address = https_host(text), urlsplit(text)
    if host not in also_allowed:
        _check_azure_host(host)
    if address.path.strip("/") or address.query or address.fragment:
        raise AddressError(f"It goes on after the host; the vault's address is only https://{host}.")
    return f"https://{host}"


def https_host(text: str) -> str:
    """The host, in lower case, of an address that begins with https:// and has nothing odd in it.

    Raises AddressError.
    """
    host = _split(text).hostname or ""
    if not is_host(host):
        raise AddressError(
            "It has no readable host name; a vault's address looks like https://contoso.vault.azure.net."
        )
    return host


@dataclass(frozen=True, kw_only=True)
class SecretId:
    """The address of one secret, taken apart."""

    vault_url: str
    name: str
    version: str | None


def secret_id(text: str, *, also_allowed: tuple[str, ...] = ()) -> SecretId:
    """What `https://<vault>/secrets/<name>` or `.../<name>/<version>` names. Raises AddressError, ForeignHostError."""
    address = _split(text)
    vault = vault_url(f"https://{address.hostname or ''}", also_allowed=also_allowed)
    kind, _, rest = address.path.strip("/").partition("/")
    if kind.lower() in {"certificates", "keys"}:
        raise AddressError(f"It is the id of one of the vault's {kind.lower()}; write /secrets/ in place of /{kind}/.")
    found = _SECRET_PATH.fullmatch(rest)
    if kind.lower() != "secrets" or not found or address.query or address.fragment:
        raise AddressError(f"It should be {vault}/secrets/<name>, or the same with /<version> after it.")
    return SecretId(vault_url=vault, name=found["name"], version=found["version"])


def _split(text: str) -> SplitResult:
    if not text.isascii():
        raise AddressError("It has a character that no host has, though it may look like one: type it anew.")
    if any(character <= " " or character == "\\" for character in text):
        raise AddressError("It has a space, a line break or a backslash in it.")
    try:
        address = urlsplit(text)
        port = address.port
    except ValueError as error:
        raise AddressError("It cannot be read as a URL.") from error
    if address.scheme.lower() != "https":
        raise AddressError("It must begin with https://, because a token is sent there.")
    if address.username is not None or address.password is not None:
        raise AddressError(
            "It has a user name or a password in it (something before an @); a vault's address has none."
        )
    if port not in (None, 443):
        raise AddressError(f"It names port {port}; vaults answer on 443 alone, so leave the port out.")
    return address


def _check_azure_host(host: str) -> None:
    for cloud in CLOUDS:
        if host.endswith(f".{cloud.vault_suffix}"):
            check_vault_name(host.removesuffix(f".{cloud.vault_suffix}"))
            return
    known = ", ".join(f"*.{cloud.vault_suffix}" for cloud in CLOUDS)
    raise ForeignHostError(f"{host} is not an Azure vault ({known}), so no token is sent there.")


def check_vault_name(name: str) -> str:
    """`name`, when Azure allows it as a vault's name. Raises AddressError."""
    if not _VAULT_NAME.fullmatch(name):
        raise AddressError(
            f"{name!r} cannot be a vault's name: 3 to 24 letters, digits and single hyphens, "
            "a letter first, a letter or digit last."
        )
    return name


def likely_vault_url(text: str) -> str | None:
    """The vault's URL that a wrong address was probably meant to be: with what is around its host taken away."""
    found = _VAULT_HOST_IN_TEXT.search(text.lower())
    with suppress(AddressError):
        return vault_url(f"https://{found[0]}") if found else None
    return None


def is_host(name: str) -> bool:
    """`name` is a plain host name with a dot in it, in lower case: no port, no address of numbers in any spelling."""
    return bool(_HOST.fullmatch(name)) and not _NUMBER.fullmatch(name.rpartition(".")[2])


def is_loopback_name(name: str) -> bool:
    """`name`, in lower case, means this machine wherever it is asked for."""
    return bool(_LOOPBACK.fullmatch(name))


def cloud_of(url: str | None) -> Cloud:
    """The cloud whose vault `url` names; the public one for anything else."""
    return cloud_at(url or "") or PUBLIC


def cloud_at(url: str) -> Cloud | None:
    """The cloud whose vault `url` names; None for anything else."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return None
    return next((cloud for cloud in CLOUDS if host.endswith(f".{cloud.vault_suffix}")), None)


def vault_name(url: str) -> str:
    """`contoso` of `https://contoso.vault.azure.net`."""
    return (urlsplit(url).hostname or "").partition(".")[0]
