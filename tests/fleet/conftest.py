"""Fixtures of the history: a recorder, and observations."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fleet.models import Target
from fleet.observed import Observed
from fleet.recorder import Recorder
from secrets_app.core.history import register_history
from tests.fleet.receiver import Receiver

WAIT_S = 30
"""For a busy machine."""
START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
OK = {
    "ok": True,
    "principal_type": "App",
    "principal_kind": "system_assigned_managed_identity",
    "principal_name": "kvsite-demo",
    "app_id": "app-1",
    "object_id": "object-1",
    "tenant_id": "tenant-1",
    "credential": "ManagedIdentityCredential",
    "secret_version": "version-1",
    "fingerprint": "fingerprint-1",
    "client_address": "203.0.113.7",
    "token_ms": 40,
    "vault_ms": 10,
    "total_ms": 52,
}
DENIED = {
    **{name: value for name, value in OK.items() if name not in {"secret_version", "fingerprint"}},
    "ok": False, "cause": "kv_rbac_denied", "stage": "vault", "status": 403, "code": "ForbiddenByRbac",
}  # fmt: skip


def seen(minutes: float = 0, values: dict[str, Any] = OK, **more: Any) -> Observed:
    """A reading `minutes` after START."""
    return Observed(at=START + timedelta(minutes=minutes), **{**values, **more})


@pytest.fixture
def target(db: None) -> Target:
    return Target.objects.create(name="payroll", vault_url="https://contoso.vault.azure.net", secret_name="demo")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server that takes the alerts of apprise."""
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def recorder(transactional_db: None) -> Iterator[Recorder]:
    """Records this site's readings while the test runs. Its thread cannot see a transaction of the test."""
    recorder = Recorder(cache_s=0, lookup_s=WAIT_S)
    register_history(recorder)
    yield recorder
    register_history(None)
    assert recorder.flush(WAIT_S)
