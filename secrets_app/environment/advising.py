"""A finding with a cause gets that cause's advice and commands, filled in for this machine."""

from dataclasses import replace
from datetime import UTC, datetime

from secrets_app.diagnosis import CAUSES
from secrets_app.diagnosis.facts import Facts
from secrets_app.diagnosis.hints import facts_of_reading, hint
from secrets_app.environment.check import Check
from secrets_app.environment.scene import Scene
from secrets_app.reading import Reading


def advised(check: Check, scene: Scene) -> Check:
    """`check`, with what the catalogue advises wherever the check itself said nothing."""
    if check.cause is None or check.cause not in CAUSES:
        return replace(check, cause=None)
    known = hint(CAUSES[check.cause], _facts(scene))
    return replace(
        check,
        advice=check.advice or known.fix,
        # Commands of the cause in general do not fit advice for this very case.
        commands=check.commands or (() if check.advice else known.commands),
    )


def _facts(scene: Scene) -> Facts:
    reading = scene.reading_within(0) or Reading(
        vault_url=scene.config.vault_url,
        secret_name=scene.config.secret_name,
        started_at=datetime.now(UTC),
        elapsed_s=0,
        place=scene.place,
    )
    vault = scene.vault_within(0)
    tenant = reading.vault_tenant_id or (vault.tenant_id if vault else None)
    return Facts(
        values=facts_of_reading(replace(reading, vault_tenant_id=tenant)),
        system=scene.place.system,
        platform=scene.place.platform,
    )
