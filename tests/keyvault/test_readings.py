"""One reading in each scenario with the real SDK: the principal, the result and its cause."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from localazure.scenarios import SCENARIOS
from localazure.scenarios.directory import CONTOSO, SITE_APPLICATION
from secrets_app import conf
from secrets_app.core.reading import Failure, Outcome, PrincipalKind, PrincipalType, Reading, Stage
from secrets_app.keyvault.errors import vault_saw
from tests.conftest import READ_ALL_THE_SAME, World
from tests.support.deadlines import read_as
from tests.support.readings import get_reading
from tests.support.scenario_visits import Visit, first_hint

CHAIN = (
    "EnvironmentCredential",
    "WorkloadIdentityCredential",
    "ManagedIdentityCredential",
    "SharedTokenCacheCredential",
    "VisualStudioCodeCredential",
    "AzureCliCredential",
    "AzurePowerShellCredential",
    "AzureDeveloperCliCredential",
    "BrokerCredential",
)


def read(world: World, scenario: str, **options: Any) -> Reading:
    world(scenario, **options)
    return get_reading(conf.current())


def outcomes(reading: Reading) -> dict[str, Outcome]:
    return {attempt.credential: attempt.outcome for attempt in reading.attempts}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario__first_hint_is_its_cause_and_every_credential_reports(
    visited: Callable[[str], Visit], scenario: str
) -> None:
    expected, reading = SCENARIOS[scenario].cause, visited(scenario).reading
    assert first_hint(reading) == expected, reading.failure
    assert reading.ok is (expected in {None, *READ_ALL_THE_SAME})
    assert tuple(outcomes(reading)) == CHAIN or len(reading.attempts) == 1
    for attempt in reading.attempts:
        asked = attempt.outcome is not Outcome.NOT_REACHED
        assert (attempt.elapsed_s is not None) is asked
        assert bool(attempt.message) is (attempt.outcome in {Outcome.UNAVAILABLE, Outcome.FAILED})


def test_app_service__system_assigned_identity_reads(world: World) -> None:
    azure = world("app-service")
    reading = get_reading(conf.current())
    principal = reading.principal
    assert reading.ok
    assert principal
    assert principal.kind is PrincipalKind.SYSTEM_ASSIGNED_MANAGED_IDENTITY
    assert principal.name == "kvsite-demo"
    assert principal.credential == "ManagedIdentityCredential"
    assert principal.legacy == (
        f"IsAuthenticated:True Type:App AppId:{principal.app_id} TenantId:{principal.tenant_id}"
    )
    assert reading.secret
    assert reading.secret.name == "demo"
    assert reading.secret.length == len(azure.secret_value)
    assert reading.vault_saw
    assert reading.vault_saw.client_address
    assert reading.vault_tenant_id == principal.tenant_id
    assert outcomes(reading) == {
        **dict.fromkeys(CHAIN, Outcome.NOT_REACHED),
        "EnvironmentCredential": Outcome.UNAVAILABLE,
        "WorkloadIdentityCredential": Outcome.UNAVAILABLE,
        "ManagedIdentityCredential": Outcome.TOKEN,
    }


def test_app_service_user_assigned__selected_identity_reads(world: World) -> None:
    reading = read(world, "app-service-user-assigned")
    assert reading.ok
    assert reading.principal
    assert reading.principal.kind is PrincipalKind.USER_ASSIGNED_MANAGED_IDENTITY


def test_vm__system_assigned_identity_reads(world: World) -> None:
    reading = read(world, "vm")
    assert reading.ok
    assert reading.principal
    assert reading.principal.kind is PrincipalKind.SYSTEM_ASSIGNED_MANAGED_IDENTITY


def test_laptop__developer_account_reads(world: World) -> None:
    reading = read(world, "laptop")
    principal = reading.principal
    assert reading.ok
    assert principal
    assert (principal.type, principal.kind) == (PrincipalType.USER, PrincipalKind.USER)
    assert principal.credential == "AzureCliCredential"
    assert principal.user_principal_name
    assert principal.legacy == (
        f"IsAuthenticated:True Type:User TenantId:{principal.tenant_id} "
        f"UserPrincipalName:{principal.user_principal_name}"
    )
    assert outcomes(reading)["ManagedIdentityCredential"] is Outcome.UNAVAILABLE
    assert outcomes(reading)["AzurePowerShellCredential"] is Outcome.NOT_REACHED


@pytest.mark.parametrize("scenario", ["app-service-off", "laptop-signed-out", "laptop-no-az"])
def test_without_token__principal_is_unknown(world: World, scenario: str) -> None:
    reading = read(world, scenario)
    assert reading.failure
    assert reading.failure.stage is Stage.TOKEN
    assert reading.principal is None
    assert Outcome.TOKEN not in outcomes(reading).values()


def test_no_role__principal_is_known(world: World) -> None:
    reading = read(world, "no-role")
    assert reading.failure
    assert (reading.failure.stage, reading.failure.status) == (Stage.VAULT, 403)
    assert reading.failure.code == "ForbiddenByRbac"
    assert reading.principal
    assert reading.vault_saw
    assert reading.vault_saw.object_id == reading.principal.object_id
    assert reading.vault_saw.app_id == reading.principal.app_id
    command = reading.hints[0].commands[0]
    assert reading.principal.object_id in command
    assert "/vaults/contoso" in command
    assert "<" not in command


def test_secret_missing__principal_is_known(world: World) -> None:
    reading = read(world, "secret-missing")
    assert reading.failure
    assert (reading.failure.status, reading.failure.code) == (404, "SecretNotFound")
    assert reading.principal


def test_secret_disabled__code_is_the_inner_code(world: World) -> None:
    reading = read(world, "secret-disabled")
    assert reading.failure
    assert (reading.failure.status, reading.failure.code) == (403, "SecretDisabled")


def test_vault_unknown__principal_is_known(world: World) -> None:
    reading = read(world, "vault-unknown")
    assert reading.failure
    assert reading.failure.stage is Stage.NETWORK
    assert reading.principal
    assert reading.principal.object_id


@pytest.mark.parametrize("scenario", ["vault-silent"])
def test_vault_silent__deadline_names_the_vault_and_principal_is_known(
    visited: Callable[[str], Visit], scenario: str
) -> None:
    reading = visited(scenario).reading
    assert reading.failure
    assert reading.failure.stage is Stage.DEADLINE
    assert reading.failure.waiting_for == "https://contoso.vault.azure.net to respond"
    assert reading.principal
    assert reading.principal.kind is PrincipalKind.SYSTEM_ASSIGNED_MANAGED_IDENTITY
    assert outcomes(reading)["ManagedIdentityCredential"] is Outcome.TOKEN


def test_secret_deleted__deletion_date_is_known(world: World) -> None:
    reading = read(world, "secret-deleted")
    assert reading.failure
    assert reading.failure.code == "SecretNotFound"
    assert reading.failure.deleted_on


def test_wrong_tenant__both_tenants_are_known(world: World) -> None:
    reading = read(world, "wrong-tenant")
    assert reading.failure
    assert reading.failure.code == "AKV10032"
    assert reading.principal
    assert reading.vault_tenant_id
    assert reading.principal.tenant_id != reading.vault_tenant_id


def test_hanging_az__times_out_before_the_deadline(world: World) -> None:
    world("laptop", az_latency_s=30)
    reading = read_as(lambda reading: reading.main_cause == "az_timeout", 1.5)
    assert reading.failure
    assert reading.failure.stage is Stage.TOKEN
    assert reading.main_cause == "az_timeout"
    assert outcomes(reading)["AzureCliCredential"] is Outcome.UNAVAILABLE


def test_cached_token__is_reused_with_its_attempts(world: World) -> None:
    azure = world("laptop")
    first = get_reading(conf.current())
    second = get_reading(conf.current())
    assert (first.token_reused, second.token_reused) == (False, True)
    assert second.attempts == first.attempts
    assert second.principal == first.principal
    assert len(azure.tokens) == 1


def test_refresh__requests_a_new_token(world: World) -> None:
    azure = world("app-service")
    first = get_reading(conf.current())
    again = get_reading(conf.current(), refresh=True)
    assert first.ok
    assert again.ok
    assert not again.token_reused
    asked = [request for request in azure.requests if "token" in request.path]
    assert len(asked) == 2


def test_later_sign_in__is_used_without_restart(world: World) -> None:
    world("laptop-signed-out")
    assert not get_reading(conf.current()).ok
    world("laptop")
    assert get_reading(conf.current()).ok


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ({"SECRET_NAME": ""}, "setting_missing"),
        ({"SECRET_NAME": "a_b"}, "kv_name_invalid"),
        ({"KEY_VAULT_URI": ""}, "setting_missing"),
        ({"KEY_VAULT_URI": "https://evil.example"}, "vault_url_refused"),
    ],
)
def test_invalid_settings__principal_is_known(world: World, words: dict[str, str], cause: str) -> None:
    azure = world("app-service")
    reading = get_reading(conf.current(words))
    assert reading.failure
    assert reading.failure.stage is Stage.CONFIGURATION
    assert [hint.cause for hint in reading.hints] == [cause]
    assert reading.principal
    assert reading.principal.name == "kvsite-demo"
    assert not [request for request in azure.requests if "/secrets/" in request.path]


def test_failing_credential_constructor__is_a_failure_with_cause(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world("app-service")
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "cli")
    reading = get_reading(conf.current())
    assert reading.failure
    assert reading.failure.stage is Stage.CONFIGURATION
    assert reading.main_cause == "token_credentials_env_invalid"
    assert reading.attempts == ()


@pytest.mark.parametrize("name", ["not-there.pem", ""], ids=["missing", "folder"])
def test_unreadable_environment_certificate__comes_before_a_setting_warning(
    world: World, settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    world("app-service")
    settings.SECRETS_APP["KVSITE_CREDENTAIL"] = "dev"  # a warning, not the cause
    os.environ |= {
        "AZURE_TENANT_ID": CONTOSO.id,
        "AZURE_CLIENT_ID": SITE_APPLICATION.client_id,
        "AZURE_CLIENT_CERTIFICATE_PATH": str(tmp_path / name),
    }
    reading = get_reading(conf.current())
    assert [hint.cause for hint in reading.hints] == ["certificate_file_invalid", "setting_invalid"]
    assert reading.failure
    assert reading.failure.message.startswith(f"The certificate file {tmp_path / name} ")
    assert "Traceback" not in caplog.text


def test_secret_version__is_read(world: World) -> None:
    world("app-service")
    current = get_reading(conf.current())
    assert current.secret
    assert current.secret.version
    pinned = get_reading(conf.current({"SECRET_VERSION": current.secret.version}))
    assert pinned.secret == current.secret
    unknown = get_reading(conf.current({"SECRET_VERSION": "0" * 32}))
    assert unknown.main_cause == "kv_secret_not_found"


def test_fingerprint__differs_by_value_and_key(world: World, settings: Any) -> None:
    world("app-service")
    first = get_reading(conf.current()).secret
    again = get_reading(conf.current()).secret
    settings.SECRET_KEY = "another key"
    elsewhere = get_reading(conf.current()).secret
    assert first
    assert again
    assert elsewhere
    assert first.fingerprint == again.fingerprint
    assert first.fingerprint != elsewhere.fingerprint


def test_unreadable_token__has_no_type_and_the_page_shows_it(world: World, client: Client, tmp_path: Path) -> None:
    world("laptop")
    az = tmp_path / "az"
    az.write_text('#!/bin/sh\necho \'{"accessToken": "opaque", "expires_on": 4102444800, "tokenType": "Bearer"}\'\n')
    az.chmod(0o755)
    os.environ["PATH"] = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    reading = get_reading(conf.current())
    assert reading.principal
    assert reading.principal.type is None
    assert reading.as_json()["principal"]["legacy"] == "IsAuthenticated:True"
    assert reading.failure
    assert reading.failure.status == 401
    html = client.get("/").content.decode()
    assert "This token is opaque to clients" in html
    assert "an unknown principal (opaque token)" in html


@pytest.mark.parametrize("text", ["appid=", "appid=a;oid=", "appid=a;oid=b;c=d"])
def test_long_error_message__is_searched_quickly(text: str) -> None:
    """A response may be 1 MiB long, and no deadline interrupts a search in it."""
    refusal = Failure(stage=Stage.VAULT, message=text * (200_000 // len(text)))
    start = time.process_time()
    vault_saw(refusal, None)
    assert time.process_time() - start < 1
