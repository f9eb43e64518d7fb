"""Other brokers by settings alone, with real servers: `make test-fleet` (RabbitMQ) and `make test-azure-queue`.

The queue service of Azurite, Microsoft's emulator of Azure Storage, requires TLS and a token of Microsoft Entra ID for
storage; Local Azure issues it to the managed identity that DefaultAzureCredential finds.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.fleet.faults import LONG_S, assert_no_traceback, problems_of, wait_for_readings
from tests.fleet.processes import Fleet, fleet
from tests.fleet.servers import LIMIT_S, RABBITMQ, RabbitMQ, free_port, wait_for

AZURITE = os.environ.get("KVSITE_AZURITE")
PACKAGES = os.environ.get("KVSITE_AZURE_QUEUE_PACKAGES", "")


@pytest.mark.skipif(not RABBITMQ.exists(), reason="RabbitMQ is NOT installed: Debian's package rabbitmq-server")
def test_rabbitmq__killed_and_restarted__checks_go_on(tmp_path: Path) -> None:
    folder = tmp_path / "rabbitmq"
    folder.mkdir()
    rabbitmq, url = RabbitMQ(folder), f"sqlite:///{tmp_path}/history.sqlite3"
    rabbitmq.start()
    try:
        with fleet(tmp_path, KVSITE_DATABASE_URL=url, KVSITE_BROKER_URL=rabbitmq.url) as deployment:
            check_targets(deployment)
            rabbitmq.kill()
            away = "Checks wait for the message broker. It is not reachable."
            wait_for("the sentence", lambda: away in problems_of(deployment))
            rabbitmq.start()
            wait_for_readings(deployment)
            wait_for("the end of it", lambda: problems_of(deployment)[-1] == "The message broker responds again.")
            assert_no_traceback(deployment)
    finally:
        rabbitmq.kill()


def check_targets(deployment: Fleet) -> None:
    """Two workers check some targets twice."""
    deployment.migrated().add_targets(3, interval_s=10)
    deployment.start_worker()
    deployment.start_worker()
    wait_for("all targets are checked", lambda: deployment.checked() == 4, limit_s=LONG_S)
    wait_for_readings(deployment)


@pytest.fixture
def azurite(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The address of its account, and the certificate."""
    if AZURITE is None or shutil.which("node") is None:
        pytest.skip("Azurite is NOT installed: make test-azure-queue, which needs npm")
    folder, port = tmp_path / "azurite", free_port()
    folder.mkdir()
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(key))
    (folder / "ca.pem").write_bytes(authority.cert_pem.bytes())
    command = (
        AZURITE, "--location", str(folder), "--queueHost", "127.0.0.1", "--queuePort", str(port), "--oauth", "basic",
        "--cert", str(certificate), "--key", str(key), "--skipApiVersionCheck", "--disableTelemetry",
    )  # fmt: skip
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_for("Azurite", lambda: "successfully listens" in (folder / "log.txt").read_text())
        yield f"https://127.0.0.1:{port}/devstoreaccount1", folder / "ca.pem"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(LIMIT_S)


def test_azure_queue_storage__with_default_azure_credential(azurite: tuple[str, Path], tmp_path: Path) -> None:
    account, authority = azurite
    settings = {
        "KVSITE_DATABASE_URL": f"sqlite:///{tmp_path}/history.sqlite3", "PYTHONPATH": PACKAGES,
        "KVSITE_BROKER_URL": f"azurestoragequeues://DefaultAzureCredential@{account}",
    }  # fmt: skip
    with fleet(tmp_path, **settings) as deployment:
        bundle = tmp_path / "ca.pem"
        bundle.write_bytes(Path(deployment.environ["REQUESTS_CA_BUNDLE"]).read_bytes() + authority.read_bytes())
        deployment.environ |= {"REQUESTS_CA_BUNDLE": str(bundle), "SSL_CERT_FILE": str(bundle)}
        check_targets(deployment)
        assert "https://storage.azure.com" in {token.audience for token in deployment.azure.tokens}
        assert_no_traceback(deployment)
