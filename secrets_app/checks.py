"""Django system checks: each mistake in the settings, with its own id and the way out."""

from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 - Django's own name

from secrets_app import conf
from secrets_app.setting_readers.connection_string import ConnectionString


@register
def check_settings(**_kwargs: Any) -> list[CheckMessage]:
    """One message for each problem that the pages would show too, and for each remark on the connection string."""
    config = conf.current()
    found: list[CheckMessage] = [
        (Error if problem.is_error else Warning)(problem.sentence, hint=problem.way_out, id=problem.id)
        for problem in config.problems
    ]
    return [*found, *_remarks(config.connection_string)]


def _remarks(given: ConnectionString | None) -> list[CheckMessage]:
    if given is None:
        return []
    return [
        Warning(f"{given.setting} {remark.says}", hint=remark.way_out, id="secrets_app.W065")
        for remark in given.meaning.remarks
    ]
