"""Checks of the vault's host name, and of its response without a token: connection, tenant, clock, certificate."""

import ipaddress
import socket
from datetime import timedelta
from urllib.parse import urlsplit

from secrets_app.core import formatting
from secrets_app.core.credential_options import CredentialKind
from secrets_app.core.hosts import CLOUDS, vault_name
from secrets_app.doctor.check import Check, notice, ok, problem, unknown
from secrets_app.doctor.connection import is_azure_issuer, proxy_of
from secrets_app.doctor.registry import CheckContext, check

_VAULT_RESPONSE = "the vault's response"
_SKEW = timedelta(minutes=5)
_OTHER_TENANT = (
    "A managed identity has access only in its own tenant. Check the vault's name, or use a vault in that tenant."
)
_NO_VAULT = "No valid vault is configured."


@check("way_to_the_vault", "Connection to the vault", waits_for=_VAULT_RESPONSE)
def connection(context: CheckContext) -> Check:
    """Uses the vault's response to a request without a token, which should be HTTP 401.

    A problem when there is none or it is a server error, a notice for any other status.
    """
    probe = context.vault.result()
    if context.config.vault_url is None or probe.problem is None:
        return _response_status(context)
    advice = "For details, see “TLS certificate”." if probe.problem.is_certificate_error else ""
    facts = [("Vault", context.config.vault_url)]
    return problem(probe.problem.message, advice, cause=probe.problem.cause, facts=facts)


def _response_status(context: CheckContext) -> Check:
    url, probe = context.config.vault_url, context.vault.result()
    if url is None:
        return problem(_NO_VAULT, "Fix the settings first.", cause=None)
    facts = [("Vault", url), ("Response without a token", f"HTTP {probe.status}")]
    if probe.status == 401:
        duration = formatting.duration(probe.elapsed_s)
        return ok(f"The vault responded in {duration} and requires a token, as expected.", facts=facts)
    if probe.status and probe.status >= 500:
        return problem(f"The vault returned HTTP {probe.status}, a server error.", cause="service_error", facts=facts)
    if probe.status == 429:
        return notice("The vault returned HTTP 429: it is throttling requests.", cause="kv_throttled", facts=facts)
    return notice(
        f"The vault's address returned HTTP {probe.status}; without a token, a vault returns HTTP 401.",
        "Another server may be responding instead of the vault, such as a proxy or a network sign-in page.",
        facts=facts,
    )


def _missing(context: CheckContext, otherwise: str) -> Check:
    """Why the value that a check compares is missing: no vault, no response, or a response without it."""
    if context.config.vault_url is None:
        return unknown(_NO_VAULT)
    return unknown("Unknown: the vault did not respond." if context.vault.result().problem else otherwise)


@check("vault_tenant", "Tenants of vault and token", waits_for="the vault and an access token")
def vault_tenant(context: CheckContext) -> Check:
    """Compares the tenant in the vault's challenge with the token's. A problem when they differ."""
    expected = context.vault.result().tenant_id
    if expected is None:
        return _missing(context, "The vault's response does not name its tenant.")
    principal = context.reading.result().principal
    actual = principal.tenant_id if principal else None
    facts = [("Vault's tenant ID", expected), ("Token's tenant ID", actual or "unknown: no token that can be decoded")]
    if actual is None:
        return ok("The vault's tenant is known, but there is no token to compare it with.", facts=facts)
    if actual.lower() != expected:
        managed = principal and principal.credential == CredentialKind.MANAGED_IDENTITY.class_name
        return problem(
            "The vault and the token belong to different tenants.",
            _OTHER_TENANT if managed else "", cause="tenant_mismatch_ahead", facts=facts,
        )  # fmt: skip
    return ok("The vault and the token belong to the same tenant.", facts=facts)


@check("client_address", "Client IP address", waits_for=_VAULT_RESPONSE)
def client_address(context: CheckContext) -> Check:
    """Reads the client IP address in the vault's response. Never a problem; unknown when it is missing."""
    probe = context.vault.result()
    if probe.client_address is None:
        return _missing(context, "The vault's response does not contain the client IP address.")
    return ok(
        f"The vault received the request from {probe.client_address}. Its firewall rules apply to this IP address.",
        facts=[("IP address", probe.client_address)],
    )


