"""Sign-in with each form of connection string: the principal, what the page shows, and what is never shown."""

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from django.core.checks import run_checks
from django.test import Client

from localazure import FaultInjection, LocalAzure
from localazure.scenarios.directory import SITE_APPLICATION
from secrets_app.conf import Config, current, load
from secrets_app.conf.schema import SETTINGS
from secrets_app.core.reading import HostEnvironment, Outcome, Reading, Stage
from secrets_app.doctor import Status, translation
from secrets_app.output.console import PLAIN
from secrets_app.output.terminal import lines_of, lines_of_translation
from tests.conftest import World
from tests.support.doctor_factories import run_check
from tests.support.readings import get_reading

NAME = "AzureServicesAuthConnectionString"
RIGHT = {"KEY_VAULT_URI": "https://contoso.vault.azure.net", "SECRET_NAME": "demo"}
APP = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
SECRET = "Never~to.be_seen"


def read(text: str, **words: str) -> Reading:
    return get_reading(current({NAME: text, **words}))


def credentials_of(reading: Reading) -> list[tuple[str, str]]:
    return [(attempt.credential, attempt.outcome) for attempt in reading.attempts]


@pytest.mark.parametrize(
    ("scenario", "text", "credential", "legacy"),
    [
        ("laptop", "RunAs=Developer; DeveloperTool=AzureCli", "AzureCliCredential", "Type:User"),
        ("app-service", "RunAs=App", "ManagedIdentityCredential", "Type:App"),
        ("app-service", "RunAs=App;MsiRetryTimeout=2", "ManagedIdentityCredential", "Type:App"),
        ("app-service-user-assigned", "RunAs=App;AppId={AZURE_CLIENT_ID}", "ManagedIdentityCredential", "Type:App"),
        ("kubernetes", "RunAs=Workload", "WorkloadIdentityCredential", "Type:App"),
        ("service-principal-secret",
         "RunAs=App;AppId={AZURE_CLIENT_ID};TenantId={AZURE_TENANT_ID};AppKey='{AZURE_CLIENT_SECRET}'",
         "ClientSecretCredential", "Type:App"),
        ("service-principal-secret",
         "RunAs=App;AppId={AZURE_CLIENT_ID};TenantId={AZURE_TENANT_ID};AppKeyPercentEncoded={AZURE_CLIENT_SECRET}",
         "ClientSecretCredential", "Type:App"),
        ("certificate-in-vault",
         f"RunAs=App;AppId={SITE_APPLICATION.client_id};"
         "KeyVaultCertificateSecretIdentifier=https://contoso.vault.azure.net/secrets/kvsite-app",
         "CertificateCredential", "CertificateThumbprint:"),
    ],
)  # fmt: skip
def test_connection_string__signs_in(world: World, scenario: str, text: str, credential: str, legacy: str) -> None:
    reading = read(text.format(**world(scenario).env))
    assert reading.ok
    assert reading.principal
    assert credentials_of(reading)[-1] == (credential, Outcome.TOKEN) or reading.attempts[-1].reads_certificate
    assert reading.principal.credential == credential
    assert legacy in reading.principal.legacy


@pytest.mark.parametrize("key", ["CertificateThumbprint", "CertificateSubjectName"])
@pytest.mark.parametrize("store", ["CurrentUser", "LocalMachine"])
def test_certificate_in_store__is_found_in_its_folder(world: World, key: str, store: str, tmp_path: Path) -> None:
    azure = world("service-principal-certificate")
    file = Path(azure.env["AZURE_CLIENT_CERTIFICATE_PATH"])
    (tmp_path / "my.pem").write_bytes(file.read_bytes())
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    thumbprint = certificate.fingerprint(SHA1()).hex()  # noqa: S303 - that is what a thumbprint is
    value = thumbprint if key == "CertificateThumbprint" else f"'{certificate.subject.rfc4514_string()}'"
    folder = {"CurrentUser": "KVSITE_USER_CERTIFICATES", "LocalMachine": "KVSITE_MACHINE_CERTIFICATES"}[store]
    ids = "AppId={AZURE_CLIENT_ID};TenantId={AZURE_TENANT_ID}".format(**azure.env)
    reading = read(f"RunAs=App;{ids};{key}={value};CertificateStoreLocation={store}", **{folder: str(tmp_path)})
    assert reading.ok
    assert reading.principal
    assert reading.principal.certificate_thumbprint == thumbprint.upper()


