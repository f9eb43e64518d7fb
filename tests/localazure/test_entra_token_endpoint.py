"""Entra's token endpoint with the real credentials, and its exact error messages."""

import base64
import hashlib
import re
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    CertificateCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
    DeviceCodeCredential,
    WorkloadIdentityCredential,
)
from cryptography.hazmat.primitives import hashes

from localazure import LocalAzure
from localazure.crypto.certificates import CertificateWithKey, self_signed_certificate
from localazure.crypto.signing_keys import cluster_key
from localazure.scenarios.catalog import POD_SUBJECT
from localazure.scenarios.directory import (
    AUDIENCES,
    AZURE_CLI_CLIENT_ID,
    CLUSTER_ISSUER,
    CONTOSO,
    DEVELOPER,
    FABRIKAM,
    POD_IDENTITY,
    SITE_APPLICATION,
)
from localazure.scenarios.registrations import TOKEN_EXCHANGE_AUDIENCE

pytest_plugins = ["scenario_fixtures"]

StartScenario = Callable[..., LocalAzure]
HttpClientFactory = Callable[[LocalAzure], httpx.Client]
SCOPE = "https://vault.azure.net/.default"
TOKEN_URL = f"https://login.microsoftonline.com/{CONTOSO.id}/oauth2/v2.0/token"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
APP = SITE_APPLICATION.client_id


