"""The site behind Debian's nginx with infra/nginx.conf: `make test-deployment`.

NGINX_PROGRAM names the program where it is not on PATH.
"""

import os
import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest
import trustme

from localazure import LocalAzure
from tests.deployment.templates import INFRA
from tests.support.leak_checks import ends
from tests.support.serving import free_port, status

NGINX = os.environ.get("NGINX_PROGRAM") or shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or ""
HOST = "secrets.example.com"
SETTINGS = {
    "KVSITE_HOSTS": HOST,
    "KVSITE_TRUSTED_PROXIES": "127.0.0.1",
    "KVSITE_ACCESS": "token",
    "KVSITE_PASSPHRASE": "correct horse battery",
    "KVSITE_SECRET_KEY": "k" * 60,
}
FREE_ATTEMPTS = 3

pytestmark = pytest.mark.skipif(not NGINX, reason="nginx is not installed: apt-get install nginx-light")


class Front:
    """nginx, reached from an address of this machine that the caller chooses."""

    def __init__(self, http: int, https: int, authority: Path) -> None:
        self.http, self._https, self._authority = http, https, authority

    def connect(self, address: str = "127.0.0.2") -> HTTPSConnection:
        """Raises ssl.SSLError if the certificate is not that of HOST."""
        context = ssl.create_default_context(cafile=str(self._authority))
        connection = HTTPSConnection("127.0.0.1", self._https, timeout=25, source_address=(address, 0))
        connection.connect = lambda: _connect(connection, context)  # type: ignore[method-assign]
        return connection

    def send(
        self, method: str, path: str, address: str = "127.0.0.2", body: str | None = None, **headers: str
    ) -> tuple[HTTPResponse, str]:
        with closing(self.connect(address)) as connection:
            sent = {"Host": HOST, **{name.replace("_", "-"): value for name, value in headers.items()}}
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            return response, response.read().decode()


def _connect(connection: HTTPSConnection, context: ssl.SSLContext) -> None:
    HTTPConnection.connect(connection)
    connection.sock = context.wrap_socket(connection.sock, server_hostname=HOST)


def configuration(folder: Path, site: int, http: int, https: int) -> str:
    """The configuration of the repository with the addresses and certificate of this test."""
    text = (INFRA / "nginx.conf").read_text()
    for before, after in (
        ("server 127.0.0.1:8000;", f"server 127.0.0.1:{site};"),
        ("listen 80;", f"listen 127.0.0.1:{http};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{https} ssl;"),
        ("/etc/ssl/principal-used.crt", str(folder / "site.crt")),
        ("/etc/ssl/principal-used.key", str(folder / "site.key")),
    ):
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    paths = " ".join(
        f"{name}_temp_path {folder / name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # One buffer larger than a page: with buffering, nothing would be sent before the page is complete.
    buffers = "proxy_buffer_size 128k; proxy_buffers 8 128k;"
    return f"pid {folder / 'pid'}; events {{}} http {{ access_log off; {buffers} {paths}\n{text}}}"


@contextmanager
def front_of(folder: Path, site: int) -> Iterator[Front]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.crt")
    certificate = authority.issue_cert(HOST)
    certificate.private_key_pem.write_to_path(folder / "site.key")
    certificate.cert_chain_pems[0].write_to_path(folder / "site.crt")
    http, https = free_port(), free_port()
    (folder / "nginx.conf").write_text(configuration(folder, site, http, https))
    command = [NGINX, "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    subprocess.run([*command, "-t", "-q"], check=True)
    with subprocess.Popen([*command, "-g", "daemon off;"]) as nginx:
        try:
            assert ends(lambda: status("127.0.0.1", http, "/") == 301)
            yield Front(http, https, folder / "authority.crt")
        finally:
            nginx.terminate()


@contextmanager
def served(folder: Path, azure: LocalAzure, **settings: str) -> Iterator[Front]:
    port = free_port()
    env = {**os.environ, **azure.env, **SETTINGS, **settings}
    # Readings in progress are not waited for at the end.
    options = ["--bind", f"127.0.0.1:{port}", "--log-level", "error", "--graceful-timeout", "1"]
    command = [sys.executable, "-m", "gunicorn", "kvsite.wsgi", *options]
    with subprocess.Popen(command, env=env, cwd=INFRA.parent) as site:
        try:
            assert ends(lambda: status("127.0.0.1", port, "/healthz") == 200)
            with front_of(folder, port) as front:
                yield front
        finally:
            site.terminate()


def test_http__is_redirected_and_https_is_the_scheme_that_the_site_sees(tmp_path: Path) -> None:
    with LocalAzure("vm") as azure, served(tmp_path, azure, KVSITE_ACCESS="open") as front:
        with closing(HTTPConnection("127.0.0.1", front.http)) as plain:
            plain.request("GET", "/secret/?x=1", headers={"Host": HOST})
            assert plain.getresponse().getheader("Location") == f"https://{HOST}/secret/?x=1"
        response, page = front.send("GET", "/")
        assert (response.status, "kvsite-vm" in page) == (200, True)  # no redirect to HTTPS in a loop
        assert "max-age" in (response.getheader("Strict-Transport-Security") or "")
        # Another host name has another certificate or none; the site refuses it, too.
        assert front.send("GET", "/", Host="evil.example")[0].status == 400


def test_page_that_waits__is_not_buffered(tmp_path: Path) -> None:
    """With buffering, nothing would arrive before the deadline of 60 seconds: the connection would time out."""
    with (
        LocalAzure("vault-silent") as azure,
        served(tmp_path, azure, KVSITE_ACCESS="open", KVSITE_DEADLINE_S="60") as front,
        closing(front.connect()) as connection,
    ):
        connection.request("GET", "/", headers={"Host": HOST})
        response = connection.getresponse()
        start = b""
        while b'class="waiting"' not in start:
            part = response.read1()
            assert part, "the response ended"
            start += part


def test_client_address__is_the_one_that_nginx_saw(tmp_path: Path) -> None:
    """Waiting time after wrong passphrases is counted for each visitor, whatever the visitor writes into the header."""
    with LocalAzure("vm") as azure, served(tmp_path, azure) as front:
        for attempt in range(FREE_ATTEMPTS + 1):
            page = sign_in(front, "127.0.0.2", X_Forwarded_For=f"203.0.113.{attempt}")
        assert "Too many failed attempts" in sign_in(front, "127.0.0.2", X_Forwarded_For="203.0.113.99")
        page = sign_in(front, "127.0.0.3")
        assert "Too many failed attempts" not in page
        assert "passphrase" in page


def sign_in(front: Front, address: str, **headers: str) -> str:
    """The page after a wrong passphrase from this address."""
    response, page = front.send("GET", "/sign-in/", address)
    (cookie,) = re.findall(r"(__Host-csrftoken=\w+); .*Secure", response.getheader("Set-Cookie") or "")
    (token,) = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    form = urlencode({"passphrase": "wrong", "csrfmiddlewaretoken": token})
    _response, after = front.send(
        "POST", "/sign-in/", address, form, Cookie=cookie, Referer=f"https://{HOST}/sign-in/",
        Content_Type="application/x-www-form-urlencoded", **headers,
    )  # fmt: skip
    return after
