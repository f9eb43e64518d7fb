"""A hostile Azure: a proxy with certificates that the site trusts, which answers for one hop with any bytes."""

import socket
import ssl
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from localazure import LocalAzure
from tests.support.hostile_server import InterceptingProxy

Answer = Callable[[socket.socket, str], None]
"""Sends the response to a request (head and, if it arrived with it, body); returns when the connection may close."""


@dataclass(frozen=True, kw_only=True)
class Hop:
    """One service that the site calls for a reading."""

    scenario: str
    """The scenario of Local Azure in which the site calls it."""
    host: str
    """The host of its requests."""


HOPS = {
    "vault": Hop(scenario="app-service", host="contoso.vault.azure.net"),
    "Entra ID": Hop(scenario="service-principal-secret", host="login.microsoftonline.com"),
    "identity endpoint": Hop(scenario="app-service", host="127.0.0.1"),
    "metadata service": Hop(scenario="vm", host="169.254.169.254"),
}


class HostileAzure(InterceptingProxy):
    """Answers for `host` with `answer`; every other request reaches Local Azure.

    `tunnel` answers the CONNECT request instead, as a hostile proxy does.
    """

    def __init__(self, azure: LocalAzure, host: str, answer: Answer | None, *, tunnel: Answer | None = None) -> None:
        super().__init__(azure.env["HTTPS_PROXY"])
        self._host, self.answer, self._tunnel, self._env = host, answer, tunnel, azure.env
        self.requests: list[str] = []
        """The heads of all requests to the attacked host."""

    def heal(self) -> None:
        """Every request reaches Local Azure from now on."""
        self._host = ""

    @property
    def env(self) -> Mapping[str, str]:
        """The environment of a process whose Azure is hostile."""
        proxies = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"), self.url)
        endpoint = self._env.get("IDENTITY_ENDPOINT")
        path = urlsplit(endpoint).path if endpoint else ""
        return {**self._env, **proxies, **({"IDENTITY_ENDPOINT": self.url + path} if endpoint else {})}

    def serve(self, client: socket.socket, head: bytes) -> None:
        is_tunnel, target = head.startswith(b"CONNECT "), head.split()[1].decode()
        host = target.partition(":")[0] if is_tunnel else urlsplit(target).hostname or "127.0.0.1"
        if host != self._host:
            self.forward(client, head)
        elif not is_tunnel:
            self._respond(client, head)
        elif self._tunnel:
            self._tunnel(client, head.decode("latin-1"))
        else:
            with self.tls(client) as decrypted:
                self._respond(decrypted, decrypted.recv(65536))

    def _respond(self, client: socket.socket, request: bytes) -> None:
        while request and self.answer:
            text = request.decode("latin-1")
            self.requests.append(text)
            if "content-length" in text.lower() and not text.partition("\r\n\r\n")[2]:
                text += client.recv(65536).decode("latin-1")
            self.answer(client, text)
            request = client.recv(65536)


def reset(client: socket.socket) -> None:
    """Close with RST instead of FIN."""
    with suppress(OSError):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    (ssl.SSLSocket.close if isinstance(client, ssl.SSLSocket) else socket.socket.close)(client)
