"""A token for any resource: the settings as they are, asking for that token alone."""

import re
from dataclasses import replace

from secrets_app.conf import Config
from secrets_app.conf.schema import SettingProblem
from secrets_app.conf.vault import SETTINGS as OF_THE_VAULT

# What azure-identity itself lets through to az and to PowerShell, letter by letter (azure.identity._internal:
# validate_scope), and no longer than an address.
_SCOPE = re.compile(r"[a-zA-Z0-9._:/-]{1,500}")
_DEFAULT_SUFFIX = "/.default"


def to_scope(text: str) -> str:
    """The scope that `text` means: a resource alone, as the .NET library took it, stands for all of its permissions.

    `https://management.azure.com` -> `https://management.azure.com/.default`; what names a permission stays as it is.
    """
    resource = re.fullmatch(r"(?:(?:https|api)://)?[^/]+/?", text)
    return f"{text}{_DEFAULT_SUFFIX}" if resource else text


def token_check_config(config: Config, text: str, *, called: str = "What you asked for") -> Config:
    """The configuration that asks for a token for `text` and for nothing else; mistakes about the vault do not count.

    A malformed one becomes a problem of the configuration, under the name it was given by.
    """
    scope = text.strip()
    problems = tuple(problem for problem in config.problems if problem.setting not in OF_THE_VAULT)
    if _SCOPE.fullmatch(scope):
        scope = to_scope(scope)
    else:
        problems = (*problems, _scope_problem(scope, called))
    # As a visitor's choice: whoever asks for a thousand scopes does not push out the site's own credential.
    alone = replace(config, vault_url=None, secret_name=None, secret_version=None, from_visitor=True)
    return replace(alone, scope=scope, problems=problems)


def _scope_problem(scope: str, called: str) -> SettingProblem:
    return SettingProblem(
        id="secrets_app.E064",
        setting=called,
        says="is not a scope: those have letters, digits and . : / - _ only."
        if scope
        else "is empty: there is nothing to ask a token for.",
        hint="A resource is enough, like https://management.azure.com, or api:// and your own application's id.",
        cause="scope_invalid",
    )
