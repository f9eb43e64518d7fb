"""A secret's whole identifier, https://<vault>/secrets/<name>/<version>, and whether its vault is one of ours."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from secrets_app.vault_address import AddressError, ForeignHostError, vault_url

_PATH = re.compile(r"/secrets/(?P<name>[0-9a-zA-Z-]{1,127})(?:/(?P<version>[0-9a-fA-F]{32}))?/?")


@dataclass(frozen=True, kw_only=True)
class SecretIdentifier:
    """Which secret of which vault."""

    vault_url: str
    name: str
    version: str | None = None


def looks_like_identifier(text: str) -> bool:
    """It is meant as an address: no name of a secret has a colon or a slash in it."""
    return ":" in text or "/" in text


def secret_identifier(text: str, *, own_vault: str | None, also_allowed: tuple[str, ...] = ()) -> SecretIdentifier:
    """The parts of `text`. Raises AddressError where it is no identifier, ForeignHostError where its vault is another.

    Stricter than a setting: whoever writes this is a visitor, and a token is sent to the host it names.
    """
    try:
        address = urlsplit(text)
    except ValueError as error:
        raise AddressError("It cannot be read as a URL.") from error
    url = vault_url(f"{address.scheme}://{address.netloc}", also_allowed=also_allowed)
    host = url.removeprefix("https://")
    if url != own_vault and host not in also_allowed:
        raise ForeignHostError(f"{host} is not the vault of this site, so no token is sent there.")
    path = _PATH.fullmatch(address.path)
    if path is None or address.query or address.fragment or text != text.strip():
        raise AddressError(f"It should be {url}/secrets/<name>, or the same with /<version> after it.")
    return SecretIdentifier(vault_url=url, name=path["name"], version=path["version"])
