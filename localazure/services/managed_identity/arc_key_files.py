"""The key files of the Azure Arc agent, deleted when the scenario ends."""

from contextlib import suppress
from pathlib import Path

AGENT_FOLDER = Path("/var/opt/azcmagent/tokens")
"""The only folder that clients accept on Linux; creating it requires root."""


class ArcKeyFiles:
    def __init__(self, fallback_folder: Path) -> None:
        self.issued: list[str] = []
        self._fallback_folder = fallback_folder
        self._written: list[Path] = []
        self._created_folders: list[Path] = []

    def write(self, name: str, key: str) -> Path:
        """Write `key` to a new file and return its path; in `fallback_folder` unless the agent's is writable."""
        path = self._folder() / name
        path.write_text(key)
        path.chmod(0o600)
        self.issued.append(key)
        self._written.append(path)
        return path

    def close(self) -> None:
        for path in self._written:
            path.unlink(missing_ok=True)
        with suppress(OSError):  # another scenario may still use it
            for folder in self._created_folders:
                folder.rmdir()

    def _folder(self) -> Path:
        try:
            for folder in (*reversed(AGENT_FOLDER.parents), AGENT_FOLDER):
                if not folder.exists():
                    folder.mkdir(mode=0o700)
                    self._created_folders.insert(0, folder)
        except OSError:  # not root, or a read-only file system
            return self._fallback_folder
        return AGENT_FOLDER
