"""The temporary folder of a running scenario, which only this user can read; and folders that a killed process left."""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

PREFIX = "local-azure-"
_OWNER = "pid"


def create_folder() -> Path:
    """Create the folder, mode 700, and remove the folders of processes that were killed."""
    _remove_abandoned(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    (folder / _OWNER).write_text(str(os.getpid()))
    return folder


def remove_folder(folder: Path) -> None:
    """Try twice: a program that is just exiting can write to its home folder while it is being removed."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        shutil.rmtree(folder)


def _remove_abandoned(parent: Path) -> None:
    with os.scandir(parent) as entries:
        found = [Path(entry.path) for entry in entries if entry.name.startswith(PREFIX)]
    for folder in found:
        if _is_abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_abandoned(folder: Path) -> bool:
    """Whether the folder belongs to this user and the process that created it has ended."""
    with suppress(OSError, ValueError):
        if hasattr(os, "getuid") and (folder.is_symlink() or folder.lstat().st_uid != os.getuid()):
            return False
        return not _is_running(int((folder / _OWNER).read_text()))
    return False


def _is_running(process_id: int) -> bool:
    if os.name == "nt":  # there, signal 0 would end the process
        return True
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
