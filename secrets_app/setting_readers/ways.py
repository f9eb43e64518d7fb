"""Which credentials: the words of KVSITE_CREDENTIAL, and what a chain leaves out."""

import difflib
import re
from collections.abc import Mapping

from secrets_app.setting_readers.problem import Given, Mistake
from secrets_app.sign_in import MEMBERS, Way

_OTHER_WORDS: dict[str, Way] = {
    "defaultazure": Way.DEFAULT,
    "visualstudiocode": Way.VISUAL_STUDIO_CODE,
    "vscode": Way.VISUAL_STUDIO_CODE,
    "sharedtokencache": Way.SHARED_CACHE,
    "az": Way.AZURE_CLI,
    "cli": Way.AZURE_CLI,
    "powershell": Way.AZURE_POWERSHELL,
    "azd": Way.AZURE_DEVELOPER_CLI,
    "browser": Way.INTERACTIVE_BROWSER,
    "certificate": Way.CLIENT_CERTIFICATE,
    "pipelines": Way.AZURE_PIPELINES,
    "managedidentity": Way.MANAGED_IDENTITY,
    "msi": Way.MANAGED_IDENTITY,
}
"""What people call them elsewhere, in small letters without hyphens; azure-identity's class names do too."""
_WORDS: Mapping[str, Way] = {way.value.replace("-", ""): way for way in Way} | _OTHER_WORDS


def way_named(word: str) -> Way | None:
    """The way that `word` names, as a setting or azure-identity writes it, in any case."""
    return _WORDS.get(re.sub(r"[-_ ]", "", word.lower()).removesuffix("credential"))


def _ways_in(number: int, setting: str, given: Given) -> tuple[Way, ...]:
    words = [word.strip() for word in given.get(setting, "").split(",") if word.strip()]
    return tuple(dict.fromkeys(_way_of(number, setting, word) for word in words))


def _way_of(number: int, setting: str, word: str) -> Way:
    way = way_named(word)
    if way is None:
        near = difflib.get_close_matches(word.lower(), list(Way), n=1)
        raise Mistake(
            number, setting, f"has {word[:40]!r} in it, which is no credential.",
            f"Did you mean {near[0]}?" if near else f"It takes: {', '.join(Way)}.",
            example=near[0] if near else "default",
        )  # fmt: skip
    return way


def ways(given: Given) -> tuple[Way, ...] | None:
    """The ways to ask, in that order. Raises Mistake."""
    named = _ways_in(30, "KVSITE_CREDENTIAL", given)
    chains = [way for way in named if way.is_chain]
    if chains and len(named) > 1:
        raise Mistake(
            31, "KVSITE_CREDENTIAL", f"lists {chains[0]} beside others; {chains[0]} is a whole chain and stands alone.",
            "List single credentials, or the chain alone and KVSITE_EXCLUDE_CREDENTIALS for what it should leave out.",
        )  # fmt: skip
    return named or None


def excluded(given: Given) -> tuple[Way, ...]:
    """The members that the chain leaves out. Raises Mistake."""
    left_out = _ways_in(32, "KVSITE_EXCLUDE_CREDENTIALS", given)
    for way in left_out:
        if way not in MEMBERS:
            raise Mistake(
                32, "KVSITE_EXCLUDE_CREDENTIALS", f"has {way} in it, which is not a member of the chain.",
                f"Its members are: {', '.join(MEMBERS)}.",
            )  # fmt: skip
    chosen = ways(given) or (Way.DEFAULT,)
    if left_out and not chosen[0].is_chain:
        raise Mistake(
            33, "KVSITE_EXCLUDE_CREDENTIALS", "leaves members out of a chain, and KVSITE_CREDENTIAL names none.",
            "Take one of the two out.",
        )  # fmt: skip
    return left_out


SETTINGS: dict[str, tuple[str, str]] = {
    "KVSITE_CREDENTIAL": (
        "`default`",
        "Who to be. `default`: azure-identity's chain; `dev`, `prod`: its halves; or one credential, or several with "
        f"commas, asked in that order: {', '.join(f'`{way}`' for way in Way if not way.is_chain)}.",
    ),
    "KVSITE_EXCLUDE_CREDENTIALS": ("", "Members that the chain leaves out, separated by commas."),
}
