"""A secret's whole identifier, https://<vault>/secrets/<name>/<version>, and whether its vault is one of ours."""

from secrets_app.vault_address import ForeignHostError, SecretId, secret_id


def looks_like_identifier(text: str) -> bool:
    """It is meant as an address: no name of a secret has a colon or a slash in it."""
    return ":" in text or "/" in text


def secret_identifier(text: str, *, own_vault: str | None, also_allowed: tuple[str, ...] = ()) -> SecretId:
    """The parts of `text`. Raises AddressError where it is no identifier, ForeignHostError where its vault is another.

    Stricter than a setting: whoever writes this is a visitor, and a token is sent to the host it names.
    """
    found = secret_id(text, also_allowed=also_allowed)
    host = found.vault_url.removeprefix("https://")
    if found.vault_url != own_vault and host not in also_allowed:
        raise ForeignHostError(f"{host} is not the vault of this site, so no token is sent there.")
    return found
