"""Token check: the site's settings, changed to request a token for any resource instead of a secret."""

import re
from dataclasses import replace

from secrets_app.conf import Config
from secrets_app.conf.schema import SettingProblem
from secrets_app.conf.vault import SETTINGS as OF_THE_VAULT

# The characters that azure-identity allows in a scope for az and PowerShell (azure.identity._internal:
# validate_scope), limited to the length of a URL.
_SCOPE = re.compile(r"[a-zA-Z0-9._:/-]{1,500}")
_DEFAULT_SUFFIX = "/.default"


def to_scope(text: str) -> str:
    """The scope for `text`: a resource alone, as in the .NET library, gets the suffix /.default.

    `https://management.azure.com` -> `https://management.azure.com/.default`; a scope with a permission is kept.
    """
    resource = re.fullmatch(r"(?:(?:https|api)://)?[^/]+/?", text)
    return f"{text}{_DEFAULT_SUFFIX}" if resource else text


def token_check_config(config: Config, text: str, *, called: str = "The requested scope") -> Config:
    """The configuration that requests only a token for `text`; mistakes in the vault's settings are dropped.

    A malformed `text` becomes a problem of the configuration, with `called` as its name.
    """
    scope = text.strip()
    problems = tuple(problem for problem in config.problems if problem.setting not in OF_THE_VAULT)
    if _SCOPE.fullmatch(scope):
        scope = to_scope(scope)
    else:
        problems = (*problems, _scope_problem(scope, called))
    # Marked as a visitor's choice: requests for many scopes must not evict the site's own credential from the cache.
    alone = replace(config, vault_url=None, secret_name=None, secret_version=None, from_visitor=True)
    return replace(alone, scope=scope, problems=problems)


def _scope_problem(scope: str, called: str) -> SettingProblem:
    return SettingProblem(
        id="secrets_app.E064",
        setting=called,
        says="is not a valid scope: only letters, digits and . : / - _ are allowed."
        if scope
        else "is empty, so there is no resource to request a token for.",
        hint="Enter a resource, such as https://management.azure.com or api://<client-id>.",
        cause="scope_invalid",
    )
