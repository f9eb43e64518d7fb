"""Checks of the vault's answer to nobody: the way to it, its tenant, its clock, its certificate."""

from datetime import timedelta

from secrets_app.core.hosts import CLOUDS, vault_name
from secrets_app.doctor.check import Check, notice, ok, problem, unknown
from secrets_app.doctor.context import CheckContext
from secrets_app.doctor.registry import check
from secrets_app.doctor.tls_certificate import is_azure_issuer
from secrets_app.output import text

_VAULT = "the vault's answer"
_SKEW = timedelta(minutes=5)
_BLOCKED = "A managed identity cannot leave its own tenant. Check the vault's name, or make a vault in its tenant."
_NO_ANSWER = "Not known: the vault did not answer."


@check("way_to_the_vault", "The way to the vault", waits_for=_VAULT)
def connection(scene: CheckContext) -> Check:
    answer = scene.vault.result()
    if scene.config.vault_url is None or answer.trouble is None:
        return _reached(scene)
    advice = "What is wrong with it is said under “The vault's certificate”." if answer.trouble.of_certificate else ""
    facts = [("Vault", scene.config.vault_url)]
    return problem(answer.trouble.sentence, advice, cause=answer.trouble.cause, facts=facts)


def _reached(scene: CheckContext) -> Check:
    url, answer = scene.config.vault_url, scene.vault.result()
    if url is None:
        return problem("The settings name no vault that can be asked.", "Mend the settings first.", cause=None)
    facts = [("Vault", url), ("Answer without a token", f"HTTP {answer.status}")]
    if answer.status == 401:
        took = text.duration(answer.elapsed_s)
        return ok(f"The vault answered in {took} and asks for a token, as it should.", facts=facts)
    if answer.status and answer.status >= 500:
        return problem(
            f"The vault answered with {answer.status}: it is in trouble.", cause="service_error", facts=facts
        )
    if answer.status == 429:
        return notice("The vault has too many requests and asks us to wait.", cause="kv_throttled", facts=facts)
    return notice(
        f"The vault's address answered with {answer.status}; to a request without a token a vault says 401.",
        "Something else may be answering in the vault's place: a proxy, or a page for signing in to the network.",
        facts=facts,
    )


@check("vault_tenant", "The vault's tenant and ours", waits_for="the vault and a token")
def vault_tenant(scene: CheckContext) -> Check:
    vaults = scene.vault.result().tenant_id
    if vaults is None:
        return unknown(_NO_ANSWER if scene.vault.result().trouble else "The vault's answer does not name its tenant.")
    principal = scene.reading.result().principal
    ours = principal.tenant_id if principal else None
    facts = [("The vault's tenant", vaults), ("Our token's tenant", ours or "no token that can be read")]
    if ours is None:
        return ok("We know the vault's tenant, and have no token to compare with it.", facts=facts)
    if ours.lower() != vaults:
        managed = principal and principal.credential == "ManagedIdentityCredential"
        return problem(
            "The vault belongs to another tenant than our token.",
            _BLOCKED if managed else "", cause="tenant_mismatch_ahead", facts=facts,
        )  # fmt: skip
    return ok("The vault and our token belong to the same tenant.", facts=facts)


@check("client_address", "The address the vault saw", waits_for=_VAULT)
def client_address(scene: CheckContext) -> Check:
    answer = scene.vault.result()
    if answer.client_address is None:
        return unknown(_NO_ANSWER if answer.trouble else "The vault's answer does not say from where it saw us.")
    return ok(
        f"The vault saw us come from {answer.client_address}. Its firewall goes by this address.",
        facts=[("Address", answer.client_address)],
    )


@check("clock", "This machine's clock", waits_for=_VAULT)
def clock(scene: CheckContext) -> Check:
    answer = scene.vault.result()
    if answer.azure_time is None or answer.here_time is None:
        return unknown(_NO_ANSWER if answer.trouble else "The vault's answer carries no time to compare with.")
    ahead = answer.here_time - answer.azure_time
    facts = [("Here", text.moment(answer.here_time)), ("Azure", text.moment(answer.azure_time))]
    if abs(ahead) <= _SKEW:
        return ok("This machine's clock agrees with Azure's.", facts=facts)
    side = "ahead of" if ahead > timedelta() else "behind"
    return problem(f"This machine's clock is {_minutes(ahead)} {side} Azure's.", cause="clock_skew", facts=facts)


def _minutes(span: timedelta) -> str:
    minutes = abs(span) / timedelta(minutes=1)
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"


@check("certificate", "The vault's certificate", waits_for=_VAULT)
def certificate(scene: CheckContext) -> Check:
    answer = scene.vault.result()
    facts = [("Issued by", answer.issuer)] if answer.issuer else []
    if answer.trouble and answer.trouble.of_certificate:
        return problem(answer.trouble.sentence, cause=answer.trouble.cause, facts=facts)
    if answer.issuer is None:
        return unknown(_NO_ANSWER if answer.trouble else "The certificate's issuer cannot be seen from here.")
    if is_azure_issuer(answer.issuer):
        return ok("The certificate comes from an issuer that Azure uses.", facts=facts)
    if not _is_azure(scene.config.vault_url or ""):
        return ok("The certificate is trusted. This host is not one of Azure's own.", facts=facts)
    return notice(
        f"The certificate was issued by {answer.issuer}, not by an issuer that Azure uses. This machine trusts it all "
        "the same: something in between opens the connection and can read the token.",
        "If that is your company's proxy, all is as intended. If nobody knows this name, find out first.",
        cause="tls_interception",
        facts=facts,
    )


def _is_azure(url: str) -> bool:
    return any(url == f"https://{vault_name(url)}.{cloud.vault_suffix}" for cloud in CLOUDS)
