"""Checks of the proxy and of the trusted certificates that are in force here."""

import os

from secrets_app.core.redaction import redact
from secrets_app.doctor.check import Check, Fact, notice, ok, problem
from secrets_app.doctor.checks.managed_identity import has_identity_endpoint
from secrets_app.doctor.context import CheckContext
from secrets_app.doctor.proxies import proxy_of, without_login
from secrets_app.doctor.registry import check
from secrets_app.doctor.variables import describe_variables

_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
_METADATA = "http://169.254.169.254/"
# What requests reads, in its order, and what it does not read (requests.sessions.merge_environment_settings).
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_OTHERS = ("SSL_CERT_FILE", "SSL_CERT_DIR")


@check("proxy", "Proxy")
def proxy(scene: CheckContext) -> Check:
    vault_url = scene.config.vault_url or "https://contoso.vault.azure.net"
    facts = _proxy_facts(scene)
    taken = proxy_of(vault_url)
    if taken is None and not facts:
        return ok("No proxy is set. The vault is asked directly.")
    if taken is None:
        return ok("A proxy is set, but not for the vault, which is asked directly.", facts=facts)
    if has_identity_endpoint(scene.environ) or proxy_of(_METADATA) is None:
        return ok(f"The vault is asked through the proxy {taken}.", facts=facts)
    return ok(
        f"The vault is asked through the proxy {taken}. So is the metadata service of a virtual machine.",
        advice="On a virtual machine add 169.254.169.254 to NO_PROXY: a proxy seldom reaches it.",
        facts=facts,
    )


def _proxy_facts(scene: CheckContext) -> list[Fact]:
    facts = []
    for name in _PROXIES:
        spelt = next((spelling for spelling in (name.lower(), name) if scene.environ.get(spelling)), None)
        if spelt:
            value = scene.environ[spelt]
            login = ", with a login that is not shown" if "@" in value else ""
            facts.append((spelt, without_login(value) + login))
    direct = scene.environ.get("no_proxy") or scene.environ.get("NO_PROXY")
    return [*facts, ("NO_PROXY", redact(direct)[:500])] if direct else facts


@check("trusted_certificates", "Trusted certificates")
def trusted_certificates(scene: CheckContext) -> Check:
    names = [name for name in (*_BUNDLES, *_OTHERS) if name in scene.environ]
    facts = describe_variables(scene.environ, names)
    bundle = next((name for name in _BUNDLES if scene.environ.get(name)), None)
    if bundle and not os.access(scene.environ[bundle], os.R_OK):
        return problem(
            f"{bundle} names a file that is not there, or that this program may not read: no connection can be made.",
            "Correct the path, or take the variable away.", facts=facts,
        )  # fmt: skip
    if bundle:
        return ok(f"{bundle} says whom this program trusts, in place of the list it brings along.", facts=facts)
    if names:
        return notice(
            f"{names[0]} is set, but azure-identity and the vault's client do not read it.",
            "If a proxy opens the connection, name its certificate in REQUESTS_CA_BUNDLE too.", facts=facts,
        )  # fmt: skip
    return ok("This program trusts the list of authorities that it brings along.")
