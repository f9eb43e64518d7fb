"""The first step for one kind of case, where the general one of its cause would be for another place or program."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from secrets_app.diagnosis.catalog import fixes_entra, fixes_identity, fixes_services, fixes_vault
from secrets_app.diagnosis.cause import CaseFix, Cause, Command
from secrets_app.diagnosis.command_values import CommandValues
from secrets_app.diagnosis.normalize import contains_any


def _by_cause(fixes: Iterable[CaseFix]) -> Mapping[str, tuple[CaseFix, ...]]:
    grouped: dict[str, list[CaseFix]] = defaultdict(list)
    for fix in fixes:
        for cause in fix.causes:
            grouped[cause].append(fix)
    return {cause: tuple(of_cause) for cause, of_cause in grouped.items()}


CASE_FIXES = (*fixes_vault.FIXES, *fixes_entra.FIXES, *fixes_services.FIXES, *fixes_identity.FIXES)
_BY_CAUSE = _by_cause(CASE_FIXES)


def case_fix(cause: Cause, values: CommandValues) -> Cause | None:
    """The cause with the fix for this case; None if the general one applies."""
    found = next((fix for fix in _BY_CAUSE.get(cause.key, ()) if _applies(fix, values)), None)
    if found is None:
        return None
    return replace(
        cause,
        title=found.title or cause.title,
        why=found.why or cause.why,
        fix=found.fix,
        otherwise=cause.otherwise if found.otherwise is None else found.otherwise,
        commands=cause.commands if found.commands is None else found.commands,
        setting=found.setting or (cause.setting if found.keeps_setting else None),
    )


def commands_of_cases() -> Iterable[Command]:
    """Every command of the table."""
    return (command for fix in CASE_FIXES for command in fix.commands or ())


def _applies(fix: CaseFix, values: CommandValues) -> bool:
    return (
        (not fix.hosts or values.host in fix.hosts)
        and (not fix.stacks or values.stack in fix.stacks)
        and (not fix.platforms or values.platform in fix.platforms)
        and (not fix.objects or values.operation.object in fix.objects)
        and (not fix.said or contains_any(values.text, fix.said))
        and not contains_any(values.text, fix.unless)
    )
