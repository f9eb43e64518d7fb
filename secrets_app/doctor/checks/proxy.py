"""Checks of the proxy and the CA certificates in effect."""

import os

from secrets_app.core.redaction import redact
from secrets_app.doctor.check import Check, Fact, notice, ok, problem
from secrets_app.doctor.checks.managed_identity import has_identity_endpoint
from secrets_app.doctor.connection import proxy_of, without_login
from secrets_app.doctor.registry import CheckContext, check
from secrets_app.doctor.variables import describe_variables

_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
_METADATA = "http://169.254.169.254/"
# What requests reads, in its order, and what it does not read (requests.sessions.merge_environment_settings).
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_IGNORED = ("SSL_CERT_FILE", "SSL_CERT_DIR")


@check("proxy", "Proxy")
def proxy(context: CheckContext) -> Check:
    """Reads the proxy variables as requests does, for the vault and for IMDS. Never a problem."""
    vault_url = context.config.vault_url or "https://contoso.vault.azure.net"
    facts = _proxy_facts(context)
    proxy_in_effect = proxy_of(vault_url)
    if proxy_in_effect is None and not facts:
        return ok("No proxy is set. Requests go directly to the vault.")
    if proxy_in_effect is None:
        return ok("A proxy is set, but requests to the vault bypass it.", facts=facts)
    if has_identity_endpoint(context.environ) or proxy_of(_METADATA) is None:
        return ok(f"Requests to the vault go through the proxy {proxy_in_effect}.", facts=facts)
    return ok(
        f"Requests to the vault and to the Instance Metadata Service (IMDS) go through the proxy {proxy_in_effect}.",
        advice="On an Azure VM, add 169.254.169.254 to NO_PROXY: a proxy usually cannot reach it.",
        facts=facts,
    )


def _proxy_facts(context: CheckContext) -> list[Fact]:
    facts = []
    for name in _PROXIES:
        variable = next((spelling for spelling in (name.lower(), name) if context.environ.get(spelling)), None)
        if variable:
            value = context.environ[variable]
            login = " (credentials hidden)" if "@" in value else ""
            facts.append((variable, without_login(value) + login))
    direct = context.environ.get("no_proxy") or context.environ.get("NO_PROXY")
    return [*facts, ("NO_PROXY", redact(direct)[:500])] if direct else facts


@check("trusted_certificates", "Trusted CA certificates")
def trusted_certificates(context: CheckContext) -> Check:
    """Reads the variables that name CA certificates.

    A problem when the file in effect cannot be read, a notice when only variables that requests ignores are set.
    """
    names = [name for name in (*_BUNDLES, *_IGNORED) if name in context.environ]
    facts = describe_variables(context.environ, names)
    bundle = next((name for name in _BUNDLES if context.environ.get(name)), None)
    if bundle and not os.access(context.environ[bundle], os.R_OK):
        return problem(
            f"{bundle} names a file that does not exist or cannot be read, so no connection can be made.",
            "Correct the path, or remove the variable.", facts=facts,
        )  # fmt: skip
    if bundle:
        return ok(f"{bundle} replaces the default CA certificates.", facts=facts)
    if names:
        return notice(
            f"{names[0]} is set, but azure-identity and the Key Vault client do not read it.",
            "If a proxy inspects TLS connections, set REQUESTS_CA_BUNDLE to its CA certificate too.", facts=facts,
        )  # fmt: skip
    return ok("The default CA certificates (certifi) are in effect.")
