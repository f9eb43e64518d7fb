"""Sends random and malformed requests to all services of a scenario.

Half of the requests go to valid paths, in turn to every route. `python -m benchmarks.local_azure fuzz` sends more.
"""

import logging
import random
import socket
import ssl
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from fuzz_routes import Target, all_targets
from fuzz_routes import request as route_request

from localazure import LocalAzure
from localazure.crypto.tokens import issue, sign
from localazure.scenarios.directory import CONTOSO, DEVELOPER, MACHINE_IDENTITY, PRODUCTION

ROUNDS_PER_WORLD = 250
TARGETS = all_targets()
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
UNUSUAL_METHODS = ("HEAD", "OPTIONS", "CONNECT", "TRACE", "get", "G\x00T", "")
HOSTS = ("contoso.vault.azure.net", "login.microsoftonline.com", "management.azure.com", "graph.microsoft.com")
PLAIN_HOSTS = ("169.254.169.254", "127.0.0.1")
AUDIENCES = ("https://vault.azure.net", "https://management.azure.com", "https://graph.microsoft.com")
_VERSION = "?api-version=2022-09-01"
_VAULTS, _DEPLOYMENTS = "/providers/Microsoft.KeyVault/vaults", "/providers/Microsoft.Resources/deployments"
MANAGEMENT_PATHS = (
    *(f"{PRODUCTION.group_scope}{_VAULTS}/contoso?api-version=2026-02-01", f"{PRODUCTION.scope}/resources{_VERSION}"),
    *(f"{PRODUCTION.group_scope}{_DEPLOYMENTS}/x{end}{_VERSION}" for end in ("", "/validate", "/whatIf")),
    f"{PRODUCTION.scope}/resources{_VERSION}&$filter=x",
    f"{PRODUCTION.group_scope}/providers/Microsoft.Web/sites/kvsite-demo?api-version=2025-05-01",
    f"{PRODUCTION.group_scope}/providers/Microsoft.Compute/virtualMachines/kvsite-vm?api-version=2026-04-01",
    f"{PRODUCTION.group_scope}/providers/Microsoft.Authorization/roleAssignments/x?api-version=2022-04-01",
    f"{PRODUCTION.group_scope}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/a?api-version=2024-11-30",
    *(
        "/v1.0/me",
        "/v1.0/applications?$filter=x",
        "/v1.0/applications/x/addPassword",
        "/v1.0/directoryObjects/getByIds",
    ),
    *("/secrets/restore?api-version=7.6", "/secrets/demo/backup?api-version=7.6", "/keys?api-version=7.6"),
)
PATHS = (
    *MANAGEMENT_PATHS,
    *("/secrets", "/secrets/demo", "/secrets/demo/versions", "/deletedsecrets/demo/recover", "/certificates/demo"),
    *(f"/{CONTOSO.id}/oauth2/v2.0/token", "/common/oauth2/token", f"/{CONTOSO.id}/oauth2/v2.0/devicecode"),
    *("/tenants", "/subscriptions", "/metadata/identity/oauth2/token", "/msi/token", "/.localazure/az", "/"),
    *("/secrets/%00", "/secrets/" + "a" * 3000, "//", "/../..", "*", "/secrets/demo?api-version=7.6&maxresults=-1"),
)
BODIES = (
    *(b'{"properties": []}', b'{"properties": {"networkAcls": 1, "accessPolicies": 2}}', b'{"identity": {"type": []}}'),
    b'{"properties": {"mode": "Incremental", "template": {"resources": [{"type": 1}], "parameters": 3}}}',
    b'{"properties": {"mode": "Incremental", "template": {"resources": [], "parameters": {"a": []}, "outputs": 1}}}',
    *(b'{"properties": {"principalId": 1, "roleDefinitionId": []}}', b'{"ids": [1, {}]}', b'{"passwordCredential": 3}'),
    *(b"", b"{", b"[]", b"null", b'{"value": 1}', b'{"value": "x", "attributes": {"exp": 1e99}}', b"\xff\xfe"),
    *(
        b"grant_type=client_credentials&client_id=%00&client_assertion=a.b.c",
        b"grant_type=refresh_token",
        b"[" * 50_000,
    ),
    *(b'{"value": "x", "tags": {"a": [1]}}', b"x" * 1_200_000, b"grant_type=device_code&device_code[]=1"),
)
HEADERS = (
    *(b"Content-Type: application/json", b"Metadata: true", b"Expect: 100-continue", b"Transfer-Encoding: chunked"),
    *(b"Content-Length: 99999999", b"Content-Length: -1", b"Host: \xff", b"X: " + b"y" * 9_000, b"Connection: close"),
    *(b"Authorization: Bearer a.b.c", b"Authorization: Bearer \xff", b"Upgrade: websocket", b"no colon", b": empty"),
)


@dataclass
class Result:
    statuses: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    """Errors that the server logged, and responses with status 5xx."""
    targets: set[Target] = field(default_factory=set)
    """The routes that were requested."""


