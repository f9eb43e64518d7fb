"""The causes and hints of a reading: the main cause first, adapted to the host."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from secrets_app.core.reading import (
    Attempt,
    Failure,
    HostEnvironment,
    Outcome,
    Platform,
    Principal,
    PrincipalType,
    Reading,
    Secret,
    Stage,
    VaultSaw,
)
from tests.support.readings import diagnose

NOW = datetime(2026, 9, 14, 7, 30, tzinfo=UTC)
TENANT, OTHER_TENANT = "11111111-2222-4333-8444-555555555555", "99999999-8888-4777-8666-555555555555"
OBJECT = "41baaa1d-3381-4fb6-83c8-cc76b4500d0d"
ENVIRONMENT = "EnvironmentCredential authentication unavailable. Environment variables are not fully configured."
WORKLOAD = "WorkloadIdentityCredential authentication unavailable. The workload options are not fully configured."
NO_IMDS = "ManagedIdentityCredential authentication unavailable, no response from the IMDS endpoint."
NO_AZ = "Azure CLI not found on path"
SIGNED_OUT = "Please run 'az login' to set up an account"
WRONG_SECRET = "Authentication failed: AADSTS7000215: Invalid client secret provided."


def _attempt(credential: str, message: str | None, outcome: Outcome = Outcome.UNAVAILABLE) -> Attempt:
    return Attempt(credential=credential, outcome=outcome, message=message)


def _chain(azure_cli: str = NO_AZ, managed_identity: str = NO_IMDS) -> tuple[Attempt, ...]:
    return (
        _attempt("EnvironmentCredential", ENVIRONMENT),
        _attempt("WorkloadIdentityCredential", WORKLOAD),
        _attempt("ManagedIdentityCredential", managed_identity),
        _attempt("SharedTokenCacheCredential", "SharedTokenCacheCredential authentication unavailable. No accounts"),
        _attempt("VisualStudioCodeCredential", "VisualStudioCodeCredential requires the user to be signed in"),
        _attempt("AzureCliCredential", azure_cli),
        _attempt("AzurePowerShellCredential", "PowerShell is not installed"),
        _attempt("AzureDeveloperCliCredential", "Azure Developer CLI could not be found."),
        _attempt("BrokerCredential", "InteractiveBrowserBrokerCredential unavailable."),
    )


def _failure(stage: Stage = Stage.TOKEN, message: str = "DefaultAzureCredential failed", **more: Any) -> Failure:
    return Failure(stage=stage, message=message, **more)


def _reading(**more: Any) -> Reading:
    given = {"vault_url": "https://contoso.vault.azure.net", "secret_name": "demo", "started_at": NOW, "elapsed_s": 0.1}
    return diagnose(Reading(**(given | more)))


def _secret(**more: Any) -> Secret:
    nothing = dict.fromkeys(
        ("version", "content_type", "enabled", "created_on", "updated_on", "not_before", "expires_on")
    )
    return Secret(**({"name": "demo", "length": 3, "fingerprint": "ab"} | nothing | more))


def _causes(reading: Reading) -> list[str]:
    return [hint.cause for hint in reading.hints]


def test_success__has_no_hint() -> None:
    reading = _reading(secret=_secret(), attempts=(_attempt("ManagedIdentityCredential", None, Outcome.TOKEN),))
    assert reading.hints == ()
    assert reading.causes[0] is None


def test_laptop_signed_out__az_login_first() -> None:
    reading = _reading(attempts=_chain(SIGNED_OUT), failure=_failure(), vault_tenant_id=TENANT)
    assert _causes(reading) == ["az_not_logged_in"]
    assert reading.hints[0].commands[0] == f"az login --tenant {TENANT}"
    assert list(reading.causes) == [
        "env_vars_incomplete",
        "workload_identity_not_injected",
        "imds_unreachable",
        "shared_cache_empty",
        "vscode_not_signed_in",
        "az_not_logged_in",
        "powershell_not_installed",
        "azd_not_installed",
        "broker_unavailable",
    ]


def test_laptop_without_tools__no_account_is_signed_in() -> None:
    assert _causes(_reading(attempts=_chain(), failure=_failure())) == ["no_credential_available"]


def test_only_az_and_it_is_missing__az_is_the_cause() -> None:
    reading = _reading(attempts=(_attempt("AzureCliCredential", NO_AZ),), failure=_failure())
    assert _causes(reading) == ["az_not_installed"]


@pytest.mark.parametrize(
    ("platform", "command"),
    [
        (Platform.APP_SERVICE, "az webapp identity assign --resource-group contoso-rg --name contoso-site"),
        (Platform.FUNCTIONS, "az functionapp identity assign --resource-group contoso-rg --name contoso-site"),
        (
            Platform.CONTAINER_APPS,
            "az containerapp identity assign --resource-group contoso-rg --name contoso-site --system-assigned",
        ),
    ],
)
def test_identity_switched_off__the_managed_identity_is_the_cause(platform: Platform, command: str) -> None:
    place = HostEnvironment(platform=platform, resource_name="contoso-site", resource_group="contoso-rg")
    reading = _reading(attempts=_chain(SIGNED_OUT), failure=_failure(), place=place)
    assert _causes(reading)[0] == "mi_identity_not_assigned"
    assert reading.hints[0].commands == (command,)


def test_virtual_machine_without_identity__hint_assigns_one() -> None:
    answer = f"{NO_IMDS} Token request error: (invalid_request) Identity not found"
    place = HostEnvironment(platform=Platform.VIRTUAL_MACHINE, resource_name="vm1", resource_group="rg1")
    reading = _reading(attempts=_chain(NO_AZ, answer), failure=_failure(), place=place)
    assert _causes(reading) == ["mi_identity_not_assigned"]
    assert reading.hints[0].commands == ("az vm identity assign --resource-group rg1 --name vm1",)


def test_pod_without_workload_identity__hint_labels_it() -> None:
    reading = _reading(attempts=_chain(), failure=_failure(), place=HostEnvironment(platform=Platform.KUBERNETES))
    assert _causes(reading)[0] == "workload_identity_not_injected"


def test_wrong_secret_on_app_service__hides_the_managed_identity() -> None:
    attempts = (
        _attempt("EnvironmentCredential", WRONG_SECRET, Outcome.FAILED),
        _attempt("ManagedIdentityCredential", None, Outcome.NOT_REACHED),
        _attempt("AzureCliCredential", None, Outcome.NOT_REACHED),
    )
    reading = _reading(attempts=attempts, failure=_failure(), place=HostEnvironment(platform=Platform.APP_SERVICE))
    assert _causes(reading) == ["client_secret_wrong", "chain_stopped_early"]
    assert "The chain stopped at EnvironmentCredential. Not tried: ManagedIdentityCredential, AzureCliCredential." in (
        reading.hints[1].why
    )
    assert reading.hints[1].fix == "Fix the credential that failed: see the first hint above."
    assert list(reading.causes) == ["client_secret_wrong", None, None]


def test_attempt_without_message__failure_gives_the_cause() -> None:
    attempts = (_attempt("ClientSecretCredential", None, Outcome.FAILED),)
    assert _causes(_reading(attempts=attempts, failure=_failure(message=WRONG_SECRET))) == ["client_secret_wrong"]


def test_windows__gets_commands_for_powershell() -> None:
    reading = _reading(
        attempts=(_attempt("AzureCliCredential", NO_AZ),), failure=_failure(), place=HostEnvironment(system="Windows")
    )
    assert reading.hints[0].commands[0].startswith("winget install")


def _forbidden(code: str, message: str) -> Failure:
    return _failure(Stage.VAULT, message, status=403, code=code, exception="azure.core.exceptions.HttpResponseError")


@pytest.mark.parametrize(
    ("code", "message", "cause"),
    [
        ("ForbiddenByRbac", "(Forbidden) Caller is not authorized to perform action on resource.", "kv_rbac_denied"),
        ("AccessDenied", "(Forbidden) does not have secrets get permission on key vault", "kv_access_policy_denied"),
    ],
)
def test_denied__mentions_role_propagation_and_token_age(code: str, message: str, cause: str) -> None:
    principal = Principal(
        type=PrincipalType.USER, object_id=OBJECT, tenant_id=TENANT, token_issued_at=NOW - timedelta(minutes=42)
    )
    reading = _reading(principal=principal, vault_tenant_id=TENANT, failure=_forbidden(code, message))
    assert _causes(reading) == [cause, "role_may_be_on_its_way"]
    assert OBJECT in reading.hints[0].commands[0]
    assert "The token was issued 42 minutes ago." in reading.hints[1].why


def test_denied_user__role_command_has_principal_type_user() -> None:
    principal = Principal(type=PrincipalType.USER, object_id=OBJECT)
    reading = _reading(principal=principal, failure=_forbidden("ForbiddenByRbac", "Caller is not authorized"))
    assert "--assignee-principal-type User" in reading.hints[0].commands[0]


def test_firewall__names_the_client_address() -> None:
    reading = _reading(
        vault_saw=VaultSaw(client_address="203.0.113.7"), failure=_forbidden("ForbiddenByFirewall", "Client address")
    )
    assert "--ip-address 203.0.113.7" in reading.hints[0].commands[0]


@pytest.mark.parametrize(
    ("failure", "cause"),
    [
        (_forbidden("SecretDisabled", "Operation get is not allowed on a disabled secret."), "kv_secret_disabled"),
        (
            _failure(Stage.VAULT, "A secret with (name/id) demo was not found", status=404, code="SecretNotFound"),
            "kv_secret_not_found",
        ),
        (_failure(Stage.VAULT, "AKV10032: Invalid issuer.", status=401), "kv_wrong_tenant"),
        (_failure(Stage.VAULT, "(Throttled) too many requests", status=429, code="Throttled"), "kv_throttled"),
        (
            _failure(Stage.VAULT, "Operation returned an invalid status 'Service Unavailable'", status=503),
            "service_error",
        ),
        (_failure(Stage.VAULT, "something nobody has seen"), "unexpected"),
        (
            _failure(
                Stage.NETWORK, "Failed to resolve 'contoso.vault.azure.net' ([Errno -2] Name or service not known)"
            ),
            "dns_failure",
        ),
        (_failure(Stage.NETWORK, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"), "tls_interception"),
        (_failure(Stage.CONFIGURATION, "not a vault", code="vault_url_refused"), "vault_url_refused"),
        (_failure(Stage.VAULT, "A secret with (name/id) demo was not found", code="secret_deleted"), "secret_deleted"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_failure__has_its_cause(failure: Failure, cause: str) -> None:
    assert _causes(_reading(failure=failure))[0] == cause


def test_unresolvable_name__command_resolves_it() -> None:
    failure = _failure(
        Stage.NETWORK,
        "HTTPSConnection(host='contoso.vault.azure.net', port=443): Failed to resolve "
        "'contoso.vault.azure.net' ([Errno -2] Name or service not known)",
    )
    assert "nslookup contoso.vault.azure.net" in _reading(failure=failure).hints[0].commands


def test_unknown_configuration__has_no_specific_cause() -> None:
    assert _reading(failure=_failure(Stage.CONFIGURATION, "KVSITE_CREDENTIAL: no such credential")).hints == ()


def test_unknown_credential_error__is_unexpected() -> None:
    refused = _failure(Stage.CONFIGURATION, "Invalid IPv6 URL", exception="builtins.ValueError")
    assert _reading(failure=refused).main_cause == "unexpected"


def test_deadline__names_what_was_waited_for() -> None:
    reading = _reading(
        attempts=(_attempt("AzureCliCredential", None, Outcome.RUNNING),),
        failure=_failure(Stage.DEADLINE, "the time ran out", waiting_for="the Azure CLI (az)"),
    )
    assert _causes(reading) == ["deadline_exceeded"]
    assert "This site was waiting for the Azure CLI (az)." in reading.hints[0].why
    assert reading.causes[0] == "deadline_exceeded"


def test_expired_secret__is_shown_beside_success() -> None:
    reading = _reading(secret=_secret(expires_on=NOW - timedelta(days=3)))
    assert _causes(reading) == ["secret_expired"]
    assert "11 September 2026" in reading.hints[0].why


def test_secret_not_yet_valid__is_shown_beside_success() -> None:
    assert _causes(_reading(secret=_secret(not_before=NOW + timedelta(days=1)))) == ["secret_not_yet_valid"]


def test_token_of_another_tenant__is_shown_before_the_vault_refuses() -> None:
    reading = _reading(
        principal=Principal(tenant_id=OTHER_TENANT), vault_tenant_id=TENANT, failure=_failure(Stage.DEADLINE, "late")
    )
    assert _causes(reading) == ["deadline_exceeded", "tenant_mismatch_ahead"]


def test_token_of_another_tenant__is_shown_once() -> None:
    reading = _reading(
        principal=Principal(tenant_id=OTHER_TENANT),
        vault_tenant_id=TENANT,
        failure=_failure(Stage.VAULT, "AKV10032: Invalid issuer."),
    )
    assert _causes(reading) == ["kv_wrong_tenant"]


def test_token_issued_in_the_future__is_clock_skew() -> None:
    reading = _reading(
        principal=Principal(token_issued_at=NOW + timedelta(hours=1)), failure=_failure(Stage.VAULT, "refused")
    )
    assert "clock_skew" in _causes(reading)


def test_diagnosis__is_idempotent() -> None:
    reading = _reading(attempts=_chain(SIGNED_OUT), failure=_failure())
    assert diagnose(reading.reading).diagnosis == reading.diagnosis
