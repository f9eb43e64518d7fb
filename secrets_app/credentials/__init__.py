"""Config -> the azure-identity credential that the settings ask for."""

from azure.core.credentials import SupportsTokenInfo
from azure.identity import ChainedTokenCredential

from secrets_app.conf import Config
from secrets_app.credentials.ways import MAKERS

__all__ = ["build"]


def build(config: Config) -> SupportsTokenInfo:
    """The credential to read with, with limits on how long each member may take: one, or several asked in turn.

    Raises ValueError, in a sentence for people, where one cannot be made: a package or a file is missing.
    """
    if config.sign_in is None:
        raise ValueError("The settings that say who to be are wrong, so nobody is asked for a token.")
    made = [MAKERS[way](config.sign_in, config.deadline_s) for way in config.sign_in.ways]
    return made[0] if len(made) == 1 else ChainedTokenCredential(*made)