@pytest.mark.parametrize(
    ("text", "first", "id_"),
    [
        ("RunAs=Developer;DeveloperTool=VisualStudio", "VisualStudioCodeCredential", "W091"),
        ("RunAs=CurrentUser", "BrokerCredential", "W092"),
    ],
)
def test_credential_missing_in_python__nearest_is_tried_with_a_warning(
    world: World, client: Client, settings: Any, text: str, first: str, id_: str
) -> None:
    world("laptop")
    settings.SECRETS_APP[NAME] = text
    reading = get_reading(current())
    assert reading.ok
    assert credentials_of(reading) == [(first, Outcome.UNAVAILABLE), ("AzureCliCredential", Outcome.TOKEN)]
    page = client.get("/").content.decode()
    assert "which is not available in Python" in page
    assert "run az login with" in page
    assert [message.id for message in run_checks()] == [f"secrets_app.{id_}"]


def test_incomplete_service_principal__is_the_first_hint(world: World) -> None:
    world("laptop")
    first, *_ = read(f"RunAs=App;AppId={APP};TenantId=contoso.com;AppKee={SECRET}").hints
    assert first.title == (f"{NAME} has TenantId, but no AppKey and no certificate, so it selects a managed identity.")
    assert first.why.startswith("Is AppKey misspelled in part 4?")
    assert first.fix == "For a service principal, add AppKey=... to it. For the managed identity, remove them."


def test_incomplete_service_principal__is_shown_beside_success(world: World, client: Client, settings: Any) -> None:
    world("app-service")
    settings.SECRETS_APP[NAME] = f"RunAs=App;TenantId=contoso.com;AppKey={SECRET}"
    page = client.get("/").content.decode()
    assert "The secret demo was read." in page
    assert page.index("but no AppId, so it selects a managed identity") < page.index(">Connection string<")
    assert "For a service principal, add AppId=... to it." in page
    assert SECRET not in page


def test_truncated_key__is_reported_before_it_is_called_invalid(world: World) -> None:
    env = world("service-principal-secret").env
    text = "RunAs=App;AppId={AZURE_CLIENT_ID};TenantId={AZURE_TENANT_ID};AppKey=ab;cd=x".format(**env)
    first, second, *_ = read(text).hints
    assert first.title.startswith(f"{NAME} has the key of part 5, which had no effect")
    assert "put the whole value in quotes" in first.fix
    assert second.cause == "client_secret_wrong"
    assert f"Set the AppKey of {NAME} to" in second.fix
    whole = read(text.removesuffix(";cd=x")).hints
    assert [hint.cause for hint in whole] == ["client_secret_wrong"]


def test_wrong_secret__names_its_setting(world: World) -> None:
    env = world("service-principal-secret").env
    words = {"KVSITE_CLIENT_ID": env["AZURE_CLIENT_ID"], "KVSITE_TENANT_ID": env["AZURE_TENANT_ID"]}
    given = {"KVSITE_CREDENTIAL": "client-secret", "KVSITE_CLIENT_SECRET": "wrong", **words}
    assert "Set KVSITE_CLIENT_SECRET to" in get_reading(current(given)).hints[0].fix


def test_without_connection_string__nothing_mentions_one(world: World, client: Client) -> None:
    world("app-service")
    assert "connection string" not in client.get("/").content.decode()


def test_page__shows_the_equivalent_settings(world: World, client: Client, settings: Any) -> None:
    env = world("service-principal-secret").env
    settings.SECRETS_APP[NAME] = with_secret(env)
    page = client.get("/").content.decode()
    assert ">Connection string</h2>" in page
    assert f"{NAME}</code> selects the credential: a service principal with a client secret." in page
    assert "az webapp" not in page
    assert "KVSITE_CREDENTIAL=client-secret" in page
    assert f"AZURE_CLIENT_ID={env['AZURE_CLIENT_ID']}" in page
    assert "KVSITE_CLIENT_SECRET=&lt;the AppKey&gt;" in page
    assert "ClientSecretCredential(" in page


