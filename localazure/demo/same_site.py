"""Whether a request to change the scenario comes from the demo's own page."""

from urllib.parse import urlsplit

from starlette.requests import Request

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")
FOREIGN = "It did not come from a page of this demo."


def reason_to_refuse(request: Request) -> str | None:
    """One sentence, or None for a request of our own page.

    A foreign page can send a form here; its browser then says where it came from, in Origin or Sec-Fetch-Site.
    A foreign name that resolves to this machine would make both look right, so the Host must be a loopback name.
    """
    host = request.headers.get("Host", "")
    if _name(host) not in LOOPBACK_NAMES:
        return "Its address is not this machine's: open the demo under http://127.0.0.1."
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return None if site == "same-origin" and origin in (None, "null", f"http://{host}") else FOREIGN
    return None if origin == f"http://{host}" else FOREIGN


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:  # a bracket without its other half
        return None


def safe_address(address: str) -> str:
    """`address` when it is a path on this site, else the front page."""
    plain = address.isprintable() and address.isascii() and "\\" not in address
    return address if plain and address.startswith("/") and not address.startswith("//") else "/"
