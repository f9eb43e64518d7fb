"""A vault's secrets listed, written, deleted and recovered with the real SecretClient, and who may not."""

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


def officers(name: str, **more: object) -> Scenario:
    """A world whose vault lets the site write; each has a name of its own, for the client's challenge cache."""
    grants = {SITE_IDENTITY.object_id: SECRETS_OFFICER}
    vault = Vault(name=name, secrets=(Secret(name="demo", value="first"),), grants=grants, **more)
    return Scenario(
        name=name, sentence="A site writes.", host=Host.APP_SERVICE, identities=(SITE_IDENTITY,), vault=vault
    )


@pytest.fixture
def client(start_scenario: StartScenario) -> SecretClient:
    return client_of(start_scenario(officers("officers")))


def client_of(azure: LocalAzure) -> SecretClient:
    return SecretClient(azure.env["KEY_VAULT_URI"], DefaultAzureCredential(), retry_total=0)


def test_a_secret_that_is_set_is_read_again_with_all_it_was_given(client: SecretClient) -> None:
    tomorrow = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    made = client.set_secret("new", "value", content_type="text/plain", tags={"a": "b"}, expires_on=tomorrow)
    read = client.get_secret("NEW")
    assert (read.value, read.properties.version) == ("value", made.properties.version)
    assert (read.properties.content_type, read.properties.tags) == ("text/plain", {"a": "b"})
    assert read.properties.expires_on == tomorrow


def test_a_second_value_is_a_second_version(client: SecretClient) -> None:
    second = client.set_secret("demo", "second")
    versions = [known.version for known in client.list_properties_of_secret_versions("demo")]
    assert len(versions) == 2
    assert versions[-1] == second.properties.version
    assert client.get_secret("demo").value == "second"
    assert client.get_secret("demo", versions[0]).value == "first"


def test_a_list_comes_in_pages_and_without_values(client: SecretClient) -> None:
    for number in range(30):
        client.set_secret(f"many-{number:02}", "x")
    names = [known.name for known in client.list_properties_of_secrets()]
    assert names == ["demo", *(f"many-{number:02}" for number in range(30))]
    pages = [len(list(page)) for page in client.list_properties_of_secrets(max_page_size=12).by_page()]
    assert pages == [12, 12, 7]


def test_a_version_is_disabled_and_enabled_again(client: SecretClient) -> None:
    client.update_secret_properties("demo", client.get_secret("demo").properties.version, enabled=False)
    with pytest.raises(HttpResponseError, match="not allowed on a disabled secret"):
        client.get_secret("demo")
    version = next(client.list_properties_of_secret_versions("demo")).version
    client.update_secret_properties("demo", version, enabled=True)
    assert client.get_secret("demo").value == "first"


def test_a_deleted_secret_is_listed_recovered_and_purged(client: SecretClient) -> None:
    deleted = client.begin_delete_secret("demo").result()
    assert deleted.recovery_id == "https://officers.vault.azure.net/deletedsecrets/demo"
    assert deleted.scheduled_purge_date - deleted.deleted_date == timedelta(days=90)
    with pytest.raises(ResourceNotFoundError, match="SecretNotFound"):
        client.get_secret("demo")
    assert [known.name for known in client.list_deleted_secrets()] == ["demo"]
    with pytest.raises(ResourceExistsError, match="currently in a deleted but recoverable state") as refused:
        client.set_secret("demo", "again")
    assert refused.value.error.innererror["code"] == "ObjectIsDeletedButRecoverable"
    client.begin_recover_deleted_secret("demo").result()
    assert client.get_secret("demo").value == "first"
    client.begin_delete_secret("demo").wait()
    client.purge_deleted_secret("demo")
    with pytest.raises(ResourceNotFoundError, match="Deleted Secret not found: demo"):
        client.get_deleted_secret("demo")


def test_the_deleted_secret_of_a_world_is_found_among_the_deleted(start_scenario: StartScenario) -> None:
    client = client_of(start_scenario("secret-deleted"))
    assert [known.name for known in client.list_deleted_secrets()] == ["demo"]
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
def test_a_body_that_is_wrong_is_refused(client: SecretClient, body: bytes, text: str) -> None:
    address = "https://officers.vault.azure.net/secrets/demo?api-version=7.6"
    request = HttpRequest("PUT", address, content=body, headers={"Content-Type": "application/json"})
    answer = client.send_request(request)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadParameter")
    assert text in answer.json()["error"]["message"]


@pytest.mark.parametrize("name", ["a_b", "a.b", "ä", "a" * 128])
def test_a_name_key_vault_does_not_allow_is_refused(client: SecretClient, name: str) -> None:
    for ask in (client.get_secret, lambda name: client.set_secret(name, "x")):
        with pytest.raises(HttpResponseError, match="BadParameter"):
            ask(name)


