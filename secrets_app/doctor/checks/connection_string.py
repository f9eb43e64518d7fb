"""Check of the old .NET library's connection string."""

from secrets_app.conf.connection_string import NAMES
from secrets_app.doctor.check import Check, Status, ok, problem
from secrets_app.doctor.context import CheckContext
from secrets_app.doctor.registry import check
from secrets_app.doctor.translation import translation


@check("connection_string", "The connection string of the .NET library")
def connection_string(scene: CheckContext) -> Check:
    for mistake in scene.config.mistakes:
        if mistake.setting in NAMES:
            return problem(mistake.sentence, mistake.hint, cause=mistake.cause)
    found = translation(scene.config, scene.place)
    if found is None:
        return ok("None is set. Settings of today say who to be, or azure-identity finds it out.")
    facts = [("Instead, for any program", line) for line in found.variables]
    facts += [("Instead, in Python", line) for line in found.python.splitlines()]
    sentences = [f"{found.setting} says who to be: {found.who}.", *(f"It {remark.says}" for remark in found.remarks)]
    advice = [*(remark.hint for remark in found.remarks), "It works. The settings of today say the same:"]
    return Check(
        finding=" ".join(sentences),
        verdict=Status.NOTICE if found.remarks else Status.OK,
        advice=" ".join(advice),
        commands=found.commands,
        facts=tuple(facts),
    )
