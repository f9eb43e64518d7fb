"""The environment of a process inside a world: nothing of another world left in, everything of this one set."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from localazure.scenarios import Host
from localazure.services.app_service import PATH as TOKEN_PATH
from localazure.services.app_service import offers_token_service
from localazure.world import World

# Whatever could lead azure-identity, az or the program itself into another world.
FOREIGN = re.compile(
    r"(AZURE|IDENTITY|MSI|IMDS|ARM|WEBSITE|CONTAINER_APP|KUBERNETES|FUNCTIONS|KVSITE|KEY_VAULT|SECRET|SYSTEM_OIDC)_.*"
    r"|MSAL.*|VSCODE.*|.*_PROXY|AzureServicesAuthConnectionString|AzureCLIPath"
    r"|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NODE_EXTRA_CA_CERTS|TERM_PROGRAM",
    re.IGNORECASE,
)
HIDDEN_COMMANDS = frozenset({"az", "azd", "pwsh", "powershell"})
CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")


def scrubbed(outside: Mapping[str, str]) -> dict[str, str]:
    """`outside` without any variable that could let another world in."""
    return {name: value for name, value in outside.items() if not FOREIGN.fullmatch(name)}


def environment(world: World, *, port: int, folder: Path, certificate: Path, commands: Path | None) -> dict[str, str]:
    """All variables of a process inside `world`. `commands` is the folder of the world's own `az`."""
    home = folder / "home"
    home.mkdir()
    inside = scrubbed(os.environ)
    inside |= _proxy(world, f"http://127.0.0.1:{port}")
    inside |= dict.fromkeys(CA_VARIABLES, str(certificate))
    inside |= {"HOME": str(home), "USERPROFILE": str(home), "AZURE_CONFIG_DIR": str(home / ".azure")}
    inside |= {"KEY_VAULT_URI": world.scenario.vault.uri, "SECRET_NAME": world.scenario.secret_name}
    inside |= _platform(world, port)
    inside["PATH"] = search_path(os.environ.get("PATH", os.defpath), folder / "shadow", first=commands)
    return inside | dict(world.scenario.settings)


def search_path(outside: str, shadow: Path, *, first: Path | None) -> str:
    """PATH with `first` before everything and every real az, azd and PowerShell hidden.

    A folder that holds one of them is replaced by a folder of links to everything else in it, made under `shadow`.
    """
    visible = [_without_hidden(Path(part), shadow / str(n)) for n, part in enumerate(outside.split(os.pathsep)) if part]
    return os.pathsep.join(str(part) for part in [*([first] if first else []), *visible])


def _without_hidden(folder: Path, shadow: Path) -> Path:
    entries = list(folder.iterdir()) if folder.is_dir() and os.access(folder, os.R_OK) else []
    if not any(entry.stem in HIDDEN_COMMANDS for entry in entries):
        return folder
    shadow.mkdir(parents=True)
    for entry in entries:
        if entry.stem not in HIDDEN_COMMANDS:
            (shadow / entry.name).symlink_to(entry)
    return shadow


def _proxy(world: World, url: str) -> dict[str, str]:
    """Both spellings: curl reads only the lower one, Windows knows no difference."""
    direct = ["127.0.0.1", "localhost"]
    if not world.scenario.vault_exists:
        direct.append(world.scenario.vault.host)  # so that the real resolver is asked, and fails
    variables = {"HTTP_PROXY": url, "HTTPS_PROXY": url, "NO_PROXY": ",".join(direct)}
    return variables | {name.lower(): value for name, value in variables.items()}


def _platform(world: World, port: int) -> dict[str, str]:
    """What App Service tells a site about itself: https://learn.microsoft.com/azure/app-service/reference-app-settings"""
    if world.scenario.host is not Host.APP_SERVICE:
        return {}
    subscription = world.scenario.vault.subscription
    variables = {
        "WEBSITE_SITE_NAME": "kvsite-demo",
        "WEBSITE_RESOURCE_GROUP": subscription.resource_group,
        "WEBSITE_OWNER_NAME": f"{subscription.id}+{subscription.resource_group}-WestEuropewebspace-Linux",
        "WEBSITE_INSTANCE_ID": "4cb2f2a4d3b35b9cb6e9a4f5f0d8ac0c7d3f6b1a2e5c48d797bd2f4a1c60e983",
    }
    if offers_token_service(world):
        endpoint = f"http://127.0.0.1:{port}{TOKEN_PATH}"
        variables |= {"IDENTITY_ENDPOINT": endpoint, "IDENTITY_HEADER": world.identity_header}
    return variables
