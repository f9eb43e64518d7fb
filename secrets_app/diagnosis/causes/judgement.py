"""Questions about the evidence that words alone do not answer."""

import re

from secrets_app.diagnosis.evidence import Evidence

_NAMED_RESOURCE = re.compile(
    r"(?:resource\s(?:principal\s)?named|The\sresource|for\sresource|resource)\s{1,3}['\"]?([^\s'\"]{1,300}?)['\"]?\s(?:was|is|could|has)",
    re.IGNORECASE,
)


def ran_in_azure_cli(evidence: Evidence) -> bool:
    """The stack goes through az itself, so what is broken is az and not the program that called it."""
    frames = evidence.frames.replace("\\", "/")
    return any(mark in frames for mark in ("azure-cli", "azure/cli", "/knack/"))


def read_the_token_cache(evidence: Evidence) -> bool:
    """The stack ends in the part of az that reads and writes its stored sign-ins."""
    return any(mark in evidence.frames for mark in ("msal_extensions", "binary_cache", "msal_token_cache"))


def asks_for_a_scope_as_resource(evidence: Evidence) -> bool:
    """AADSTS500011 and its kin quote a resource: a name that ends like a scope was a typing error, not a resource."""
    match = _NAMED_RESOURCE.search(evidence.text)
    if not match:
        return False
    name = match[1].rstrip("/.,").lower()
    return name.endswith(("default", "user_impersonation", "/.read", ".read", "//")) or not re.search("[a-z0-9]", name)
