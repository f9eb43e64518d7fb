"""The hops of a reading: which one failed, in every scenario, and the same ones in JSON, terminal and report."""

from collections.abc import Callable
from typing import Any

import pytest

from secrets_app.core.hops import HopOutcome, failing_hop, hops_of
from secrets_app.core.reading import Diagnosis, Failure, Mismatch, Reading, Stage
from tests.diagnosis.test_diagnose import NOW
from tests.support.scenario_visits import Visit

FAILING: dict[str, tuple[str | None, str | None]] = {
    "app-service": (None, None),
    "laptop": (None, None),
    "no-role": ("vault contoso", "403 ForbiddenByRbac"),
    "no-policy": ("vault contoso", "403 AccessDenied"),
    "firewall": ("vault contoso", "403 ForbiddenByFirewall"),
    "wrong-tenant": ("vault contoso", "401 AKV10032"),
    "throttled": ("vault contoso", "429 Throttled"),
    "vault-unknown": ("vault no-vault-has-this-name-x", "name does not resolve"),
    "vault-silent": ("vault contoso", "no response"),
    "secret-missing": ("secret demo", "404 SecretNotFound"),
    "secret-disabled": ("secret demo", "403 SecretDisabled"),
    "service-principal-expired-secret": ("Microsoft Entra ID", "AADSTS7000222"),
    "laptop-mfa": ("Microsoft Entra ID", "AADSTS50076"),
    "laptop-no-az": ("DefaultAzureCredential", None),
    "app-service-off": ("ManagedIdentityCredential", None),
}


@pytest.mark.parametrize("scenario", FAILING)
def test_scenario__has_one_failing_hop(visited: Callable[[str], Visit], scenario: str) -> None:
    visit = visited(scenario)
    hops = hops_of(*visit.reading)
    outcomes = [hop.outcome for hop in hops]
    failed = failing_hop(hops)
    assert ((failed.name, failed.code) if failed else (None, None)) == FAILING[scenario]
    position = outcomes.index(HopOutcome.FAILED) if failed else len(hops)
    assert outcomes[:position] == [HopOutcome.OK] * position
    assert set(outcomes[position + 1 :]) <= {HopOutcome.NOT_REACHED}
    assert visit.reading.as_json()["hops"] == [hop.as_json() for hop in hops]
    if failed:
        assert f"[FAILED] {failed.name}" in visit.output
        assert "> [FAILED]" in visit.output


def test_denied_reading__has_the_time_of_token_and_vault(visited: Callable[[str], Visit]) -> None:
    _, credential, _, vault, _ = visited("no-role").reading.as_json()["hops"]
    assert 0 < credential["elapsed_s"] < visited("no-role").reading.elapsed_s
    assert 0 < vault["elapsed_s"] < visited("no-role").reading.elapsed_s
    assert credential["detail"] == "3rd of 9"
    assert "object ID " in vault["detail"]


def test_wrong_tenant__both_tenants_are_named(visited: Callable[[str], Visit]) -> None:
    reading = visited("wrong-tenant").reading
    _, _, entra, vault, _ = reading.as_json()["hops"]
    assert entra["detail"].startswith(f"tenant {reading.principal.tenant_id}, ")
    assert f"tenant {reading.vault_tenant_id}" in vault["detail"]


def _hops(**fields: Any) -> list[tuple[str, str, str | None]]:
    reading = Reading(vault_url="https://contoso.vault.azure.net", started_at=NOW, elapsed_s=1, **fields)
    return [(hop.name, str(hop.outcome), hop.code) for hop in hops_of(reading, Diagnosis())]


def test_invalid_settings__the_program_failed() -> None:
    failure = Failure(stage=Stage.CONFIGURATION, message="SECRET_NAME is not set.")
    assert _hops(failure=failure)[0] == ("This program", "failed", "invalid settings")


def test_unexpected_principal__the_credential_failed() -> None:
    mismatch = Mismatch(what="object ID", expected="a", found="b")
    assert _hops(mismatches=(mismatch,))[1] == ("Credential", "failed", "unexpected principal")


def test_token_check__ends_at_entra_id(visited: Callable[[str], Visit]) -> None:
    reading = Reading(scope="https://management.azure.com/.default", started_at=NOW, elapsed_s=1)
    assert [hop.kind for hop in hops_of(reading, Diagnosis())] == ["program", "credential", "entra_id"]
