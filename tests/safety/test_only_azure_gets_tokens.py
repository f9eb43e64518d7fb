"""No token, client secret or assertion is sent to a host outside Azure, whatever a setting or a response contains."""

import os
from typing import Any

import pytest

from localazure.scenarios.directory import CONTOSO
from secrets_app import conf
from secrets_app.conf import load
from secrets_app.core.reading import Stage
from tests.safety.conftest import LOGIN, Between
from tests.support.hostile_server import challenge, fixed_response
from tests.support.readings import get_reading

EVIL = "evil.example"

NO_VAULTS = [
    "https://evil.example",
    "https://contoso.vault.azure.net.evil.example",
    "https://contosovault.azure.net",
    "https://evil.example/contoso.vault.azure.net",
    "https://evil.example#contoso.vault.azure.net",
    "https://evil.example?contoso.vault.azure.net",
    # user information and backslashes
    "https://contoso.vault.azure.net@evil.example",
    "https://contoso.vault.azure.net:443@evil.example",
    "https://evil.example@contoso.vault.azure.net",
    "https://@contoso.vault.azure.net",
    "https://contoso.vault.azure.net\\@evil.example",
    "https://evil.example\\.vault.azure.net",
    # other schemes and ports
    "https://contoso.vault.azure.net:8443",
    "https://contoso.vault.azure.net:99999",
    "https://contoso.vault.azure.net:-1",
    "http://contoso.vault.azure.net",
    "//contoso.vault.azure.net",
    "ftp://contoso.vault.azure.net",
    "file:///contoso.vault.azure.net",
    # dots and empty labels
    "https://contoso.vault.azure.net.",
    "https://contoso..vault.azure.net",
    "https://.vault.azure.net",
    "https://contoso%2evault.azure.net",
    # look-alike characters
    "https://xn--cntoso-6of.vault.azure.net",
    "https://xn--contoso.vault.azure.net",
    "https://contoso.vault.azure.xn--net-0va",
    "https://c\u043entoso.vault.azure.net",
    "https://\uff43ontoso.vault.azure.net",
    "https://contoso\uff0evault\uff0eazure\uff0enet",
    "https://contoso\u3002vault.azure.net",
    "https://\u212aontoso.vault.azure.net",
    "https://contoso.vault.a\u200bzure.net",
    "https://contoso.vault.azure.net\u2215.evil.example",
    "https://contoso.vault.azure.\u0578et",
    # invisible characters
    "https://contoso.vault.azure.net\t.evil.example",
    "https://contoso.vault.azure.net\n.evil.example",
    "https://contoso.vault.azure.net\x00.evil.example",
    "https://contoso.vault.azure.net\x7f",
    "ht\ttps://contoso.vault.azure.net",
    # IP addresses, including loopback
    "https://127.0.0.1",
    "https://127.1",
    "https://2130706433",
    "https://0x7f000001",
    "https://0x7f.0.0.0x1",
    "https://0177.0.0.1",
    "https://10.0.0.4",
    "https://169.254.169.254",
    "https://[::1]",
    "https://[::ffff:127.0.0.1]",
    "https://[::1%25lo]",
    "https://[fe80::1%lo]",
    "https://[oops",
    "https://localhost",
    "https://localhost:443",
    "https://vault.localhost",
    "https://localhost.localdomain",
    "https://localhost.vault.azure.net.localhost",
    # not vault hosts
    "https://vault.azure.net",
    "https://contoso.managedhsm.azure.net",
    "https://a.b.vault.azure.net",
    "https://ab.vault.azure.net",
]


def test_invalid_vault_url__is_rejected_with_a_message() -> None:
    for address in NO_VAULTS:
        config = load({"KEY_VAULT_URI": address, "SECRET_NAME": "demo"})
        assert config.vault_url is None, address
        assert [problem.id for problem in config.problems if problem.setting == "KEY_VAULT_URI"], address
        assert config.problems[0].hint, address


@pytest.mark.parametrize(
    "name", ["evil.example", "c\u043entoso", "\u212aontoso", "contoso.", "contoso@evil", "127.0.0.1", "x/y"]
)
def test_vault_name__cannot_bypass_the_host_rules(name: str) -> None:
    config = load({"KEY_VAULT_NAME": name, "SECRET_NAME": "demo"})
    assert config.vault_url is None
    (problem,) = config.problems
    assert problem.id == f"secrets_app.{'E075' if '.' in name or '/' in name else 'E004'}"


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("HTTPS://CONTOSO.vault.AZURE.NET/", "https://contoso.vault.azure.net"),
        ("https://contoso.vault.azure.net:443/", "https://contoso.vault.azure.net"),
        ("https://contoso.vault.azure.net:0443", "https://contoso.vault.azure.net"),
        ("https://localhost.vault.azure.net", "https://localhost.vault.azure.net"),
        ("https://contoso.vault.usgovcloudapi.net", "https://contoso.vault.usgovcloudapi.net"),
    ],
)
def test_vault_url__is_rebuilt_from_its_host(address: str, url: str) -> None:
    config = load({"KEY_VAULT_URI": address, "SECRET_NAME": "demo"})
    assert (config.vault_url, config.problems) == (url, ())


