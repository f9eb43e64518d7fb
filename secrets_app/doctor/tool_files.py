"""Signed-in accounts in the files of Azure CLI, Azure PowerShell and azd, read without starting a tool."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from secrets_app.doctor.registry import CheckContext

_MAX_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """A subscription that an account has access to."""

    id: str
    name: str
    tenant_id: str
    user: str
    user_type: str
    is_default: bool


def az_folder(environ: Mapping[str, str]) -> Path:
    """The configuration folder of az: AZURE_CONFIG_DIR, otherwise ~/.azure."""
    return Path(environ.get("AZURE_CONFIG_DIR") or home(environ) / ".azure")


def home(environ: Mapping[str, str]) -> Path:
    """The home folder of the user this program runs as; the root folder when it is not set."""
    return Path(environ.get("HOME") or environ.get("USERPROFILE") or "/")


def az_subscriptions(folder: Path) -> tuple[Subscription, ...] | None:
    """The subscriptions in az's azureProfile.json; None when the file is missing or invalid."""
    document = _document(folder / "azureProfile.json")
    return subscriptions_in(document.get("subscriptions")) if "subscriptions" in document else None


def subscriptions_in(document: Any) -> tuple[Subscription, ...]:
    """The subscriptions in the list of azureProfile.json or `az account list`; other entries are skipped."""
    entries = document if isinstance(document, list) else []
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
    """The version that az recorded on its first run; None when there is no record, or az was replaced since then.

    azure-cli 2.91 records it in versionCheck.json, older versions in commandIndex.json.
    """
    files = {"versionCheck.json": ("versions", "azure-cli", "local"), "commandIndex.json": ("version",)}
    versions = (text(_document(folder / name), *keys) for name, keys in files.items() if _is_newer(folder / name, az))
    return next(filter(None, versions), None)


def _is_newer(file: Path, tool: str) -> bool:
    try:
        return file.stat().st_mtime >= Path(tool).stat().st_ctime
    except OSError:
        return False


def powershell_account(environ: Mapping[str, str]) -> tuple[str, str] | None:
    """Account and tenant of Azure PowerShell's default context, from its AzureRmContext.json."""
    document = _document(home(environ) / ".Azure" / "AzureRmContext.json")
    key = text(document, "DefaultContextKey")
    account = text(document, "Contexts", key, "Account", "Id")
    return (account, text(document, "Contexts", key, "Tenant", "Id")) if account else None


def azd_account(environ: Mapping[str, str]) -> tuple[str, str] | None:
    """Account and tenant in the auth.json of azd (azure-dev, cli/azd/pkg/auth/manager.go)."""
    folder = Path(environ.get("AZD_CONFIG_DIR") or home(environ) / ".azd")
    current_user = ("auth", "account", "currentUser")
    document = _document(folder / "auth.json")
    account, _, tenant = text(document, *current_user, "homeAccountId").partition(".")
    client = text(document, *current_user, "clientId")
    if client:
        return client, text(document, *current_user, "tenantId")
    return (account, tenant) if account else None


def text(document: Any, *path: str) -> str:
    """The string at this path of a JSON document; empty when there is none."""
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document[:200] if isinstance(document, str) else ""


def _document(path: Path) -> dict[str, Any]:
    """A JSON object from a file, with or without a byte order mark; empty when it cannot be read."""
    try:
        with path.open("rb") as file:
            document = json.loads(file.read(_MAX_BYTES).decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def tenants(subscriptions: Iterable[Subscription]) -> tuple[str, ...]:
    """The distinct tenant IDs of these subscriptions."""
    return tuple(dict.fromkeys(subscription.tenant_id for subscription in subscriptions if subscription.tenant_id))


def az_environ(context: CheckContext) -> Mapping[str, str]:
    """The environment that az is found and run with; the folder is added to PATH for az only."""
    folder = _configured_folder(context)
    if folder is None:
        return context.environ
    return {**context.environ, "PATH": os.pathsep.join([folder, context.environ.get("PATH", "")])}


def az_path_note(context: CheckContext, az_path: str | None) -> str | None:
    """One sentence about the folder in AzureCLIPath; None when it is not set."""
    folder = _configured_folder(context)
    if folder is None:
        return None
    if is_in_configured_folder(context, az_path):
        return f"AzureCLIPath is set, so az is searched for in {folder} first."
    what = "which does not contain az" if Path(folder).is_dir() else "which is not a folder on this machine"
    return f"AzureCLIPath names {folder}, {what}."


def is_in_configured_folder(context: CheckContext, az_path: str | None) -> bool:
    """Whether az was found in the folder in AzureCLIPath."""
    folder = _configured_folder(context)
    return folder is not None and az_path is not None and Path(az_path).parent == Path(folder)


def _configured_folder(context: CheckContext) -> str | None:
    return context.config.credential.az_folder if context.config.credential else None
