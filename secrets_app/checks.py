"""Django system checks: each problem in the settings, with its own id and a hint."""

from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 - Django's own name
from django.urls import NoReverseMatch, reverse

from secrets_app import conf
from secrets_app.conf.connection_string import ConnectionString
from secrets_app.conf.credential import FOLDER_MISSING
from secrets_app.conf.schema import STATIC_FILES_MISSING, URLS_MISSING
from secrets_app.core.credential_options import CredentialOptions


@register
def check_settings(**_kwargs: Any) -> list[CheckMessage]:
    """One message for each problem that the pages would show too, and for each warning on the connection string."""
    config = conf.current()
    found: list[CheckMessage] = [
        (Error if problem.is_error else Warning)(problem.sentence, hint=problem.hint, id=problem.id)
        for problem in config.problems
    ]
    return [
        *found,
        *_project(),
        *_az_folder(config.credential),
        *_connection_string_warnings(config.connection_string),
    ]


def _project() -> list[CheckMessage]:
    """What the project has to do besides installing the app."""
    found: list[CheckMessage] = []
    try:
        reverse("secrets_app:home")
    except NoReverseMatch:
        hint = 'Add path("principal/", include("secrets_app.urls")) to the urlpatterns of the project.'
        message = "The project's URLs do not include secrets_app.urls, so no page can be opened."
        found.append(Warning(message, hint=hint, id=str(URLS_MISSING)))
    if not apps.is_installed("django.contrib.staticfiles"):
        hint = "Add it to INSTALLED_APPS, and set STATIC_URL."
        message = "django.contrib.staticfiles is not installed, so the pages have no style."
        found.append(Warning(message, hint=hint, id=str(STATIC_FILES_MISSING)))
    return found


def _az_folder(options: CredentialOptions | None) -> list[CheckMessage]:
    folder = options.az_folder if options else None
    if folder is None or Path(folder).is_dir():
        return []
    message = "AzureCLIPath names a folder that does not exist, so az is searched for on PATH only."
    return [Warning(message, hint="Correct AzureCLIPath, or remove it.", id=str(FOLDER_MISSING))]


def _connection_string_warnings(given: ConnectionString | None) -> list[CheckMessage]:
    if given is None:
        return []
    return [
        Warning(f"{given.setting} {warning.message}", hint=warning.hint, id=str(warning.check))
        for warning in given.meaning.warnings
    ]
