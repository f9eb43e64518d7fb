"""Checks of targets: real readings with the target's own settings, and readings of other sites."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fleet import engine
from fleet.checking import UnresolvedReferenceError, check, resolve
from fleet.models import Observation, Target
from fleet.observed import Observed
from fleet.schedule import claim
from secrets_app import conf
from tests.conftest import World


def target_of(**more: Any) -> Target:
    config = conf.current()
    values = {"name": "payroll", "vault_url": config.vault_url, "secret_name": config.secret_name, "interval_s": 60}
    return Target.objects.create(**{**values, **more})


def check_claimed() -> tuple[int, int]:
    """Claim what is due and run its message twice; how many targets each run read."""
    claimed = claim(datetime.now(UTC))
    message = list(claimed.targets), claimed.lease.isoformat()
    return engine.check(*message), engine.check(*message)


@pytest.mark.django_db(transaction=True)
def test_check_task__reads_and_records_claimed_targets(world: World) -> None:
    azure = world("app-service")
    target, missing = target_of(), target_of(name="missing", secret_name="no-such")
    assert check_claimed() == (2, 0)
    rows = Observation.objects.order_by("target_id").values_list("target_id", "ok", "status", "credential", "count")
    assert list(rows) == [
        (target.pk, True, None, "ManagedIdentityCredential", 1),
        (missing.pk, False, 404, "ManagedIdentityCredential", 1),
    ]
    assert not Target.objects.exclude(lease_until=None, checked_at=None).filter(lease_until__isnull=False).exists()
    target.refresh_from_db()
    assert target.ok
    assert azure.secret_value not in str(list(Observation.objects.values())) + str(target.known)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("scenario", "limit"), [("no-role", "SLOW_S"), ("app-service", "BATCH_S")])
def test_check_task__slow_checks__the_others_get_messages_of_their_own(
    world: World, monkeypatch: pytest.MonkeyPatch, scenario: str, limit: str
) -> None:
    world(scenario)
    targets = [target_of(name=f"target {number}").pk for number in range(3)]
    monkeypatch.setattr(engine, limit, 0.0)
    sent: list[Any] = []
    monkeypatch.setattr(engine.check, "apply_async", lambda message, **_: sent.append(message))
    assert check_claimed() == (1, 0)
    assert [message[0] for message in sent] == [[number] for number in targets[1:]]
    assert [engine.check(*message) for message in sent] == [1, 1]
    assert Observation.objects.count() == 3
    assert not Target.objects.filter(lease_until__isnull=False).exists()


@pytest.mark.django_db(transaction=True)
def test_check_task__when_the_worker_stops__releases_the_rest(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world("app-service")
    for number in range(3):
        target_of(name=f"target {number}")
    monkeypatch.setattr(engine._scheduler, "is_stopping", True)  # noqa: SLF001 - set by a signal of Celery
    assert check_claimed() == (0, 0)
    monkeypatch.undo()
    assert check_claimed() == (3, 0)


@pytest.mark.django_db(transaction=True)
def test_check_task__one_target_with_an_unexpected_error__costs_the_others_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world("app-service")
    first, broken, last = (target_of(name=f"target {number}") for number in range(3))
    real = engine.checking.check

    def check_or_raise(target: Target, environ: Any) -> Observed:
        if target.pk == broken.pk:
            raise RuntimeError
        return real(target, environ)

    monkeypatch.setattr(engine.checking, "check", check_or_raise)
    with pytest.raises(RuntimeError):
        check_claimed()
    assert Target.objects.get(pk=first.pk).ok
    assert claim(datetime.now(UTC)).targets == [last.pk]  # the lease of the broken one goes on


@pytest.mark.django_db(transaction=True)
def test_check_task__secret_deleted_in_the_meantime__the_others_are_stored(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world("app-service")
    kept, deleted = target_of(name="kept"), target_of(name="deleted")
    real = engine.checking.check

    def check_and_delete(target: Target, environ: Any) -> Observed:
        Target.objects.filter(pk=deleted.pk).delete()
        return real(target, environ)

    monkeypatch.setattr(engine.checking, "check", check_and_delete)
    assert check_claimed() == (2, 0)
    assert [row.target_id for row in Observation.objects.all()] == [kept.pk]


@pytest.mark.django_db
def test_settings__are_parsed_once_for_each_vault(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world("app-service")
    check(target_of(name="first"), {})
    monkeypatch.setattr(conf, "load", None)
    for number in range(3):
        assert check(target_of(name=f"target {number}", secret_name=f"secret-{number}"), {}).status == 404


@pytest.mark.django_db
def test_check__uses_the_settings_of_the_target(world: World) -> None:
    world("app-service")
    missing = check(target_of(secret_name="no-such"), {})
    assert (missing.ok, missing.cause, missing.status) == (False, "kv_secret_not_found", 404)
    other = check(target_of(name="cli", settings={"KVSITE_CREDENTIAL": "azure-cli"}), {})
    assert (other.ok, other.cause) == (False, "developer_credential_in_azure")


@pytest.mark.django_db
def test_checks_of_several_secrets__share_one_token(world: World) -> None:
    azure = world("app-service")
    for number in range(3):
        check(target_of(name=f"target {number}", secret_name=f"secret-{number}"), {})
    assert len(azure.tokens) == 1


@pytest.mark.django_db
def test_service_principal__its_secret_is_referenced_and_never_stored(world: World) -> None:
    azure = world("service-principal-secret")
    secret = azure.env["AZURE_CLIENT_SECRET"]
    settings = {
        "KVSITE_CREDENTIAL": "client-secret",
        "KVSITE_CLIENT_ID": azure.env["AZURE_CLIENT_ID"],
        "KVSITE_TENANT_ID": azure.env["AZURE_TENANT_ID"],
    }
    target = target_of(settings=settings, references={"KVSITE_CLIENT_SECRET": "env:PAYROLL"})
    assert check(target, {"PAYROLL": secret}).ok
    assert not check(target, {"PAYROLL": "wrong"}).ok
    unresolved = check(target, {})
    assert (unresolved.result, unresolved.stage) == ("ReferenceNotFound", "configuration")
    assert secret not in str(list(Target.objects.values()))


def test_references__name_a_variable_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from a file\n")
    assert resolve("env:NAME", {"NAME": "from a variable"}) == "from a variable"
    assert resolve(f"file:{file}", {}) == "from a file"
    for reference in ("env:OTHER", f"file:{tmp_path}/no-such", "plain text"):
        with pytest.raises(UnresolvedReferenceError):
            resolve(reference, {"NAME": "x"})


@pytest.mark.django_db(transaction=True)
def test_other_site__is_read_through_its_api(world: World, live_server: Any) -> None:
    world("no-role")
    found = check(target_of(kind="site", site_url=live_server.url), {})
    assert (found.ok, found.status, found.code, found.cause) == (False, 403, "ForbiddenByRbac", "kv_rbac_denied")
    assert found.principal == "kvsite-demo (system-assigned managed identity)"


@pytest.mark.django_db(transaction=True)
def test_other_site__that_is_none__is_a_failure(world: World, live_server: Any, settings: Any) -> None:
    world("app-service")
    not_found = check(target_of(kind="site", site_url=f"{live_server.url}/nothing"), {})
    assert (not_found.ok, not_found.status) == (False, 404)
    closed = check(target_of(name="closed", kind="site", site_url="http://127.0.0.1:9"), {})
    assert (closed.ok, closed.stage, closed.code) == (False, "network", "ConnectionError")
    page = check(target_of(name="page", kind="site", site_url=f"{live_server.url}/healthz?"), {})
    assert (page.ok, page.code) == (False, "NotAReading")
