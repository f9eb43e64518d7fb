"""The check that the sign-in host and the vault belong to one cloud."""

from secrets_app.conf.cloud import VARIABLE, find_cloud_mismatch
from secrets_app.doctor.check import Check, notice, ok, problem
from secrets_app.doctor.context import CheckContext
from secrets_app.doctor.registry import check
from secrets_app.doctor.variables import describe_variables


@check("cloud", "The cloud one signs in to", waits_for="a token")
def cloud(scene: CheckContext) -> Check:
    facts = describe_variables(scene.environ, [VARIABLE])
    apart = find_cloud_mismatch(scene.config, scene.environ)
    if apart is None:
        return ok("Where one signs in and where the vault is, it is the same cloud.", facts=facts)
    said = f"{apart.setting} {apart.says}"
    if scene.reading.result().ok:
        return notice(
            f"{said} Whoever read the secret did not sign in there; a service principal would fail.",
            apart.hint, facts=facts,
        )  # fmt: skip
    return problem(said, apart.hint, cause="authority_or_cloud_wrong", facts=facts)
