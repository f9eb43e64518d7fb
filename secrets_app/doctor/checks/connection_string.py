"""Check of the connection string of the retired .NET library AppAuthentication."""

from secrets_app.conf.connection_string import NAMES
from secrets_app.doctor.check import Check, Status, ok, problem
from secrets_app.doctor.context import CheckContext
from secrets_app.doctor.registry import check
from secrets_app.doctor.translation import translation


@check("connection_string", "AppAuthentication connection string (.NET)")
def connection_string(scene: CheckContext) -> Check:
    """Reads AzureServicesAuthConnectionString or KVSITE_CONNECTION_STRING.

    A problem when it is invalid, a notice when a part of it has no effect or no equivalent in Python.
    """
    for mistake in scene.config.blocking_problems:
        if mistake.setting in NAMES:
            return problem(mistake.sentence, mistake.hint, cause=mistake.cause)
    found = translation(scene.config, scene.place)
    if found is None:
        return ok("Not set. KVSITE_CREDENTIAL or DefaultAzureCredential selects the credential.")
    facts = [("Equivalent variables", line) for line in found.variables]
    facts += [("Equivalent in Python", line) for line in found.python.splitlines()]
    sentences = [
        f"{found.setting} selects the credential: {found.who}.",
        *(f"It {remark.message}" for remark in found.remarks),
    ]
    advice = [*(remark.hint for remark in found.remarks), "It works. The equivalent settings are:"]
    return Check(
        finding=" ".join(sentences),
        verdict=Status.NOTICE if found.remarks else Status.OK,
        advice=" ".join(advice),
        commands=found.commands,
        facts=tuple(facts),
    )
