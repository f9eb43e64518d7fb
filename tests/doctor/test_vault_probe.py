"""The unauthenticated request to the vault: connection, tenant, clock, certificate, host name and proxy."""

import os
import socket
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any

import certifi
import pytest
import requests
import urllib3
from requests import exceptions
from urllib3.exceptions import MaxRetryError

from secrets_app.conf import Config
from secrets_app.core.reading import PrincipalKind
from secrets_app.doctor import Status
from secrets_app.doctor.connection import certificate_problem, connection_problem, without_login
from secrets_app.doctor.vault_probe import VaultProbe, probe_vault, tenant_of, time_of
from tests.conftest import World
from tests.support.doctor_factories import (
    NOW,
    OTHER_TENANT,
    TENANT,
    VAULT,
    principal,
    reading,
    run_check,
    secret,
    silence,
)

OK, NOTICE, PROBLEM, UNKNOWN = Status.OK, Status.NOTICE, Status.PROBLEM, Status.UNKNOWN


def test_vault_probe__has_tenant_clock_and_client_address(world: World) -> None:
    azure = world("app-service")
    answer = probe_vault(azure.env["KEY_VAULT_URI"])
    assert answer.status == 401
    assert answer.tenant_id == TENANT
    assert answer.client_address == "203.0.113.7"
    assert answer.issuer == "Local Azure"
    assert answer.problem is None
    assert answer.azure_time
    assert answer.local_time
    assert abs(answer.azure_time - answer.local_time) < timedelta(seconds=5)


def test_vault_probe__sends_no_credentials(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    azure = world("app-service")
    passwords = Path(azure.env["HOME"]) / ".netrc"
    passwords.write_text("machine contoso.vault.azure.net login dana password s3cr3t\n")
    os.environ["NETRC"] = str(passwords)
    sent: list[requests.PreparedRequest] = []
    send = requests.Session.send

    def note(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        sent.append(request)
        return send(session, request, **options)

    monkeypatch.setattr(requests.Session, "send", note)
    assert probe_vault(azure.env["KEY_VAULT_URI"]).status == 401
    assert len(sent) == 1
    assert "Authorization" not in sent[0].headers


def test_vault_probe__without_vault_sends_nothing(world: World) -> None:
    azure = world("app-service")
    before = len(azure.requests)
    config = Config()
    assert probe_vault(None).problem
    assert run_check("way_to_the_vault", config=config, vault=probe_vault(None)).verdict is PROBLEM
    assert run_check("vault_name", config=config).verdict is UNKNOWN
    assert len(azure.requests) == before


def test_untrusted_intercepting_proxy__is_named(world: World) -> None:
    azure = world("app-service")
    os.environ["REQUESTS_CA_BUNDLE"] = certifi.where()
    answer = probe_vault(azure.env["KEY_VAULT_URI"])
    assert answer.issuer == "Local Azure"
    for key in ("way_to_the_vault", "certificate"):
        check = run_check(key, vault=answer)
        assert (check.verdict, check.cause) == (PROBLEM, "tls_interception")
        assert "issued by Local Azure" in check.finding


@pytest.mark.parametrize(("issuer", "verdict"), [("Local Azure", OK), ("Example Corp", NOTICE), (None, NOTICE)])
def test_trusted_issuer__is_a_notice_unless_the_settings_expect_it(
    world: World, issuer: str | None, verdict: Status
) -> None:
    azure = world("app-service")
    config = Config(vault_url=azure.env["KEY_VAULT_URI"], tls_issuer=issuer)
    check = run_check("certificate", config=config, vault=probe_vault(azure.env["KEY_VAULT_URI"]))
    assert check.verdict is verdict
    assert "issued by Local Azure" in check.finding


def test_missing_ca_file__is_reported(world: World) -> None:
    azure = world("app-service")
    os.environ["REQUESTS_CA_BUNDLE"] = "/no/such/file.pem"
    assert (
        "certificates cannot be read"
        in run_check("way_to_the_vault", vault=probe_vault(azure.env["KEY_VAULT_URI"])).finding
    )
    check = run_check("trusted_certificates", os.environ)
    assert check.verdict is PROBLEM
    assert "names a file that does not exist" in check.finding


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "http://[", "http://:80", "ftp://127.0.0.1:9"])
def test_proxy__down_or_misspelled(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, address)
    for name in ("NO_PROXY", "no_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    check = run_check("way_to_the_vault", vault=probe_vault(VAULT))
    assert check.verdict is PROBLEM
    assert check.cause in {"proxy_error", "network_interrupted", None}


def test_unresponsive_vault__times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets_app.doctor.vault_probe.CONNECT_S", 0.1)
    monkeypatch.setattr("secrets_app.doctor.vault_probe.READ_S", 0.1)
    with silence() as proxy:
        for name in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, proxy)
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("no_proxy", "")
        answer = probe_vault(VAULT)
    assert answer.problem
    assert answer.problem.cause in {"network_interrupted", "proxy_error"}
    for key in ("clock", "client_address", "certificate", "vault_tenant"):
        assert run_check(key, vault=answer).verdict is UNKNOWN


