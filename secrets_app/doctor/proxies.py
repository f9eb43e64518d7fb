"""The proxy in effect for a URL."""

from requests.utils import get_environ_proxies, select_proxy

from secrets_app.core.redaction import redact


def proxy_of(url: str) -> str | None:
    """The proxy that requests, and so the SDK, uses for `url`: host and port, never its password."""
    proxy = proxy_with_login(url)
    return without_login(proxy) if proxy else None


def proxy_with_login(url: str) -> str | None:
    """The same with its login, for connecting only; never display it."""
    return select_proxy(url, get_environ_proxies(url, no_proxy=None))


def without_login(address: str) -> str:
    """A proxy's address without username and password, whatever its format."""
    return redact(address.rpartition("@")[2].strip())[:200]
