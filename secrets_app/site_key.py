"""The site's own key, made once and kept beside the code where none is given."""

import secrets
import tempfile
from contextlib import suppress
from pathlib import Path


def kept_site_key(path: Path) -> str:
    """The key kept in `path`, made at the first call: 64 random URL-safe characters.

    Where the folder cannot be written, as in a read-only container, the key lives as long as this process;
    `manage.py check --deploy` asks for a key of one's own in production.
    """
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        key = secrets.token_urlsafe(48)
        with suppress(OSError):
            key = _keep(path, key)
        return key


def _keep(path: Path, key: str) -> str:
    """Put `key` into `path` unless another process was first: whole or not at all, readable by its owner alone."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="ascii", dir=path.parent) as draft:  # made with mode 600
        draft.write(key)
        draft.flush()
        with suppress(FileExistsError):
            path.hardlink_to(draft.name)
    return path.read_text(encoding="ascii")