def test_unknown_vault__has_its_cause(world: World) -> None:
    azure = world("vault-unknown")
    check = run_check("way_to_the_vault", vault=probe_vault(azure.env["KEY_VAULT_URI"]))
    assert (check.verdict, check.cause) == (PROBLEM, "dns_failure")
    config = Config(vault_url=azure.env["KEY_VAULT_URI"])
    name = run_check("vault_name", os.environ, config=config)
    assert (name.verdict, name.cause) == (PROBLEM, "dns_failure")


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (exceptions.ConnectTimeout(), "network_interrupted"),
        (exceptions.ReadTimeout(), "network_interrupted"),
        (exceptions.ProxyError(), "proxy_error"),
        (exceptions.InvalidProxyURL(), "proxy_error"),
        (exceptions.ConnectionError(), "network_interrupted"),
        (exceptions.InvalidHeader(), None),
        (ValueError(), None),
    ],
)
def test_connection_problem__each_error_has_its_cause(error: Exception, cause: str | None) -> None:
    assert connection_problem(error).cause == cause


@pytest.mark.parametrize(
    ("code", "issuer", "cause", "words"),
    [
        (9, "Microsoft Corporation", "clock_skew", "not valid at this machine's current time"),
        (10, "Zscaler Inc.", "clock_skew", "issued by Zscaler Inc."),
        (62, "Example Corp", "tls_interception", "is for a different host name"),
        (20, "Microsoft Corporation", "tls_interception", "the CA certificates on this machine are incomplete"),
        (
            19,
            "Zscaler Inc.",
            "tls_interception",
            "is not trusted. It was issued by Zscaler Inc.",
        ),
        (None, None, "tls_interception", "Its issuer could not be determined"),
    ],
)
def test_connection_problem__names_why_a_certificate_is_rejected(
    code: int | None, issuer: str | None, cause: str, words: str
) -> None:
    refused = ssl.SSLCertVerificationError("refused")
    refused.verify_code = code
    wrapped = urllib3.exceptions.SSLError(refused)
    problem = certificate_problem(exceptions.SSLError(MaxRetryError(None, "/", wrapped)), issuer)
    assert problem.cause == cause
    assert words in problem.message


def test_other_server__is_recognized() -> None:
    check = run_check("way_to_the_vault", vault=VaultProbe(status=200))
    assert check.verdict is NOTICE
    assert "returned HTTP 200" in check.finding


@pytest.mark.parametrize(
    ("status", "verdict", "cause"), [(503, PROBLEM, "service_error"), (429, NOTICE, "kv_throttled"), (401, OK, None)]
)
def test_vault_error__is_a_problem(status: int, verdict: Status, cause: str | None) -> None:
    check = run_check("way_to_the_vault", vault=VaultProbe(status=status, elapsed_s=0.01))
    assert (check.verdict, check.cause) == (verdict, cause)


def test_tenants__managed_identity_gets_no_sign_in_advice() -> None:
    other = principal(tenant_id=OTHER_TENANT, credential="ManagedIdentityCredential")
    check = run_check("vault_tenant", read=reading(principal=other))
    assert check.verdict is PROBLEM
    assert "has access only in its own tenant" in check.advice


