"""Django system checks: each mistake in the settings, with its own id and a hint."""

from pathlib import Path
from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 - Django's own name

from secrets_app import conf
from secrets_app.conf.connection_string import ConnectionString
from secrets_app.conf.credential import FOLDER_MISSING
from secrets_app.core.credential_options import CredentialOptions


@register
def check_settings(**_kwargs: Any) -> list[CheckMessage]:
    """One message for each problem that the pages would show too, and for each remark on the connection string."""
    config = conf.current()
    found: list[CheckMessage] = [
        (Error if problem.is_error else Warning)(problem.sentence, hint=problem.hint, id=problem.id)
        for problem in config.problems
    ]
    return [*found, *_az_folder(config.credential), *_remarks(config.connection_string)]


def _az_folder(options: CredentialOptions | None) -> list[CheckMessage]:
    folder = options.az_folder if options else None
    if folder is None or Path(folder).is_dir():
        return []
    message = "AzureCLIPath names a folder that does not exist, so az is searched for on PATH only."
    return [Warning(message, hint="Correct AzureCLIPath, or remove it.", id=str(FOLDER_MISSING))]


def _remarks(given: ConnectionString | None) -> list[CheckMessage]:
    if given is None:
        return []
    return [
        Warning(f"{given.setting} {remark.message}", hint=remark.hint, id=str(remark.check))
        for remark in given.meaning.remarks
    ]
