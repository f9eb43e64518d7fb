"""The site's own key, made once and kept beside the code where none is given."""

import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

SHORTEST_KEY = 50
"""Characters; Django's own check warns of shorter keys (security.W009)."""


def kept_site_key(path: Path) -> str:
    """The key kept in `path`, made at the first call: 64 random URL-safe characters. A damaged one is made anew.

    Where the folder cannot be written, as in a read-only container, the key lives as long as this process: ask
    `is_kept`.
    """
    if kept := _read(path):
        return kept
    key = secrets.token_urlsafe(48)
    with suppress(OSError):
        _keep(path, key)
    return _read(path) or key


def is_kept(path: Path, key: str) -> bool:
    """`key` is what `path` holds: every process, and this one after a restart, comes to the same."""
    return _read(path) == key


def _read(path: Path) -> str | None:
    with suppress(OSError, UnicodeDecodeError):
        key = path.read_text(encoding="ascii").strip()
        return key if len(key) >= SHORTEST_KEY else None
    return None


def _keep(path: Path, key: str) -> None:
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