@pytest.mark.parametrize(
    ("challenge", "tenant"),
    [
        (
            f'Bearer authorization="https://login.microsoftonline.com/{TENANT}", resource="https://vault.azure.net"',
            TENANT,
        ),
        (f'Bearer authorization_uri="https://login.microsoftonline.us/{TENANT.upper()}"', TENANT),
        ('Bearer authorization="https://login.microsoftonline.com/common"', None),
        ("Basic realm=proxy", None),
        ("", None),
    ],
)
def test_challenge__names_the_tenant(challenge: str, tenant: str | None) -> None:
    assert tenant_of({"WWW-Authenticate": challenge}) == tenant


@pytest.mark.parametrize(
    ("vault_tenant", "token_tenant", "verdict", "cause"),
    [
        (TENANT, TENANT, OK, None),
        (TENANT, TENANT.upper(), OK, None),
        (TENANT, OTHER_TENANT, PROBLEM, "tenant_mismatch_ahead"),
        (TENANT, None, OK, None),
        (None, TENANT, UNKNOWN, None),
    ],
)
def test_vault_tenant__is_compared_with_the_tokens_tenant(
    vault_tenant: str | None, token_tenant: str | None, verdict: Status, cause: str | None
) -> None:
    check = run_check(
        "vault_tenant",
        vault=VaultProbe(status=401, tenant_id=vault_tenant),
        read=reading(principal=principal(tenant_id=token_tenant) if token_tenant else None),
    )
    assert (check.verdict, check.cause) == (verdict, cause)


@pytest.mark.parametrize(
    ("ahead", "verdict", "words"),
    [
        (timedelta(), OK, "matches"),
        (timedelta(minutes=5), OK, "matches"),
        (timedelta(minutes=7), PROBLEM, "7 minutes ahead of Azure's"),
        (timedelta(minutes=-6, seconds=-50), PROBLEM, "7 minutes behind Azure's"),
        (timedelta(days=2), PROBLEM, "48 hours ahead of"),
    ],
)
def test_clock__difference_is_reported(ahead: timedelta, verdict: Status, words: str) -> None:
    check = run_check("clock", vault=VaultProbe(status=401, azure_time=NOW, local_time=NOW + ahead))
    assert check.verdict is verdict
    assert check.cause == ("clock_skew" if verdict is PROBLEM else None)
    assert words in check.finding


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 99 Nov 2026 12:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -2359"])
def test_clock__unreadable_date(date: str) -> None:
    assert time_of({"Date": date}) is None
    assert run_check("clock", vault=VaultProbe(status=401)).verdict is UNKNOWN


@pytest.mark.parametrize(
    ("url", "issuer", "verdict"),
    [
        (VAULT, "Microsoft Corporation, Microsoft Azure RSA TLS Issuing CA 03", OK),
        (VAULT, "DigiCert Inc, DigiCert Global G2 TLS RSA SHA256 2020 CA1", OK),
        (VAULT, "Zscaler Inc., Zscaler Intermediate Root CA", NOTICE),
        ("https://vault.example.org", "Example Corp", OK),
        (VAULT, None, UNKNOWN),
    ],
)
def test_certificate__interceptor_is_named(url: str, issuer: str | None, verdict: Status) -> None:
    check = run_check("certificate", config=Config(vault_url=url), vault=VaultProbe(status=401, issuer=issuer))
    assert check.verdict is verdict
    assert issuer is None or ("Issuer", issuer) in check.facts


@pytest.mark.parametrize(
    ("addresses", "verdict", "words"),
    [
        (["20.61.98.3"], OK, "a public address"),
        (["10.1.0.4"], OK, "private endpoint"),
        (["172.17.3.4", "fd00::4"], OK, "private endpoint"),
        (["100.64.1.2"], OK, "private endpoint"),
        (["20.61.98.3", "10.1.0.4"], NOTICE, "neither"),
        (["127.0.0.1"], NOTICE, "neither"),
        (["fe80::1%eth0"], NOTICE, "neither"),
    ],
)
def test_name__public_or_private(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str], verdict: Status, words: str
) -> None:
    answer: list[Any] = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: answer)
    check = run_check("vault_name")
    assert check.verdict is verdict
    assert words in check.finding


