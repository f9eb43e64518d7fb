"""The issued tokens: signature, lifetime and claims are those of Entra."""

import time
from collections.abc import Callable

import httpx
import jwt
import pytest
from azure.identity import AzureCliCredential, ManagedIdentityCredential

from localazure import LocalAzure
from localazure.scenarios.directory import AZURE_CLI_CLIENT_ID, CONTOSO, DEVELOPER, SHARED_IDENTITY, SITE_IDENTITY

pytest_plugins = ["scenario_fixtures"]

SCOPE = "https://vault.azure.net/.default"
StartScenario = Callable[..., LocalAzure]
HttpClientFactory = Callable[[LocalAzure], httpx.Client]


def published_key(client: httpx.Client) -> jwt.PyJWK:
    configuration = client.get(f"https://login.microsoftonline.com/{CONTOSO.id}/v2.0/.well-known/openid-configuration")
    (key,) = client.get(configuration.json()["jwks_uri"]).json()["keys"]
    return jwt.PyJWK(key | {"alg": "RS256"})


def test_managed_identity_token__is_signed_with_the_published_key(
    start_scenario: StartScenario, http_client: HttpClientFactory
) -> None:
    azure = start_scenario("app-service")
    token = ManagedIdentityCredential().get_token(SCOPE).token
    key = published_key(http_client(azure))
    claims = jwt.decode(token, key, algorithms=["RS256"], audience="https://vault.azure.net", issuer=CONTOSO.issuer)
    assert jwt.get_unverified_header(token) == {"typ": "JWT", "alg": "RS256", "x5t": key.key_id, "kid": key.key_id}
    expected = {
        "appid": SITE_IDENTITY.client_id,
        "appidacr": "2",
        "idp": CONTOSO.issuer,
        "idtyp": "app",
        "oid": SITE_IDENTITY.object_id,
        "sub": SITE_IDENTITY.object_id,
        "tid": CONTOSO.id,
        "ver": "1.0",
        "xms_mirid": SITE_IDENTITY.resource_id,
    }
    assert claims.items() >= expected.items()
    assert {"rh", "uti", "aio"} <= claims.keys()


def test_managed_identity_token__lifetime_is_24_hours(start_scenario: StartScenario) -> None:
    azure = start_scenario("app-service")
    token = ManagedIdentityCredential().get_token(SCOPE)
    claims = jwt.decode(token.token, options={"verify_signature": False})
    assert claims["exp"] - claims["nbf"] == 24 * 3600 + 300
    assert claims["exp"] == pytest.approx(time.time() + 24 * 3600, abs=10)
    assert abs(token.expires_on - claims["exp"]) <= 1
    assert [issued.text for issued in azure.tokens] == [token.token]


def test_user_assigned_identity__xms_mirid_is_its_resource_id(start_scenario: StartScenario) -> None:
    start_scenario("app-service-user-assigned")
    token = ManagedIdentityCredential(client_id=SHARED_IDENTITY.client_id).get_token(SCOPE).token
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["appid"] == SHARED_IDENTITY.client_id
    assert "/Microsoft.ManagedIdentity/userAssignedIdentities/" in claims["xms_mirid"]


def test_user_token__claims(start_scenario: StartScenario) -> None:
    start_scenario("laptop")
    claims = jwt.decode(AzureCliCredential().get_token(SCOPE).token, options={"verify_signature": False})
    expected = {
        "idtyp": "user",
        "appid": AZURE_CLI_CLIENT_ID,
        "appidacr": "0",
        "scp": "user_impersonation",
        "oid": DEVELOPER.object_id,
        "upn": DEVELOPER.principal_name,
        "name": DEVELOPER.name,
    }
    assert claims.items() >= expected.items()
    assert "xms_mirid" not in claims


def test_token__is_cached_until_shortly_before_it_expires(start_scenario: StartScenario) -> None:
    azure = start_scenario("app-service")
    first = ManagedIdentityCredential().get_token(SCOPE).token
    assert ManagedIdentityCredential().get_token(SCOPE).token == first
    assert len(azure.tokens) == 1
