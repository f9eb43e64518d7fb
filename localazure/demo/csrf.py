"""Cross-site request forgery protection for the form that changes the scenario."""

from urllib.parse import urlsplit

from starlette.requests import Request

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")
CROSS_SITE = "The request did not come from a page of this demo."


def csrf_error(request: Request) -> str | None:
    """Return why the request is rejected, or None when it comes from the demo's own page.

    Browsers send the origin of a form in Origin or Sec-Fetch-Site. Both look valid after DNS rebinding, so the Host
    header must also be a loopback name.
    """
    host = request.headers.get("Host", "")
    if _hostname(host) not in LOOPBACK_NAMES:
        return "The host name is not a loopback name. Open the demo at http://127.0.0.1."
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return None if site == "same-origin" and origin in (None, "null", f"http://{host}") else CROSS_SITE
    return None if origin == f"http://{host}" else CROSS_SITE


def _hostname(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:  # an unbalanced bracket
        return None


def safe_redirect(target: str) -> str:
    """Return `target` when it is a path on this site, else `/`."""
    plain = target.isprintable() and target.isascii() and "\\" not in target
    return target if plain and target.startswith("/") and not target.startswith("//") else "/"
