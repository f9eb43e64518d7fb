"""Key Vault's responses: status, headers and exact wording."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from localazure import LocalAzure
from localazure.crypto.tokens import sign
from localazure.scenarios.directory import CONTOSO, SITE_IDENTITY

pytest_plugins = ["scenario_fixtures"]

HttpClientFactory = Callable[[LocalAzure], httpx.Client]
GetSecret = Callable[..., httpx.Response]
CALLER = f"appid={SITE_IDENTITY.client_id};oid={SITE_IDENTITY.object_id};iss={CONTOSO.issuer}"


def claims(**overrides: Any) -> dict[str, Any]:
    now = int(time.time())
    defaults = {
        "aud": "https://vault.azure.net",
        "iss": CONTOSO.issuer,
        "iat": now,
        "nbf": now,
        "exp": now + 3600,
        "appid": SITE_IDENTITY.client_id,
        "oid": SITE_IDENTITY.object_id,
        "tid": CONTOSO.id,
    }
    return defaults | overrides


@pytest.fixture
def get_secret(http_client: HttpClientFactory) -> Iterator[GetSecret]:
    """Request the secret of a scenario, by default with a valid token."""
    with ExitStack() as scenarios:

        def get(
            scenario: str, *, token: str | None = None, path: str = "/secrets/demo?api-version=7.6", **headers: str
        ) -> httpx.Response:
            azure = scenarios.enter_context(LocalAzure(scenario))
            bearer = {"Authorization": f"Bearer {sign(claims()) if token is None else token}"} if token != "" else {}
            sent = httpx.Headers(bearer | headers, encoding="utf-8")
            return http_client(azure).get(azure.env["KEY_VAULT_URI"] + path, headers=sent)

        yield get


def error_fields(response: httpx.Response) -> tuple[int, str, str, str | None]:
    error = response.json()["error"]
    return response.status_code, error["code"], error["message"], error.get("innererror", {}).get("code")


def test_no_token__challenge_contains_the_vaults_tenant(get_secret: GetSecret) -> None:
    response = get_secret("app-service", token="")
    assert error_fields(response) == (401, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.", None)
    assert response.headers["WWW-Authenticate"] == (
        f'Bearer authorization="https://login.microsoftonline.com/{CONTOSO.id}", resource="https://vault.azure.net"'
    )


def test_secret__is_a_secret_bundle(get_secret: GetSecret) -> None:
    bundle = get_secret("app-service").json()
    assert bundle.keys() == {"value", "contentType", "id", "attributes"}
    assert re.fullmatch(r"https://contoso\.vault\.azure\.net/secrets/demo/[0-9a-f]{32}", bundle["id"])
    assert bundle["attributes"].keys() == {"enabled", "created", "updated", "recoveryLevel", "recoverableDays"}


def test_response_headers__are_those_of_key_vault(get_secret: GetSecret) -> None:
    headers = get_secret("app-service", **{"x-ms-client-request-id": "5f3c"}).headers
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["x-ms-client-request-id"] == "5f3c"
    assert headers["x-ms-keyvault-region"] == "westeurope"
    assert re.fullmatch(r"conn_type=Ipv4;addr=[\d.]+;act_addr_fam=InterNetwork;", headers["x-ms-keyvault-network-info"])
    assert {"x-ms-request-id", "x-ms-keyvault-service-version", "date", "cache-control"} <= headers.keys()
    assert "x-ms-client-request-id" not in get_secret("app-service").headers


def test_wrong_audience__akv10022(get_secret: GetSecret) -> None:
    response = get_secret("app-service", token=sign(claims(aud="https://contoso.vault.azure.net/")))
    text = (
        "AKV10022: Invalid audience. Expected https://vault.azure.net or cfa8b339-82a2-471a-a3c9-0fc0be7a4093, found:"
        " https://contoso.vault.azure.net/."
    )
    assert error_fields(response) == (401, "Unauthorized", text, None)
    assert "WWW-Authenticate" in response.headers


def test_wrong_tenant__akv10032(get_secret: GetSecret) -> None:
    foreign = "https://sts.windows.net/11111111-2222-4333-8444-555555555555/"
    status, _, message, _ = error_fields(get_secret("app-service", token=sign(claims(iss=foreign))))
    assert (status, message) == (
        401,
        f"AKV10032: Invalid issuer. Expected one of {CONTOSO.issuer}, found {foreign}.",
    )


def test_unknown_signing_key__akv10046(get_secret: GetSecret) -> None:
    unknown_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    token = jwt.encode(claims(), unknown_key, algorithm="RS256", headers={"kid": "unknown"})
    assert error_fields(get_secret("app-service", token=token))[2].startswith(
        "AKV10046: Unable to resolve the key used for"
    )


def test_modified_claims__401(get_secret: GetSecret) -> None:
    header, _, signature = sign(claims()).split(".")
    overrides = sign(claims(oid="someone-else")).split(".")[1]
    assert error_fields(get_secret("app-service", token=f"{header}.{overrides}.{signature}"))[0] == 401


@pytest.mark.parametrize("token", ["x", "a.b.c", "...", "\u00e9.\u00e9.\u00e9"])
def test_malformed_token__401(get_secret: GetSecret, token: str) -> None:
    assert get_secret("app-service", token=token).status_code == 401


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ({"exp": -3600, "nbf": -7200}, "The token is expired"),
        ({"exp": 7200, "nbf": 3600}, "The token is not yet valid"),
    ],
)
def test_token_outside_its_lifetime__401(get_secret: GetSecret, times: dict[str, int], message: str) -> None:
    now = int(time.time())
    response = get_secret("app-service", token=sign(claims(**{name: now + offset for name, offset in times.items()})))
    assert response.status_code == 401
    assert message in error_fields(response)[2]


def test_clock_skew_within_tolerance__200(get_secret: GetSecret) -> None:
    assert get_secret("app-service", token=sign(claims(exp=int(time.time()) - 60))).status_code == 200


def test_no_role_assignment__error_contains_the_caller(get_secret: GetSecret) -> None:
    status, code, message, inner = error_fields(get_secret("no-role"))
    assert (status, code, inner) == (403, "Forbidden", "ForbiddenByRbac")
    assert message == (
        "Caller is not authorized to perform action on resource.\r\n"
        "If role assignments, deny assignments or role definitions were changed recently,"
        " please observe propagation time.\r\n"
        f"Caller: {CALLER}\r\n"
        "Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'\r\n"
        "Resource: '/subscriptions/e3890b48-3fb8-4e1d-b243-c500a0d0c2a4/resourcegroups/kvsite-rg"
        "/providers/microsoft.keyvault/vaults/contoso/secrets/demo'\r\n"
        "Assignment: (not found)\r\n"
        "DenyAssignmentId: null\r\n"
        "DecisionReason: 'DeniedWithNoValidRBAC' \r\n"
        "Vault: contoso;location=westeurope\r\n"
    )


def test_no_role_assignment__does_not_reveal_whether_the_secret_exists(get_secret: GetSecret) -> None:
    assert error_fields(get_secret("no-role", path="/secrets/other?api-version=7.6"))[3] == "ForbiddenByRbac"


@pytest.mark.parametrize("item", ["nothing", "demo/00000000000000000000000000000000"])
def test_missing_secret__404(get_secret: GetSecret, item: str) -> None:
    status, code, message, _ = error_fields(get_secret("app-service", path=f"/secrets/{item}?api-version=7.6"))
    assert (status, code) == (404, "SecretNotFound")
    assert message.startswith(f"A secret with (name/id) {item} was not found in this key vault. If you recently")


def test_secret_version__is_read_by_its_id(http_client: HttpClientFactory) -> None:
    with LocalAzure() as azure:
        vault, bearer = http_client(azure), {"Authorization": f"Bearer {sign(claims())}"}
        query = {"api-version": "7.6"}
        first = vault.get(azure.env["KEY_VAULT_URI"] + "/secrets/DEMO", params=query, headers=bearer).json()
        assert vault.get(first["id"], params=query, headers=bearer).json() == first


def test_disabled_secret__403(get_secret: GetSecret) -> None:
    text = "Operation get is not allowed on a disabled secret."
    assert error_fields(get_secret("secret-disabled")) == (403, "Forbidden", text, "SecretDisabled")


@pytest.mark.parametrize("query", ["", "?api-version=", "?api-version=7.99"])
def test_missing_or_unknown_api_version__400(get_secret: GetSecret, query: str) -> None:
    status, code, message, _ = error_fields(get_secret("app-service", path=f"/secrets/demo{query}"))
    assert (status, code) == (400, "BadParameter")
    assert "version" in message


def test_vault_latency_s__delays_responses(http_client: HttpClientFactory) -> None:
    with LocalAzure(vault_latency_s=0.2) as azure:
        start = time.perf_counter()
        http_client(azure).get(azure.env["KEY_VAULT_URI"] + "/secrets/demo")
        assert time.perf_counter() - start >= 0.2


def test_health_status__answers_without_a_token(get_secret: GetSecret) -> None:
    response = get_secret("firewall", token="", path="/healthstatus")
    assert (response.status_code, len(response.content)) == (200, 4)
    assert "addr=203.0.113.7" in response.headers["x-ms-keyvault-network-info"]


def test_secret__names_the_role_assignment_that_allows_it(get_secret: GetSecret) -> None:
    assert re.fullmatch(r"[0-9a-f-]{36}", get_secret("app-service").headers["x-ms-keyvault-rbac-assignment-id"])
    assert "x-ms-keyvault-rbac-assignment-id" not in get_secret("no-role").headers


@pytest.mark.parametrize("path", ["/SECRETS/DEMO", "/secrets/demo/", "/Secrets/demo"])
def test_path__is_matched_without_case_and_with_a_slash_at_the_end(get_secret: GetSecret, path: str) -> None:
    assert get_secret("app-service", path=f"{path}?api-version=7.6-preview.2").status_code == 200