def claims_of(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def secret_form(azure: LocalAzure, **overrides: str) -> dict[str, str]:
    form = {
        "grant_type": "client_credentials",
        "client_id": APP,
        "client_secret": azure.env["AZURE_CLIENT_SECRET"],
        "scope": SCOPE,
    }
    return {name: value for name, value in (form | overrides).items() if value}


def test_client_secret__app_token(start_scenario: StartScenario) -> None:
    azure = start_scenario("service-principal-secret")
    credential = ClientSecretCredential(CONTOSO.id, APP, azure.env["AZURE_CLIENT_SECRET"])
    claims = claims_of(credential.get_token(SCOPE).token)
    expected = {"appid": APP, "appidacr": "1", "idtyp": "app", "oid": SITE_APPLICATION.object_id, "ver": "1.0"}
    assert claims.items() >= expected.items()
    assert "xms_mirid" not in claims
    assert claims["exp"] - claims["nbf"] == 3600 + 300


def test_certificate__app_token(start_scenario: StartScenario) -> None:
    azure = start_scenario("service-principal-certificate")
    path = azure.env["AZURE_CLIENT_CERTIFICATE_PATH"]
    claims = claims_of(CertificateCredential(CONTOSO.id, APP, path).get_token(SCOPE).token)
    assert (claims["appid"], claims["appidacr"]) == (APP, "2")
    assert Path(path).is_relative_to(Path(azure.env["SSL_CERT_FILE"]).parent)


def test_unregistered_certificate__error_contains_its_thumbprint(start_scenario: StartScenario, tmp_path: Path) -> None:
    start_scenario("service-principal-certificate")
    (tmp_path / "other.pem").write_bytes(self_signed_certificate("another application").pem)
    with pytest.raises(ClientAuthenticationError, match="AADSTS700027: The certificate with identifier") as raised:
        CertificateCredential(CONTOSO.id, APP, str(tmp_path / "other.pem")).get_token(SCOPE)
    assert "Reason - The key was not found., Thumbprint of key used by client: '" in raised.value.message


def test_workload_identity__managed_identity_token(start_scenario: StartScenario) -> None:
    azure = start_scenario("kubernetes")
    claims = claims_of(WorkloadIdentityCredential().get_token(SCOPE).token)
    assert claims["oid"] == POD_IDENTITY.object_id
    assert claims["xms_mirid"] == POD_IDENTITY.resource_id
    assert azure.env["AZURE_AUTHORITY_HOST"] == "https://login.microsoftonline.com/"


@pytest.mark.parametrize(
    ("overrides", "error"),
    [
        ({}, None),
        ({"iss": "https://elsewhere.example/"}, "AADSTS700211: .* assertion issuer 'https://elsewhere.example/'"),
        ({"iss": CLUSTER_ISSUER.rstrip("/")}, "AADSTS700211: "),
        ({"sub": "system:serviceaccount:a:b"}, "AADSTS700213: .* assertion subject 'system:serviceaccount:a:b'"),
        ({"sub": POD_SUBJECT.upper()}, "AADSTS7002138: .*The subject matches with case-insensitive comparison"),
        ({"aud": ["https://vault.azure.net"]}, "AADSTS700212: .* assertion audience 'https://vault.azure.net'"),
        ({"exp": 1_000_000_000, "nbf": 999_999_000}, "AADSTS700024: .*assertion valid from 2001-09-09T01:30:00.00000"),
    ],
)
def test_federated_token__issuer_subject_and_audience_are_compared(
    start_scenario: StartScenario, overrides: dict[str, Any], error: str | None
) -> None:
    start_scenario("kubernetes")
    now = int(time.time())
    defaults = {
        "aud": [TOKEN_EXCHANGE_AUDIENCE],
        "iss": CLUSTER_ISSUER,
        "sub": POD_SUBJECT,
        "nbf": now,
        "exp": now + 600,
    }
    assertion = jwt.encode(defaults | overrides, cluster_key(), algorithm="RS256")
    credential = ClientAssertionCredential(CONTOSO.id, POD_IDENTITY.client_id, lambda: assertion)
    if error is None:
        assert credential.get_token(SCOPE).token
    else:
        with pytest.raises(ClientAuthenticationError, match=error):
            credential.get_token(SCOPE)


def test_federated_token__wrong_signature__401(start_scenario: StartScenario, http_client: HttpClientFactory) -> None:
    azure = start_scenario("kubernetes")
    now = int(time.time())
    claims = {"aud": [TOKEN_EXCHANGE_AUDIENCE], "iss": CLUSTER_ISSUER, "sub": POD_SUBJECT, "nbf": now, "exp": now + 600}
    assertion = jwt.encode(claims, self_signed_certificate("another application").key, algorithm="RS256")
    form = {"client_assertion": assertion, "client_assertion_type": JWT_BEARER, "client_id": POD_IDENTITY.client_id}
    response = http_client(azure).post(TOKEN_URL, data={"grant_type": "client_credentials", "scope": SCOPE} | form)
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")
    assert azure.tokens == ()


def test_device_code_and_refresh_token__user_token(start_scenario: StartScenario) -> None:
    start_scenario("laptop")
    prompts: list[str] = []
    credential = DeviceCodeCredential(
        AZURE_CLI_CLIENT_ID, tenant_id=CONTOSO.id, prompt_callback=lambda _uri, code, _expires: prompts.append(code)
    )
    for scope in (SCOPE, "https://management.azure.com/.default"):
        claims = claims_of(credential.get_token(scope).token)
        assert (claims["oid"], claims["idtyp"]) == (DEVELOPER.object_id, "user")
        assert claims["aud"] == scope.removesuffix("/.default")
    assert len(prompts) == 1


def test_v1_endpoint__takes_a_resource_and_returns_strings(
    start_scenario: StartScenario, http_client: HttpClientFactory
) -> None:
    azure = start_scenario("service-principal-secret")
    form = secret_form(azure, scope="", resource="https://vault.azure.net")
    response = http_client(azure).post(TOKEN_URL.replace("/v2.0", ""), data=form).json()
    names = "access_token expires_in expires_on ext_expires_in not_before resource token_type"
    assert response.keys() == set(names.split())
    assert all(isinstance(value, str) for value in response.values())


def test_resource__with_v2_tokens(start_scenario: StartScenario, http_client: HttpClientFactory) -> None:
    azure = start_scenario("service-principal-secret")
    response = http_client(azure).post(TOKEN_URL, data=secret_form(azure, scope="api://kvsite/.default")).json()
    claims = claims_of(response["access_token"])
    assert claims["iss"] == f"https://login.microsoftonline.com/{CONTOSO.id}/v2.0"
    assert (claims["azp"], claims["azpacr"], claims["ver"]) == (APP, "1", "2.0")
    assert claims["aud"] == AUDIENCES["api://kvsite"]
    assert claims.keys().isdisjoint({"appid", "appidacr", "idp"})


def test_client_credentials__openid_scopes_are_ignored(
    start_scenario: StartScenario, http_client: HttpClientFactory
) -> None:
    """MSAL for Go adds them to every request."""
    azure = start_scenario("service-principal-secret")
    scope = "https://vault.azure.net/.default openid offline_access profile"
    response = http_client(azure).post(TOKEN_URL, data=secret_form(azure, scope=scope)).json()
    assert response.keys() == {"token_type", "expires_in", "ext_expires_in", "access_token"}


@pytest.mark.parametrize(
    ("overrides", "status", "error", "number"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": ""}, 401, "invalid_client", 7000218),
        ({"client_id": str(uuid.UUID(int=7))}, 400, "unauthorized_client", 700016),
        ({"client_id": AZURE_CLI_CLIENT_ID}, 401, "invalid_client", 700025),
        ({"scope": "https://vault.azure.net/user_impersonation"}, 400, "invalid_scope", 1002012),
        ({"scope": "https://contoso.vault.azure.net/.default"}, 400, "invalid_resource", 500011),
        (
            {"scope": "https://vault.azure.net/.default https://graph.microsoft.com/.default"},
            400,
            "invalid_scope",
            70011,
        ),
        ({"scope": ""}, 400, "invalid_request", 900144),
        ({"client_id": ""}, 400, "invalid_request", 900144),
        ({"grant_type": ""}, 400, "invalid_request", 900144),
        ({"grant_type": "magic"}, 400, "unsupported_grant_type", 70003),
        ({"grant_type": "refresh_token", "refresh_token": "made up"}, 400, "invalid_grant", 9002313),
        ({"grant_type": "device_code", "device_code": "made up"}, 400, "expired_token", 70020),
        ({"client_assertion": "no jwt", "client_assertion_type": "jwt-bearer"}, 401, "invalid_client", 50027),
        ({"client_assertion": "no jwt"}, 400, "invalid_request", 900144),
    ],
)
def test_error__has_entras_format(
    start_scenario: StartScenario,
    http_client: HttpClientFactory,
    overrides: dict[str, str],
    status: int,
    error: str,
    number: int,
) -> None:
    azure = start_scenario("service-principal-secret")
    response = http_client(azure).post(TOKEN_URL, data=secret_form(azure, **overrides))
    body = response.json()
    assert (response.status_code, body["error"], body["error_codes"]) == (status, error, [number])
    assert body.keys() == set(
        "error error_description error_codes timestamp trace_id correlation_id error_uri".split()  # noqa: SIM905
    )
    ends = f" Trace ID: {body['trace_id']} Correlation ID: {body['correlation_id']} Timestamp: {body['timestamp']}"
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert body["error_description"].endswith(ends)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", body["timestamp"])
    assert azure.tokens == ()


@pytest.mark.parametrize(
    ("tenant", "number"),
    [
        (str(uuid.UUID(int=9)), 90002),
        ("nothing.onmicrosoft.com", 90002),
        ("'quoted'", 900023),
    ],
)
def test_unknown_tenant__error_contains_it(
    start_scenario: StartScenario, http_client: HttpClientFactory, tenant: str, number: int
) -> None:
    azure = start_scenario("service-principal-secret")
    for path in ("v2.0/.well-known/openid-configuration", "discovery/keys"):
        response = http_client(azure).get(f"https://login.microsoftonline.com/{tenant}/{path}")
        assert (response.status_code, response.json()["error_codes"]) == (400, [number])
        assert f"'{tenant}'" in response.json()["error_description"]


def test_application__in_another_tenant__aadsts700016(start_scenario: StartScenario) -> None:
    azure = start_scenario("service-principal-secret")
    with pytest.raises(ClientAuthenticationError, match=r"AADSTS700016: .* not found in the directory 'Fabrikam'"):
        ClientSecretCredential(FABRIKAM.id, APP, azure.env["AZURE_CLIENT_SECRET"]).get_token(SCOPE)


def test_client_assertion__clock_behind__aadsts700024(start_scenario: StartScenario) -> None:
    azure = start_scenario("service-principal-certificate", clock_ahead_s=20 * 60)
    with pytest.raises(ClientAuthenticationError, match="AADSTS700024: Client assertion is not within its valid time"):
        CertificateCredential(CONTOSO.id, APP, azure.env["AZURE_CLIENT_CERTIFICATE_PATH"]).get_token(SCOPE)


def test_mfa_required__new_sign_in_uses_mfa(start_scenario: StartScenario, http_client: HttpClientFactory) -> None:
    client = http_client(start_scenario("laptop-mfa"))
    form = {"client_id": AZURE_CLI_CLIENT_ID, "scope": f"{SCOPE} openid"}
    code = client.post(TOKEN_URL.replace("/token", "/devicecode"), data=form).json()["device_code"]
    form |= {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": code}
    assert client.post(TOKEN_URL, data=form).json()["error"] == "authorization_pending"
    response = client.post(TOKEN_URL, data=form).json()
    assert claims_of(response["access_token"])["amr"] == ["pwd", "mfa"]
    assert claims_of(response["id_token"])["preferred_username"] == DEVELOPER.principal_name


def test_request_body_too_large__413(start_scenario: StartScenario, http_client: HttpClientFactory) -> None:
    azure = start_scenario("service-principal-secret")
    assert http_client(azure).post(TOKEN_URL, content=b"a" * (1024 * 1024 + 1)).status_code == 413


def assertion(key: object, headers: dict[str, str], **overrides: object) -> str:
    now = int(time.time())
    defaults = {"aud": TOKEN_URL, "iss": APP, "sub": APP, "jti": "1", "nbf": now, "exp": now + 600}
    return jwt.encode(defaults | overrides, key, algorithm="PS256", headers=headers)


def thumbprint(certificate: CertificateWithKey) -> dict[str, str]:
    digest = certificate.thumbprint(hashes.SHA256())
    return {"x5t#S256": base64.urlsafe_b64encode(digest).rstrip(b"=").decode()}


@pytest.mark.parametrize(
    ("overrides", "number"),
    [
        ({"sub": "another"}, 700021),
        ({"iss": "another"}, 700021),
        ({"aud": "https://vault.azure.net"}, 700023),
        ({"aud": f"https://login.microsoftonline.com/{FABRIKAM.id}/oauth2/v2.0/token"}, 700023),
        ({"nbf": 1, "exp": 2}, 700024),
        ({"exp": 4_000_000_000, "nbf": 3_999_999_000}, 700024),
    ],
)
def test_client_assertion__claims_are_checked(
    start_scenario: StartScenario, http_client: HttpClientFactory, overrides: dict[str, object], number: int
) -> None:
    azure, own = start_scenario("service-principal-certificate"), self_signed_certificate(APP)
    form = {"grant_type": "client_credentials", "client_id": APP, "scope": SCOPE, "client_assertion_type": JWT_BEARER}
    good = {"client_assertion": assertion(own.key, thumbprint(own))}
    assert http_client(azure).post(TOKEN_URL, data=form | good).status_code == 200
    bad = {"client_assertion": assertion(own.key, thumbprint(own), **overrides)}
    assert http_client(azure).post(TOKEN_URL, data=form | bad).json()["error_codes"] == [number]


def test_client_assertion__wrong_key__aadsts700027(
    start_scenario: StartScenario, http_client: HttpClientFactory
) -> None:
    azure, own, other = (
        start_scenario("service-principal-certificate"),
        self_signed_certificate(APP),
        self_signed_certificate("another application"),
    )
    form = {"grant_type": "client_credentials", "client_id": APP, "scope": SCOPE, "client_assertion_type": JWT_BEARER}
    forged = {"client_assertion": assertion(other.key, thumbprint(own))}
    response = http_client(azure).post(TOKEN_URL, data=form | forged).json()
    assert response["error_codes"] == [700027]
    assert "The provided signature value did not match the expected signature value." in response["error_description"]
    assert azure.tokens == ()


def test_organizations__has_its_own_endpoints_and_a_placeholder_issuer(
    start_scenario: StartScenario, http_client: HttpClientFactory
) -> None:
    client = http_client(start_scenario("laptop"))
    for version in ("", "/v2.0"):
        address = f"https://login.microsoftonline.com/organizations{version}/.well-known/openid-configuration"
        found = client.get(address).json()
        assert found["token_endpoint"] == f"https://login.microsoftonline.com/organizations/oauth2{version}/token"
        assert "{tenantid}" in found["issuer"]


def test_user__in_another_tenant__aadsts50020(start_scenario: StartScenario, http_client: HttpClientFactory) -> None:
    client = http_client(start_scenario("laptop"))
    form = {"client_id": AZURE_CLI_CLIENT_ID, "scope": SCOPE}
    code = client.post(TOKEN_URL.replace("/token", "/devicecode"), data=form).json()["device_code"]
    form |= {"grant_type": "device_code", "device_code": code}
    client.post(TOKEN_URL, data=form)
    response = client.post(TOKEN_URL.replace(CONTOSO.id, FABRIKAM.id), data=form).json()
    assert response["error_codes"] == [50020]
    assert "does not exist in tenant 'Fabrikam'" in response["error_description"]


@pytest.mark.parametrize(
    ("host", "error"),
    [("login.microsoftonline.com", None), ("login.microsoftonline.us", None), ("evil.example", "invalid_instance")],
)
def test_instance_discovery__accepts_only_microsofts_authorities(
    start_scenario: StartScenario, http_client: HttpClientFactory, host: str, error: str | None
) -> None:
    response = http_client(start_scenario("service-principal-secret")).get(
        "https://login.microsoftonline.com/common/discovery/instance",
        params={"authorization_endpoint": f"https://{host}/common/oauth2/v2.0/authorize", "api-version": "1.1"},
    )
    assert response.json().get("error") == error
    assert response.status_code == (400 if error else 200)


def test_client_capabilities__become_a_claim(start_scenario: StartScenario, http_client: HttpClientFactory) -> None:
    azure = start_scenario("service-principal-secret")
    for declared, expected in (('{"access_token": {"xms_cc": {"values": ["CP1"]}}}', ["CP1"]), ("[", None)):
        response = http_client(azure).post(TOKEN_URL, data=secret_form(azure, claims=declared))
        assert claims_of(response.json()["access_token"]).get("xms_cc") == expected


def test_client_secret__in_the_authorization_header(
    start_scenario: StartScenario, http_client: HttpClientFactory
) -> None:
    azure = start_scenario("service-principal-secret")
    form = secret_form(azure)
    credentials = (form.pop("client_id"), form.pop("client_secret"))
    response = http_client(azure).post(TOKEN_URL, data=form, auth=credentials)
    assert claims_of(response.json()["access_token"])["appidacr"] == "1"


LOGIN = "login.microsoftonline.com"
DEVICE_CODE_URL = TOKEN_URL.replace("/token", "/devicecode")
DEVICE_GRANT = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code"}


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        ("", set()),
        ("openid", {"id_token", "client_info"}),
        ("openid offline_access", {"id_token", "client_info", "refresh_token", "foci"}),
    ],
)
def test_device_code__tokens_that_the_scopes_ask_for(
    start_scenario: StartScenario, http_client: HttpClientFactory, scopes: str, expected: set[str]
) -> None:
    client = http_client(start_scenario("laptop"))
    form = {"client_id": AZURE_CLI_CLIENT_ID, "scope": f"{SCOPE} {scopes}"}
    form |= DEVICE_GRANT | {"device_code": client.post(DEVICE_CODE_URL, data=form).json()["device_code"]}
    client.post(TOKEN_URL, data=form)
    optional = {"id_token", "client_info", "refresh_token", "foci"}
    assert optional & set(client.post(TOKEN_URL, data=form).json()) == expected


