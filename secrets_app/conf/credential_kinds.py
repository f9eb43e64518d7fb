"""Which credentials: the words of KVSITE_CREDENTIAL, and what a chain leaves out."""

import difflib

from secrets_app.conf.errors import RawSettings, SettingError
from secrets_app.core.credential_options import MEMBERS, CredentialKind, parse_kind


def _parse_kinds(number: int, setting: str, given: RawSettings) -> tuple[CredentialKind, ...]:
    words = [word.strip() for word in given.get(setting, "").split(",") if word.strip()]
    return tuple(dict.fromkeys(_parse_one(number, setting, word) for word in words))


def _parse_one(number: int, setting: str, word: str) -> CredentialKind:
    way = parse_kind(word)
    if way is None:
        near = difflib.get_close_matches(word.lower(), list(CredentialKind), n=1)
        raise SettingError(
            number, setting, f"has {word[:40]!r} in it, which is no credential.",
            f"Did you mean {near[0]}?" if near else f"It takes: {', '.join(CredentialKind)}.",
            example=near[0] if near else "default",
        )  # fmt: skip
    return way


def credential_kinds(given: RawSettings) -> tuple[CredentialKind, ...] | None:
    """The ways to ask, in that order. Raises Mistake."""
    named = _parse_kinds(30, "KVSITE_CREDENTIAL", given)
    chains = [way for way in named if way.is_chain]
    if chains and len(named) > 1:
        raise SettingError(
            31, "KVSITE_CREDENTIAL", f"lists {chains[0]} beside others; {chains[0]} is a whole chain and stands alone.",
            "List single credentials, or the chain alone and KVSITE_EXCLUDE_CREDENTIALS for what it should leave out.",
        )  # fmt: skip
    return named or None


def excluded(given: RawSettings) -> tuple[CredentialKind, ...]:
    """The members that the chain leaves out. Raises Mistake."""
    left_out = _parse_kinds(32, "KVSITE_EXCLUDE_CREDENTIALS", given)
    for way in left_out:
        if way not in MEMBERS:
            raise SettingError(
                32, "KVSITE_EXCLUDE_CREDENTIALS", f"has {way} in it, which is not a member of the chain.",
                f"Its members are: {', '.join(MEMBERS)}.",
            )  # fmt: skip
    chosen = credential_kinds(given) or (CredentialKind.DEFAULT,)
    if left_out and not chosen[0].is_chain:
        raise SettingError(
            33, "KVSITE_EXCLUDE_CREDENTIALS", "leaves members out of a chain, and KVSITE_CREDENTIAL names none.",
            "Take one of the two out.",
        )  # fmt: skip
    return left_out


SETTINGS: dict[str, tuple[str, str]] = {
    "KVSITE_CREDENTIAL": (
        "`default`",
        "Who to be. `default`: azure-identity's chain; `dev`, `prod`: its halves; or one credential, or several with "
        f"commas, asked in that order: {', '.join(f'`{way}`' for way in CredentialKind if not way.is_chain)}.",
    ),
    "KVSITE_EXCLUDE_CREDENTIALS": ("", "Members that the chain leaves out, separated by commas."),
}
