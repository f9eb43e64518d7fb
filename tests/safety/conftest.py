"""Fixtures: a hostile server between this process and Local Azure."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from localazure import LocalAzure
from tests.conftest import World
from tests.support.hostile_server import HostileServer, Respond

LOGIN = "login.microsoftonline.com"

Between = Callable[..., tuple[LocalAzure, HostileServer]]


@pytest.fixture
def vault() -> str:
    """A vault host that no other test uses: the SDK caches the challenge of each host for the whole process."""
    return f"v{secrets.token_hex(8)}.vault.azure.net"


@pytest.fixture
def between(world: World, vault: str, settings: Any) -> Iterator[Between]:
    """`between("app-service", {vault: response})` puts a hostile server between this process and that scenario."""
    with ExitStack() as opened:

        def enter(
            scenario: str, answers: dict[str, Respond], passes: tuple[str, ...] = (LOGIN,)
        ) -> tuple[LocalAzure, HostileServer]:
            azure = world(scenario)
            hostile_server = opened.enter_context(
                HostileServer(answers, upstream_url=azure.env["HTTPS_PROXY"], forwarded=passes)
            )
            os.environ.update(hostile_server.env)
            settings.SECRETS_APP["KEY_VAULT_URI"] = f"https://{vault}"
            return azure, hostile_server

        yield enter