@check("clock", "System clock", waits_for=_VAULT_RESPONSE)
def clock(context: CheckContext) -> Check:
    """Compares this machine's clock with the vault's Date header. A problem from a difference of over 5 minutes."""
    probe = context.vault.result()
    if probe.azure_time is None or probe.local_time is None:
        return _missing(context, "The vault's response contains no time to compare with.")
    offset = probe.local_time - probe.azure_time
    facts = [("This machine", formatting.moment(probe.local_time)), ("Azure", formatting.moment(probe.azure_time))]
    if abs(offset) <= _SKEW:
        return ok("This machine's clock matches Azure's.", facts=facts)
    direction = "ahead of" if offset > timedelta() else "behind"
    return problem(f"This machine's clock is {_minutes(offset)} {direction} Azure's.", cause="clock_skew", facts=facts)


def _minutes(span: timedelta) -> str:
    minutes = abs(span) / timedelta(minutes=1)
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"


@check("certificate", "TLS certificate", waits_for=_VAULT_RESPONSE)
def certificate(context: CheckContext) -> Check:
    """Reads the issuer of the vault's TLS certificate.

    A problem when it is not trusted, a notice when it is trusted, but not issued by an authority that Azure uses.
    """
    probe = context.vault.result()
    facts = [("Issuer", probe.issuer)] if probe.issuer else []
    if probe.problem and probe.problem.is_certificate_error:
        return problem(probe.problem.message, cause=probe.problem.cause, facts=facts)
    if probe.issuer is None:
        return _missing(context, "The certificate's issuer could not be determined.")
    if is_azure_issuer(probe.issuer):
        return ok("The certificate was issued by a certificate authority that Azure uses.", facts=facts)
    if not _is_azure(context.config.vault_url or ""):
        return ok("The certificate is trusted. The host is not an Azure host.", facts=facts)
    if probe.issuer == context.config.tls_issuer:
        return ok(
            f"The certificate was issued by {probe.issuer}, as KVSITE_TLS_ISSUER states. It decrypts the connection.",
            facts=facts,
        )
    return notice(
        f"The certificate was issued by {probe.issuer}, not by a certificate authority that Azure uses, and this "
        "machine trusts it: a proxy decrypts the connection and can read the token.",
        "If it is your company's proxy, or the emulator of a demo, set KVSITE_TLS_ISSUER to this name. If you do not "
        "recognize it, investigate first.",
        cause="tls_interception",
        facts=facts,
    )


def _is_azure(url: str) -> bool:
    return any(url == f"https://{vault_name(url)}.{cloud.vault_suffix}" for cloud in CLOUDS)


@check("vault_name", "DNS resolution", waits_for="the DNS server", timeout_s=2.0)
def vault_dns(context: CheckContext) -> Check:
    """Resolves the vault's host name.

    A problem when it cannot be resolved, unless a proxy does it; a notice when an address is not public or private.
    """
    url = context.config.vault_url
    if url is None:
        return unknown(_NO_VAULT)
    host = urlsplit(url).hostname or ""
    try:
        addresses = {
            str(entry[4][0]).partition("%")[0] for entry in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
        }
    except (OSError, UnicodeError):
        return _unresolved(url, host)
    return _resolved(url, host, sorted(addresses))


def _unresolved(url: str, host: str) -> Check:
    if proxy_of(url):
        return ok(f"This machine cannot resolve {host}, but the proxy resolves it.", facts=[("Host name", host)])
    return problem(f"The host name {host} cannot be resolved from this machine.", cause="dns_failure")


def _resolved(url: str, host: str, addresses: list[str]) -> Check:
    facts = [("Host name", host), ("IP addresses", ", ".join(addresses))]
    kinds = {_address_kind(address) for address in addresses}
    if kinds == {"public"}:
        return ok("The vault's host name resolves to a public address.", facts=facts)
    if kinds == {"private"} and proxy_of(url):
        return notice(
            "The vault's host name resolves to a private address, but requests to the vault go through a proxy, which "
            "usually cannot reach private addresses.",
            f"Add {host} to NO_PROXY.",
            facts=facts,
        )
    if kinds == {"private"}:
        return ok(
            "The vault's host name resolves to a private address: a private endpoint in a virtual network.", facts=facts
        )
    return notice(
        "The vault's host name resolves to an address that is neither public nor that of a private endpoint.",
        "Check the hosts file and the DNS server of this machine.",
        facts=facts,
    )


def _address_kind(address: str) -> str:
    """`private` covers the ranges of virtual networks: RFC 1918, RFC 4193, and 100.64.0.0/10 of RFC 6598."""
    ip = ipaddress.ip_address(address)
    if ip.is_loopback or ip.is_unspecified or ip.is_link_local:
        return "local"
    return "public" if ip.is_global else "private"
