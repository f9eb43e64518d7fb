"""The environment variables of a process in a scenario: removes existing Azure settings and sets the scenario's."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from localazure.crypto.tls import JAVA_PASSWORD, java_trust_store
from localazure.process_environment.credentials import credential_variables
from localazure.process_environment.platforms import platform_variables
from localazure.scenarios.faults import Fault
from localazure.scenarios.scenario import Host
from localazure.state.emulator_state import EmulatorState
from localazure.state.hosts import SITES

# Variables that could make azure-identity, az or the program use another Azure environment.
AZURE_VARIABLE = re.compile(
    r"(AZURE|IDENTITY|MSI|IMDS|ARM|WEBSITE|CONTAINER_APP|KUBERNETES|FUNCTIONS|KVSITE|KEY_VAULT|SECRET|SYSTEM_OIDC)_.*"
    r"|AZURESUBSCRIPTION_.*|SYSTEM_OIDCREQUESTURI|SYSTEM_ACCESSTOKEN|TF_BUILD"
    r"|MSAL.*|VSCODE.*|.*_PROXY|AzureServicesAuthConnectionString|AzureCLIPath|tokenResourceUrl|storeName"
    r"|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NODE_EXTRA_CA_CERTS|TERM_PROGRAM",
    re.IGNORECASE,
)
HIDDEN_COMMAND = re.compile(r"^(az|azd|pwsh|powershell)(\.|$)", re.MULTILINE)
JAVA_VARIABLE = "JAVA_TOOL_OPTIONS"
CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")


def without_azure_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` without variables that could make the process use another Azure environment."""
    return {name: value for name, value in environ.items() if not AZURE_VARIABLE.fullmatch(name)}


def process_environment(
    state: EmulatorState,
    environ: Mapping[str, str],
    *,
    url: str,
    unresponsive_port: int,
    folder: Path,
    certificate: Path,
    commands: Path | None,
) -> dict[str, str]:
    """Return the variables of a process in the scenario without those of its host, see `host_environment`.

    `environ` is the environment without the scenario. `url` is the base URL of Local Azure. `commands` is the folder of
    its `az` command, if any.
    """
    home = folder / "home"
    home.mkdir()
    env = without_azure_variables(environ)
    unresponsive_url = f"http://127.0.0.1:{unresponsive_port}"
    env |= _proxy(state, url, unresponsive_url)
    env |= dict.fromkeys(CA_VARIABLES, str(certificate))
    env[JAVA_VARIABLE] = _java_options(env, folder, imds_url=_imds_url(state, env, unresponsive_url))
    env |= {"HOME": str(home), "USERPROFILE": str(home), "AZURE_CONFIG_DIR": str(home / ".azure")}
    env["AZURE_CORE_COLLECT_TELEMETRY"] = "no"  # az's telemetry process would outlive az and this scenario
    env |= {"KEY_VAULT_URI": state.scenario.vault.uri, "SECRET_NAME": state.scenario.secret_name}
    env |= credential_variables(state, folder)
    env["PATH"] = search_path(environ.get("PATH", os.defpath), folder / "shadow", first=commands)
    return env


def host_environment(state: EmulatorState, url: str) -> dict[str, str]:
    """Return the variables that the host sets. They change when its identities or app settings change."""
    host = state.program_host
    settings = host.app_settings if host and host.type == SITES else state.scenario.settings
    return platform_variables(state, url) | dict(settings)


def search_path(path: str, shadow: Path, *, first: Path | None) -> str:
    """Return PATH with `first` prepended and all installed az, azd and PowerShell commands hidden.

    A folder that contains one of them is replaced by a new folder under `shadow` with links to its other files.
    """
    visible = [_without_hidden(Path(part), shadow / str(n)) for n, part in enumerate(path.split(os.pathsep)) if part]
    return os.pathsep.join(str(part) for part in [*([first] if first else []), *visible])


def _without_hidden(folder: Path, shadow: Path) -> Path:
    try:
        # One search in all names: a Path, or a test, for each of some thousand programs takes most of a start.
        names = os.listdir(folder)  # noqa: PTH208
    except OSError:  # missing or not readable
        return folder
    if not HIDDEN_COMMAND.search("\n".join(names)):
        return folder
    shadow.mkdir(parents=True)
    for name in names:
        if not HIDDEN_COMMAND.match(name):
            (shadow / name).symlink_to(folder / name)
    return shadow


def _java_options(env: Mapping[str, str], folder: Path, *, imds_url: str) -> str:
    """Return the value of JAVA_TOOL_OPTIONS: Java reads neither PEM files nor the proxy variables.

    The options are in a file, so that the value has no spaces, which an environment file cannot have.
    """
    trust_store = folder / "ca.p12"
    trust_store.write_bytes(java_trust_store())
    options = {
        "javax.net.ssl.trustStore": str(trust_store),
        "javax.net.ssl.trustStorePassword": JAVA_PASSWORD,
        "http.nonProxyHosts": env["NO_PROXY"].replace(",", "|"),
    }
    for kind, address in (("http", imds_url), ("https", env["HTTPS_PROXY"])):
        proxy = urlsplit(address)
        options |= {f"{kind}.proxyHost": str(proxy.hostname), f"{kind}.proxyPort": str(proxy.port)}
    file = folder / "java.options"
    file.write_text("".join(f"-D{name}={value}\n" for name, value in options.items()))
    own = env.get(JAVA_VARIABLE, "")
    return f"{own} -XX:VMOptionsFile={file}".strip()


def _imds_url(state: EmulatorState, env: Mapping[str, str], unresponsive_url: str) -> str:
    """The proxy for Java's requests to IMDS: it only connects to find out whether there is one, and then retries."""
    return env["HTTP_PROXY"] if state.scenario.host is Host.VIRTUAL_MACHINE else unresponsive_url


def _proxy(state: EmulatorState, url: str, unresponsive_url: str) -> dict[str, str]:
    """Return the proxy variables in upper and lower case, because curl reads only the lower-case HTTP_PROXY.

    Only IMDS uses plain HTTP. When it does not respond, its connections must not be accepted either.
    """
    direct = list(dict.fromkeys(("127.0.0.1", "localhost", urlsplit(url).hostname or "")))
    if not state.scenario.vault_exists:
        direct.append(state.scenario.vault.host)  # so that the client resolves the name itself, and fails
    imds = state.faults.get("imds")
    http_proxy = unresponsive_url if imds and imds.fault is Fault.SILENCE else url
    variables = {"HTTP_PROXY": http_proxy, "HTTPS_PROXY": url, "NO_PROXY": ",".join(direct)}
    return variables | {name.lower(): value for name, value in variables.items()}