@pytest.mark.parametrize(
    "host",
    [
        "*", "*.example.org", ".example.org", "example.org.", "https://kv.example.org", "kv.example.org:8443",
        "kv.example.org/x", "me@kv.example.org", "localhost", "vault.localhost", "localhost.localdomain", "127.0.0.1",
        "127.1", "0x7f.0x1", "10.0.0.4", "[::1]", "::1", "\u212av.example.org", "kv\uff0eexample\uff0eorg", "intranet",
    ],
)  # fmt: skip
def test_allowed_hosts__accepts_whole_host_names_only(host: str) -> None:
    """A wildcard trusts every host below it, and an IP or loopback address trusts whichever process listens there."""
    words = {"KEY_VAULT_URI": f"https://{host}", "KVSITE_ALLOWED_VAULT_HOSTS": host, "SECRET_NAME": "demo"}
    config = load(words)
    assert config.vault_url is None
    assert {problem.id for problem in config.problems} & {"secrets_app.E011", "secrets_app.E077"}


@pytest.mark.parametrize("host", ["kv.example.org", "xn--bcher-kva.example", "contoso.vault.local.azurestack.external"])
def test_allowed_host__matches_exactly(host: str) -> None:
    words = {"KVSITE_ALLOWED_VAULT_HOSTS": host.upper(), "SECRET_NAME": "demo"}
    assert load({**words, "KEY_VAULT_URI": f"https://{host}"}).vault_url == f"https://{host}"
    for other in (f"x.{host}", f"{host}.evil.example", host.partition(".")[2]):
        assert load({**words, "KEY_VAULT_URI": f"https://{other}"}).vault_url is None


@pytest.mark.parametrize(
    "address", ["https://evil.example", "https://contoso.vault.azure.net@evil.example", "https://127.0.0.1"]
)
def test_rejected_vault__gets_no_connection(between: Between, settings: Any, address: str) -> None:
    _, hostile_server = between("app-service", {})
    settings.SECRETS_APP["KEY_VAULT_URI"] = address
    reading = get_reading(conf.current())
    assert reading.failure
    assert reading.failure.stage is Stage.CONFIGURATION
    assert hostile_server.connected_hosts == []


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_vault_redirect__is_not_followed(between: Between, vault: str, status: str) -> None:
    redirect = fixed_response(status, f"Location: https://{EVIL}/secrets/demo")
    _, hostile_server = between("app-service", {vault: redirect})
    reading = get_reading(conf.current())
    assert not reading.ok
    assert reading.failure
    assert set(hostile_server.connected_hosts) == {vault}
    assert not [request for request in hostile_server.received if "authorization:" in request.lower()]


@pytest.mark.parametrize("scenario", ["app-service", "service-principal-secret", "service-principal-certificate"])
def test_challenge_with_another_authority__is_not_used(between: Between, vault: str, scenario: str) -> None:
    azure, hostile_server = between(
        scenario, {vault: challenge(f"https://{EVIL}/11111111-2222-4333-8444-555555555555")}
    )
    reading = get_reading(conf.current())
    assert not reading.ok
    assert set(hostile_server.connected_hosts) <= {vault, LOGIN}
    assert {token.audience for token in azure.tokens} <= {"https://vault.azure.net"}
    client_secret = azure.env.get("AZURE_CLIENT_SECRET")
    assert not [request for request in hostile_server.received if client_secret and client_secret in request]


@pytest.mark.parametrize(
    "resource",
    ["https://management.azure.com", "https://graph.microsoft.com", f"https://{EVIL}", "https://ault.azure.net"],
)
@pytest.mark.parametrize("scenario", ["app-service", "service-principal-secret"])
def test_challenge_for_another_resource__gets_no_token(
    between: Between, vault: str, scenario: str, resource: str
) -> None:
    azure, hostile_server = between(scenario, {vault: challenge(f"https://{LOGIN}/{EVIL}", resource)})
    reading = get_reading(conf.current())
    assert not reading.ok
    assert set(hostile_server.connected_hosts) <= {vault, LOGIN}
    assert not [request for request in hostile_server.received if "authorization:" in request.lower()]
    assert {token.audience for token in azure.tokens} <= {"https://vault.azure.net"}


def test_allowed_host__without_valid_certificate_gets_no_token(between: Between, settings: Any) -> None:
    _, hostile_server = between(
        "app-service", {"kv.example.org": challenge(f"https://{LOGIN}/x", "https://example.org")}
    )
    settings.SECRETS_APP |= {"KEY_VAULT_URI": "https://kv.example.org", "KVSITE_ALLOWED_VAULT_HOSTS": "kv.example.org"}
    reading = get_reading(conf.current())
    assert reading.failure
    assert reading.failure.stage is Stage.NETWORK
    assert hostile_server.connected_hosts
    assert hostile_server.received == []


@pytest.mark.parametrize("status", ["302 Found", "307 Temporary", "308 Permanent"])
@pytest.mark.parametrize("scenario", ["service-principal-secret", "service-principal-certificate", "kubernetes"])
def test_authority_redirect__is_not_followed(between: Between, vault: str, scenario: str, status: str) -> None:
    redirect = fixed_response(status, f"Location: https://{EVIL}/token")
    _, hostile_server = between(scenario, {LOGIN: redirect}, passes=(vault,))
    reading = get_reading(conf.current())
    assert not reading.ok
    assert set(hostile_server.connected_hosts) <= {vault, LOGIN}


def test_other_authority__gets_no_client_secret(between: Between, vault: str) -> None:
    """MSAL first validates with Microsoft that the host is an authority."""
    answers = {EVIL: fixed_response("200 OK", body="{}"), vault: challenge(f"https://{EVIL}/{CONTOSO.id}")}
    azure, hostile_server = between("service-principal-secret", answers)
    os.environ["AZURE_AUTHORITY_HOST"] = EVIL
    reading = get_reading(conf.current())
    assert reading.main_cause == "authority_or_cloud_wrong"
    assert azure.tokens == ()
    assert not [request for request in hostile_server.received if azure.env["AZURE_CLIENT_SECRET"] in request]
