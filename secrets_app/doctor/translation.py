"""The AppAuthentication connection string, translated to its current equivalents."""

from dataclasses import dataclass

from secrets_app.azure_client.timeouts import retry_budget_s
from secrets_app.conf import Config
from secrets_app.conf.project import shown_name
from secrets_app.conf.server import DEADLINE
from secrets_app.connection_string import ConnectionStringWarning, equivalent_of
from secrets_app.core.reading import HostEnvironment


@dataclass(frozen=True, kw_only=True)
class Translation:
    """What a connection string selects, and its equivalents. Contains no secret."""

    setting: str
    description: str
    warnings: tuple[ConnectionStringWarning, ...]
    commands: tuple[str, ...]
    """Commands that set the equivalent settings of this site."""
    variables: tuple[str, ...]
    """Commands that set azure-identity's variables, for any program that uses DefaultAzureCredential."""
    python: str
    """Code that creates azure-identity's credential, imports first."""


def translation(config: Config, place: HostEnvironment) -> Translation | None:
    """The equivalents of the connection string; None when none is set or it is invalid."""
    source = config.connection_string
    if source is None:
        return None
    # Imported here: only a connection string needs these commands, and `manage.py principal` starts faster without.
    from secrets_app.conf.hints import commands_that_set, unset_commands

    equivalent = equivalent_of(source.options)
    return Translation(
        setting=source.setting,
        description=source.meaning.description,
        warnings=(*source.meaning.warnings, *_deadline_warnings(config)),
        commands=(*unset_commands([source.setting], place), *commands_that_set(dict(equivalent.settings), place)),
        variables=commands_that_set(dict(equivalent.variables), place) if equivalent.variables else (),
        python=equivalent.python,
    )


def _deadline_warnings(config: Config) -> tuple[ConnectionStringWarning, ...]:
    """A warning when the deadline of a reading ends before MsiRetryTimeout."""
    requested_s = config.connection_string.options.retry_timeout_s if config.connection_string else None
    available_s = retry_budget_s(config.deadline_s, requested_s or 0)
    if requested_s is None or requested_s <= available_s:
        return ()
    return (
        ConnectionStringWarning(
            message=f"sets MsiRetryTimeout to {requested_s:g} seconds, but the managed identity endpoint is retried "
            f"for only {available_s:g} seconds, because {shown_name(DEADLINE.name)} is {config.deadline_s:g}.",
            hint=f"Increase {shown_name(DEADLINE.name)} (up to 60), or accept the shorter time.",
        ),
    )
