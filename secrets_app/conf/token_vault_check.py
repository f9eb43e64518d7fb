"""The site's settings, changed to read a token of the retired Token Vault instead of a secret."""

from dataclasses import replace

from secrets_app.conf import Config
from secrets_app.conf.schema import SettingProblem
from secrets_app.conf.token_vault import SETTINGS as OF_THE_TOKEN_VAULT
from secrets_app.conf.vault import SETTINGS as OF_THE_VAULT


def token_vault_config(config: Config, *, create: bool = False) -> Config:
    """The configuration that reads the Token Vault's token. `create`: create the token first if it is missing.

    Mistakes in the Key Vault's settings are dropped; mistakes in the Token Vault's settings prevent reading.
    """
    problems = tuple(
        replace(problem, stops=problem.stops or problem.setting in OF_THE_TOKEN_VAULT)
        for problem in config.problems
        if problem.setting not in OF_THE_VAULT
    )
    if config.token_vault is None and not any(problem.setting in OF_THE_TOKEN_VAULT for problem in problems):
        problems = (*problems, _NOT_SET)
    return replace(
        config,
        vault_url=None,
        secret_name=None,
        secret_version=None,
        scope=config.token_vault.scope if config.token_vault else "",
        reads_token_vault=True,
        creates_token=create,
        problems=problems,
    )


_NOT_SET = SettingProblem(
    id="secrets_app.E074",
    setting="KVSITE_TOKEN_VAULT_URL",
    says="is not set, so there is no Token Vault to read from.",
    hint="Set it only if you have the address of a Token Vault.",
    cause="setting_missing",
    example="https://<vault>.<region>.tokenvault.azure.net",
)
