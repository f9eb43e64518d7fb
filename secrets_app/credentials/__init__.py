"""Builds the azure-identity credential that the configuration selects."""

from azure.core.credentials import SupportsTokenInfo
from azure.identity import ChainedTokenCredential

from secrets_app.conf import Config
from secrets_app.core.credential_options import CredentialKind, CredentialOptions
from secrets_app.core.own_messages import CERTIFICATE_FILE_NOT_FOUND, CERTIFICATE_FILE_UNREADABLE
from secrets_app.credentials.factories import FACTORIES, UnavailableCredential

__all__ = ["build"]


def build(config: Config) -> SupportsTokenInfo:
    """The credential to use: a single one, or a chain of them. Each has its own time limits.

    Raises ValueError with a message for users if a credential cannot be created: a package or a file is missing.
    """
    options = config.credential
    if options is None:
        raise ValueError("The credential settings are invalid, so no token was requested.")
    if len(options.kinds) == 1:
        return _create(options.kinds[0], options, config.deadline_s)
    return ChainedTokenCredential(*(_create_or_placeholder(kind, options, config.deadline_s) for kind in options.kinds))


def _create(kind: CredentialKind, options: CredentialOptions, deadline_s: float) -> SupportsTokenInfo:
    try:
        return FACTORIES[kind](options, deadline_s)
    except OSError as error:  # azure-identity reads the file of AZURE_CLIENT_CERTIFICATE_PATH at once
        missing = isinstance(error, FileNotFoundError)
        message = CERTIFICATE_FILE_NOT_FOUND if missing else CERTIFICATE_FILE_UNREADABLE
        raise ValueError(message.format(path=error.filename, reason=error.strerror)) from error


def _create_or_placeholder(kind: CredentialKind, options: CredentialOptions, deadline_s: float) -> SupportsTokenInfo:
    """As in azure-identity's own chain: a credential that cannot be created does not stop the others."""
    try:
        return _create(kind, options, deadline_s)
    except ValueError as error:
        return UnavailableCredential(kind, str(error))
