"""The proxy: one loopback port that serves only the emulated hosts."""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from localazure import LocalAzure
from localazure.server import proxy

pytest_plugins = ["scenario_fixtures"]

HttpClientFactory = Callable[[LocalAzure], httpx.Client]


def connect(azure: LocalAzure) -> socket.socket:
    return socket.create_connection(("127.0.0.1", urlsplit(azure.env["HTTPS_PROXY"]).port), timeout=10)


def exchange(azure: LocalAzure, *chunks: bytes) -> bytes:
    """Send the chunks and return everything received until the connection is closed."""
    with connect(azure) as connection:
        for chunk in chunks:
            connection.sendall(chunk)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    "target", ["example.com:443", "other.vault.azure.net:443", "contoso.vault.azure.net:80", "", ":"]
)
def test_connect__host_not_emulated__403(target: str) -> None:
    with LocalAzure() as azure:
        answer = exchange(azure, f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 403 ")


def test_connect__unknown_vault__403() -> None:
    with LocalAzure("vault-unknown") as azure:
        host = urlsplit(azure.env["KEY_VAULT_URI"]).hostname
        assert exchange(azure, f"CONNECT {host}:443 HTTP/1.1\r\n\r\n".encode()).startswith(b"HTTP/1.1 403 ")
        assert host in azure.env["NO_PROXY"].split(",")


def test_http_request__host_not_emulated__403(http_client: HttpClientFactory) -> None:
    with LocalAzure() as azure:
        answer = http_client(azure).get("http://example.com/")
        assert answer.status_code == 403
        assert "example.com" in answer.text


def test_connect__in_several_chunks() -> None:
    with LocalAzure() as azure:
        answer = exchange(azure, b"CONN", b"ECT contoso.vault.azure.net:443 HTTP/1.1\r\n", b"\r\n")
        assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("data", [b"", b"C", b"\x16\x03\x01\x02\x00", b"GET / HTTP/9\r\n\r\n", b"CONNECT", b"\r\n" * 9])
def test_malformed_request__server_keeps_working(http_client: HttpClientFactory, data: bytes) -> None:
    with LocalAzure() as azure:
        exchange(azure, data)
        assert http_client(azure).get("https://contoso.vault.azure.net/secrets/demo").status_code == 401


def test_connect__endless_request__431() -> None:
    with LocalAzure() as azure:
        assert exchange(azure, b"CONNECT " + b"a" * 20_000).startswith(b"HTTP/1.1 431 ")


def test_http_request__endless_headers__431() -> None:
    with LocalAzure() as azure:
        assert exchange(azure, b"GET / HTTP/1.1\r\n" + b"X-A: 1\r\n" * 3_000).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    "incomplete",
    [
        b"",
        b"CONNECT contoso",
        b"GET /secrets/demo HTTP/1.1\r\nHost: cont",
        b"POST /.localazure/az HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99\r\n\r\n[",
    ],
)
def test_incomplete_request__is_closed_after_the_idle_timeout(
    monkeypatch: pytest.MonkeyPatch, incomplete: bytes
) -> None:
    monkeypatch.setattr(proxy, "IDLE_TIMEOUT_S", 0.1)
    with LocalAzure() as azure, connect(azure) as connection:
        connection.sendall(incomplete)
        start = time.perf_counter()
        rest = b"".join(iter(lambda: connection.recv(65536), b""))
        assert time.perf_counter() - start < 25  # the default is 30 s
        assert not rest or b" 404 " in rest


def test_slow_response__is_not_closed_by_the_idle_timeout(
    monkeypatch: pytest.MonkeyPatch, http_client: HttpClientFactory
) -> None:
    for idle_s in (0.1, 3.0):  # a busy client may be idle itself for longer than the first
        monkeypatch.setattr(proxy, "IDLE_TIMEOUT_S", idle_s)
        with LocalAzure(vault_latency_s=3 * idle_s) as azure, suppress(httpx.TransportError):
            assert http_client(azure).get("https://contoso.vault.azure.net/secrets/demo").status_code == 401
            return
    pytest.fail("The connection was closed before the response.")


def test_tunnel__without_tls__is_closed() -> None:
    with LocalAzure() as azure:
        answer = exchange(azure, b"CONNECT contoso.vault.azure.net:443 HTTP/1.1\r\n\r\n", b"not tls at all\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200 ")


def test_tls__client_without_the_ca__does_not_trust_the_certificate() -> None:
    with (
        LocalAzure() as azure,
        httpx.Client(proxy=azure.env["HTTPS_PROXY"], verify=ssl.create_default_context()) as client,
        pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        client.get("https://contoso.vault.azure.net/")


def test_server__listens_only_on_loopback() -> None:
    with LocalAzure() as azure:
        port = urlsplit(azure.env["HTTPS_PROXY"]).port
        listening = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        assert next(address for address in listening if address.endswith(f":{port:04X}")).startswith("0100007F:")


def test_two_scenarios__are_isolated(http_client: HttpClientFactory) -> None:
    with LocalAzure() as one, LocalAzure("no-role") as other:
        assert one.secret_value != other.secret_value
        http_client(other).get("https://contoso.vault.azure.net/secrets/demo")
        assert one.requests == ()
        assert len(other.requests) == 1


def test_exit__leaves_no_files_threads_or_listeners() -> None:
    threads = threading.active_count()
    with LocalAzure("laptop") as azure:
        folder = Path(azure.env["SSL_CERT_FILE"]).parent
        port = urlsplit(azure.env["HTTPS_PROXY"]).port
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()
    assert threading.active_count() == threads
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
