"""The forms of ids that settings, addresses and the old connection string all take."""

import re

_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TENANT = re.compile(r"[0-9a-zA-Z.-]{1,255}")
# Windows' own window for certificates puts spaces between the digits and an invisible mark before them.
_BETWEEN_DIGITS = re.compile("[\\s:\u200e\u200f]+")


def parse_guid(text: str) -> str | None:
    """The client, object or tenant id in small letters; None when it is none."""
    return text.lower() if _GUID.fullmatch(text) else None


def is_tenant(text: str) -> bool:
    """`text` can name a tenant: an id or a domain."""
    return bool(_TENANT.fullmatch(text))


def parse_thumbprint(text: str) -> str | None:
    """The thumbprint in capitals without what stands between its digits; None when it is none."""
    digits = _BETWEEN_DIGITS.sub("", text).upper()
    return digits if re.fullmatch("[0-9A-F]{40}", digits) else None
