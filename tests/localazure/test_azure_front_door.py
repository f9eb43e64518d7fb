"""One port, loopback only: a proxy that leads to the played hosts and to nothing else."""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from localazure import LocalAzure, front_door

pytest_plugins = ["local_worlds"]

Browse = Callable[[LocalAzure], httpx.Client]


def connect(azure: LocalAzure) -> socket.socket:
    return socket.create_connection(("127.0.0.1", urlsplit(azure.env["HTTPS_PROXY"]).port), timeout=10)


def talk(azure: LocalAzure, *pieces: bytes) -> bytes:
    """Everything the front door says to these bytes, until it closes the connection."""
    with connect(azure) as connection:
        for piece in pieces:
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    "target", ["example.com:443", "other.vault.azure.net:443", "contoso.vault.azure.net:80", "", ":"]
)
def test_a_tunnel_to_a_host_that_is_not_played_is_refused(target: str) -> None:
    with LocalAzure() as azure:
        answer = talk(azure, f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 403 ")


def test_the_host_of_an_unknown_vault_is_refused_too() -> None:
    with LocalAzure("vault-unknown") as azure:
        host = urlsplit(azure.env["KEY_VAULT_URI"]).hostname
        assert talk(azure, f"CONNECT {host}:443 HTTP/1.1\r\n\r\n".encode()).startswith(b"HTTP/1.1 403 ")
        assert host in azure.env["NO_PROXY"].split(",")


def test_a_plain_request_to_a_host_that_is_not_played_is_refused(browse: Browse) -> None:
    with LocalAzure() as azure:
        answer = browse(azure).get("http://example.com/")
        assert answer.status_code == 403
        assert "example.com" in answer.text


def test_a_tunnel_may_be_asked_for_in_pieces() -> None:
    with LocalAzure() as azure:
        answer = talk(azure, b"CONN", b"ECT contoso.vault.azure.net:443 HTTP/1.1\r\n", b"\r\n")
        assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "noise", [b"", b"C", b"\x16\x03\x01\x02\x00", b"GET / HTTP/9\r\n\r\n", b"CONNECT", b"\r\n" * 9]
)
def test_noise_gets_an_answer_or_a_close(browse: Browse, noise: bytes) -> None:
    with LocalAzure() as azure:
        talk(azure, noise)
        assert browse(azure).get("https://contoso.vault.azure.net/secrets/demo").status_code == 401


def test_an_endless_tunnel_request_is_cut_off() -> None:
    with LocalAzure() as azure:
        assert talk(azure, b"CONNECT " + b"a" * 20_000).startswith(b"HTTP/1.1 431 ")


def test_an_endless_head_is_cut_off() -> None:
    with LocalAzure() as azure:
        assert talk(azure, b"GET / HTTP/1.1\r\n" + b"X-A: 1\r\n" * 3_000).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    "half",
    [
        b"",
        b"CONNECT contoso",
        b"GET /secrets/demo HTTP/1.1\r\nHost: cont",
        b"POST /.localazure/az HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99\r\n\r\n[",
    ],
)
def test_a_request_that_does_not_go_on_is_closed(monkeypatch: pytest.MonkeyPatch, half: bytes) -> None:
    monkeypatch.setattr(front_door, "IDLE_LIMIT_S", 0.1)
    with LocalAzure() as azure, connect(azure) as connection:
        connection.sendall(half)
        start = time.perf_counter()
        rest = b"".join(iter(lambda: connection.recv(65536), b""))
        assert time.perf_counter() - start < 5
        assert not rest or b" 404 " in rest


def test_a_late_answer_is_waited_for(monkeypatch: pytest.MonkeyPatch, browse: Browse) -> None:
    monkeypatch.setattr(front_door, "IDLE_LIMIT_S", 0.1)
    with LocalAzure(vault_latency_s=0.5) as azure:
        assert browse(azure).get("https://contoso.vault.azure.net/secrets/demo").status_code == 401


def test_noise_inside_a_tunnel_closes_it() -> None:
    with LocalAzure() as azure:
        answer = talk(azure, b"CONNECT contoso.vault.azure.net:443 HTTP/1.1\r\n\r\n", b"not tls at all\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200 ")


def test_a_client_that_does_not_know_the_authority_trusts_nothing() -> None:
    with (
        LocalAzure() as azure,
        httpx.Client(proxy=azure.env["HTTPS_PROXY"], verify=ssl.create_default_context()) as client,
        pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        client.get("https://contoso.vault.azure.net/")


def test_only_loopback_is_listened_on() -> None:
    with LocalAzure() as azure:
        port = urlsplit(azure.env["HTTPS_PROXY"]).port
        listening = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        assert next(address for address in listening if address.endswith(f":{port:04X}")).startswith("0100007F:")


def test_two_worlds_do_not_know_each_other(browse: Browse) -> None:
    with LocalAzure() as one, LocalAzure("no-role") as other:
        assert one.secret_value != other.secret_value
        browse(other).get("https://contoso.vault.azure.net/secrets/demo")
        assert one.requests == ()
        assert len(other.requests) == 1


def test_nothing_is_left_behind() -> None:
    threads = threading.active_count()
    with LocalAzure("laptop") as azure:
        folder = Path(azure.env["SSL_CERT_FILE"]).parent
        port = urlsplit(azure.env["HTTPS_PROXY"]).port
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()
    assert threading.active_count() == threads
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
