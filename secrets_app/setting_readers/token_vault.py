"""The retired Token Vault: which token of which vault."""

from collections.abc import Callable
from typing import Any, TypeVar

from secrets_app.setting_readers.problem import Given, Mistake
from secrets_app.setting_readers.vault import allowed_hosts
from secrets_app.token_vault_address import KeptTokenAddress, is_name, kept_token_address, token_vault_url
from secrets_app.vault_address import AddressError, ForeignHostError

Read = TypeVar("Read")

_URL = "KVSITE_TOKEN_VAULT_URL"
_SERVICE, _TOKEN = "KVSITE_TOKEN_VAULT_SERVICE", "KVSITE_TOKEN_VAULT_TOKEN"
_WHOLE, _STORE = "tokenResourceUrl", "storeName"
_EXAMPLE = "https://<vault>.<region>.tokenvault.azure.net"


def _token_vault(given: Given) -> KeptTokenAddress | None:
    if _URL in given:
        return _in_parts(given, _URL, given[_URL])
    if _WHOLE in given:
        return _checked(_WHOLE, given[_WHOLE], given, kept_token_address)
    return _in_parts(given, _STORE, f"https://{given[_STORE]}.tokenstore.azure.net") if _STORE in given else None


def _in_parts(given: Given, setting: str, url: str) -> KeptTokenAddress:
    return KeptTokenAddress(
        vault_url=_checked(setting, url, given, token_vault_url),
        service=_name(72, _SERVICE, given.get(_SERVICE, "dropbox")),
        token=_name(73, _TOKEN, given.get(_TOKEN, "sampleToken")),
    )


def _checked(setting: str, text: str, given: Given, read: Callable[..., Read]) -> Read:
    try:
        return read(text, also_allowed=allowed_hosts(given))
    except ForeignHostError as error:
        raise _mistake(
            71, setting, f"is refused: {error.after_a_colon}", cause="vault_url_refused", example=_EXAMPLE
        ) from error
    except AddressError as error:
        raise _mistake(
            70, setting, f"is not a Token Vault's address: {error.after_a_colon}", example=_EXAMPLE
        ) from error


def _name(number: int, setting: str, text: str) -> str:
    if is_name(text):
        return text
    raise _mistake(number, setting, "is not a name: those have letters, digits, and . _ - inside.", example="dropbox")


def _mistake(number: int, setting: str, says: str, **more: Any) -> Mistake:
    # The secret does not need it, so it stops the Token Vault's page alone.
    way_out = "Mend it, or leave it out: the service was closed in 2020."
    return Mistake(number, setting, says, way_out, stops=False, **more)


SETTINGS: dict[str, tuple[str, str]] = {
    _URL: ("", "The retired Token Vault, for `/token-vault/`: `https://<vault>.<region>.tokenvault.azure.net`."),
    _SERVICE: ("`dropbox`", "The service whose token it keeps."),
    _TOKEN: ("`sampleToken`", "The token's name."),
    _WHOLE: ("", "The same as one address, as the Token Store samples had it: `https://.../services/.../tokens/...`."),
    _STORE: ("", "The Token Store's name alone, as its samples had it."),
}

READERS: dict[str, Callable[[Given], Any]] = {"token_vault": _token_vault}