def with_secret(env: Any) -> str:
    return "RunAs=App;AppId={AZURE_CLIENT_ID};TenantId={AZURE_TENANT_ID};AppKey='{AZURE_CLIENT_SECRET}'".format(**env)


@pytest.mark.parametrize("works", [True, False])
def test_connection_string_secret__is_shown_nowhere(
    world: World, client: Client, settings: Any, caplog: pytest.LogCaptureFixture, *, works: bool
) -> None:
    caplog.set_level(logging.DEBUG)
    azure = world("service-principal-secret")
    secret = azure.env["AZURE_CLIENT_SECRET"]
    text = with_secret(azure.env) + ("" if works else "oops")
    settings.SECRETS_APP[NAME] = text
    config = current()
    reading = get_reading(config)
    pages = [client.get(address) for address in ("/", "/environment/", "/report/", "/api/reading", "/readyz")]
    output = "\n".join(
        [
            *(page.content.decode() for page in pages),
            *map(PLAIN.show, lines_of(*reading)),
            *map(PLAIN.show, lines_of_translation(translation(config, reading.place))),
            *map(str, run_checks()),
            repr(config),
            json.dumps(reading.as_json()),
            caplog.text,
        ]
    )
    assert reading.ok is works
    assert NAME in output
    assert secret not in output


@pytest.mark.parametrize(
    ("words", "id_", "expected"),
    [
        ({NAME: "RunAs=Nobody"}, "E048", f"{NAME} has a value for RunAs"),
        ({"KVSITE_CONNECTION_STRING": "RunAs"}, "E046", "KVSITE_CONNECTION_STRING has no = in part 1 (RunAs)"),
        ({NAME: "RunAs=App", "KVSITE_CONNECTION_STRING": "RunAs=CurrentUser"}, "E083", "have different values"),
        (
            {NAME: "RunAs=App", "KVSITE_CREDENTIAL": "az"},
            "E055",
            f"{NAME} and KVSITE_CREDENTIAL both select the credential",
        ),
        ({NAME: "RunAs=App", "KVSITE_MANAGED_IDENTITY_CLIENT_ID": APP}, "E055", "both select the credential"),
        ({NAME: f"RunAs=Workload;TenantId={APP}", "KVSITE_TENANT_ID": "contoso.com"}, "E084", "different tenants"),
        ({"KVSITE_MANAGED_IDENTITY_RETRY_S": "soon"}, "E056", "must be a number of seconds from 0 to 60"),
    ],
)
def test_invalid_connection_string__is_one_setting_error(words: dict[str, str], id_: str, expected: str) -> None:
    config = load({**RIGHT, **words})
    assert [problem.id for problem in config.problems] == [f"secrets_app.{id_}"]
    assert expected in config.problems[0].sentence
    assert config.credential is None


def test_setting_that_selects_the_credential__conflicts_with_a_connection_string() -> None:
    selecting = [row.name for row in SETTINGS.values() if row.selects_credential]
    assert len(selecting) == 12
    for name in selecting:
        config = load({**RIGHT, NAME: "RunAs=App", name: "x"})
        assert [problem.id for problem in config.problems] == ["secrets_app.E055"]
        assert config.credential is None
    assert load({**RIGHT, NAME: "RunAs=App", "KVSITE_PROCESS_TIMEOUT_S": "8"}).problems == ()


def test_both_setting_names__may_have_the_same_value() -> None:
    config = load({**RIGHT, NAME: "RunAs=App", "KVSITE_CONNECTION_STRING": "RunAs=App"})
    assert config.problems == ()
    assert config.connection_string
    assert config.connection_string.setting == NAME


def test_invalid_connection_string__sends_no_request_and_shows_the_template(world: World, client: Client) -> None:
    azure = world("app-service")
    reading = read(f"RunAs=App;AppId={APP};AppKey={SECRET}")
    assert reading.failure
    assert reading.failure.stage is Stage.CONFIGURATION
    assert reading.hints[0].title == f"{NAME} has no TenantId."
    assert SECRET not in str(reading)
    assert azure.requests == ()


