"""The vault's answers, header by header and word by word."""

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
Ask = Callable[..., httpx.Response]
CALLER = f"appid={SITE_IDENTITY.client_id};oid={SITE_IDENTITY.object_id};iss={CONTOSO.issuer}"


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    usual = {
        "aud": "https://vault.azure.net",
        "iss": CONTOSO.issuer,
        "iat": now,
        "nbf": now,
        "exp": now + 3600,
        "appid": SITE_IDENTITY.client_id,
        "oid": SITE_IDENTITY.object_id,
        "tid": CONTOSO.id,
    }
    return usual | changed


@pytest.fixture
def ask(http_client: HttpClientFactory) -> Iterator[Ask]:
    """Asks the vault of a scenario for its secret, with the token given, a good one when none is."""
    with ExitStack() as worlds:

        def get(
            scenario: str, *, token: str | None = None, path: str = "/secrets/demo?api-version=7.6", **headers: str
        ) -> httpx.Response:
            azure = worlds.enter_context(LocalAzure(scenario))
            bearer = {"Authorization": f"Bearer {sign(claims()) if token is None else token}"} if token != "" else {}
            sent = httpx.Headers(bearer | headers, encoding="utf-8")
            return http_client(azure).get(azure.env["KEY_VAULT_URI"] + path, headers=sent)

        yield get


def refusal(answer: httpx.Response) -> tuple[int, str, str, str | None]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["message"], error.get("innererror", {}).get("code")


def test_a_request_without_a_token_gets_the_challenge_of_the_vaults_own_tenant(ask: Ask) -> None:
    answer = ask("app-service", token="")
    assert refusal(answer) == (401, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.", None)
    assert answer.headers["WWW-Authenticate"] == (
        f'Bearer authorization="https://login.microsoftonline.com/{CONTOSO.id}", resource="https://vault.azure.net"'
    )


def test_a_secret_is_a_bundle_of_value_id_and_attributes(ask: Ask) -> None:
    bundle = ask("app-service").json()
    assert bundle.keys() == {"value", "contentType", "id", "attributes", "tags"}
    assert re.fullmatch(r"https://contoso\.vault\.azure\.net/secrets/demo/[0-9a-f]{32}", bundle["id"])
    assert bundle["attributes"].keys() == {"enabled", "created", "updated", "recoveryLevel", "recoverableDays"}


def test_every_answer_carries_the_headers_of_a_vault(ask: Ask) -> None:
    headers = ask("app-service", **{"x-ms-client-request-id": "5f3c"}).headers
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["x-ms-client-request-id"] == "5f3c"
    assert headers["x-ms-keyvault-region"] == "westeurope"
    assert re.fullmatch(r"conn_type=Ipv4;addr=[\d.]+;act_addr_fam=InterNetwork;", headers["x-ms-keyvault-network-info"])
    assert {"x-ms-request-id", "x-ms-keyvault-service-version", "date", "cache-control"} <= headers.keys()
    assert "x-ms-client-request-id" not in ask("app-service").headers


def test_a_token_for_another_audience_is_refused(ask: Ask) -> None:
    answer = ask("app-service", token=sign(claims(aud="https://contoso.vault.azure.net/")))
    text = "AKV10022: Invalid audience. Expected https://vault.azure.net, found: https://contoso.vault.azure.net/."
    assert refusal(answer) == (401, "Unauthorized", text, None)
    assert "WWW-Authenticate" in answer.headers


def test_a_token_of_another_tenant_is_refused(ask: Ask) -> None:
    foreign = "https://sts.windows.net/11111111-2222-4333-8444-555555555555/"
    status, _, message, _ = refusal(ask("app-service", token=sign(claims(iss=foreign))))
    assert (status, message) == (
        401,
        f"AKV10032: Invalid issuer. Expected one of {CONTOSO.issuer}, found {foreign}.",
    )


def test_a_token_signed_with_an_unknown_key_is_refused(ask: Ask) -> None:
    strange = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    token = jwt.encode(claims(), strange, algorithm="RS256", headers={"kid": "strange"})
    assert refusal(ask("app-service", token=token))[2].startswith("AKV10046: Unable to resolve the key used for")


def test_a_token_whose_claims_were_changed_is_refused(ask: Ask) -> None:
    header, _, signature = sign(claims()).split(".")
    changed = sign(claims(oid="someone-else")).split(".")[1]
    assert refusal(ask("app-service", token=f"{header}.{changed}.{signature}"))[0] == 401


@pytest.mark.parametrize("token", ["x", "a.b.c", "...", "\u00e9.\u00e9.\u00e9"])
def test_text_that_is_no_token_is_refused(ask: Ask, token: str) -> None:
    assert ask("app-service", token=token).status_code == 401


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ({"exp": -3600, "nbf": -7200}, "The token is expired"),
        ({"exp": 7200, "nbf": 3600}, "The token is not yet valid"),
    ],
)
def test_a_token_outside_its_time_is_refused(ask: Ask, times: dict[str, int], said: str) -> None:
    now = int(time.time())
    answer = ask("app-service", token=sign(claims(**{name: now + offset for name, offset in times.items()})))
    assert answer.status_code == 401
    assert said in refusal(answer)[2]


def test_a_clock_a_little_off_is_forgiven(ask: Ask) -> None:
    assert ask("app-service", token=sign(claims(exp=int(time.time()) - 60))).status_code == 200


def test_a_caller_without_a_role_is_told_whom_the_vault_saw(ask: Ask) -> None:
    status, code, message, inner = refusal(ask("no-role"))
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


def test_a_caller_without_a_role_does_not_learn_whether_the_secret_is_there(ask: Ask) -> None:
    assert refusal(ask("no-role", path="/secrets/other?api-version=7.6"))[3] == "ForbiddenByRbac"


@pytest.mark.parametrize("item", ["nothing", "demo/00000000000000000000000000000000"])
def test_a_secret_that_is_not_there_is_not_found(ask: Ask, item: str) -> None:
    status, code, message, _ = refusal(ask("app-service", path=f"/secrets/{item}?api-version=7.6"))
    assert (status, code) == (404, "SecretNotFound")
    assert message.startswith(f"A secret with (name/id) {item} was not found in this key vault. If you recently")


def test_a_version_of_a_secret_is_read_by_its_id(http_client: HttpClientFactory) -> None:
    with LocalAzure() as azure:
        vault, bearer = http_client(azure), {"Authorization": f"Bearer {sign(claims())}"}
        query = {"api-version": "7.6"}
        first = vault.get(azure.env["KEY_VAULT_URI"] + "/secrets/DEMO", params=query, headers=bearer).json()
        assert vault.get(first["id"], params=query, headers=bearer).json() == first


def test_a_disabled_secret_is_forbidden(ask: Ask) -> None:
    text = "Operation get is not allowed on a disabled secret."
    assert refusal(ask("secret-disabled")) == (403, "Forbidden", text, "SecretDisabled")


@pytest.mark.parametrize("query", ["", "?api-version=", "?api-version=7.99"])
def test_the_api_version_is_required(ask: Ask, query: str) -> None:
    status, code, message, _ = refusal(ask("app-service", path=f"/secrets/demo{query}"))
    assert (status, code) == (400, "BadParameter")
    assert "version" in message


def test_the_vault_answers_as_late_as_it_is_told(http_client: HttpClientFactory) -> None:
    with LocalAzure(vault_latency_s=0.2) as azure:
        start = time.perf_counter()
        http_client(azure).get(azure.env["KEY_VAULT_URI"] + "/secrets/demo")
        assert time.perf_counter() - start >= 0.2
