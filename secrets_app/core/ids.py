"""Parsers for GUIDs, tenant IDs and certificate thumbprints."""

import re

_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TENANT = re.compile(r"[0-9a-zA-Z.-]{1,255}")
# The Windows certificate dialog separates the digits with spaces and puts an invisible mark before them.
_SEPARATORS = re.compile("[\\s:\u200e\u200f]+")


def parse_guid(text: str) -> str | None:
    """The client, object or tenant ID in lower case; None if `text` is not a GUID."""
    return text.lower() if _GUID.fullmatch(text) else None


def is_tenant(text: str) -> bool:
    """Whether `text` can be a tenant: a tenant ID or a domain."""
    return bool(_TENANT.fullmatch(text))


def parse_thumbprint(text: str) -> str | None:
    """The thumbprint in upper case, without separators; None if `text` is not a thumbprint."""
    digits = _SEPARATORS.sub("", text).upper()
    return digits if re.fullmatch("[0-9A-F]{40}", digits) else None
