"""The site's secret key: generated once and stored in a file when no setting provides it."""

import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from secrets_app.conf.setting import SettingError, SettingProblem
from secrets_app.core.check_ids import CheckId

KEY_TOO_SHORT = CheckId("E016", "`KVSITE_SECRET_KEY` is too short.")
KEY_NOT_STORED = CheckId("W027", "`KVSITE_SECRET_KEY` is not set, and a generated key cannot be stored.")
KEY_MISSING = CheckId("E029", "`KVSITE_SECRET_KEY` is not set in production.")

MIN_KEY_LENGTH = 50
"""Characters; Django's own check warns of shorter keys (security.W009)."""


def state_folder(environ: Mapping[str, str]) -> Path:
    """Where a user's programs keep such files. https://specifications.freedesktop.org/basedir-spec/latest/"""
    given = environ.get("LOCALAPPDATA") or environ.get("XDG_STATE_HOME")
    return Path(given or "~/.local/state").expanduser() / "principal-used"


def load_or_create_key(path: Path) -> str:
    """The key stored in `path`, generated on the first call: 64 random URL-safe characters. A damaged one is replaced.

    Where the folder is not writable, as in a read-only container, the key lasts as long as this process: see
    `is_stored`.
    """
    if stored := _read(path):
        return stored
    key = secrets.token_urlsafe(48)
    with suppress(OSError):
        _store(path, key)
    return _read(path) or key


def is_stored(path: Path, key: str) -> bool:
    """Whether `path` contains `key`: then every process uses it, also after a restart."""
    return _read(path) == key


def _read(path: Path) -> str | None:
    with suppress(OSError, UnicodeDecodeError):
        key = path.read_text(encoding="ascii").strip()
        return key if len(key) >= MIN_KEY_LENGTH else None
    return None


def _store(path: Path, key: str) -> None:
    """Write `key` to `path` atomically, readable by its owner only, unless another process was first."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="ascii", dir=path.parent) as draft:  # created with mode 600
        draft.write(key)
        draft.flush()
        with suppress(FileExistsError):
            path.hardlink_to(draft.name)
            return
        if not _read(path):  # the file contains no key
            path.unlink(missing_ok=True)
            path.hardlink_to(draft.name)


_HOW_TO_CREATE = "Generate one: python -c 'import secrets; print(secrets.token_urlsafe(48))'."


def parse_secret_key(name: str, text: str) -> str:
    """The key. Raises SettingError where it is too short."""
    if len(text) >= MIN_KEY_LENGTH:
        return text
    raise SettingError(
        KEY_TOO_SHORT, name, f"has {len(text)} characters; a key with fewer than {MIN_KEY_LENGTH} can be guessed.",
        f"{_HOW_TO_CREATE} Until this is fixed, a generated key is used.",
    )  # fmt: skip


def missing_key_problem(*, production: bool, stored: bool) -> SettingProblem | None:
    """The problem when no key is set: always in production, elsewhere only when a generated key cannot be stored."""
    if not production and stored:
        return None
    message = (
        "is not set. A site in production requires its own key."
        if production
        else "is not set, and no generated key can be stored: the folder .local is not writable."
    )
    until_then = (
        "Until then the key in .local is used. Copies of that folder contain it, and each deployment has a new one."
        if stored
        else "Until then each process generates its own: fingerprints and cookies differ between processes and after a "
        "restart."
    )
    return SettingProblem(
        check=KEY_MISSING if production else KEY_NOT_STORED,
        setting="KVSITE_SECRET_KEY",
        message=message,
        hint=f"{_HOW_TO_CREATE} {until_then}",
        cause="setting_missing",
        blocks_reading=False,
    )
