"""A token of the retired Token Vault: its principal is shown, the token never is, and the replacement is named."""

import json
from typing import Any

import pytest
import requests
from azure.identity import ManagedIdentityCredential
from django.core.management import call_command
from django.test import Client

from localazure import LocalAzure
from secrets_app.conf import current, load
from secrets_app.conf.request import secret_request, token_vault_request
from secrets_app.conf.token_vault import parse_token_vault_url
from secrets_app.core.hosts import AddressError, ForeignHostError
from secrets_app.core.reading import Reading, Stage
from tests.conftest import HERE, World
from tests.support.readings import get_reading

VAULT = "https://contoso.westcentralus.tokenvault.azure.net"
STORE = "https://contoso.tokenstore.azure.net"
TOKEN = "/services/dropbox/tokens/sampleToken"


@pytest.fixture
def azure(world: World, settings: Any) -> LocalAzure:
    """A Token Vault with a stored token, and a site configured with its URL."""
    azure = world("token-vault")
    settings.SECRETS_APP["KVSITE_TOKEN_VAULT_URL"] = VAULT
    return azure


def read(*, create: bool = False, **words: str) -> Reading:
    return get_reading(token_vault_request(current(words), create=create))


def kept_token() -> str:
    """The token that the Token Vault returns."""
    with ManagedIdentityCredential() as credential:
        site_token = credential.get_token("https://tokenvault.azure.net/.default").token
    answer = requests.post(VAULT + TOKEN, headers={"Authorization": f"Bearer {site_token}"}, timeout=5)
    return str(answer.json()["Value"]["AccessToken"])


def unseen(azure: LocalAzure, text: str) -> None:
    """Neither the site's own token nor the stored one."""
    assert azure.tokens
    assert not [token for token in azure.tokens if token.text in text]
    assert kept_token() not in text


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"KVSITE_TOKEN_VAULT_URL": STORE},
        {"KVSITE_TOKEN_VAULT_URL": "", "tokenResourceUrl": f"{STORE}/services/dropbox/tokens/sampleToken"},
        {"KVSITE_TOKEN_VAULT_URL": "", "storeName": "contoso"},
    ],
)
def test_stored_token__is_read_and_shown_as_fingerprint(azure: LocalAzure, words: dict[str, str]) -> None:
    reading = read(**words)
    assert reading.ok, reading.failure
    assert reading.kept_token
    assert (reading.kept_token.length, reading.kept_token.state) == (43, "Ok")
    assert reading.kept_token.fingerprint
    assert reading.principal
    assert reading.principal.legacy.startswith("IsAuthenticated:True Type:App AppId:")
    assert [hint.cause for hint in reading.hints] == ["token_vault_retired"]
    assert "This one still responds" in reading.hints[0].why
    assert "do not respond" not in reading.hints[0].why
    unseen(azure, json.dumps(reading.as_json()) + repr(reading))
    assert not any("contoso.vault.azure.net" in str(request) for request in azure.requests)


def test_page__shows_the_principal_and_that_the_service_is_retired(azure: LocalAzure, client: Client) -> None:
    page = client.get("/token-vault/").content.decode()
    assert "The Token Vault token was read." in page
    assert "Principal Used: IsAuthenticated:True Type:App" in page
    assert "Token Vault was retired on 17 November 2020" in page
    assert "credential manager in API Management" in page
    assert "This endpoint still responds" in page
    assert "<dd>1 hour</dd>" in page
    assert 'class="button" href="https://contoso' not in page  # a user has already signed in to it
    login = f"{VAULT}/services/dropbox/tokens/sampleToken/login?PostLoginRedirectUrl="
    assert f'href="{login}http%3A%2F%2F127.0.0.1%3A8000%2Ftoken-vault%2F"' in page
    unseen(azure, page)


def test_missing_token__is_created_on_request_only(azure: LocalAzure, client: Client, settings: Any) -> None:
    settings.SECRETS_APP["KVSITE_TOKEN_VAULT_TOKEN"] = "new"
    page = client.get("/token-vault/").content.decode()
    assert "404" in page
    assert "Create and read the token" in page
    assert not any("PUT" in str(request) for request in azure.requests)
    page = client.post("/token-vault/").content.decode()
    assert "just created" in page
    assert "Unauthenticated" in page
    assert "Create and read the token" not in page


def test_token__is_created_by_a_form_of_this_site_only(azure: LocalAzure) -> None:
    assert Client(headers=HERE, enforce_csrf_checks=True).post("/token-vault/").status_code == 403
    assert azure.requests == ()


def test_visitor_without_access__creates_nothing(azure: LocalAzure, client: Client, settings: Any) -> None:
    settings.SECRETS_APP |= {"KVSITE_ACCESS": "open", "KVSITE_TOKEN_VAULT_TOKEN": "new"}
    refused = client.post("/token-vault/")
    assert refused.status_code == 403
    assert "tokens cannot be created" in refused.content.decode()
    assert azure.requests == ()


