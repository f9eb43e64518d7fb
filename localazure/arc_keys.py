"""The key files of Azure Arc's agent: in its own folder where that can be made, gone when the world ends."""

from contextlib import suppress
from pathlib import Path

AGENT_FOLDER = Path("/var/opt/azcmagent/tokens")
"""The only folder clients read a key from, on Linux; only root can make it."""


class ArcKeys:
    def __init__(self, otherwise: Path) -> None:
        self.given: list[str] = []
        self._otherwise = otherwise
        self._written: list[Path] = []
        self._made: list[Path] = []

    def write(self, name: str, key: str) -> Path:
        """The path of a new file that holds `key`; under `otherwise` where the agent's folder cannot be made."""
        path = self._folder() / name
        path.write_text(key)
        path.chmod(0o600)
        self.given.append(key)
        self._written.append(path)
        return path

    def close(self) -> None:
        for path in self._written:
            path.unlink(missing_ok=True)
        with suppress(OSError):  # another world may still have its keys there
            for folder in self._made:
                folder.rmdir()

    def _folder(self) -> Path:
        try:
            for folder in (*reversed(AGENT_FOLDER.parents), AGENT_FOLDER):
                if not folder.exists():
                    folder.mkdir(mode=0o700)
                    self._made.insert(0, folder)
        except OSError:  # not root, or a system that is read-only
            return self._otherwise
        return AGENT_FOLDER
