"""Entra in trouble of its own: every token refused with one code, as `--trouble entra=AADSTS53003` asks for."""

from datetime import UTC, datetime

from localazure.aadsts import ENTRIES
from localazure.services.entra_refusals import refused
from localazure.services.refusal import Refusal
from localazure.world import World

MONTH_S = 30 * 86_400


def refuse_in_trouble(world: World, client_id: str, wanted: str) -> None:
    """Raises Refusal when Entra's trouble in this world is a refusal of its own. `wanted` is a resource or a scope."""
    trouble = world.troubles.get("entra")
    if trouble and trouble.aadsts:
        resource = wanted.split(" ")[0].removesuffix("/.default")
        raise catalogued(world, trouble.aadsts, client_id=client_id, resource=resource)


def catalogued(world: World, number: int, *, client_id: str, resource: str) -> Refusal:
    """That refusal, said of this client and this resource. Raises KeyError for one that is not in ENTRIES."""
    entry, now_s = ENTRIES[number], world.now_s()
    text = entry.text.format(
        client_id=client_id,
        resource=resource,
        tenant_id=world.tenant.id,
        tenant_name=world.tenant.name,
        issuer=world.tenant.issuer,
        now=_time(now_s),
        then=_time(now_s - MONTH_S),
    )
    return refused(world, number, entry.error, text, entry.status)


def _time(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%Y-%m-%dT%H:%M:%S}.0000000Z"
