"""Django system checks: each problem in the settings, with its own id and a hint."""

from itertools import takewhile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 - Django's own name
from django.utils.module_loading import import_string

from secrets_app import conf
from secrets_app.conf.access import REDACTION_OFF, SESSIONS_OFF, AccessMode
from secrets_app.conf.connection_string import ConnectionString
from secrets_app.conf.credential import FOLDER_MISSING
from secrets_app.core.credential_options import CredentialOptions

_REQUIRE_ACCESS = "secrets_app.middleware.require_access"
_REDACT_SECRETS = "secrets_app.middleware.redact_secrets"
_SESSION_MIDDLEWARE = "django.contrib.sessions.middleware.SessionMiddleware"


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
        *_sessions(config.access),
        *_redaction(),
        *_az_folder(config.credential),
        *_connection_string_warnings(config.connection_string),
    ]


def _sessions(access: AccessMode) -> list[CheckMessage]:
    """The passphrase sign-in needs `request.session` in the access-control middleware."""
    before = takewhile(lambda path: path != _REQUIRE_ACCESS, settings.MIDDLEWARE)
    if access is not AccessMode.TOKEN or any(map(_is_session_middleware, before)):
        return []
    message = f"KVSITE_ACCESS is token, but SessionMiddleware is not before {_REQUIRE_ACCESS}, so no user can sign in."
    hint = f"Add {_SESSION_MIDDLEWARE} before it in MIDDLEWARE."
    return [Error(message, hint=hint, id=str(SESSIONS_OFF))]


def _redaction() -> list[CheckMessage]:
    """A response must not be able to pass by the last redaction."""
    if _REQUIRE_ACCESS not in settings.MIDDLEWARE or settings.MIDDLEWARE[0] == _REDACT_SECRETS:
        return []
    message = f"{_REDACT_SECRETS} is not the first middleware, so a response may contain a token that Azure repeats."
    return [Error(message, hint="Put it first in MIDDLEWARE.", id=str(REDACTION_OFF))]


def _is_session_middleware(path: str) -> bool:
    middleware = import_string(path)
    return isinstance(middleware, type) and issubclass(middleware, SessionMiddleware)


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
