"""The check that the sign-in host and the vault belong to one cloud."""

from secrets_app.environment.check import Check, notice, ok, problem
from secrets_app.environment.clouds import VARIABLE, clouds_apart
from secrets_app.environment.register import check
from secrets_app.environment.scene import Scene
from secrets_app.environment.told import all_told


@check("cloud", "The cloud one signs in to", waits_for="a token")
def cloud(scene: Scene) -> Check:
    facts = all_told(scene.environ, [VARIABLE])
    apart = clouds_apart(scene.config, scene.environ)
    if apart is None:
        return ok("Where one signs in and where the vault is, it is the same cloud.", facts=facts)
    said = f"{apart.setting} {apart.says}"
    if scene.reading.result().ok:
        return notice(
            f"{said} Whoever read the secret did not sign in there; a service principal would fail.",
            apart.way_out, facts=facts,
        )  # fmt: skip
    return problem(said, apart.way_out, cause="authority_or_cloud_wrong", facts=facts)
