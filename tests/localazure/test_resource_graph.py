"""Azure Resource Graph, and worlds with many vaults and identities that change while they run."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.identity import ClientSecretCredential, DefaultAzureCredential, ManagedIdentityCredential
from azure.keyvault.secrets import SecretClient
from management_client import Management, error_code

from localazure import LocalAzure, SeedError
from localazure.scenarios.directory import CONTOSO, SITE_IDENTITY

pytest_plugins = ["scenario_fixtures"]
PATH = "/providers/Microsoft.ResourceGraph/resources"
VAULTS = 120
SEED: dict[str, Any] = {
    "identity": [{"name": f"app-{n}"} for n in range(3)],
    "application": [
        {
            "name": "batch",
            "client-id": "11111111-1111-4111-8111-111111111111",
            "secret": "not a real one",
            "identifier-uri": "api://batch",
        },
        {"name": "late", "client-id": "22222222-2222-4222-8222-222222222222", "secret": "x", "secret-expired": True},
    ],
    "vault": [
        {
            "name": f"kv-{n:03}",
            "tags": {"env": "prod" if n % 2 else "test"},
            "secrets": {"db": "one"},
            "grants": [
                {"to": f"app-{n % 3}", "role": "Key Vault Secrets User"},
                {"to": "batch", "permissions": ["get"]},
            ],
        }
        for n in range(VAULTS)
    ],
    "grant": [{"to": "kvsite-demo", "role": "Reader"}],
}


@pytest.fixture
def fleet(management: Callable[..., Management]) -> Management:
    return management("app-service", seed=SEED)


def query(fleet: Management, text: str, **body: Any) -> httpx.Response:
    return fleet.send("POST", PATH, "2024-04-01", identity=SITE_IDENTITY, body={"query": text, **body})


def rows(fleet: Management, text: str) -> Any:
    response = query(fleet, text)
    assert response.status_code == 200, response.text
    return response.json()["data"]


def test_query__vaults_that_the_caller_can_read(fleet: Management) -> None:
    text = (
        "Resources | where type =~ 'Microsoft.KeyVault/vaults' | project name, uri = properties.vaultUri, tags['env']"
    )
    first = rows(fleet, text + " | order by name asc | take 2")
    assert first == [
        {"name": "contoso", "uri": "https://contoso.vault.azure.net/", "tags_env": None},
        {"name": "kv-000", "uri": "https://kv-000.vault.azure.net/", "tags_env": "test"},
    ]
    fleet.azure.revoke(SITE_IDENTITY)
    token = fleet.send(
        "POST", PATH, "2024-04-01", body={"query": "resources | count"}
    ).json()  # the developer, an owner
    assert token["data"][0]["Count"] > VAULTS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("resources | where name startswith 'kv-' and tags.env == 'prod' | count", [{"Count": VAULTS // 2}]),
        ("where name in~ ('KV-001', 'nothing') | project name", [{"name": "kv-001"}]),
        ("resources | where not(name contains 'kv') and type has 'vaults' | project name", [{"name": "contoso"}]),
        (
            "resources | where name matches",
            None,
        ),
        (
            "resources | where type endswith '/vaults' // comment\n | summarize n = count() by tostring(tags.env)"
            " | order by n desc | project n",
            [{"n": VAULTS // 2}, {"n": VAULTS // 2}, {"n": 1}],
        ),
        (
            "resources | top 1 by name desc | extend x = strcat(toupper(name), '!') | project x",
            [{"x": "KVSITE-WRITER!"}],
        ),
        (
            "resources | where properties.enableRbacAuthorization != true and kind == '' | distinct kind",
            [{"kind": ""}],
        ),
        (
            "resourcecontainers | where type !endswith 'groups' | project-away id | project name",
            [{"name": "Contoso Production"}],
        ),
        ("authorizationresources | where properties.scope endswith 'kv-000' | count", [{"Count": 2}]),
    ],
)
def test_query__operators(fleet: Management, text: str, expected: list[dict[str, Any]] | None) -> None:
    if expected is None:
        assert query(fleet, text).status_code == 400
    else:
        assert rows(fleet, text) == expected


def test_query__pages_and_tables(fleet: Management) -> None:
    text = "resources | where name startswith 'kv-' | project name, location"
    names, options = [], {"$top": 50, "resultFormat": "table"}
    while True:
        page = query(fleet, text, options=options).json()
        names += [row[0] for row in page["data"]["rows"]]
        assert (page["totalRecords"], page["count"]) == (VAULTS, len(page["data"]["rows"]))
        if "$skipToken" not in page:
            break
        options = {**options, "$skipToken": page["$skipToken"]}
    assert len(set(names)) == VAULTS
    assert page["data"]["columns"] == [{"name": "name", "type": "string"}, {"name": "location", "type": "string"}]


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (
            "resources\n| where",
            {
                "code": "ParserFailure",
                "message": "ParserFailure",
                "line": 2,
                "characterPositionInLine": 7,
                "token": "<EOF>",
            },
        ),
        ("resources | where cout() > 1", {"code": "UnknownFunction", "message": "Unknown function: 'cout'."}),
        (
            "vaults",
            {"code": "DisallowedLogicalTableName", "message": "Table vaults is invalid, unsupported or disallowed."},
        ),
        ("resources | join vaults", {"code": "InvalidQueryLanguage", "token": "join"}),
        ("resources | where vault == 1", {"message": "Failed to resolve column or scalar expression named 'vault'"}),
        ("resources | where " + "(" * 500, {"code": "ParserFailure"}),
        ("resources | where tolower() == ''", {"code": "ParserFailure", "token": ")"}),
        ("resources | where tolower(name, name) == ''", {"code": "ParserFailure", "token": ")"}),
        ("resources | take " + "9" * 400, {"code": "ParserFailure", "token": "9"}),
        ("resources | where name > " + "9" * 5000, {"code": "ParserFailure", "token": "9"}),
        ("resources ; drop", {"code": "ParserFailure", "token": ";"}),
    ],
)
def test_query__invalid(fleet: Management, text: str, detail: dict[str, Any]) -> None:
    response = query(fleet, text)
    assert (response.status_code, error_code(response)) == (400, "BadRequest")
    first, second = response.json()["error"]["details"]
    assert first["code"] == "InvalidQuery"
    assert detail.items() <= second.items()


@pytest.mark.parametrize("body", [None, [], {}, {"query": 1}, {"query": "resources", "options": {"$top": 0}}])
def test_query__invalid_body(fleet: Management, body: object) -> None:
    assert fleet.send("POST", PATH, "2024-04-01", body=body).status_code == 400


def test_query__other_subscription_is_denied(fleet: Management) -> None:
    response = query(fleet, "resources", subscriptions=["7c1f2b9e-0f63-4c39-9f0b-2a6d1f5e8b44"])
    assert (response.status_code, error_code(response)) == (403, "AccessDenied")


def read(credential: Any, vault: str) -> str | None:
    with SecretClient(f"https://{vault}.vault.azure.net", credential) as client:
        return client.get_secret("db").value


def test_fleet__identities_and_applications_of_the_seed(fleet: Management) -> None:
    client_id = next(item.client_id for item in fleet.azure.scenario.identities if item.name == "app-1")
    assert read(ManagedIdentityCredential(client_id=client_id), "kv-001") == "one"
    with pytest.raises(HttpResponseError, match="ForbiddenByRbac"):
        read(ManagedIdentityCredential(client_id=client_id), "kv-000")
    batch = ClientSecretCredential(CONTOSO.id, "11111111-1111-4111-8111-111111111111", "not a real one")
    assert read(batch, "kv-119") == "one"
    assert batch.get_token("api://batch/.default").token
    assert ManagedIdentityCredential(client_id=client_id).get_token("api://batch").token
    with pytest.raises(ClientAuthenticationError, match="AADSTS500011"):
        batch.get_token("api://other/.default")
    late = ClientSecretCredential(CONTOSO.id, "22222222-2222-4222-8222-222222222222", "x")
    with pytest.raises(HttpResponseError, match="AADSTS7000222"):
        read(late, "kv-119")


def test_fleet__changes_while_it_runs(fleet: Management) -> None:
    batch = ClientSecretCredential(CONTOSO.id, "11111111-1111-4111-8111-111111111111", "not a real one")
    version = fleet.azure.vault("kv-000").add("db", "two", expires_in_s=3600, content_type="text/plain")
    with SecretClient("https://kv-000.vault.azure.net", batch) as client:
        secret = client.get_secret("db")
        assert (secret.value, secret.properties.version) == ("two", version)
        assert secret.properties.expires_on is not None
    fleet.azure.revoke("batch", vault="kv-000")
    with pytest.raises(HttpResponseError, match="ForbiddenByRbac"):
        read(batch, "kv-000")
    fleet.azure.grant("BATCH", vault="kv-000")
    for network, code in (("firewall", "ForbiddenByFirewall"), ("private", "ForbiddenByConnection")):
        fleet.azure.set_network(network, vault="kv-000")
        with pytest.raises(HttpResponseError, match=code):
            read(batch, "kv-000")
    fleet.azure.set_network("public", vault="kv-000")
    assert read(batch, "kv-000") == "two"
    fleet.azure.reset()
    assert read(batch, "kv-000") == "one"


def test_fleet__unknown_names_say_what_exists() -> None:
    with LocalAzure(seed=SEED) as azure:
        with pytest.raises(LookupError, match=r"Identity 'nobody' does not exist. Identities: .*app-1, .*batch"):
            azure.grant("nobody")
        with pytest.raises(LookupError, match=r"Vault 'kv-x' does not exist. Vaults: contoso, kv-000"):
            azure.set_network("private", vault="kv-x")
        with pytest.raises(LookupError, match=r"'moon' does not exist. Choose from: public, firewall, private"):
            azure.set_network("moon")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "\n[[vault]]\nname='a'\n\n[[vault]]\nname='b'\nsecrets.x = 1\n",
            "seed:7: vault 'b', secret 'x': must be a table",
        ),
        (
            "\n[[vault]]\nname='a'\n[[vault.grants]]\nto='kvsite-demo'\nrole='x'",
            "seed:6: vault 'a', grant 1, role: 'x' does",
        ),
        ("\n[[grant]]\nto='kvsite-demo'", "seed:2: grant 1: role is missing"),
        ("\n[[application]]\nname='a'\nsecret=1", "seed:4: application 1: secret must be of type str"),
        (
            "\n[[vault]]\nname='a'\naccess='access-policies'\ngrants=[{to='kvsite-demo', role='Reader'}]",
            "seed:5: vault 'a', grant 1: a vault with access policies supports only",
        ),
    ],
)
def test_seed__invalid__names_the_line(text: str, message: str) -> None:
    with pytest.raises(SeedError) as raised:
        LocalAzure(seed=text)
    assert str(raised.value).startswith(message)


def test_default_credential_of_the_site_reads_the_inventory(fleet: Management) -> None:
    token = DefaultAzureCredential().get_token("https://management.azure.com/.default").token
    response = httpx.post(
        f"https://management.azure.com{PATH}?api-version=2021-03-01",
        json={"query": "resources | where type == 'microsoft.keyvault/vaults' | count"},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert response.json()["data"] == [{"Count": VAULTS + 1}]


def test_unknown_host__says_what_is_emulated(fleet: Management) -> None:
    text = fleet.client.get("http://elsewhere.example/").text
    assert "Vaults: contoso, kv-000, kv-001" in text
    assert f"and {VAULTS + 1 - 10} more. Other hosts: " in text
    assert "management.azure.com" in text
