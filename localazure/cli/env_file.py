"""Writes the variables of a scenario to a file for `docker run --env-file` and for shells, while it is running."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

FOLDERS = frozenset({"PATH", "HOME", "USERPROFILE", "AZURE_CONFIG_DIR"})
"""Variables with folders of this machine, which a container does not have."""


class EnvFileError(Exception):
    """The file cannot be written; the message contains its path and the reason."""


@contextmanager
def written_env_file(path: Path | None, variables: Mapping[str, str]) -> Iterator[None]:
    """Write `variables` to `path`, readable only by this user, and remove it at the end. None: do nothing.

    The file appears whole, so that its existence means that Local Azure is ready. Raises EnvFileError.
    """
    if path is None:
        yield
        return
    try:
        _write(path, variables)
    except OSError as error:
        raise EnvFileError(f"{path}: {error.strerror}") from None
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _write(path: Path, variables: Mapping[str, str]) -> None:
    lines = [f"{name}={value}\n" for name, value in sorted(variables.items()) if name not in FOLDERS]
    unsafe = [line.partition("=")[0] for line in lines if "\n" in line[:-1]]
    if unsafe:
        raise EnvFileError(f"{path}: the value of {unsafe[0]} has a line break")
    path.unlink(missing_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w") as file:
        file.writelines(lines)
    Path(temporary).replace(path)
