"""Where az is looked for: in the folder that AzureCLIPath names, then on PATH."""

import os
from collections.abc import Mapping
from pathlib import Path

from secrets_app.environment.scene import Scene


def az_environ(scene: Scene) -> Mapping[str, str]:
    """What az is found and started with; the folder is on the PATH of az alone."""
    folder = _folder(scene)
    if folder is None:
        return scene.environ
    return {**scene.environ, "PATH": os.pathsep.join([folder, scene.environ.get("PATH", "")])}


def said_of_folder(scene: Scene, found_at: str | None) -> str | None:
    """One sentence about that folder; None when no setting names one."""
    folder = _folder(scene)
    if folder is None:
        return None
    if in_folder(scene, found_at):
        return f"az is looked for in {folder} first, because AzureCLIPath says so."
    what = "and no az lies there" if Path(folder).is_dir() else "which is no folder on this machine"
    return f"AzureCLIPath names {folder}, {what}."


def in_folder(scene: Scene, found_at: str | None) -> bool:
    """az was found where the setting says."""
    folder = _folder(scene)
    return folder is not None and found_at is not None and Path(found_at).parent == Path(folder)


def _folder(scene: Scene) -> str | None:
    return scene.config.sign_in.az_folder if scene.config.sign_in else None
