"""The environment variables of a process in a scenario."""

import os
import shutil
import tempfile
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12

from localazure import LocalAzure
from localazure.process_environment import az_script
from localazure.process_environment.variables import search_path, without_azure_variables

EXISTING_AZURE_VARIABLES = (
    *("AZURE_CLIENT_SECRET", "AZURE_TOKEN_CREDENTIALS", "IDENTITY_SERVER_THUMBPRINT", "MSI_ENDPOINT", "IMDS_ENDPOINT"),
    *("ARM_CLIENT_ID", "MSAL_CACHE", "WEBSITE_SKU", "CONTAINER_APP_NAME", "KUBERNETES_SERVICE_HOST", "FUNCTIONS_X"),
    *("all_proxy", "ALL_PROXY", "Https_Proxy", "SSL_CERT_DIR", "VSCODE_PID", "KVSITE_ACCESS", "KEY_VAULT_NAME"),
    *("SECRET_VERSION", "AzureServicesAuthConnectionString", "AzureCLIPath"),
)


def test_env__existing_azure_variables_are_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in EXISTING_AZURE_VARIABLES:
        monkeypatch.setenv(name, "existing value")
    monkeypatch.setenv("LANG", "C.UTF-8")
    with LocalAzure("laptop") as azure:
        assert "existing value" not in azure.env.values()
        assert azure.env["LANG"] == "C.UTF-8"


def test_env__similar_names_are_kept() -> None:
    similar = {"ARMOUR": "1", "SECRETARY": "2", "MY_AZURE_THING": "3", "PATH": "4"}
    assert without_azure_variables(similar) == similar


def test_env__home_is_in_the_temporary_folder() -> None:
    with LocalAzure() as azure:
        folder = Path(azure.env["SSL_CERT_FILE"]).parent
        assert Path(azure.env["HOME"]).is_relative_to(folder)
        assert Path(azure.env["AZURE_CONFIG_DIR"]).is_relative_to(folder)
        assert list(Path(azure.env["HOME"]).iterdir()) == []


@pytest.mark.parametrize("installed", ["az", "az.cmd", "azd", "pwsh", "pwsh.exe"])
def test_path__installed_tools_are_hidden_and_other_files_kept(tmp_path: Path, installed: str) -> None:
    tools = tmp_path / "usr" / "bin"
    tools.mkdir(parents=True)
    for name in (installed, "other-tool", "azure-thing"):
        (tools / name).write_text("#!/bin/sh\n")
        (tools / name).chmod(0o755)
    path = search_path(str(tools), tmp_path / "shadow", first=None)
    assert shutil.which(installed, path=path) is None
    assert shutil.which("other-tool", path=path)
    assert shutil.which("azure-thing", path=path)


def test_path__without_installed_tools__is_unchanged(tmp_path: Path) -> None:
    path = os.pathsep.join(["/nonexistent", str(tmp_path), "relative"])
    assert search_path(path, tmp_path / "shadow", first=None) == path
    assert not (tmp_path / "shadow").exists()


@pytest.mark.parametrize("folder", ["/dev/null", "/dev/null/bin", "x" * 5000])
def test_path__unreadable_folder__is_unchanged(tmp_path: Path, folder: str) -> None:
    assert search_path(folder, tmp_path / "shadow", first=None) == folder


def test_failed_start__leaves_no_files_or_threads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(az_script, "_SCRIPT", "{no such field}")
    threads = threading.active_count()
    with pytest.raises(KeyError):
        LocalAzure("laptop").__enter__()
    assert list(tmp_path.iterdir()) == []
    assert threading.active_count() == threads


def test_path__az_of_the_scenario_is_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "az").write_text("#!/bin/sh\necho the real one\n")
    (tmp_path / "az").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with LocalAzure("laptop") as azure:
        found = shutil.which("az", path=azure.env["PATH"])
        assert found
        assert Path(found).is_relative_to(Path(azure.env["SSL_CERT_FILE"]).parent)
    with LocalAzure("laptop-no-az") as azure:
        assert shutil.which("az", path=azure.env["PATH"]) is None


def test_env__java_options_are_in_a_file_and_added_to_existing_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Xmx64m")
    with LocalAzure("laptop") as azure:
        existing, _, file = azure.env["JAVA_TOOL_OPTIONS"].partition(" -XX:VMOptionsFile=")
        options = dict(line.split("=", 1) for line in Path(file).read_text().splitlines())
        trusted = pkcs12.load_pkcs12(Path(options["-Djavax.net.ssl.trustStore"]).read_bytes(), b"changeit")
        proxy, vault_proxy = options["-Dhttp.proxyPort"], options["-Dhttps.proxyPort"]
        assert existing == "-Xmx64m"
        assert azure.env["HTTPS_PROXY"] == f"http://127.0.0.1:{vault_proxy}"
        assert proxy != vault_proxy  # outside a virtual machine, requests to IMDS get no answer
        (certificate,) = trusted.additional_certs
        pem = Path(azure.env["SSL_CERT_FILE"]).read_bytes()
        assert certificate.certificate == x509.load_pem_x509_certificate(pem)
