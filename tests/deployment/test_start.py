"""How each platform starts the site: App Service's own command line, the image and the manifests."""

import json
import os
import shlex
import subprocess
import sys
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes_validate import validate

from localazure import LocalAzure
from tests.deployment.templates import INFRA
from tests.support.leak_checks import ends
from tests.support.serving import free_port, status

ROOT = INFRA.parent


def app_command_line() -> list[str]:
    document = json.loads((INFRA / "azuredeploy.json").read_text())
    (site,) = (one for one in document["resources"] if one["type"] == "Microsoft.Web/sites")
    program, *arguments = shlex.split(site["properties"]["siteConfig"]["appCommandLine"])
    return [str(Path(sys.executable).with_name(program)), *arguments]


@pytest.mark.program
def test_app_service__starts_the_site_for_other_addresses_with_its_own_configuration() -> None:
    """The platform's start script changes to the application folder and runs appCommandLine, with PORT set."""
    port = free_port()
    with LocalAzure("app-service") as azure:
        env = {**os.environ, **azure.env, "PORT": str(port), "WEBSITE_SITE_NAME": "kvsite"}
        with subprocess.Popen(app_command_line(), env=env, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
            try:
                # Not 127.0.0.1: the platform's front end connects from another machine.
                assert ends(lambda: status("127.0.0.2", port, "/healthz") == 200, within_s=20)
            finally:
                process.terminate()


@pytest.mark.program
def test_platform_configuration__is_reported_by_the_doctor(tmp_path: Path) -> None:
    """Without appCommandLine, the start script sets GUNICORN_CMD_ARGS to a configuration file of the platform."""
    port = free_port()
    configuration = tmp_path / "gunicorn.conf.py"
    configuration.write_text("workers = 1\n")
    arguments = f"--timeout 600 --access-logfile '-' --error-logfile '-' -c {configuration} --chdir={ROOT}"
    with LocalAzure("app-service") as azure:
        env = {**os.environ, **azure.env, "WEBSITE_SITE_NAME": "kvsite", "GUNICORN_CMD_ARGS": arguments}
        command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "kvsite.wsgi"]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, env=env, cwd=ROOT, stdout=quiet, stderr=quiet) as process:
            try:
                assert ends(lambda: status("127.0.0.1", port, "/healthz") == 200, within_s=20)
                with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
                    connection.request("GET", "/environment/")
                    page = connection.getresponse().read().decode()
            finally:
                process.terminate()
    assert "gunicorn runs without the site&#x27;s configuration" in page
    assert "Set the startup command to: gunicorn kvsite.wsgi." in page


@pytest.mark.program
def test_elsewhere__only_this_machine_can_connect() -> None:
    env = {name: value for name, value in os.environ.items() if name != "PORT"}
    shown = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--print-config", "kvsite.wsgi"],
        env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
    ).stdout  # fmt: skip
    configured = {name.strip(): value for name, _, value in (line.partition(" = ") for line in shown.splitlines())}
    assert configured["bind"] == "['127.0.0.1:8000']"
    assert configured["worker_class"] == "kvsite.worker.Worker"


def test_kubernetes_manifest__is_valid_and_unprivileged() -> None:
    account, deployment = yaml.safe_load_all((INFRA / "kubernetes.yaml").read_text())
    for resource in (account, deployment):
        validate(resource, "1.37", strict=True)
    pod = deployment["spec"]["template"]
    assert pod["metadata"]["labels"]["azure.workload.identity/use"] == "true"
    assert pod["spec"]["serviceAccountName"] == account["metadata"]["name"]
    (container,) = pod["spec"]["containers"]
    assert pod["spec"]["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    for probe in ("livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["path"] == "/healthz"


def _pod() -> dict[str, Any]:
    """A pod of another program with workload identity, as the webhook leaves it."""
    token = {"serviceAccountToken": {"audience": "api://AzureADTokenExchange", "path": "azure-identity-token"}}
    volume = {"name": "azure-identity-token", "projected": {"sources": [token]}}
    return {"containers": [{"name": "app", "image": "app"}], "volumes": [volume]}


def test_debug_container__mounts_the_token_of_the_pod() -> None:
    custom = yaml.safe_load((INFRA / "kubernetes-debug.yaml").read_text())
    pod = _pod()
    pod["ephemeralContainers"] = [{"name": "debugger", "image": "principal-used", **custom}]
    validate({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "app"}, "spec": pod}, "1.37", strict=True)
    (mount,) = custom["volumeMounts"]
    assert mount["name"] == pod["volumes"][0]["name"]
    env = {row["name"]: row["value"] for row in custom["env"]}
    assert env["AZURE_FEDERATED_TOKEN_FILE"] == f"{mount['mountPath']}/azure-identity-token"
    # Ephemeral containers may have neither: https://kubernetes.io/docs/concepts/workloads/pods/ephemeral-containers/
    assert not custom.keys() & {"ports", "livenessProbe", "readinessProbe", "resources"}


def test_sidecar__is_a_valid_patch_of_a_deployment() -> None:
    patch = yaml.safe_load((INFRA / "kubernetes-sidecar.yaml").read_text())["spec"]["template"]["spec"]
    pod = {name: [*rows, *patch.get(name, [])] for name, rows in _pod().items()}
    labels = {"app": "app"}
    spec = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}
    validate(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "app"}, "spec": spec}, "1.37", strict=True
    )
    (container,) = patch["containers"]
    site = yaml.safe_load_all((INFRA / "kubernetes.yaml").read_text())
    (alone,) = list(site)[1]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == alone["image"]
    assert container["resources"] == alone["resources"]
    assert "readinessProbe" not in container


def test_image__gets_only_what_it_needs() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    copied = {
        name for line in lines if line.startswith("COPY ") and "--from" not in line for name in line.split()[1:-1]
    }
    copied = copied - {"${REQUIREMENTS}"} | {"requirements.txt", "requirements-fleet.txt"}
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[0] == "*"
    assert {entry.removeprefix("!") for entry in ignored if entry.startswith("!")} == copied
    assert all((ROOT / name).exists() for name in copied)
