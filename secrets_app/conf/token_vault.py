"""Settings: a token of the retired Token Vault, and which URLs are allowed for it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from secrets_app.conf.setting import RawSettings, Setting, SettingError, as_text, by_name
from secrets_app.conf.vault import allowed_hosts
from secrets_app.core.check_ids import CheckId
from secrets_app.core.hosts import AddressError, ForeignHostError, https_host

TITLE = "Token Vault (retired)"

_URL = CheckId("W070", "The URL of the Token Vault, or of a token in it, is malformed.")
_HOST = CheckId("W071", "The URL is not that of a Token Vault.")
_SERVICE_NAME = CheckId("W072", "`KVSITE_TOKEN_VAULT_SERVICE` is not a valid name.")
_TOKEN_NAME = CheckId("W073", "`KVSITE_TOKEN_VAULT_TOKEN` is not a valid name.")
NO_URL = CheckId("E074", "The Token Vault page is used, but `KVSITE_TOKEN_VAULT_URL` is not set.")

# https://<vault>.<region>.tokenvault.azure.net; since its renaming in 2019 https://<name>.tokenstore.azure.net
_TOKEN_VAULT_HOST = re.compile(r"[a-z0-9-]{1,63}\.[a-z0-9]{1,63}\.tokenvault\.azure\.net")
_TOKEN_STORE_HOST = re.compile(r"[a-z0-9-]{1,63}\.tokenstore\.azure\.net")
_NAME_PATTERN = re.compile(r"[a-zA-Z0-9][\w.-]{0,127}", re.ASCII)
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
    return bool(_NAME_PATTERN.fullmatch(text))


EXAMPLE_URL = "https://<vault>.<region>.tokenvault.azure.net"


def _name_parser(check: CheckId) -> Callable[[str, str], str]:
    def parse(name: str, text: str) -> str:
        if is_token_name(text):
            return text
        raise _error(check, name, "is not a valid name: only letters, digits and . _ - inside are allowed.")

    return parse


_CHECKS = (_URL, _HOST)
VAULT_URL = Setting(
    name="KVSITE_TOKEN_VAULT_URL", help=f"The Token Vault, for `/token-vault/`: `{EXAMPLE_URL}`.", default=None,
    parse=as_text, checks=(*_CHECKS, NO_URL), example=EXAMPLE_URL,
)  # fmt: skip
SERVICE = Setting(
    name="KVSITE_TOKEN_VAULT_SERVICE", help="The service of the token.", default="dropbox",
    parse=_name_parser(_SERVICE_NAME), checks=(_SERVICE_NAME,),
)  # fmt: skip
TOKEN = Setting(
    name="KVSITE_TOKEN_VAULT_TOKEN", help="The name of the token.", default="sampleToken",
    parse=_name_parser(_TOKEN_NAME), checks=(_TOKEN_NAME,),
)  # fmt: skip
TOKEN_URL = Setting(
    name="tokenResourceUrl",
    help="The same in one URL, as in the Token Store samples: `https://.../services/.../tokens/...`.", default=None,
    parse=as_text, checks=_CHECKS,
)  # fmt: skip
STORE_NAME = Setting(
    name="storeName", help="The name of the Token Store alone, as in its samples.", default=None, parse=as_text,
    checks=_CHECKS,
)  # fmt: skip
SETTINGS = by_name(VAULT_URL, SERVICE, TOKEN, TOKEN_URL, STORE_NAME)

T = TypeVar("T")


def _read_token(settings: RawSettings) -> TokenVaultTokenUrl | None:
    if VAULT_URL.name in settings:
        return _in_parts(settings, VAULT_URL.name, settings[VAULT_URL.name])
    if TOKEN_URL.name in settings:
        return _checked(TOKEN_URL.name, settings[TOKEN_URL.name], settings, parse_token_url)
    if STORE_NAME.name in settings:
        return _in_parts(settings, STORE_NAME.name, f"https://{settings[STORE_NAME.name]}.tokenstore.azure.net")
    return None


def _in_parts(settings: RawSettings, name: str, url: str) -> TokenVaultTokenUrl:
    return TokenVaultTokenUrl(
        vault_url=_checked(name, url, settings, parse_token_vault_url),
        service=SERVICE.read(settings),
        token=TOKEN.read(settings),
    )


def _checked(name: str, text: str, settings: RawSettings, parse: Callable[..., T]) -> T:
    try:
        return parse(text, also_allowed=allowed_hosts(settings))
    except ForeignHostError as error:
        message, cause = f"is not allowed: {error.after_a_colon}", "vault_url_refused"
        raise _error(_HOST, name, message, cause=cause, example=EXAMPLE_URL) from error
    except AddressError as error:
        message = f"is not a valid Token Vault URL: {error.after_a_colon}"
        raise _error(_URL, name, message, example=EXAMPLE_URL) from error


def _error(check: CheckId, name: str, message: str, **more: Any) -> SettingError:
    # A warning: the secret can be read without it, only the Token Vault page cannot.
    return SettingError(check, name, message, "Correct it, or remove it: the service was retired in 2020.", **more)


READERS: dict[str, Callable[[RawSettings], Any]] = {"token_vault": _read_token}