class _ErrorLog(logging.Handler):
    def __init__(self, errors: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._errors = errors

    def emit(self, record: logging.LogRecord) -> None:
        self._errors.append(self.format(record))


def fuzz(azure: LocalAzure, rounds: int, seed: int) -> Result:
    """Send `rounds` requests, each on its own connection."""
    result, rng = Result(), random.Random(seed)  # noqa: S311 - not for secrets
    handler, logger = _ErrorLog(result.errors), logging.getLogger()
    logger.addHandler(handler)
    tls = ssl.create_default_context(cafile=azure.env["SSL_CERT_FILE"])
    try:
        for number in range(rounds):
            if number % ROUNDS_PER_WORLD == ROUNDS_PER_WORLD - 1:
                azure.reset()  # a request may have deleted the vault or removed the identities
            target = TARGETS[number // 2 % len(TARGETS)] if number % 2 else None
            status = _send_one(azure, tls, rng, target)
            result.statuses[status] += 1
            if target:
                result.targets.add(target)
            if status.startswith("5"):
                result.errors.append(f"{status}: {target}")
    finally:
        logger.removeHandler(handler)
    return result


def _send_one(azure: LocalAzure, tls: ssl.SSLContext, rng: random.Random, target: Target | None) -> str:
    host, port = rng.choice((*HOSTS, *PLAIN_HOSTS)), urlsplit(azure.env["HTTPS_PROXY"]).port
    if target:
        host = target.host
    sent = route_request(rng, target, _valid_token(rng, host)) if target else malformed_request(rng, host)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
        if host in PLAIN_HOSTS:
            return _exchange(plain, sent, rng)
        plain.sendall(f"CONNECT {host}:443 HTTP/1.1\r\n\r\n".encode())
        response = plain.recv(4096)
        if b" 200 " not in response[:16]:  # a vault that a request has deleted
            return response[9:12].decode("latin-1")
        with tls.wrap_socket(plain, server_hostname=host) as tunnel:
            return _exchange(tunnel, sent, rng)


def _exchange(connection: socket.socket, sent: bytes, rng: random.Random) -> str:
    """Return the status of the response, "closed", or "waiting" when the server waits for the rest of the request."""
    connection.settimeout(0.05)
    try:
        connection.sendall(sent)
        if rng.random() < 0.2:
            return "abandoned"
        response = connection.recv(65536)
    except TimeoutError:
        return "waiting"
    except OSError:
        return "closed"
    return response[9:12].decode("latin-1") if response.startswith(b"HTTP/") else "closed"


def malformed_request(rng: random.Random, host: str) -> bytes:
    """A malformed request, or random bytes."""
    if rng.random() < 0.1:
        return rng.randbytes(rng.randrange(1, 5000))
    request = bytearray(_request(rng, host))
    for _ in range(rng.choice((0, 0, 0, 0, 1, 3, 20))):
        request[rng.randrange(len(request))] = rng.randrange(256)
    return bytes(request[: rng.randrange(1, len(request))] if rng.random() < 0.15 else request)


def _request(rng: random.Random, host: str) -> bytes:
    body = rng.choice(BODIES)
    target = rng.choice(PATHS)
    if rng.random() < 0.7 and "?" not in target:
        target += rng.choice(("?api-version=7.6", "?api-version=2018-02-01&resource=x", "?api-version", "?%zz"))
    method = rng.choice(METHODS if rng.random() < 0.9 else UNUSUAL_METHODS)
    lines = [f"{method} {target} HTTP/1.1".encode(), f"Host: {_host(rng, host)}".encode()]
    if rng.random() < 0.5:
        lines.append(f"Authorization: Bearer {_token(rng)}".encode())
    lines += rng.sample(HEADERS, rng.choice((0, 0, 0, 1, 3)))
    lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _host(rng: random.Random, host: str) -> str:
    return host if rng.random() < 0.9 else rng.choice((*HOSTS, "example.com", "[", ""))


def _valid_token(rng: random.Random, host: str) -> str:
    """A token that the service of this host accepts."""
    identity, audience = rng.choice((MACHINE_IDENTITY, DEVELOPER)), f"https://{host.removeprefix('contoso.')}"
    return issue(identity, tenant=CONTOSO, audience=audience, now_s=int(time.time())).text


def _token(rng: random.Random) -> str:
    """A signed token with valid, missing or wrong claims."""
    now = int(time.time())
    audience = rng.choice((*AUDIENCES, *AUDIENCES, 7, None, ["x"]))
    claims = {
        "aud": audience,
        "iss": CONTOSO.issuer,
        "nbf": now,
        "exp": now + 60,
        "appid": "a",
        "oid": rng.choice((MACHINE_IDENTITY, DEVELOPER)).object_id,
        "tid": CONTOSO.id,
    }
    for name in rng.sample(sorted(claims), rng.randrange(3)):
        del claims[name]
    return sign(claims)
