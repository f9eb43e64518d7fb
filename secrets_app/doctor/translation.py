"""The AppAuthentication connection string, translated to its current equivalents."""

from dataclasses import dataclass

from secrets_app.azure_client.timeouts import retry_budget_s
from secrets_app.conf import Config
from secrets_app.conf.hints import commands_that_set, unset_commands
from secrets_app.connection_string import ConnectionStringWarning, equivalent_of
from secrets_app.core.reading import HostEnvironment


@dataclass(frozen=True, kw_only=True)
class Translation:
    """What a connection string selects, and its equivalents. Contains no secret."""

    setting: str
    who: str
    remarks: tuple[ConnectionStringWarning, ...]
    commands: tuple[str, ...]
    """Commands that set the equivalent settings of this site."""
    variables: tuple[str, ...]
    """Commands that set azure-identity's variables, for any program that uses DefaultAzureCredential."""
    python: str
    """Code that creates azure-identity's credential, imports first."""


def translation(config: Config, place: HostEnvironment) -> Translation | None:
    """The equivalents of the connection string; None when none is set or it is invalid."""
    given = config.connection_string
    if given is None:
        return None
    modern = equivalent_of(given.options)
    return Translation(
        setting=given.setting,
        who=given.meaning.who,
        remarks=(*given.meaning.remarks, *_impatience(config)),
        commands=(*unset_commands([given.setting], place), *commands_that_set(dict(modern.settings), place)),
        variables=commands_that_set(dict(modern.variables), place) if modern.variables else (),
        python=modern.python,
    )


def _impatience(config: Config) -> tuple[ConnectionStringWarning, ...]:
    """A remark when the deadline of a reading ends before MsiRetryTimeout."""
    wanted = config.connection_string.options.retry_timeout_s if config.connection_string else None
    given_s = retry_budget_s(config.deadline_s, wanted or 0)
    if wanted is None or wanted <= given_s:
        return ()
    return (
        ConnectionStringWarning(
            message=f"sets MsiRetryTimeout to {wanted:g} seconds, but the managed identity endpoint is retried "
            f"for only {given_s:g} seconds, because KVSITE_DEADLINE_S is {config.deadline_s:g}.",
            hint="Increase KVSITE_DEADLINE_S (up to 60), or accept the shorter time.",
        ),
    )