def test_argument__overrides_the_connection_string(world: World, settings: Any) -> None:
    from secrets_app.management.arguments import credential_overrides

    world("laptop")
    settings.SECRETS_APP[NAME] = "RunAs=App"
    none = dict.fromkeys(("client_id", "object_id", "resource_id"))
    reading = get_reading(current(*credential_overrides({**none, "credential": "az"})))
    assert credentials_of(reading) == [("AzureCliCredential", Outcome.TOKEN)]


def test_query__overrides_the_identity_of_the_connection_string(world: World, client: Client, settings: Any) -> None:
    env = world("app-service-user-assigned").env
    settings.SECRETS_APP[NAME] = "RunAs=Developer;DeveloperTool=AzureCli"
    page = client.get(f"/?userAssignedClientId={env['AZURE_CLIENT_ID']}").content.decode()
    assert "The secret demo was read." in page
    assert "From your connection string" not in page


@pytest.mark.parametrize(("seconds", "asked"), [(0, 1), (0.2, 4)])
def test_retry_timeout__retries_the_managed_identity_endpoint(world: World, seconds: float, asked: int) -> None:
    azure: LocalAzure = world("vm", faults={"imds": FaultInjection(status=503)})
    config = current({NAME: "RunAs=App;MsiRetryTimeout=1", "KVSITE_DEADLINE_S": "3"})
    assert config.credential
    assert config.credential.retry_timeout_s == 1
    reading = get_reading(
        replace(config, credential=replace(config.credential, retry_timeout_s=seconds))
    )  # shortens the test
    assert len([request for request in azure.requests if request.service == "imds"]) == asked
    assert reading.main_cause == "mi_endpoint_error"  # the endpoint's own error, not the deadline's


def test_retry_timeout__applies_in_a_chain(world: World) -> None:
    azure: LocalAzure = world("vm", faults={"imds": FaultInjection(status=503)})
    config = current({"KVSITE_DEADLINE_S": "3"})
    assert config.credential
    get_reading(replace(config, credential=replace(config.credential, retry_timeout_s=0.2)))
    # azure-identity's chain probes the endpoint once, then requests the token four times.
    assert len([request for request in azure.requests if request.service == "imds"]) == 5


def test_retry_timeout__longer_than_deadline_is_a_warning() -> None:
    config = load({**RIGHT, NAME: "RunAs=App;MsiRetryTimeout=30"})
    shown = translation(config, HostEnvironment())
    assert shown
    assert (
        "sets MsiRetryTimeout to 30 seconds, but the managed identity endpoint is retried for only 8"
        in shown.warnings[0].message
    )
    assert translation(load({**RIGHT, NAME: "RunAs=App;MsiRetryTimeout=8"}), HostEnvironment()) is not None


@pytest.mark.parametrize(
    ("text", "verdict", "expected"),
    [
        ("", Status.OK, "Not set."),
        ("RunAs=App", Status.OK, f"{NAME} selects the credential: the system-assigned managed identity."),
        ("RunAs=App;AppKey=x", Status.NOTICE, "It has AppKey, but no AppId"),
        ("RunAs=", Status.PROBLEM, f"{NAME} has RunAs without a value."),
    ],
)
def test_doctor__shows_the_connection_string(text: str, verdict: Status, expected: str) -> None:
    check = run_check("connection_string", config=load({**RIGHT, NAME: text}))
    assert check.verdict is verdict
    assert expected in check.finding


def test_doctor__unset_command_includes_the_connection_string() -> None:
    shown = translation(load({**RIGHT, NAME: "RunAs=App"}), HostEnvironment())
    assert shown
    assert shown.commands == (f"unset {NAME}", "export KVSITE_CREDENTIAL=managed-identity")
    assert shown.variables == ("export AZURE_TOKEN_CREDENTIALS=ManagedIdentityCredential",)


def test_line_break_in_subject__is_escaped_in_the_terminal() -> None:
    text = f"RunAs=App;AppId={APP};TenantId=contoso.com;CertificateSubjectName='a\x1b[2Jb';CertificateStoreLocation="
    shown = translation(load({**RIGHT, NAME: f"{text}CurrentUser"}), HostEnvironment())
    assert "\x1b" not in "".join(map(PLAIN.show, lines_of_translation(shown)))
    assert isinstance(load({**RIGHT, NAME: text}), Config)
