"""Checks of the vault's response to a request without a token: connection, tenant, clock and certificate."""

from datetime import timedelta

from secrets_app.core import formatting
from secrets_app.core.hosts import CLOUDS, vault_name
from secrets_app.doctor.check import Check, notice, ok, problem, unknown
from secrets_app.doctor.context import CheckContext
from secrets_app.doctor.registry import check
from secrets_app.doctor.tls_certificate import is_azure_issuer

_VAULT = "the vault's response"
_SKEW = timedelta(minutes=5)
_BLOCKED = "A managed identity has access only in its own tenant. Check the vault's name, or use a vault there."
_NO_ANSWER = "Unknown: the vault did not respond."


@check("way_to_the_vault", "Connection to the vault", waits_for=_VAULT)
def connection(scene: CheckContext) -> Check:
    """Uses the vault's response to a request without a token, which should be HTTP 401.

    A problem when there is none or it is a server error, a notice for any other status.
    """
    answer = scene.vault.result()
    if scene.config.vault_url is None or answer.trouble is None:
        return _reached(scene)
    advice = "For details, see “TLS certificate”." if answer.trouble.of_certificate else ""
    facts = [("Vault", scene.config.vault_url)]
    return problem(answer.trouble.sentence, advice, cause=answer.trouble.cause, facts=facts)


def _reached(scene: CheckContext) -> Check:
    url, answer = scene.config.vault_url, scene.vault.result()
    if url is None:
        return problem("No valid vault is configured.", "Fix the settings first.", cause=None)
    facts = [("Vault", url), ("Response without a token", f"HTTP {answer.status}")]
    if answer.status == 401:
        took = formatting.duration(answer.elapsed_s)
        return ok(f"The vault responded in {took} and requires a token, as expected.", facts=facts)
    if answer.status and answer.status >= 500:
        return problem(f"The vault returned HTTP {answer.status}, a server error.", cause="service_error", facts=facts)
    if answer.status == 429:
        return notice("The vault returned HTTP 429: it is throttling requests.", cause="kv_throttled", facts=facts)
    return notice(
        f"The vault's address returned HTTP {answer.status}; without a token, a vault returns HTTP 401.",
        "Another server may be responding instead of the vault, such as a proxy or a network sign-in page.",
        facts=facts,
    )


@check("vault_tenant", "Tenants of vault and token", waits_for="the vault and an access token")
def vault_tenant(scene: CheckContext) -> Check:
    """Compares the tenant in the vault's challenge with the token's. A problem when they differ."""
    vaults = scene.vault.result().tenant_id
    if vaults is None:
        return unknown(_NO_ANSWER if scene.vault.result().trouble else "The vault's response does not name its tenant.")
    principal = scene.reading.result().principal
    ours = principal.tenant_id if principal else None
    facts = [("Vault's tenant ID", vaults), ("Token's tenant ID", ours or "unknown: no token that can be decoded")]
    if ours is None:
        return ok("The vault's tenant is known, but there is no token to compare it with.", facts=facts)
    if ours.lower() != vaults:
        managed = principal and principal.credential == "ManagedIdentityCredential"
        return problem(
            "The vault and the token belong to different tenants.",
            _BLOCKED if managed else "", cause="tenant_mismatch_ahead", facts=facts,
        )  # fmt: skip
    return ok("The vault and the token belong to the same tenant.", facts=facts)


@check("client_address", "Client IP address", waits_for=_VAULT)
def client_address(scene: CheckContext) -> Check:
    """Reads the client IP address in the vault's response. Never a problem; unknown when it is not there."""
    answer = scene.vault.result()
    if answer.client_address is None:
        return unknown(_NO_ANSWER if answer.trouble else "The vault's response does not contain the client IP address.")
    return ok(
        f"The vault received the request from {answer.client_address}. Its firewall rules apply to this IP address.",
        facts=[("IP address", answer.client_address)],
    )


@check("clock", "System clock", waits_for=_VAULT)
def clock(scene: CheckContext) -> Check:
    """Compares this machine's clock with the vault's Date header. A problem from a difference of over 5 minutes."""
    answer = scene.vault.result()
    if answer.azure_time is None or answer.here_time is None:
        return unknown(_NO_ANSWER if answer.trouble else "The vault's response contains no time to compare with.")
    ahead = answer.here_time - answer.azure_time
    facts = [("This machine", formatting.moment(answer.here_time)), ("Azure", formatting.moment(answer.azure_time))]
    if abs(ahead) <= _SKEW:
        return ok("This machine's clock matches Azure's.", facts=facts)
    side = "ahead of" if ahead > timedelta() else "behind"
    return problem(f"This machine's clock is {_minutes(ahead)} {side} Azure's.", cause="clock_skew", facts=facts)


def _minutes(span: timedelta) -> str:
    minutes = abs(span) / timedelta(minutes=1)
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"


@check("certificate", "TLS certificate", waits_for=_VAULT)
def certificate(scene: CheckContext) -> Check:
    """Reads who issued the vault's TLS certificate.

    A problem when it is not trusted, a notice when it is trusted, but not issued by an authority that Azure uses.
    """
    answer = scene.vault.result()
    facts = [("Issuer", answer.issuer)] if answer.issuer else []
    if answer.trouble and answer.trouble.of_certificate:
        return problem(answer.trouble.sentence, cause=answer.trouble.cause, facts=facts)
    if answer.issuer is None:
        return unknown(_NO_ANSWER if answer.trouble else "The certificate's issuer could not be determined.")
    if is_azure_issuer(answer.issuer):
        return ok("The certificate was issued by a certificate authority that Azure uses.", facts=facts)
    if not _is_azure(scene.config.vault_url or ""):
        return ok("The certificate is trusted. The host is not an Azure host.", facts=facts)
    return notice(
        f"The certificate was issued by {answer.issuer}, not by a certificate authority that Azure uses, and this "
        "machine trusts it: a proxy decrypts the connection and can read the token.",
        "If it is your company's proxy, no action is needed. If you do not recognize it, investigate first.",
        cause="tls_interception",
        facts=facts,
    )


def _is_azure(url: str) -> bool:
    return any(url == f"https://{vault_name(url)}.{cloud.vault_suffix}" for cloud in CLOUDS)
