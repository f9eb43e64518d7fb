"""Config -> the azure-identity credential that the settings ask for."""

from azure.core.credentials import SupportsTokenInfo
from azure.identity import ChainedTokenCredential

from secrets_app.conf import Config
from secrets_app.core.credential_options import CredentialKind, CredentialOptions
from secrets_app.credentials.factories import FACTORIES, UnavailableCredential

__all__ = ["build"]


def build(config: Config) -> SupportsTokenInfo:
    """The credential to read with, with limits on how long each member may take: one, or several asked in turn.

    Raises ValueError, in a sentence for people, where one cannot be made: a package or a file is missing.
    """
    sign_in = config.sign_in
    if sign_in is None:
        raise ValueError("The settings that say who to be are wrong, so nobody is asked for a token.")
    if len(sign_in.ways) == 1:
        return _create(sign_in.ways[0], sign_in, config.deadline_s)
    return ChainedTokenCredential(*(_create_or_placeholder(way, sign_in, config.deadline_s) for way in sign_in.ways))


def _create(way: CredentialKind, sign_in: CredentialOptions, deadline_s: float) -> SupportsTokenInfo:
    try:
        return FACTORIES[way](sign_in, deadline_s)
    except OSError as error:  # azure-identity reads the file of AZURE_CLIENT_CERTIFICATE_PATH at once
        missing = isinstance(error, FileNotFoundError)
        reason = "is not there" if missing else f"cannot be read: {error.strerror}"
        raise ValueError(f"The certificate file {error.filename} {reason}. Set its right path.") from error


def _create_or_placeholder(way: CredentialKind, sign_in: CredentialOptions, deadline_s: float) -> SupportsTokenInfo:
    """As in azure-identity's own chain: who cannot even be made does not keep the others from being asked."""
    try:
        return _create(way, sign_in, deadline_s)
    except ValueError as error:
        return UnavailableCredential(way, str(error))
