"""Check of the connection string of the retired .NET library AppAuthentication."""

from secrets_app.conf.connection_string import NAMES
from secrets_app.doctor.check import Check, Status, ok, problem
from secrets_app.doctor.registry import CheckContext, check
from secrets_app.doctor.translation import translation


@check("connection_string", "Connection string (.NET)")
def connection_string(context: CheckContext) -> Check:
    """Reads AzureServicesAuthConnectionString or KVSITE_CONNECTION_STRING.

    A problem when it is invalid, a notice when a part of it has no effect or no equivalent in Python.
    """
    for error in context.config.problems:
        if error.blocks_reading and error.setting in NAMES:
            return problem(error.sentence, error.hint, cause=error.cause)
    equivalents = translation(context.config, context.place)
    if equivalents is None:
        return ok("Not set. KVSITE_CREDENTIAL or DefaultAzureCredential selects the credential.")
    facts = [("Equivalent variables", line) for line in equivalents.variables]
    facts += [("Equivalent in Python", line) for line in equivalents.python.splitlines()]
    sentences = [
        f"{equivalents.setting} selects the credential: {equivalents.description}.",
        *(f"It {warning.message}" for warning in equivalents.warnings),
    ]
    advice = [*(warning.hint for warning in equivalents.warnings), "It works. The equivalent settings are:"]
    return Check(
        finding=" ".join(sentences),
        verdict=Status.NOTICE if equivalents.warnings else Status.OK,
        advice=" ".join(advice),
        commands=equivalents.commands,
        facts=tuple(facts),
    )
