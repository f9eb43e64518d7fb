"""What one request reads: a secret, only a token, or a token of the retired Token Vault."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from secrets_app.conf import Config
from secrets_app.conf.schema import TOKEN_SCOPE
from secrets_app.conf.setting import SettingProblem
from secrets_app.conf.token_vault import EXAMPLE_URL, NO_URL, VAULT_URL, TokenVaultTokenUrl
from secrets_app.conf.token_vault import SETTINGS as TOKEN_VAULT_SETTINGS
from secrets_app.conf.vault import SETTINGS as VAULT_SETTINGS
from secrets_app.core.hosts import cloud_of, is_scope

_DEFAULT_SUFFIX = "/.default"


@dataclass(frozen=True, kw_only=True)
class SecretTarget:
    """A secret of a vault. None: the settings name none that is valid."""

    vault_url: str | None
    name: str | None
    version: str | None = None


@dataclass(frozen=True, kw_only=True)
class TokenTarget:
    """Only a token for this scope; no vault is called."""

    scope: str


@dataclass(frozen=True, kw_only=True)
class TokenVaultTarget:
    """A token stored in the retired Token Vault. `create`: create it first if it is missing."""

    token: TokenVaultTokenUrl | None
    create: bool = False


Target = SecretTarget | TokenTarget | TokenVaultTarget


@dataclass(frozen=True, kw_only=True)
class ReadRequest:
    """One request to read `target` with the credential and the limits of `config`."""

    config: Config
    target: Target
    problems: tuple[SettingProblem, ...] = ()
    """The problems that concern this request."""
    from_visitor: bool = False
    """A visitor named the identity, the secret or the scope: cached apart from what the site itself reads."""
    one_of_many: bool = False
    """One of many targets that this process checks: their vaults share a credential, and so its token."""

    @property
    def blocking_problems(self) -> tuple[SettingProblem, ...]:
        """The problems that must be fixed before anything is read."""
        return tuple(problem for problem in self.problems if problem.blocks_reading)

    @property
    def scope(self) -> str:
        """The scope of the access token that the target needs."""
        match self.target:
            case TokenTarget(scope=scope):
                return scope
            case TokenVaultTarget(token=token):
                return token.scope if token else ""
            case SecretTarget(vault_url=vault_url):
                return cloud_of(vault_url or "").scope

    @property
    def cannot_authenticate(self) -> bool:
        """Not even the principal can be determined: no valid credential settings, or no valid scope."""
        needs_scope = not isinstance(self.target, SecretTarget)
        return self.config.credential is None or (needs_scope and bool(self.blocking_problems))

    @property
    def connection_key(self) -> object:
        """Requests with the same one share a credential and a vault client."""
        vault_url = self.target.vault_url if isinstance(self.target, SecretTarget) else None
        return vault_url, self.config.deadline_s, self.scope, self.config.credential

    @property
    def key(self) -> object:
        """Requests with the same one, at the same time, share a reading."""
        return self.connection_key, self.target, self.blocking_problems, self.config.expected


def secret_request(config: Config, *, from_visitor: bool = False, one_of_many: bool = False) -> ReadRequest:
    """Read the secret that the settings name."""
    target = SecretTarget(vault_url=config.vault_url, name=config.secret_name, version=config.secret_version)
    return ReadRequest(
        config=config, target=target, problems=config.problems, from_visitor=from_visitor, one_of_many=one_of_many
    )


def token_request(config: Config, text: str, *, called: str = "The requested scope") -> ReadRequest:
    """Request only a token for `text`, a scope or a resource; problems in the vault's settings are dropped.

    A malformed `text` becomes a problem of the request, with `called` as its name.
    """
    scope, problems = text.strip(), _without(VAULT_SETTINGS, config.problems)
    if is_scope(scope):
        scope = to_scope(scope)
    else:
        problems = (*problems, _scope_problem(scope, called))
    # Marked as a visitor's: requests for many scopes must not evict the site's own credential from the cache.
    return ReadRequest(config=config, target=TokenTarget(scope=scope), problems=problems, from_visitor=True)


def to_scope(text: str) -> str:
    """The scope for `text`: a resource alone, as in the .NET library, gets the suffix /.default.

    `https://management.azure.com` -> `https://management.azure.com/.default`; a scope with a permission is kept.
    """
    resource = re.fullmatch(r"(?:(?:https|api)://)?[^/]+/?", text)
    return f"{text}{_DEFAULT_SUFFIX}" if resource else text


def token_vault_request(config: Config, *, create: bool = False) -> ReadRequest:
    """Read the Token Vault's token.

    Problems in the Key Vault's settings are dropped; problems in the Token Vault's settings prevent reading.
    """
    problems = tuple(
        replace(problem, blocks_reading=problem.blocks_reading or problem.setting in TOKEN_VAULT_SETTINGS)
        for problem in _without(VAULT_SETTINGS, config.problems)
    )
    if config.token_vault is None and not any(problem.setting in TOKEN_VAULT_SETTINGS for problem in problems):
        problems = (*problems, _TOKEN_VAULT_NOT_SET)
    return ReadRequest(
        config=config, target=TokenVaultTarget(token=config.token_vault, create=create), problems=problems
    )


def _without(settings: Iterable[str], problems: tuple[SettingProblem, ...]) -> tuple[SettingProblem, ...]:
    return tuple(problem for problem in problems if problem.setting not in settings)


def _scope_problem(scope: str, called: str) -> SettingProblem:
    return SettingProblem(
        check=TOKEN_SCOPE,
        setting=called,
        message="is not a valid scope: only letters, digits and . : / - _ are allowed, a letter or digit first."
        if scope
        else "is empty, so there is no resource to request a token for.",
        hint="Enter a resource, such as https://management.azure.com or api://<client-id>.",
        cause="scope_invalid",
    )


_TOKEN_VAULT_NOT_SET = SettingProblem(
    check=NO_URL,
    setting=VAULT_URL.name,
    message="is not set, so there is no Token Vault to read from.",
    hint="Set it only if you have the address of a Token Vault.",
    cause="setting_missing",
    example=EXAMPLE_URL,
)
