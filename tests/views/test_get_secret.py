"""Get Secret: another secret, version or identity is accepted, another vault is not."""

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from localazure.scenarios import DEMO_SECRET, Scenario, vault_read_by
from localazure.scenarios.directory import SHARED_IDENTITY, SITE_IDENTITY
from localazure.scenarios.vaults import Secret
from tests.conftest import World, open_link

OTHER = Scenario(
    name="two-secrets", sentence="Two secrets.", identities=(SITE_IDENTITY, SHARED_IDENTITY),
    vault=vault_read_by(SITE_IDENTITY, secrets=(DEMO_SECRET, Secret(name="other"))),
)  # fmt: skip
HERE = "https://contoso.vault.azure.net/secrets"


def test_empty_form__reads_the_configured_secret(client: Client, world: World) -> None:
    world("app-service")
    html = client.get("/secret/").content.decode()
    assert "The secret demo was read." in html
    assert '<a href="/secret/" aria-current="page">Get Secret</a>' in html
    assert html.count("<h1") == 1


def test_secret_name__reads_another_secret(client: Client, world: World) -> None:
    azure = world(OTHER)
    html = client.get("/secret/?name=other&version=&userassignedid=").content.decode()
    assert "The secret other was read." in html
    assert 'value="other"' in html
    assert 'href="/secret/?refresh=1&amp;name=other"' in html
    assert azure.secret_value not in html


def test_secret_version__reads_that_version(client: Client, world: World) -> None:
    world("app-service")
    version = client.get("/api/reading").json()["secret"]["version"]
    for query_string in (f"name=demo&version={version}", f"name={HERE}/demo/{version}", f"version={version}"):
        html = client.get(f"/secret/?{query_string}").content.decode()
        assert "The secret demo was read." in html
        assert f"demo, version {version}" in html


def test_configured_version__applies_to_the_configured_secret_only(client: Client, world: World, settings: Any) -> None:
    world(OTHER)
    settings.SECRETS_APP["SECRET_VERSION"] = "0" * 32
    assert "The secret other was read." in client.get("/secret/?name=other").content.decode()


def test_identity__reads_with_another_identity(client: Client, world: World) -> None:
    world(OTHER)
    html = client.get(f"/secret/?name=other&userassignedid={SHARED_IDENTITY.client_id}").content.decode()
    assert "kvsite-reader cannot read the secret other." in html
    assert "kv_rbac_denied" in html


def test_object_id__is_kept_when_the_form_is_resent(client: Client, world: World) -> None:
    world(OTHER)
    html = client.get(f"/secret/?userAssignedObjectId={SHARED_IDENTITY.object_id}").content.decode()
    assert f'<input type="hidden" name="userAssignedObjectId" value="{SHARED_IDENTITY.object_id}">' in html


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("name=a_b", "The secret name contains an underscore"),
        ("name=" + "a" * 128, "has 128 characters"),
        ("name=demo&version=1", "The version is not a valid version"),
        (f"name={HERE}/", "The identifier is not a secret identifier"),
        (f"name={HERE}/demo/1", "The identifier is not a secret identifier"),
        (f"name={HERE}/demo?x=1", "Unknown query parameter"),
        ("name=secrets/demo", "The identifier is not a secret identifier"),
        (f"name={HERE}/demo/{'a' * 32}&version={'b' * 32}", "The version does not match the version in the identifier"),
    ],
)
def test_invalid_input__has_its_message(client: Client, world: World, query: str, expected: str) -> None:
    azure = world("app-service")
    response = client.get("/secret/?" + query.replace("?x", "&x"))
    assert response.status_code == 400
    assert expected in response.content.decode()
    assert "export " not in response.content.decode()
    assert azure.requests == ()


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "fabrikam.vault.azure.net",
        "contoso.vault.azure.net.evil.example",
        "contoso.vault.azure.cn",
        "contoso.vault.azure.net@evil.example",
        "evil.example\\@contoso.vault.azure.net",
        "contoso.vault.azure.net:8443",
        "127.0.0.1",
        "xn--contso-yxa.vault.azure.net",
    ],
)
def test_other_vault__is_rejected_before_a_token_is_requested(client: Client, world: World, host: str) -> None:
    azure = world("app-service")
    response = client.get("/secret/", {"name": f"https://{host}/secrets/demo"})
    assert response.status_code == 400
    assert "The identifier is" in response.content.decode()
    assert azure.requests == ()


def test_denied_read__has_its_cause(client: Client, world: World) -> None:
    world("app-service")
    html = client.get("/secret/", {"name": "https://fabrikam.vault.azure.net/secrets/demo"}).content.decode()
    assert "vault_url_refused" in html
    assert "KVSITE_ALLOWED_VAULT_HOSTS" in html


def test_allowed_vault__is_used(client: Client, world: World, settings: Any) -> None:
    world("app-service")
    settings.SECRETS_APP |= {"KVSITE_ALLOWED_VAULT_HOSTS": "contoso.vault.azure.net"}
    settings.SECRETS_APP["KEY_VAULT_URI"] = "https://fabrikam.vault.azure.net"
    html = client.get("/secret/", {"name": f"{HERE}/demo"}).content.decode()
    assert "The secret demo was read." in html


def test_value__is_of_the_selected_secret_and_identity(client: Client, world: World) -> None:
    azure = world(replace(OTHER, vault=vault_read_by(SHARED_IDENTITY, secrets=(Secret(name="other"),))))
    query_string = f"name=other&userassignedid={SHARED_IDENTITY.client_id}"
    open_link(client)
    html = client.get(f"/secret/?{query_string}").content.decode()
    assert f'<form method="post" action="/value/?{query_string.replace("&", "&amp;")}#value">' in html
    shown = client.post(f"/value/?{query_string}")
    assert "<p>other, version" in shown.content.decode()
    assert azure.secret_value not in html
    assert shown.headers["Refresh"].endswith(f"url=/secret/?{query_string}")
    assert client.post("/value/?name=a_b").status_code == 400


def test_value_of_another_vault__is_rejected_before_a_token_is_requested(client: Client, world: World) -> None:
    azure = world("app-service")
    assert client.post("/value/?name=https%3A%2F%2Fevil.example%2Fsecrets%2Fdemo").status_code == 400
    assert azure.requests == ()