def test_device_code__belongs_to_one_public_client(
    start_scenario: StartScenario, http_client: HttpClientFactory
) -> None:
    client = http_client(start_scenario("service-principal-secret"))
    code = client.post(DEVICE_CODE_URL, data={"client_id": AZURE_CLI_CLIENT_ID, "scope": SCOPE}).json()["device_code"]
    other = {"client_id": "1950a258-227b-4e31-a9cf-717495945fc2", "device_code": code, **DEVICE_GRANT}
    assert client.post(TOKEN_URL, data=other).json()["error_codes"] == [70000]
    assert client.post(DEVICE_CODE_URL, data={"client_id": APP}).json()["error_codes"] == [7000218]
    assert client.post(DEVICE_CODE_URL, data={"client_id": str(uuid.uuid4())}).json()["error_codes"] == [700016]


def test_error__has_the_correlation_id_of_the_client(
    start_scenario: StartScenario, http_client: HttpClientFactory
) -> None:
    requested = str(uuid.uuid4())
    response = http_client(start_scenario("laptop")).get(TOKEN_URL, headers={"client-request-id": requested})
    body = response.json()
    assert (response.status_code, body["error_codes"], body["correlation_id"]) == (400, [900561], requested)
    assert f"Correlation ID: {requested} " in body["error_description"]
    assert response.headers["client-request-id"] == requested


def test_discovery__authority_that_was_requested_and_signing_certificate(
    start_scenario: StartScenario, http_client: HttpClientFactory
) -> None:
    client = http_client(start_scenario("laptop"))
    parameters = {"api-version": "1.1", "authorization_endpoint": f"https://{LOGIN}/fabrikam/oauth2/v2.0/authorize"}
    found = client.get(f"https://{LOGIN}/common/discovery/instance", params=parameters).json()
    assert found["tenant_discovery_endpoint"] == f"https://{LOGIN}/fabrikam/v2.0/.well-known/openid-configuration"
    assert len(found["metadata"]) == 5
    (key,) = client.get(f"https://{LOGIN}/common/discovery/v2.0/keys").json()["keys"]
    digest = hashlib.sha1(base64.b64decode(key["x5c"][0]), usedforsecurity=False).digest()
    assert key["x5t"] == key["kid"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert key["issuer"] == f"https://{LOGIN}/{{tenantid}}/v2.0"
    wrong = client.get(f"https://{LOGIN}/common/discovery/instance", params={"authorization_endpoint": "https://[x"})
    assert wrong.json()["error_codes"] == [50049]
