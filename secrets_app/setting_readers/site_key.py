"""The site's own key: given, or missing where it is needed."""

from secrets_app.setting_readers.problem import Given, Mistake, Problem
from secrets_app.site_key import SHORTEST_KEY

_MAKE_ONE = "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'."


def site_key(given: Given) -> str | None:
    """The key that the settings give. Raises Mistake where it is too short."""
    key = given.get("KVSITE_SECRET_KEY")
    if key is None or len(key) >= SHORTEST_KEY:
        return key
    raise Mistake(
        16, "KVSITE_SECRET_KEY", f"has {len(key)} characters; with fewer than {SHORTEST_KEY} it can be guessed.",
        f"{_MAKE_ONE} Until then another one is used.",
    )  # fmt: skip


def missing_key(*, production: bool, kept: bool) -> Problem | None:
    """What is wrong when no key is given: in production always something, elsewhere where none could be kept."""
    if not production and kept:
        return None
    says = (
        "is not set, and a site in production needs a key of its own."
        if production
        else "is not set, and no key can be kept: the folder .local cannot be written."
    )
    meanwhile = (
        "Until then the one in .local is used: whoever copies that folder has it, and a new deployment makes another."
        if kept
        else "Until then each process makes its own: fingerprints and cookies differ among them and after each restart."
    )
    return Problem(
        id="secrets_app.E029" if production else "secrets_app.W027",
        setting="KVSITE_SECRET_KEY",
        says=says,
        way_out=f"{_MAKE_ONE} {meanwhile}",
        cause="setting_missing",
        stops=False,
    )
