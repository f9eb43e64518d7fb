"""A client certificate stored in a vault."""

from dataclasses import replace
from typing import Any

import pytest

from localazure import LocalAzure
from localazure.scenarios import find_scenario
from localazure.scenarios.directory import DEVELOPER, SITE_APPLICATION
from secrets_app.conf import current
from secrets_app.core.reading import Failure, Outcome, Reading, Stage
from tests.conftest import World
from tests.support.certificates import registered, thumbprint
from tests.support.readings import diagnose, get_reading


@pytest.fixture
def azure(world: World) -> LocalAzure:
    """A developer's machine, with the application's certificate in the same vault as the secret."""
    return world("certificate-in-vault")


def vaulted(name: str = "kvsite-app", *, refresh: bool = False) -> Reading:
    """A reading as the application, with the certificate that the vault stores under this name."""
    given = {
        "KVSITE_CREDENTIAL": "client-certificate",
        "KVSITE_CLIENT_ID": SITE_APPLICATION.client_id,
        "KVSITE_CERTIFICATE_SECRET_ID": f"https://contoso.vault.azure.net/secrets/{name}",
    }
    return get_reading(current(given), refresh=refresh)


def certificate_reads(azure: LocalAzure) -> int:
    return sum("/secrets/kvsite-app" in str(request) for request in azure.requests)


@pytest.mark.parametrize("name", ["kvsite-app", "kvsite-app-pem"])
def test_certificate_in_vault__is_read_by_the_developer_and_signs_in_the_application(
    name: str, azure: LocalAzure
) -> None:
    reading = vaulted(name)
    assert reading.ok, reading.failure
    assert reading.principal
    assert reading.principal.app_id == SITE_APPLICATION.client_id
    assert reading.principal.certificate_thumbprint == thumbprint(registered().certificate)
    successful_attempts = [(a.credential, a.reads_certificate) for a in reading.attempts if a.outcome is Outcome.TOKEN]
    assert successful_attempts == [("AzureCliCredential", True), ("CertificateCredential", False)]
    assert not any(a.credential == "EnvironmentCredential" for a in reading.attempts)


def test_certificate_in_vault__is_cached_until_refresh(azure: LocalAzure) -> None:
    assert vaulted().ok
    reads = certificate_reads(azure)
    again = vaulted()
    assert again.ok
    assert [a.credential for a in again.attempts if a.outcome is Outcome.TOKEN] == [
        "AzureCliCredential",
        "CertificateCredential",
    ]
    assert certificate_reads(azure) == reads
    assert vaulted(refresh=True).ok
    assert certificate_reads(azure) > reads


def test_secret_without_certificate__has_one_message_without_its_value(azure: LocalAzure) -> None:
    reading = vaulted("demo")
    assert reading.failure
    assert "is not a certificate: it is neither PEM nor PFX" in reading.failure.message
    assert reading.main_cause == "certificate_file_invalid"
    first = reading.hints[0]
    assert first.title.startswith("The secret demo in https://contoso.vault.azure.net is not a certificate")
    assert first.fix == "Use a certificate's secret ID."
    assert first.commands == (
        'az keyvault certificate list --vault-name contoso --query "[].id" --output tsv',
    )  # fmt: skip


def test_missing_certificate__message_names_the_certificate(azure: LocalAzure) -> None:
    reading = vaulted("nothing-here")
    assert reading.failure
    assert reading.failure.stage is Stage.TOKEN
    assert reading.failure.status == 404
    assert reading.failure.message.startswith(
        "The certificate nothing-here in https://contoso.vault.azure.net could not"
    )
    assert reading.principal is None
    assert reading.main_cause == "kv_secret_not_found"
    first = reading.hints[0]
    assert first.why.startswith(
        "The certificate to sign in with could not be read, so the secret demo was not requested. "
        "The certificate is nothing-here in https://contoso.vault.azure.net. "
    )
    assert "az keyvault secret recover --vault-name contoso --name nothing-here" in first.commands
    assert "--name demo" not in str(first.commands)


def test_certificate_in_another_vault__is_read_there(azure: LocalAzure) -> None:
    message = "The certificate own in https://other.vault.azure.net could not be read. (SecretNotFound) ..."
    failure = Failure(stage=Stage.TOKEN, message=message, status=404, code="SecretNotFound")
    first = diagnose(replace(vaulted("nothing-here").reading, failure=failure, attempts=())).hints[0]
    assert "az keyvault secret recover --vault-name other --name own" in first.commands


def test_denied_certificate_read__names_the_reader_and_the_role(world: World) -> None:
    scenario = find_scenario("certificate-in-vault")
    only_the_application = {SITE_APPLICATION.object_id: scenario.vault.grants[SITE_APPLICATION.object_id]}
    world(replace(scenario, vault=replace(scenario.vault, grants=only_the_application)))
    reading = vaulted()
    assert reading.failure
    assert (reading.failure.stage, reading.failure.status) == (Stage.TOKEN, 403)
    assert reading.failure.message.startswith("The certificate kvsite-app in https://contoso.vault.azure.net could not")
    assert reading.main_cause == "kv_rbac_denied"
    assert f"--assignee-object-id {DEVELOPER.object_id}" in reading.hints[0].commands[0]
    assert "chain_stopped_early" not in {hint.cause for hint in reading.hints}


def test_unresponsive_certificate_vault__ends_at_the_deadline(world: World, settings: Any) -> None:
    world("certificate-in-vault", vault_latency_s=60.0)
    settings.SECRETS_APP["KVSITE_DEADLINE_S"] = "1"
    reading = vaulted()
    assert reading.failure
    assert reading.failure.stage is Stage.DEADLINE
    assert reading.attempts[-1].outcome is Outcome.RUNNING


def test_certificate_vault_outside_azure__gets_no_token(azure: LocalAzure) -> None:
    reading = get_reading(
        current(
            {
                "KVSITE_CREDENTIAL": "client-certificate",
                "KVSITE_CLIENT_ID": SITE_APPLICATION.client_id,
                "KVSITE_CERTIFICATE_SECRET_ID": "https://contoso.vault.azure.net.evil.example/secrets/a",
            }
        )
    )
    assert reading.main_cause == "vault_url_refused"
    assert azure.requests == ()
