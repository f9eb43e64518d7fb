"""Which proxy is in force for an address."""

from requests.utils import get_environ_proxies, select_proxy

from secrets_app.core.redaction import redact


def proxy_of(url: str) -> str | None:
    """The proxy that requests, and with it the SDK, takes for `url`: host and port, never its password."""
    proxy = proxy_with_login(url)
    return without_login(proxy) if proxy else None


def proxy_with_login(url: str) -> str | None:
    """The same as it was written, for connecting and never for showing."""
    return select_proxy(url, get_environ_proxies(url, no_proxy=None))


def without_login(address: str) -> str:
    """A proxy's address without user name and password, however it was written."""
    return redact(address.rpartition("@")[2].strip())[:200]
