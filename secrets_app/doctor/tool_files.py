"""What az, Azure PowerShell and azd wrote down about who is signed in: files, read without starting anything."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from secrets_app.doctor.context import CheckContext

_LARGEST = 8 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """One subscription an account can see."""

    id: str
    name: str
    tenant_id: str
    user: str
    user_type: str
    is_default: bool


def az_folder(environ: Mapping[str, str]) -> Path:
    """Where az keeps its files: AZURE_CONFIG_DIR, else ~/.azure."""
    return Path(environ.get("AZURE_CONFIG_DIR") or home(environ) / ".azure")


def home(environ: Mapping[str, str]) -> Path:
    """The home folder of whoever this program runs as; the root folder when nobody says."""
    return Path(environ.get("HOME") or environ.get("USERPROFILE") or "/")


def az_subscriptions(folder: Path) -> tuple[Subscription, ...] | None:
    """The subscriptions in az's azureProfile.json; None without a file that can be read."""
    document = _document(folder / "azureProfile.json")
    return subscriptions_in(document.get("subscriptions")) if "subscriptions" in document else None


def subscriptions_in(listed: Any) -> tuple[Subscription, ...]:
    """The subscriptions in what azureProfile.json and `az account list` both hold; anything else in it is left out."""
    entries = listed if isinstance(listed, list) else []
    return tuple(_subscription(entry) for entry in entries if isinstance(entry, dict))


def _subscription(entry: dict[str, Any]) -> Subscription:
    return Subscription(
        id=text(entry, "id"),
        name=text(entry, "name"),
        tenant_id=text(entry, "tenantId"),
        user=text(entry, "user", "name"),
        user_type=text(entry, "user", "type"),
        is_default=entry.get("isDefault") is True,
    )


def az_version(folder: Path, az: str) -> str | None:
    """The version that az noted after it was installed; None when it has not, or was replaced since.

    versionCheck.json is what azure-cli 2.91 writes at its first run; older ones noted it in commandIndex.json.
    """
    notes = {"versionCheck.json": ("versions", "azure-cli", "local"), "commandIndex.json": ("version",)}
    found = (text(_document(folder / name), *keys) for name, keys in notes.items() if _is_newer(folder / name, az))
    return next(filter(None, found), None)


def _is_newer(note: Path, tool: str) -> bool:
    try:
        return note.stat().st_mtime >= Path(tool).stat().st_ctime
    except OSError:
        return False


def powershell_account(environ: Mapping[str, str]) -> tuple[str, str] | None:
    """Account and tenant of Azure PowerShell's default context, from its AzureRmContext.json."""
    document = _document(home(environ) / ".Azure" / "AzureRmContext.json")
    key = text(document, "DefaultContextKey")
    account = text(document, "Contexts", key, "Account", "Id")
    return (account, text(document, "Contexts", key, "Tenant", "Id")) if account else None


def azd_account(environ: Mapping[str, str]) -> tuple[str, str] | None:
    """Account and tenant that azd wrote into its auth.json (azure-dev, cli/azd/pkg/auth/manager.go)."""
    folder = Path(environ.get("AZD_CONFIG_DIR") or home(environ) / ".azd")
    user = ("auth", "account", "currentUser")
    document = _document(folder / "auth.json")
    account, _, tenant = text(document, *user, "homeAccountId").partition(".")
    client = text(document, *user, "clientId")
    if client:
        return client, text(document, *user, "tenantId")
    return (account, tenant) if account else None


def text(document: Any, *path: str) -> str:
    """The text at this path of a JSON document; empty when there is none."""
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document[:200] if isinstance(document, str) else ""


def _document(path: Path) -> dict[str, Any]:
    """A JSON object from a file, with or without a byte order mark; an empty one when it cannot be read."""
    try:
        with path.open("rb") as file:
            document = json.loads(file.read(_LARGEST).decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def tenants(subscriptions: Iterable[Subscription]) -> tuple[str, ...]:
    """The tenants of these subscriptions, each once."""
    return tuple(dict.fromkeys(subscription.tenant_id for subscription in subscriptions if subscription.tenant_id))


def az_environ(scene: CheckContext) -> Mapping[str, str]:
    """What az is found and started with; the folder is on the PATH of az alone."""
    folder = _folder(scene)
    if folder is None:
        return scene.environ
    return {**scene.environ, "PATH": os.pathsep.join([folder, scene.environ.get("PATH", "")])}


def az_path_note(scene: CheckContext, found_at: str | None) -> str | None:
    """One sentence about that folder; None when no setting names one."""
    folder = _folder(scene)
    if folder is None:
        return None
    if in_folder(scene, found_at):
        return f"az is looked for in {folder} first, because AzureCLIPath says so."
    what = "and no az lies there" if Path(folder).is_dir() else "which is no folder on this machine"
    return f"AzureCLIPath names {folder}, {what}."


def in_folder(scene: CheckContext, found_at: str | None) -> bool:
    """az was found where the setting says."""
    folder = _folder(scene)
    return folder is not None and found_at is not None and Path(found_at).parent == Path(folder)


def _folder(scene: CheckContext) -> str | None:
    return scene.config.sign_in.az_folder if scene.config.sign_in else None