def test_a_reader_may_list_but_not_write(start_scenario: StartScenario) -> None:
    client = client_of(start_scenario("app-service"))
    assert [known.name for known in client.list_properties_of_secrets()] == ["demo"]
    for ask, action in (
        (lambda: client.set_secret("demo", "x"), "secrets/setSecret/action"),
        (lambda: client.begin_delete_secret("demo"), "secrets/delete"),
        (lambda: client.begin_recover_deleted_secret("demo"), "secrets/recover/action"),
        (lambda: client.purge_deleted_secret("demo"), "secrets/purge/action"),
    ):
        with pytest.raises(HttpResponseError, match=f"Action: 'Microsoft.KeyVault/vaults/{action}'"):
            ask()


@pytest.mark.parametrize(
    ("ask", "permission"),
    [
        (lambda client: client.get_secret("demo"), "get"),
        (lambda client: list(client.list_properties_of_secrets()), "list"),
        (lambda client: client.set_secret("demo", "x"), "set"),
        (lambda client: client.begin_delete_secret("demo"), "delete"),
    ],
)
def test_an_access_policy_refuses_with_the_permission_that_is_missing(
    start_scenario: StartScenario, ask: Callable[[SecretClient], object], permission: str
) -> None:
    with pytest.raises(
        HttpResponseError, match=f"does not have secrets {permission} permission on key vault 'contoso;"
    ):
        ask(client_of(start_scenario("no-policy")))


def test_an_access_policy_lets_in_whom_it_names(start_scenario: StartScenario) -> None:
    world = officers("policies", access_policies=True)
    assert client_of(start_scenario(world)).get_secret("demo").value == "first"


def test_a_throttled_vault_says_how_long_to_wait(
    start_scenario: StartScenario, http_client: Callable[[LocalAzure], httpx.Client]
) -> None:
    azure = start_scenario("throttled")
    with pytest.raises(HttpResponseError) as refused:
        SecretClient(azure.env["KEY_VAULT_URI"], DefaultAzureCredential(), retry_status=0).get_secret("demo")
    assert (refused.value.status_code, refused.value.response.headers["Retry-After"]) == (429, "10")


def test_the_certificate_in_a_vault_signs_its_service_principal_in(start_scenario: StartScenario) -> None:
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


def test_a_vault_beyond_the_first_has_secrets_and_grants_of_its_own(start_scenario: StartScenario) -> None:
    other = Vault(name="other", secrets=(Secret(name="demo", value="theirs"),), grants={})
    mine = Vault(
        name="mine", secrets=(Secret(name="demo", value="ours"),), grants={SITE_IDENTITY.object_id: SECRETS_USER}
    )
    azure = start_scenario(
        Scenario(name="two", sentence="Two vaults.", identities=(SITE_IDENTITY,), vault=mine, more_vaults=(other,))
    )
    assert client_of(azure).get_secret("demo").value == "ours"
    with pytest.raises(HttpResponseError, match="ForbiddenByRbac"):
        SecretClient(other.uri, DefaultAzureCredential()).get_secret("demo")


@pytest.mark.parametrize(("name", "dates"), [("expired", {"expires_in_s": -60}), ("early", {"starts_in_s": 3600})])
def test_a_secret_outside_its_dates_is_handed_out_all_the_same(
    start_scenario: StartScenario, name: str, dates: dict[str, int]
) -> None:
    grants = {SITE_IDENTITY.object_id: SECRETS_USER}
    vault = Vault(name=name, secrets=(Secret(name="demo", value="x", **dates),), grants=grants)
    world = Scenario(name="dates", sentence="Dates.", identities=(SITE_IDENTITY,), vault=vault)
    secret = client_of(start_scenario(world)).get_secret("demo")
    now = datetime.now(UTC)
    assert secret.value == "x"
    assert (secret.properties.expires_on or now) <= now <= (secret.properties.not_before or now)


def test_a_certificate_that_is_not_there_is_not_found(start_scenario: StartScenario) -> None:
    client = client_of(start_scenario("certificate-in-vault"))
    answer = client.send_request(HttpRequest("GET", f"{client.vault_url}/certificates/demo?api-version=7.6"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "CertificateNotFound")


@pytest.mark.parametrize("query", ["maxresults=0", "maxresults=26", "maxresults=x", "$skiptoken=%25"])
def test_a_page_that_cannot_be_is_refused(client: SecretClient, query: str) -> None:
    answer = client.send_request(HttpRequest("GET", f"{client.vault_url}/secrets?api-version=7.6&{query}"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadParameter")
