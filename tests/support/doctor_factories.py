"""Factories for the tests of the doctor: check contexts, fake tools, and a proxy that never responds."""

import os
import socket
import stat
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from secrets_app.conf import Config
from secrets_app.conf.host_environment import detect_host
from secrets_app.core.reading import Principal, Reading, Secret
from secrets_app.diagnosis.diagnose import diagnose
from secrets_app.doctor import Check
from secrets_app.doctor.checks import CHECKS
from secrets_app.doctor.registry import CheckContext
from secrets_app.doctor.vault_probe import VaultProbe

VAULT = "https://contoso.vault.azure.net"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TENANT = "8b7a232e-7db2-4618-9223-c1d922beb033"
OTHER_TENANT = "11111111-2222-4333-8444-555555555555"
CLIENT = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
SITE = {"WEBSITE_SITE_NAME": "kvsite-demo", "WEBSITE_RESOURCE_GROUP": "kvsite-rg"}
IDENTITY = {"IDENTITY_ENDPOINT": "http://127.0.0.1:41234/msi/token", "IDENTITY_HEADER": "only-for-this-process"}

T = TypeVar("T")


def done(value: T) -> Future[T]:
    future: Future[T] = Future()
    future.set_result(value)
    return future


def reading(**parts: Any) -> Reading:
    defaults = {"vault_url": VAULT, "secret_name": "demo", "started_at": NOW, "elapsed_s": 0.01}
    return Reading(**{**defaults, **parts})


def secret(**parts: Any) -> Secret:
    nothing = dict.fromkeys(("content_type", "created_on", "updated_on", "not_before", "expires_on"))
    shown = {"name": "demo", "version": "1" * 32, "enabled": True, "length": 9, "fingerprint": "0" * 16}
    return Secret(**{**nothing, **shown, **parts})


def principal(**parts: Any) -> Principal:
    return Principal(**{"tenant_id": TENANT, "credential": "AzureCliCredential", **parts})


def run_check(
    key: str,
    environ: Mapping[str, str] | None = None,
    *,
    vault: VaultProbe | None = None,
    read: Reading | None = None,
    config: Config | None = None,
) -> Check:
    """The result of the check `key` in a context with these values."""
    environ = environ or {}
    context = CheckContext(
        config=config or Config(vault_url=VAULT, secret_name="demo"),
        environ=environ,
        place=detect_host(environ),
        vault=done(vault or VaultProbe(status=401, tenant_id=TENANT, elapsed_s=0.01)),
        reading=done(read or reading(secret=secret())),
        diagnose=diagnose,
    )
    return next(check for check in CHECKS if check.key == key).function(context)


def by_key(checks: tuple[Check, ...]) -> dict[str, Check]:
    return {check.key: check for check in checks}


def fake_tool(folder: Path, name: str, script: str) -> Path:
    """A fake tool of this name in `folder`: a shell script."""
    folder.mkdir(exist_ok=True)
    tool = folder / name
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(stat.S_IRWXU)
    return tool


def first_on_path(folder: Path) -> str:
    return os.pathsep.join([str(folder), "/usr/bin", "/bin"])


@contextmanager
def silence() -> Iterator[str]:
    """The address of a proxy that accepts every connection and never responds; at the end it closes them all."""
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:

        def hold() -> None:
            try:
                while True:
                    held.append(listener.accept()[0])
            except OSError:
                return  # the listener was closed

        thread = threading.Thread(target=hold)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in held:
                connection.close()
