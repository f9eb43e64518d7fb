"""A process inside a world finds this world and no other."""

import os
import shutil
import tempfile
import threading
from pathlib import Path

import pytest

from localazure import LocalAzure, az_command
from localazure.environment import scrubbed, search_path

FOREIGN = (
    *("AZURE_CLIENT_SECRET", "AZURE_TOKEN_CREDENTIALS", "IDENTITY_SERVER_THUMBPRINT", "MSI_ENDPOINT", "IMDS_ENDPOINT"),
    *("ARM_CLIENT_ID", "MSAL_CACHE", "WEBSITE_SKU", "CONTAINER_APP_NAME", "KUBERNETES_SERVICE_HOST", "FUNCTIONS_X"),
    *("all_proxy", "ALL_PROXY", "Https_Proxy", "SSL_CERT_DIR", "VSCODE_PID", "KVSITE_ACCESS", "KEY_VAULT_NAME"),
    *("SECRET_VERSION", "AzureServicesAuthConnectionString", "AzureCLIPath"),
)


def test_nothing_of_another_world_is_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FOREIGN:
        monkeypatch.setenv(name, "another world")
    monkeypatch.setenv("LANG", "C.UTF-8")
    with LocalAzure("laptop") as azure:
        assert "another world" not in azure.env.values()
        assert azure.env["LANG"] == "C.UTF-8"


def test_names_that_only_look_alike_stay() -> None:
    alike = {"ARMOUR": "1", "SECRETARY": "2", "MY_AZURE_THING": "3", "PATH": "4"}
    assert scrubbed(alike) == alike


def test_home_is_inside_the_world() -> None:
    with LocalAzure() as azure:
        folder = Path(azure.env["SSL_CERT_FILE"]).parent
        assert Path(azure.env["HOME"]).is_relative_to(folder)
        assert Path(azure.env["AZURE_CONFIG_DIR"]).is_relative_to(folder)
        assert list(Path(azure.env["HOME"]).iterdir()) == []


@pytest.mark.parametrize("installed", ["az", "az.cmd", "azd", "pwsh", "pwsh.exe"])
def test_a_real_tool_is_hidden_and_its_neighbours_stay(tmp_path: Path, installed: str) -> None:
    tools = tmp_path / "usr" / "bin"
    tools.mkdir(parents=True)
    for name in (installed, "neighbour", "azure-thing"):
        (tools / name).write_text("#!/bin/sh\n")
        (tools / name).chmod(0o755)
    path = search_path(str(tools), tmp_path / "shadow", first=None)
    assert shutil.which(installed, path=path) is None
    assert shutil.which("neighbour", path=path)
    assert shutil.which("azure-thing", path=path)


def test_a_path_without_real_tools_stays_as_it_is(tmp_path: Path) -> None:
    path = os.pathsep.join(["/nonexistent", str(tmp_path), "relative"])
    assert search_path(path, tmp_path / "shadow", first=None) == path
    assert not (tmp_path / "shadow").exists()


@pytest.mark.parametrize("folder", ["/dev/null", "/dev/null/bin", "x" * 5000])
def test_a_path_that_cannot_be_looked_into_stays_as_it_is(tmp_path: Path, folder: str) -> None:
    assert search_path(folder, tmp_path / "shadow", first=None) == folder


def test_a_world_that_cannot_be_made_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(az_command, "_SCRIPT", "{no such field}")
    threads = threading.active_count()
    with pytest.raises(KeyError):
        LocalAzure("laptop").__enter__()
    assert list(tmp_path.iterdir()) == []
    assert threading.active_count() == threads


def test_the_worlds_own_az_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "az").write_text("#!/bin/sh\necho the real one\n")
    (tmp_path / "az").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with LocalAzure("laptop") as azure:
        found = shutil.which("az", path=azure.env["PATH"])
        assert found
        assert Path(found).is_relative_to(Path(azure.env["SSL_CERT_FILE"]).parent)
    with LocalAzure("laptop-no-az") as azure:
        assert shutil.which("az", path=azure.env["PATH"]) is None
