"""The connection string of the old .NET library, said in the words of today."""

from dataclasses import dataclass

from secrets_app.azure_client.timeouts import retry_budget_s
from secrets_app.conf import Config
from secrets_app.conf.hints import commands_that_set, unset_commands
from secrets_app.connection_string import ConnectionStringWarning, equivalent_of
from secrets_app.core.reading import HostEnvironment


@dataclass(frozen=True, kw_only=True)
class Translation:
    """What a connection string says, and how the same is said without one. No secret is in it."""

    setting: str
    who: str
    remarks: tuple[ConnectionStringWarning, ...]
    commands: tuple[str, ...]
    """This site's settings instead."""
    variables: tuple[str, ...]
    """azure-identity's own variables, for any program with DefaultAzureCredential."""
    python: str
    """Lines that make azure-identity's credential, their imports first."""


def translation(config: Config, place: HostEnvironment) -> Translation | None:
    """The connection string in the words of today; None where none is set, or none that is understood."""
    given = config.connection_string
    if given is None:
        return None
    modern = equivalent_of(given.sign_in)
    return Translation(
        setting=given.setting,
        who=given.meaning.who,
        remarks=(*given.meaning.remarks, *_impatience(config)),
        commands=(*unset_commands([given.setting], place), *commands_that_set(dict(modern.settings), place)),
        variables=commands_that_set(dict(modern.variables), place) if modern.variables else (),
        python=modern.python,
    )


def _impatience(config: Config) -> tuple[ConnectionStringWarning, ...]:
    """The deadline of a reading comes before the time that MsiRetryTimeout gives."""
    wanted = config.connection_string.sign_in.retry_timeout_s if config.connection_string else None
    given_s = retry_budget_s(config.deadline_s, wanted or 0)
    if wanted is None or wanted <= given_s:
        return ()
    return (
        ConnectionStringWarning(
            says=f"has the managed identity asked again for {wanted:g} seconds (MsiRetryTimeout); here that is "
            f"{given_s:g}, because a reading ends after {config.deadline_s:g}.",
            hint="Raise KVSITE_DEADLINE_S, up to 60, or live with the shorter time.",
        ),
    )