def test_name__a_private_endpoint_behind_a_proxy(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world("app-service")
    answer: list[Any] = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.1.0.4", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: answer)
    check = run_check("vault_name", os.environ)
    assert check.verdict is NOTICE
    assert check.advice == "Add contoso.vault.azure.net to NO_PROXY."


def test_name__unresolvable_here_but_resolved_by_the_proxy(world: World) -> None:
    azure = world("app-service")
    check = run_check(
        "vault_name", os.environ, config=Config(vault_url=azure.env["KEY_VAULT_URI"].replace("contoso", "contoso-x9z"))
    )
    assert check.verdict is OK
    assert "the proxy resolves it" in check.finding


@pytest.mark.parametrize(
    "address",
    [
        "http://dana:s3cr3t@proxy.example:8080",
        "dana:s3cr3t@proxy.example:8080",
        "http://dana:s3c/r3t@proxy.example:8080",
        "http://dana:s3cr3t@x@proxy.example:8080",
    ],
)
def test_proxy__password_is_never_shown(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, address)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    check = run_check("proxy", os.environ)
    assert "proxy.example:8080" in check.finding
    assert "r3t" not in repr(check)
    assert "dana" not in repr(check)
    assert "(credentials hidden)" in repr(check)
    assert without_login(address) == "proxy.example:8080"


def test_proxy__route_to_the_vault(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    assert run_check("proxy", os.environ).finding == "No proxy is set. Requests go directly to the vault."
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:8080")
    assert (
        run_check("proxy", os.environ).finding
        == "Requests to the vault go through the proxy http://proxy.example:8080."
    )
    monkeypatch.setenv("NO_PROXY", "169.254.169.254,.vault.azure.net")
    check = run_check("proxy", os.environ)
    assert check.finding == "A proxy is set, but requests to the vault bypass it."
    assert ("NO_PROXY", "169.254.169.254,.vault.azure.net") in check.facts


def test_proxy__blocks_the_metadata_service(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://proxy.example:8080")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert "add 169.254.169.254 to NO_PROXY" in run_check("proxy", os.environ).advice


def test_trusted_certificates__variables_the_sdk_reads(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("")
    assert run_check("trusted_certificates", {}).verdict is OK
    assert run_check("trusted_certificates", {"CURL_CA_BUNDLE": str(file)}).verdict is OK
    check = run_check("trusted_certificates", {"SSL_CERT_FILE": str(file)})
    assert check.verdict is NOTICE
    assert "set REQUESTS_CA_BUNDLE to its CA certificate too" in check.advice
    assert check.facts == (("SSL_CERT_FILE", str(file)),)


def test_secret__state() -> None:
    def of(**dates: Any) -> tuple[Status, str | None, str]:
        check = run_check("secret", read=reading(secret=secret(**dates)))
        return check.verdict, check.cause, check.finding

    day = timedelta(days=1)
    assert of() == (OK, None, "The secret was read. It is enabled and has no expiry date.")
    assert of(expires_on=NOW + 90 * day)[0] is OK
    assert of(expires_on=NOW + 7 * day) == (NOTICE, None, "The secret was read, but expires in 7 days.")
    assert of(expires_on=NOW - 2 * day) == (PROBLEM, "secret_expired", "The secret was read, but expired 2 days ago.")
    assert of(not_before=NOW + day)[:2] == (NOTICE, "secret_not_yet_valid")


def test_token__age_and_caching() -> None:
    made = {"token_issued_at": NOW - timedelta(hours=3), "token_expires_at": NOW + timedelta(hours=21)}
    managed = run_check("token", read=reading(principal=principal(kind=PrincipalKind.MANAGED_IDENTITY, **made)))
    assert managed.finding.startswith("Issued 3 hours ago; expires in 21 hours. Azure caches")
    user = run_check("token", read=reading(principal=principal(kind=PrincipalKind.USER, **made)))
    assert user.finding == "Issued 3 hours ago; expires in 21 hours."
    assert run_check("token", read=reading(principal=principal())).verdict is UNKNOWN
    assert run_check("token", read=reading()).verdict is UNKNOWN
