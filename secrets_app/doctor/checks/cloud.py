"""Check that the sign-in endpoint and the vault are in the same cloud."""

from secrets_app.conf.cloud import VARIABLE, find_cloud_mismatch
from secrets_app.doctor.check import Check, notice, ok, problem, unknown
from secrets_app.doctor.registry import CheckContext, check
from secrets_app.doctor.variables import describe_variables


@check("cloud", "Azure cloud", waits_for="an access token")
def cloud(context: CheckContext) -> Check:
    """Compares AZURE_AUTHORITY_HOST or KVSITE_AUTHORITY_HOST with the cloud of the vault's host.

    A problem when they differ and the secret was not read, a notice when it was read nevertheless.
    """
    facts = describe_variables(context.environ, [VARIABLE])
    mismatch = find_cloud_mismatch(context.config.vault_url, context.config.credential, context.environ)
    if context.config.vault_url is None:
        return unknown("No valid vault is configured.", facts=facts)
    if mismatch is None:
        return ok("The sign-in endpoint and the vault are in the same cloud.", facts=facts)
    message = f"{mismatch.setting} {mismatch.message}"
    if context.reading.result().ok:
        return notice(
            f"{message} The credential that read the secret did not use this endpoint; a service principal would fail.",
            mismatch.hint, facts=facts,
        )  # fmt: skip
    return problem(message, mismatch.hint, cause="authority_or_cloud_wrong", facts=facts)
