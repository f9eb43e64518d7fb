"""Check of the old .NET library's connection string."""

from secrets_app.environment.check import Check, Verdict, ok, problem
from secrets_app.environment.register import check
from secrets_app.environment.scene import Scene
from secrets_app.environment.translation import translation
from secrets_app.setting_readers.connection_string import NAMES


@check("connection_string", "The connection string of the .NET library")
def connection_string(scene: Scene) -> Check:
    for mistake in scene.config.mistakes:
        if mistake.setting in NAMES:
            return problem(mistake.sentence, mistake.way_out, cause=mistake.cause)
    found = translation(scene.config, scene.place)
    if found is None:
        return ok("None is set. Settings of today say who to be, or azure-identity finds it out.")
    facts = [("Instead, for any program", line) for line in found.variables]
    facts += [("Instead, in Python", line) for line in found.python.splitlines()]
    sentences = [f"{found.setting} says who to be: {found.who}.", *(f"It {remark.says}" for remark in found.remarks)]
    advice = [*(remark.way_out for remark in found.remarks), "It works. The settings of today say the same:"]
    return Check(
        finding=" ".join(sentences),
        verdict=Verdict.NOTICE if found.remarks else Verdict.OK,
        advice=" ".join(advice),
        commands=found.commands,
        facts=tuple(facts),
    )
