"""The real SecretClient: list, set, update, delete, recover and purge secrets, and missing permissions."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.core.rest import HttpRequest
from azure.identity import CertificateCredential, DefaultAzureCredential
from azure.keyvault.secrets import SecretClient
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

from localazure import Host, LocalAzure, Scenario
from localazure.scenarios.directory import CONTOSO, SITE_APPLICATION, SITE_IDENTITY
from localazure.scenarios.vaults import SECRETS_OFFICER, SECRETS_USER, Secret, Vault

pytest_plugins = ["scenario_fixtures"]

StartScenario = Callable[..., LocalAzure]


def scenario_with_officer(name: str, **more: object) -> Scenario:
    """A scenario whose site has Secrets Officer. Vault names are unique because clients cache challenges by host."""
    grants = {SITE_IDENTITY.object_id: SECRETS_OFFICER}
    vault = Vault(name=name, secrets=(Secret(name="demo", value="first"),), grants=grants, **more)
    return Scenario(
        name=name, sentence="A site writes secrets.", host=Host.APP_SERVICE, identities=(SITE_IDENTITY,), vault=vault
    )


@pytest.fixture
def client(start_scenario: StartScenario) -> SecretClient:
    return client_of(start_scenario(scenario_with_officer("officers")))


def client_of(azure: LocalAzure) -> SecretClient:
    return SecretClient(azure.env["KEY_VAULT_URI"], DefaultAzureCredential(), retry_total=0)


def test_set_secret__value_and_properties_are_stored(client: SecretClient) -> None:
    tomorrow = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    created = client.set_secret("new", "value", content_type="text/plain", tags={"a": "b"}, expires_on=tomorrow)
    read = client.get_secret("NEW")
    assert (read.value, read.properties.version) == ("value", created.properties.version)
    assert (read.properties.content_type, read.properties.tags) == ("text/plain", {"a": "b"})
    assert read.properties.expires_on == tomorrow


def test_set_secret__again__adds_a_version(client: SecretClient) -> None:
    second = client.set_secret("demo", "second")
    versions = [item.version for item in client.list_properties_of_secret_versions("demo")]
    assert len(versions) == 2
    assert versions[-1] == second.properties.version
    assert client.get_secret("demo").value == "second"
    assert client.get_secret("demo", versions[0]).value == "first"


def test_list_secrets__is_paged(client: SecretClient) -> None:
    for number in range(30):
        client.set_secret(f"many-{number:02}", "x")
    names = [item.name for item in client.list_properties_of_secrets()]
    assert names == ["demo", *(f"many-{number:02}" for number in range(30))]
    pages = [len(list(page)) for page in client.list_properties_of_secrets(max_page_size=12).by_page()]
    assert pages == [12, 12, 7]


def test_update_secret__disable_and_enable(client: SecretClient) -> None:
    client.update_secret_properties("demo", client.get_secret("demo").properties.version, enabled=False)
    with pytest.raises(HttpResponseError, match="not allowed on a disabled secret"):
        client.get_secret("demo")
    version = next(client.list_properties_of_secret_versions("demo")).version
    client.update_secret_properties("demo", version, enabled=True)
    assert client.get_secret("demo").value == "first"


def test_deleted_secret__list_recover_and_purge(client: SecretClient) -> None:
    deleted = client.begin_delete_secret("demo").result()
    assert deleted.recovery_id == "https://officers.vault.azure.net/deletedsecrets/demo"
    assert deleted.scheduled_purge_date - deleted.deleted_date == timedelta(days=90)
    with pytest.raises(ResourceNotFoundError, match="SecretNotFound"):
        client.get_secret("demo")
    assert [item.name for item in client.list_deleted_secrets()] == ["demo"]
    with pytest.raises(ResourceExistsError, match="currently in a deleted but recoverable state") as raised:
        client.set_secret("demo", "again")
    assert raised.value.error.innererror["code"] == "ObjectIsDeletedButRecoverable"
    client.begin_recover_deleted_secret("demo").result()
    assert client.get_secret("demo").value == "first"
    client.begin_delete_secret("demo").wait()
    client.purge_deleted_secret("demo")
    with pytest.raises(ResourceNotFoundError, match="Deleted Secret not found: demo"):
        client.get_deleted_secret("demo")


def test_secret_deleted_scenario__secret_is_listed_as_deleted(start_scenario: StartScenario) -> None:
    client = client_of(start_scenario("secret-deleted"))
    assert [item.name for item in client.list_deleted_secrets()] == ["demo"]
    assert client.get_deleted_secret("demo").name == "demo"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"no json", "must be valid JSON"),
        (b"[]", "must be valid JSON"),
        (b"{}", "Property value must be specified"),
        (b'{"value": 7}', "Property value must be specified"),
        (b'{"value": "x", "attributes": {"exp": "soon"}}', "Property exp has an invalid value"),
        (b'{"value": "x", "attributes": [1]}', "Property attributes must be an object"),
        (b'{"value": "' + b"x" * 26_000 + b'"}', "exceeds the maximum size of 25600 bytes"),
    ],
)
def test_set_secret__invalid_body__400(client: SecretClient, body: bytes, text: str) -> None:
    address = "https://officers.vault.azure.net/secrets/demo?api-version=7.6"
    request = HttpRequest("PUT", address, content=body, headers={"Content-Type": "application/json"})
    response = client.send_request(request)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "BadParameter")
    assert text in response.json()["error"]["message"]


@pytest.mark.parametrize("name", ["a_b", "a.b", "ä", "a" * 128])
def test_invalid_secret_name__400(client: SecretClient, name: str) -> None:
    for operation in (client.get_secret, lambda name: client.set_secret(name, "x")):
        with pytest.raises(HttpResponseError, match="BadParameter"):
            operation(name)


def test_secrets_user__can_list_but_not_write(start_scenario: StartScenario) -> None:
    client = client_of(start_scenario("app-service"))
    assert [item.name for item in client.list_properties_of_secrets()] == ["demo"]
    for operation, action in (
        (lambda: client.set_secret("demo", "x"), "secrets/setSecret/action"),
        (lambda: client.begin_delete_secret("demo"), "secrets/delete"),
        (lambda: client.begin_recover_deleted_secret("demo"), "secrets/recover/action"),
        (lambda: client.purge_deleted_secret("demo"), "secrets/purge/action"),
    ):
        with pytest.raises(HttpResponseError, match=f"Action: 'Microsoft.KeyVault/vaults/{action}'"):
            operation()


@pytest.mark.parametrize(
    ("operation", "permission"),
    [
        (lambda client: client.get_secret("demo"), "get"),
        (lambda client: list(client.list_properties_of_secrets()), "list"),
        (lambda client: client.set_secret("demo", "x"), "set"),
        (lambda client: client.begin_delete_secret("demo"), "delete"),
    ],
)
def test_no_access_policy__error_names_the_permission(
    start_scenario: StartScenario, operation: Callable[[SecretClient], object], permission: str
) -> None:
    with pytest.raises(
        HttpResponseError, match=f"does not have secrets {permission} permission on key vault 'contoso;"
    ):
        operation(client_of(start_scenario("no-policy")))


def test_access_policy__grants_access(start_scenario: StartScenario) -> None:
    scenario = scenario_with_officer("policies", access_policies=True)
    assert client_of(start_scenario(scenario)).get_secret("demo").value == "first"


def test_throttled__429_with_retry_after(
    start_scenario: StartScenario, http_client: Callable[[LocalAzure], httpx.Client]
) -> None:
    azure = start_scenario("throttled")
    with pytest.raises(HttpResponseError) as raised:
        SecretClient(azure.env["KEY_VAULT_URI"], DefaultAzureCredential(), retry_status=0).get_secret("demo")
    assert (raised.value.status_code, raised.value.response.headers["Retry-After"]) == (429, "10")


def test_certificate_from_the_vault__signs_in_the_service_principal(start_scenario: StartScenario) -> None:
    client = client_of(start_scenario("certificate-in-vault"))
    pfx, pem = (client.get_secret(name) for name in ("kvsite-app", "kvsite-app-pem"))
    assert (pfx.properties.content_type, pem.properties.content_type) == (
        "application/x-pkcs12",
        "application/x-pem-file",
    )
    key, _, _ = pkcs12.load_key_and_certificates(base64.b64decode(pfx.value), None)
    assert key.private_numbers() == load_pem_private_key(pem.value.encode(), None).private_numbers()
    for data in (base64.b64decode(pfx.value), pem.value.encode()):
        credential = CertificateCredential(CONTOSO.id, SITE_APPLICATION.client_id, certificate_data=data)
        assert SecretClient(client.vault_url, credential).get_secret("demo").value
    bundle = client.send_request(HttpRequest("GET", f"{client.vault_url}/certificates/kvsite-app?api-version=7.6"))
    assert bundle.json()["sid"] == pfx.id
    assert pfx.properties.key_id == bundle.json()["kid"]


def test_second_vault__has_its_own_secrets_and_grants(start_scenario: StartScenario) -> None:
    other = Vault(name="other", secrets=(Secret(name="demo", value="second"),), grants={})
    mine = Vault(
        name="mine", secrets=(Secret(name="demo", value="first"),), grants={SITE_IDENTITY.object_id: SECRETS_USER}
    )
    azure = start_scenario(
        Scenario(name="two", sentence="Two vaults.", identities=(SITE_IDENTITY,), vault=mine, more_vaults=(other,))
    )
    assert client_of(azure).get_secret("demo").value == "first"
    with pytest.raises(HttpResponseError, match="ForbiddenByRbac"):
        SecretClient(other.uri, DefaultAzureCredential()).get_secret("demo")


@pytest.mark.parametrize(("name", "dates"), [("expired", {"expires_in_s": -60}), ("early", {"starts_in_s": 3600})])
def test_secret_outside_its_dates__is_still_returned(
    start_scenario: StartScenario, name: str, dates: dict[str, int]
) -> None:
    grants = {SITE_IDENTITY.object_id: SECRETS_USER}
    vault = Vault(name=name, secrets=(Secret(name="demo", value="x", **dates),), grants=grants)
    scenario = Scenario(name="dates", sentence="Dates.", identities=(SITE_IDENTITY,), vault=vault)
    secret = client_of(start_scenario(scenario)).get_secret("demo")
    now = datetime.now(UTC)
    assert secret.value == "x"
    assert (secret.properties.expires_on or now) <= now <= (secret.properties.not_before or now)


def test_missing_certificate__404(start_scenario: StartScenario) -> None:
    client = client_of(start_scenario("certificate-in-vault"))
    response = client.send_request(HttpRequest("GET", f"{client.vault_url}/certificates/demo?api-version=7.6"))
    assert (response.status_code, response.json()["error"]["code"]) == (404, "CertificateNotFound")


@pytest.mark.parametrize("query", ["maxresults=0", "maxresults=26", "maxresults=x", "$skiptoken=%25"])
def test_invalid_page_parameters__400(client: SecretClient, query: str) -> None:
    response = client.send_request(HttpRequest("GET", f"{client.vault_url}/secrets?api-version=7.6&{query}"))
    assert (response.status_code, response.json()["error"]["code"]) == (400, "BadParameter")


def test_update__without_a_version__changes_the_newest(client: SecretClient) -> None:
    newest = client.set_secret("demo", "second")
    updated = client.update_secret_properties("demo", enabled=False)
    assert (updated.version, updated.enabled) == (newest.properties.version, False)


def test_backup__is_opaque_and_restores_all_versions(client: SecretClient) -> None:
    client.set_secret("demo", "second")
    backup = client.backup_secret("demo")
    assert b"second" not in backup
    with pytest.raises(ResourceExistsError):
        client.restore_secret_backup(backup)
    client.begin_delete_secret("demo").wait()
    with pytest.raises(ResourceExistsError, match="deleted but recoverable"):
        client.restore_secret_backup(backup)
    client.purge_deleted_secret("demo")
    assert client.restore_secret_backup(backup).name == "demo"
    assert client.get_secret("demo").value == "second"
    assert len(list(client.list_properties_of_secret_versions("demo"))) == 2
    with pytest.raises(HttpResponseError, match="Backup blob contains invalid or corrupt version"):
        client.restore_secret_backup(b"x" * 40)


@pytest.mark.parametrize("properties", [{"tags": dict.fromkeys(map(str, range(16)), "")}, {"content_type": "x" * 256}])
def test_set_secret__over_a_limit__is_refused(client: SecretClient, properties: dict[str, object]) -> None:
    with pytest.raises(HttpResponseError) as refused:
        client.set_secret("limits", "value", **properties)
    assert refused.value.status_code == 400
