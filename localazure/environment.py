"""The environment of a process inside a world: nothing of another world left in, everything of this one set."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from localazure.platforms import platform_variables
from localazure.sign_ins import sign_in_variables
from localazure.trouble import Fault
from localazure.world import World

# Whatever could lead azure-identity, az or the program itself into another world.
FOREIGN = re.compile(
    r"(AZURE|IDENTITY|MSI|IMDS|ARM|WEBSITE|CONTAINER_APP|KUBERNETES|FUNCTIONS|KVSITE|KEY_VAULT|SECRET|SYSTEM_OIDC)_.*"
    r"|AZURESUBSCRIPTION_.*|SYSTEM_OIDCREQUESTURI|SYSTEM_ACCESSTOKEN|TF_BUILD"
    r"|MSAL.*|VSCODE.*|.*_PROXY|AzureServicesAuthConnectionString|AzureCLIPath|tokenResourceUrl|storeName"
    r"|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NODE_EXTRA_CA_CERTS|TERM_PROGRAM",
    re.IGNORECASE,
)
HIDDEN_COMMANDS = frozenset({"az", "azd", "pwsh", "powershell"})
CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")


def scrubbed(outside: Mapping[str, str]) -> dict[str, str]:
    """`outside` without any variable that could let another world in."""
    return {name: value for name, value in outside.items() if not FOREIGN.fullmatch(name)}


def environment(
    world: World, *, port: int, silent_port: int, folder: Path, certificate: Path, commands: Path | None
) -> dict[str, str]:
    """All variables of a process inside `world`. `commands` is the folder of the world's own `az`."""
    home, own_address = folder / "home", f"http://127.0.0.1:{port}"
    home.mkdir()
    inside = scrubbed(os.environ)
    inside |= _proxy(world, own_address, f"http://127.0.0.1:{silent_port}")
    inside |= dict.fromkeys(CA_VARIABLES, str(certificate))
    inside |= {"HOME": str(home), "USERPROFILE": str(home), "AZURE_CONFIG_DIR": str(home / ".azure")}
    inside |= {"KEY_VAULT_URI": world.scenario.vault.uri, "SECRET_NAME": world.scenario.secret_name}
    inside |= platform_variables(world, own_address)
    inside |= sign_in_variables(world, folder)
    inside["PATH"] = search_path(os.environ.get("PATH", os.defpath), folder / "shadow", first=commands)
    return inside | dict(world.scenario.settings)


def search_path(outside: str, shadow: Path, *, first: Path | None) -> str:
    """PATH with `first` before everything and every real az, azd and PowerShell hidden.

    A folder that holds one of them is replaced by a folder of links to everything else in it, made under `shadow`.
    """
    visible = [_without_hidden(Path(part), shadow / str(n)) for n, part in enumerate(outside.split(os.pathsep)) if part]
    return os.pathsep.join(str(part) for part in [*([first] if first else []), *visible])


def _without_hidden(folder: Path, shadow: Path) -> Path:
    try:
        entries = list(folder.iterdir())
    except OSError:  # it is not there, or somebody else's: nothing can be started from it either
        return folder
    if not any(entry.stem in HIDDEN_COMMANDS for entry in entries):
        return folder
    shadow.mkdir(parents=True)
    for entry in entries:
        if entry.stem not in HIDDEN_COMMANDS:
            (shadow / entry.name).symlink_to(entry)
    return shadow


def _proxy(world: World, url: str, silent_url: str) -> dict[str, str]:
    """Both spellings: curl reads only the lower one, Windows knows no difference.

    The metadata service is all there is without TLS. Where it is silent its packets are dropped, as real silence is.
    """
    direct = ["127.0.0.1", "localhost"]
    if not world.scenario.vault_exists:
        direct.append(world.scenario.vault.host)  # so that the real resolver is asked, and fails
    metadata = world.troubles.get("imds")
    plain = silent_url if metadata and metadata.fault is Fault.SILENCE else url
    variables = {"HTTP_PROXY": plain, "HTTPS_PROXY": url, "NO_PROXY": ",".join(direct)}
    return variables | {name.lower(): value for name, value in variables.items()}
