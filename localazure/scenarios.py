"""Every world Local Azure can play: where the program runs, who it is, what is wrong. A new one is one entry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from localazure.directory import (
    DEVELOPER,
    MACHINE_IDENTITY,
    SHARED_IDENTITY,
    SITE_IDENTITY,
    Identity,
    ManagedIdentity,
    User,
)
from localazure.vaults import SECRETS_USER, Secret, Vault

DEFAULT_SCENARIO = "app-service"
DEMO_SECRET = Secret(name="demo", content_type="text/plain")


class UnknownScenarioError(ValueError):
    """No scenario has that name; the text lists the names there are."""


class Host(StrEnum):
    """Where the program runs: it decides which token service answers and which variables are set."""

    APP_SERVICE = "App Service"
    VIRTUAL_MACHINE = "virtual machine"
    LAPTOP = "laptop"


@dataclass(frozen=True, kw_only=True)
class AzureCli:
    """An Azure CLI on PATH."""

    signed_in: User | None = None


@dataclass(frozen=True, kw_only=True)
class Scenario:
    name: str
    sentence: str
    """What a person would see in real Azure."""
    cause: str | None = None
    """The key of the cause a diagnosis should name, None when nothing is wrong."""
    host: Host = Host.APP_SERVICE
    identities: tuple[ManagedIdentity, ...] = ()
    """The managed identities assigned to the host."""
    azure_cli: AzureCli | None = None
    vault: Vault
    vault_exists: bool = True
    secret_name: str = DEMO_SECRET.name
    settings: Mapping[str, str] = field(default_factory=dict)
    """Variables somebody set on purpose in this world."""


def vault_read_by(*readers: Identity, secrets: tuple[Secret, ...] = (DEMO_SECRET,)) -> Vault:
    """Contoso's vault, with the role Key Vault Secrets User given to `readers`."""
    return Vault(name="contoso", secrets=secrets, grants={reader.object_id: SECRETS_USER for reader in readers})


_TABLE = (
    Scenario(
        name="app-service",
        sentence="A site on App Service reads the secret with its system-assigned managed identity.",
        identities=(SITE_IDENTITY,),
        vault=vault_read_by(SITE_IDENTITY),
    ),
    Scenario(
        name="app-service-user-assigned",
        sentence="Of the site's two identities AZURE_CLIENT_ID names the user-assigned one, which may read the secret.",
        identities=(SITE_IDENTITY, SHARED_IDENTITY),
        settings={"AZURE_CLIENT_ID": SHARED_IDENTITY.client_id},
        vault=vault_read_by(SHARED_IDENTITY),
    ),
    Scenario(
        name="app-service-off",
        sentence="The site's managed identity is switched off: no token service answers, no credential is available.",
        cause="mi_identity_not_assigned",
        vault=vault_read_by(SITE_IDENTITY),
    ),
    Scenario(
        name="vm",
        sentence="A program on a virtual machine reads the secret with the machine's system-assigned managed identity.",
        host=Host.VIRTUAL_MACHINE,
        identities=(MACHINE_IDENTITY,),
        vault=vault_read_by(MACHINE_IDENTITY),
    ),
    Scenario(
        name="laptop",
        sentence="A developer signed in with az login reads the secret as herself.",
        host=Host.LAPTOP,
        azure_cli=AzureCli(signed_in=DEVELOPER),
        vault=vault_read_by(DEVELOPER),
    ),
    Scenario(
        name="laptop-signed-out",
        sentence="The Azure CLI is installed, but nobody is signed in: it asks for az login.",
        cause="az_not_logged_in",
        host=Host.LAPTOP,
        azure_cli=AzureCli(),
        vault=vault_read_by(DEVELOPER),
    ),
    Scenario(
        name="laptop-no-az",
        sentence="A developer's machine without the Azure CLI: no credential of the chain is available.",
        cause="no_credential_available",
        host=Host.LAPTOP,
        vault=vault_read_by(DEVELOPER),
    ),
    Scenario(
        name="no-role",
        sentence="The identity works, but has no role on the vault: 403 ForbiddenByRbac.",
        cause="kv_rbac_denied",
        identities=(SITE_IDENTITY,),
        vault=vault_read_by(),
    ),
    Scenario(
        name="secret-missing",
        sentence="The vault lets the site in, but holds no secret of that name: 404 SecretNotFound.",
        cause="kv_secret_not_found",
        identities=(SITE_IDENTITY,),
        vault=vault_read_by(SITE_IDENTITY, secrets=()),
    ),
    Scenario(
        name="secret-disabled",
        sentence="The secret is there, but somebody disabled it: 403 SecretDisabled.",
        cause="kv_secret_disabled",
        identities=(SITE_IDENTITY,),
        vault=vault_read_by(SITE_IDENTITY, secrets=(Secret(name="demo", enabled=False),)),
    ),
    Scenario(
        name="vault-unknown",
        sentence="No vault has that name: the host name does not resolve.",
        cause="dns_failure",
        identities=(SITE_IDENTITY,),
        vault=Vault(name="no-vault-has-this-name-x"),
        vault_exists=False,
    ),
)

SCENARIOS: Mapping[str, Scenario] = {scenario.name: scenario for scenario in _TABLE}


def find_scenario(name: str) -> Scenario:
    """The scenario of that name. Raises UnknownScenarioError."""
    if name not in SCENARIOS:
        raise UnknownScenarioError(f"There is no scenario {name!r}. There are: {', '.join(SCENARIOS)}.")
    return SCENARIOS[name]
