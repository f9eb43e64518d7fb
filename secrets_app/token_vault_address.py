"""Which addresses are tokens of the retired Token Vault, and what our own token for it is asked for."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from secrets_app.vault_address import AddressError, ForeignHostError, https_host

# https://<vault>.<region>.tokenvault.azure.net; since its renaming in 2019 https://<name>.tokenstore.azure.net
_VAULT = re.compile(r"[a-z0-9-]{1,63}\.[a-z0-9]{1,63}\.tokenvault\.azure\.net")
_STORE = re.compile(r"[a-z0-9-]{1,63}\.tokenstore\.azure\.net")
_NAME = re.compile(r"[a-zA-Z0-9][\w.-]{0,127}", re.ASCII)
_PATH = re.compile(r"/services/(?P<service>[^/]+)/tokens/(?P<token>[^/]+)/?")


@dataclass(frozen=True, kw_only=True)
class KeptTokenAddress:
    """One token that a Token Vault keeps for somebody."""

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
        """Where a person signs in to the service, so that the vault has a token to keep."""
        return f"{self.url}/login"

    @property
    def scope(self) -> str:
        """What our own token is asked for: all vaults are one audience, each store is its own."""
        host = self.vault_url.removeprefix("https://")
        return "https://tokenvault.azure.net/.default" if _VAULT.fullmatch(host) else f"{self.vault_url}/.default"


def token_vault_url(text: str, *, also_allowed: tuple[str, ...] = ()) -> str:
    """`https://<host>` of the Token Vault that `text` names. Raises AddressError, ForeignHostError."""
    host = https_host(text)
    if not (host in also_allowed or _VAULT.fullmatch(host) or _STORE.fullmatch(host)):
        raise ForeignHostError(
            f"{host} is not a Token Vault (*.<region>.tokenvault.azure.net, *.tokenstore.azure.net), so no token is "
            "sent there."
        )
    if (address := urlsplit(text)).path.strip("/") or address.query or address.fragment:
        raise AddressError(f"It goes on after the host; the vault's address is only https://{host}.")
    return f"https://{host}"


def kept_token_address(text: str, *, also_allowed: tuple[str, ...] = ()) -> KeptTokenAddress:
    """What a token's whole address names. Raises AddressError, ForeignHostError."""
    vault_url = token_vault_url(f"https://{https_host(text)}", also_allowed=also_allowed)
    address = urlsplit(text)
    found = _PATH.fullmatch(address.path)
    if not found or address.query or address.fragment or not all(map(is_name, found.groups())):
        raise AddressError(f"It should go on after the host with /services/<service>/tokens/<token>: {vault_url}/...")
    return KeptTokenAddress(vault_url=vault_url, service=found["service"], token=found["token"])


def is_name(text: str) -> bool:
    """`text` can be the name of a service or of a token."""
    return bool(_NAME.fullmatch(text))
