"""A token of the retired Token Vault: the settings as they are, asking for that and for nothing else."""

from dataclasses import replace

from secrets_app.conf import Config
from secrets_app.conf.schema import SettingProblem
from secrets_app.conf.token_vault import SETTINGS as OF_THE_TOKEN_VAULT
from secrets_app.conf.vault import SETTINGS as OF_THE_VAULT


def token_vault_config(config: Config, *, create: bool = False) -> Config:
    """The configuration that reads the kept token. `create`: make the token first, where there is none.

    Mistakes about the Key Vault do not count for it; its own do.
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
    says="is not set: there is no Token Vault to read from.",
    hint="Set it only if you still have the address of one.",
    cause="setting_missing",
    example="https://<vault>.<region>.tokenvault.azure.net",
)
