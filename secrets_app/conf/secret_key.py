"""The site's own key, made once and kept beside the code where none is given."""

import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from secrets_app.conf.errors import RawSettings, SettingError, SettingProblem

MIN_KEY_LENGTH = 50
"""Characters; Django's own check warns of shorter keys (security.W009)."""


def load_or_create_key(path: Path) -> str:
    """The key kept in `path`, made at the first call: 64 random URL-safe characters. A damaged one is made anew.

    Where the folder cannot be written, as in a read-only container, the key lives as long as this process: ask
    `is_kept`.
    """
    if kept := _read(path):
        return kept
    key = secrets.token_urlsafe(48)
    with suppress(OSError):
        _store(path, key)
    return _read(path) or key


def is_stored(path: Path, key: str) -> bool:
    """`key` is what `path` holds: every process, and this one after a restart, comes to the same."""
    return _read(path) == key


def _read(path: Path) -> str | None:
    with suppress(OSError, UnicodeDecodeError):
        key = path.read_text(encoding="ascii").strip()
        return key if len(key) >= MIN_KEY_LENGTH else None
    return None


def _store(path: Path, key: str) -> None:
    """Put `key` into `path` unless another process was first: whole or not at all, readable by its owner alone."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="ascii", dir=path.parent) as draft:  # made with mode 600
        draft.write(key)
        draft.flush()
        with suppress(FileExistsError):
            path.hardlink_to(draft.name)
            return
        if not _read(path):  # what is there is no key
            path.unlink(missing_ok=True)
            path.hardlink_to(draft.name)


_HOW_TO_CREATE = "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'."


def parse_secret_key(given: RawSettings) -> str | None:
    """The key that the settings give. Raises Mistake where it is too short."""
    key = given.get("KVSITE_SECRET_KEY")
    if key is None or len(key) >= MIN_KEY_LENGTH:
        return key
    raise SettingError(
        16, "KVSITE_SECRET_KEY", f"has {len(key)} characters; with fewer than {MIN_KEY_LENGTH} it can be guessed.",
        f"{_HOW_TO_CREATE} Until then another one is used.",
    )  # fmt: skip


def missing_key_problem(*, production: bool, kept: bool) -> SettingProblem | None:
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
    return SettingProblem(
        id="secrets_app.E029" if production else "secrets_app.W027",
        setting="KVSITE_SECRET_KEY",
        says=says,
        hint=f"{_HOW_TO_CREATE} {meanwhile}",
        cause="setting_missing",
        stops=False,
    )