def test_unauthorized_token__fails_and_principal_is_known(azure: LocalAzure) -> None:
    reading = read(create=True, KVSITE_TOKEN_VAULT_TOKEN="new")
    assert not reading.ok
    assert reading.failure
    assert (reading.failure.stage, reading.failure.status, reading.failure.code) == (
        Stage.VAULT,
        401,
        "Unauthenticated",
    )
    assert reading.principal
    assert reading.kept_token
    assert (reading.kept_token.created, reading.kept_token.length) == (True, None)
    assert reading.main_cause == "token_vault_retired"
    unseen(azure, repr(reading))


def test_retired_service__is_the_cause(world: World) -> None:
    world("app-service")
    reading = read(KVSITE_TOKEN_VAULT_URL=VAULT)
    assert not reading.ok
    assert reading.main_cause == "token_vault_retired"


def test_without_settings__page_shows_it_and_sends_no_request(world: World, client: Client) -> None:
    azure = world("app-service")
    page = client.get("/token-vault/").content.decode()
    assert "KVSITE_TOKEN_VAULT_URL is not set" in page
    assert "Token Vault was retired" in page
    assert azure.requests == ()


@pytest.mark.parametrize(
    ("words", "id_", "sentence"),
    [
        ({"KVSITE_TOKEN_VAULT_URL": "contoso"}, "W070", "must begin with https://"),
        ({"KVSITE_TOKEN_VAULT_URL": f"{VAULT}/services"}, "W070", "extra text after the host"),
        ({"tokenResourceUrl": f"{VAULT}/services/dropbox"}, "W070", "/services/<service>/tokens/<token>"),
        ({"tokenResourceUrl": f"{VAULT}/services/dropbox/tokens/.."}, "W070", "/services/<service>/tokens/<token>"),
        ({"KVSITE_TOKEN_VAULT_URL": "https://evil.example"}, "W071", "no token is sent there"),
        ({"KVSITE_TOKEN_VAULT_URL": "https://contoso.vault.azure.net"}, "W071", "is not a Token Vault"),
        ({"storeName": "evil.example/"}, "W071", "is not allowed"),
        ({"KVSITE_TOKEN_VAULT_URL": VAULT, "KVSITE_TOKEN_VAULT_SERVICE": "a/b"}, "W072", "is not a valid name"),
        ({"KVSITE_TOKEN_VAULT_URL": VAULT, "KVSITE_TOKEN_VAULT_TOKEN": ".."}, "W073", "is not a valid name"),
    ],
)
def test_invalid_setting__has_a_message_and_does_not_block_the_secret(
    words: dict[str, str], id_: str, sentence: str
) -> None:
    config = load({"KEY_VAULT_URI": "https://contoso.vault.azure.net", "SECRET_NAME": "demo", **words})
    assert [problem.id for problem in config.problems] == [f"secrets_app.{id_}"]
    assert sentence in config.problems[0].sentence
    assert secret_request(config).blocking_problems == ()
    assert token_vault_request(config).blocking_problems


@pytest.mark.parametrize(
    "url",
    [
        "https://tokenvault.azure.net", "https://a.b.c.tokenvault.azure.net",
        "https://contoso.westcentralus.tokenvault.azure.net.evil.example", "https://x.contoso.tokenstore.azure.net",
        "https://evil.example#.tokenstore.azure.net", "https://u:p@contoso.tokenstore.azure.net",
        "http://contoso.tokenstore.azure.net",
    ],
)  # fmt: skip
def test_token__is_sent_to_the_services_hosts_only(url: str) -> None:
    with pytest.raises((AddressError, ForeignHostError)):
        parse_token_vault_url(url)


def test_allowed_host__is_accepted() -> None:
    assert parse_token_vault_url("https://Token.example.org/", also_allowed=("token.example.org",)) == (
        "https://token.example.org"
    )


def test_other_host__is_rejected_before_a_token_is_requested(world: World) -> None:
    azure = world("token-vault")
    reading = read(KVSITE_TOKEN_VAULT_URL="https://evil.example")
    assert reading.main_cause == "vault_url_refused"
    assert reading.principal is None
    assert azure.requests == ()


def test_command__reads_the_token(azure: LocalAzure, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command("principal", token_vault=True)
    printed = capsys.readouterr().out
    assert ended.value.code == 0
    assert "YES  The Token Vault token was read." in printed
    assert "43 characters, hidden." in printed
    assert f"Sign in: {VAULT}/services/dropbox/tokens/sampleToken/login" in printed
    assert "Token Vault was retired on 17 November 2020" in printed
    unseen(azure, printed)


def test_command__without_settings_is_exit_2(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world("app-service")
    with pytest.raises(SystemExit) as ended:
        call_command("principal", token_vault=True)
    assert ended.value.code == 2
    assert "KVSITE_TOKEN_VAULT_URL is not set" in capsys.readouterr().out
