"""Validation of Token Vault URLs (a retired service), and the token scope for them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from secrets_app.conf.errors import RawSettings, SettingError
from secrets_app.conf.vault import allowed_hosts
from secrets_app.core.hosts import AddressError, ForeignHostError, https_host

# https://<vault>.<region>.tokenvault.azure.net; renamed in 2019: https://<name>.tokenstore.azure.net
_TOKEN_VAULT_HOST = re.compile(r"[a-z0-9-]{1,63}\.[a-z0-9]{1,63}\.tokenvault\.azure\.net")
_TOKEN_STORE_HOST = re.compile(r"[a-z0-9-]{1,63}\.tokenstore\.azure\.net")
_TOKEN_NAME = re.compile(r"[a-zA-Z0-9][\w.-]{0,127}", re.ASCII)
_TOKEN_PATH = re.compile(r"/services/(?P<service>[^/]+)/tokens/(?P<token>[^/]+)/?")


@dataclass(frozen=True, kw_only=True)
class TokenVaultTokenUrl:
    """The URL of one token stored in Token Vault."""

    vault_url: str
    service: str
    token: str

    @property
    def path(self) -> str:
        return f"/services/{self.service}/tokens/{self.token}"

    @property
    def url(self) -> str:
        return f"{self.vault_url}{self.path}"

    @property
    def login_url(self) -> str:
        """Where a user signs in to the service, so that Token Vault can store a token."""
        return f"{self.url}/login"

    @property
    def scope(self) -> str:
        """Scope of the access token: vaults share one audience, each store has its own."""
        host = self.vault_url.removeprefix("https://")
        return (
            "https://tokenvault.azure.net/.default"
            if _TOKEN_VAULT_HOST.fullmatch(host)
            else f"{self.vault_url}/.default"
        )


def parse_token_vault_url(text: str, *, also_allowed: tuple[str, ...] = ()) -> str:
    """`https://<host>` of the Token Vault in `text`. Raises AddressError, ForeignHostError."""
    host = https_host(text)
    if not (host in also_allowed or _TOKEN_VAULT_HOST.fullmatch(host) or _TOKEN_STORE_HOST.fullmatch(host)):
        raise ForeignHostError(
            f"{host} is not a Token Vault host (*.<region>.tokenvault.azure.net, *.tokenstore.azure.net), "
            "so no token is sent there."
        )
    if (address := urlsplit(text)).path.strip("/") or address.query or address.fragment:
        raise AddressError(f"It has extra text after the host name; the vault's URL is https://{host}.")
    return f"https://{host}"


def parse_token_url(text: str, *, also_allowed: tuple[str, ...] = ()) -> TokenVaultTokenUrl:
    """Parse the full URL of a token. Raises AddressError, ForeignHostError."""
    vault_url = parse_token_vault_url(f"https://{https_host(text)}", also_allowed=also_allowed)
    address = urlsplit(text)
    found = _TOKEN_PATH.fullmatch(address.path)
    if not found or address.query or address.fragment or not all(map(is_token_name, found.groups())):
        raise AddressError(f"It must have the form {vault_url}/services/<service>/tokens/<token>.")
    return TokenVaultTokenUrl(vault_url=vault_url, service=found["service"], token=found["token"])


def is_token_name(text: str) -> bool:
    """Whether `text` is a valid name of a service or token."""
    return bool(_TOKEN_NAME.fullmatch(text))


T = TypeVar("T")

_URL = "KVSITE_TOKEN_VAULT_URL"
_SERVICE, _TOKEN = "KVSITE_TOKEN_VAULT_SERVICE", "KVSITE_TOKEN_VAULT_TOKEN"
_WHOLE_URL, _STORE_NAME = "tokenResourceUrl", "storeName"
_EXAMPLE = "https://<vault>.<region>.tokenvault.azure.net"


def _parse_token_url_settings(given: RawSettings) -> TokenVaultTokenUrl | None:
    if _URL in given:
        return _in_parts(given, _URL, given[_URL])
    if _WHOLE_URL in given:
        return _checked(_WHOLE_URL, given[_WHOLE_URL], given, parse_token_url)
    return (
        _in_parts(given, _STORE_NAME, f"https://{given[_STORE_NAME]}.tokenstore.azure.net")
        if _STORE_NAME in given
        else None
    )


def _in_parts(given: RawSettings, setting: str, url: str) -> TokenVaultTokenUrl:
    return TokenVaultTokenUrl(
        vault_url=_checked(setting, url, given, parse_token_vault_url),
        service=_parse_name(72, _SERVICE, given.get(_SERVICE, "dropbox")),
        token=_parse_name(73, _TOKEN, given.get(_TOKEN, "sampleToken")),
    )


def _checked(setting: str, text: str, given: RawSettings, read: Callable[..., T]) -> T:
    try:
        return read(text, also_allowed=allowed_hosts(given))
    except ForeignHostError as error:
        raise _error(
            71, setting, f"is refused: {error.after_a_colon}", cause="vault_url_refused", example=_EXAMPLE
        ) from error
    except AddressError as error:
        raise _error(70, setting, f"is not a Token Vault's address: {error.after_a_colon}", example=_EXAMPLE) from error


def _parse_name(number: int, setting: str, text: str) -> str:
    if is_token_name(text):
        return text
    raise _error(number, setting, "is not a name: those have letters, digits, and . _ - inside.", example="dropbox")


def _error(number: int, setting: str, says: str, **more: Any) -> SettingError:
    # The secret does not need it, so it stops the Token Vault's page alone.
    hint = "Mend it, or leave it out: the service was closed in 2020."
    return SettingError(number, setting, says, hint, stops=False, **more)


SETTINGS: dict[str, tuple[str, str]] = {
    _URL: ("", "The retired Token Vault, for `/token-vault/`: `https://<vault>.<region>.tokenvault.azure.net`."),
    _SERVICE: ("`dropbox`", "The service whose token it keeps."),
    _TOKEN: ("`sampleToken`", "The token's name."),
    _WHOLE_URL: (
        "",
        "The same as one address, as the Token Store samples had it: `https://.../services/.../tokens/...`.",
    ),
    _STORE_NAME: ("", "The Token Store's name alone, as its samples had it."),
}

READERS: dict[str, Callable[[RawSettings], Any]] = {"token_vault": _parse_token_url_settings}
