"""Registers every secret that a request sends to authenticate: the server may repeat it in its response."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from secrets_app.core.known_secrets import known_secrets

_HEADERS = frozenset({"authorization", "proxy-authorization", "x-identity-header", "secret", "cookie"})
"""In lower case. `X-IDENTITY-HEADER` and `secret` authenticate a request to App Service's managed identity endpoint."""
_FIELDS = frozenset(
    {
        *("client_secret", "client_assertion", "assertion", "refresh_token", "code", "device_code", "password"),
        "access_token",
    }
)
"""Of a token request: RFC 6749, RFC 7521, RFC 7523, RFC 8628."""


def register_credentials(request: Any) -> None:
    """Register the secrets in the headers and the form of a request of azure-core."""
    for name, value in request.headers.items():
        if name.lower() in _HEADERS:
            _, _, credentials = value.partition(" ")
            known_secrets().add(credentials or value)
    for name, value in _form(request):
        if name in _FIELDS:
            known_secrets().add(value if isinstance(value, str) else str(value, "latin-1"))


def register_login(proxy: str) -> None:
    """Register the password in a proxy's URL."""
    try:
        password = urlsplit(proxy).password
    except ValueError:  # not a valid URL; the request fails with its own error
        return
    known_secrets().add(password)
    known_secrets().add(unquote(password or ""))


def _form(request: Any) -> Iterable[tuple[Any, Any]]:
    """The fields of a form, which msal passes as a dict and azure-core as text."""
    body = getattr(request, "data", None) or getattr(request, "content", None)
    if isinstance(body, Mapping):
        return body.items()
    is_form = "x-www-form-urlencoded" in request.headers.get("Content-Type", "")
    return parse_qsl(body) if is_form and isinstance(body, str) else ()
