"""All scenarios. To add one, add an entry to the table."""

from collections.abc import Mapping

from localazure.scenarios.directory import (
    ARC_IDENTITY,
    CLUSTER_ISSUER,
    DEVELOPER,
    FABRIKAM_IDENTITY,
    MACHINE_IDENTITY,
    PIPELINES_ISSUER,
    PIPELINES_SUBJECT,
    POD_IDENTITY,
    SANDBOX,
    SHARED_IDENTITY,
    SITE_APPLICATION,
    SITE_IDENTITY,
    WRITER_IDENTITY,
    Identity,
)
from localazure.scenarios.faults import Fault, FaultInjection
from localazure.scenarios.registrations import FederatedCredential, Registration
from localazure.scenarios.roles import CERTIFICATE_USER
from localazure.scenarios.scenario import AzureCli, ClientCredential, ClientCredentialKind, Host, Scenario
from localazure.scenarios.vaults import SECRETS_OFFICER, SECRETS_USER, Certificate, NetworkAccess, Secret, Vault

DEFAULT_SCENARIO = "app-service"
DEMO_SECRET = Secret(name="demo", content_type="text/plain")
POD_SUBJECT = "system:serviceaccount:kvsite:kvsite"
DAY_S = 86_400


class UnknownScenarioError(ValueError):
    """The scenario does not exist; the message lists the existing ones."""


def vault_read_by(*readers: Identity, secrets: tuple[Secret, ...] = (DEMO_SECRET,)) -> Vault:
    """Contoso's vault, with the role Key Vault Secrets User assigned to `readers`."""
    return Vault(name="contoso", secrets=secrets, grants={reader.object_id: SECRETS_USER for reader in readers})


def _vault_managed_by_developer(*secrets: Secret) -> Vault:
    """A vault that the site reads and whose secrets the developer manages, as Key Vault Secrets Officer."""
    grants = {SITE_IDENTITY.object_id: SECRETS_USER, DEVELOPER.object_id: SECRETS_OFFICER}
    return Vault(name="contoso", secrets=secrets, grants=grants)


def _vault_with_network_access(network: NetworkAccess) -> Vault:
    grants = {SITE_IDENTITY.object_id: SECRETS_USER}
    return Vault(name="contoso", secrets=(DEMO_SECRET,), grants=grants, network=network)


_POD = Registration(
    identity=POD_IDENTITY, federated_credentials=(FederatedCredential(issuer=CLUSTER_ISSUER, subject=POD_SUBJECT),)
)

_TABLE = (
    Scenario(
        name="app-service",
        sentence="An App Service site reads the secret with its system-assigned managed identity.",
        identities=(SITE_IDENTITY,),
        vault=vault_read_by(SITE_IDENTITY),
    ),
    Scenario(
        name="app-service-user-assigned",
        sentence="An App Service site reads the secret with the user-assigned identity that AZURE_CLIENT_ID selects.",
        identities=(SITE_IDENTITY, SHARED_IDENTITY),
        settings={"AZURE_CLIENT_ID": SHARED_IDENTITY.client_id},
        vault=vault_read_by(SHARED_IDENTITY),
    ),
    Scenario(
        name="app-service-off",
        sentence="The App Service site has no managed identity: no credential is available.",
        cause="mi_identity_not_assigned",
        vault=vault_read_by(SITE_IDENTITY),
    ),
    Scenario(
        name="vm",
        sentence="A virtual machine reads the secret with its system-assigned managed identity.",
        host=Host.VIRTUAL_MACHINE,
        identities=(MACHINE_IDENTITY,),
        vault=vault_read_by(MACHINE_IDENTITY),
    ),
    Scenario(
        name="vm-no-identity",
        sentence="The virtual machine has no managed identity: IMDS returns 400 Identity not found.",
        cause="mi_identity_not_assigned",
        host=Host.VIRTUAL_MACHINE,
        vault=vault_read_by(MACHINE_IDENTITY),
    ),
    Scenario(
        name="vm-two-identities",
        sentence="The virtual machine has two user-assigned identities and none is specified: IMDS returns 400.",
        cause="mi_multiple_user_assigned",
        host=Host.VIRTUAL_MACHINE,
        identities=(SHARED_IDENTITY, WRITER_IDENTITY),
        vault=vault_read_by(SHARED_IDENTITY),
    ),
    Scenario(
        name="kubernetes",
        sentence="A pod reads the secret with its workload identity, using its service account token.",
        host=Host.KUBERNETES,
        registrations=(_POD,),
        client_credential=ClientCredential(
            identity=POD_IDENTITY, kind=ClientCredentialKind.FEDERATED_TOKEN, subject=POD_SUBJECT
        ),
        vault=vault_read_by(POD_IDENTITY),
    ),
    Scenario(
        name="kubernetes-wrong-subject",
        sentence="The pod's service account does not match the subject of the federated credential: AADSTS700213.",
        cause="federated_credential_mismatch",
        host=Host.KUBERNETES,
        registrations=(_POD,),
        client_credential=ClientCredential(
            identity=POD_IDENTITY,
            kind=ClientCredentialKind.FEDERATED_TOKEN,
            subject="system:serviceaccount:default:default",
        ),
        vault=vault_read_by(POD_IDENTITY),
    ),
    Scenario(
        name="laptop",
        sentence="A developer who is signed in with az login reads the secret with their user account.",
        host=Host.LAPTOP,
        azure_cli=AzureCli(signed_in=DEVELOPER),
        vault=vault_read_by(DEVELOPER),
    ),
    Scenario(
        name="laptop-signed-out",
        sentence="Azure CLI is installed, but no account is signed in.",
        cause="az_not_logged_in",
        host=Host.LAPTOP,
        azure_cli=AzureCli(),
        vault=vault_read_by(DEVELOPER),
    ),
    Scenario(
        name="laptop-no-az",
        sentence="A developer machine without Azure CLI: no credential of the chain is available.",
        cause="no_credential_available",
        host=Host.LAPTOP,
        vault=vault_read_by(DEVELOPER),
    ),
    Scenario(
        name="laptop-slow-az",
        sentence="The developer is signed in, but az takes a minute to respond: callers time out.",
        cause="az_timeout",
        host=Host.LAPTOP,
        azure_cli=AzureCli(signed_in=DEVELOPER, latency_s=60),
        vault=vault_read_by(DEVELOPER),
    ),
    Scenario(
        name="laptop-mfa",
        sentence="The developer is signed in, but the vault requires multifactor authentication: AADSTS50076.",
        cause="mfa_required",
        host=Host.LAPTOP,
        azure_cli=AzureCli(signed_in=DEVELOPER),
        users_need_mfa=True,
        vault=vault_read_by(DEVELOPER),
    ),
    Scenario(
        name="laptop-service-principal",
        sentence="A service principal is signed in to Azure CLI and reads the secret with an app token.",
        host=Host.LAPTOP,
        registrations=(Registration(identity=SITE_APPLICATION),),
        azure_cli=AzureCli(signed_in=SITE_APPLICATION),
        vault=vault_read_by(SITE_APPLICATION),
    ),
    Scenario(
        name="service-principal-secret",
        sentence="A program outside Azure reads the secret as a service principal with a client secret.",
        host=Host.LAPTOP,
        registrations=(Registration(identity=SITE_APPLICATION),),
        client_credential=ClientCredential(identity=SITE_APPLICATION, kind=ClientCredentialKind.SECRET),
        vault=vault_read_by(SITE_APPLICATION),
    ),
    Scenario(
        name="service-principal-wrong-secret",
        sentence="AZURE_CLIENT_SECRET contains the client secret ID instead of its value: AADSTS7000215.",
        cause="client_secret_wrong",
        host=Host.LAPTOP,
        registrations=(Registration(identity=SITE_APPLICATION),),
        client_credential=ClientCredential(identity=SITE_APPLICATION, kind=ClientCredentialKind.WRONG_SECRET),
        vault=vault_read_by(SITE_APPLICATION),
    ),
    Scenario(
        name="service-principal-expired-secret",
        sentence="The service principal's client secret has expired: AADSTS7000222.",
        cause="client_secret_expired",
        host=Host.LAPTOP,
        registrations=(Registration(identity=SITE_APPLICATION, secret_expired=True),),
        client_credential=ClientCredential(identity=SITE_APPLICATION, kind=ClientCredentialKind.SECRET),
        vault=vault_read_by(SITE_APPLICATION),
    ),
    Scenario(
        name="service-principal-certificate",
        sentence="A program outside Azure reads the secret as a service principal with a certificate.",
        host=Host.LAPTOP,
        registrations=(Registration(identity=SITE_APPLICATION),),
        client_credential=ClientCredential(identity=SITE_APPLICATION, kind=ClientCredentialKind.CERTIFICATE),
        vault=vault_read_by(SITE_APPLICATION),
    ),
    Scenario(
        name="no-role",
        sentence="The managed identity has no role assignment on the vault: 403 ForbiddenByRbac.",
        cause="kv_rbac_denied",
        identities=(SITE_IDENTITY,),
        vault=vault_read_by(),
    ),
    Scenario(
        name="no-policy",
        sentence="The vault uses access policies, and none grants access to the identity: 403 AccessDenied.",
        cause="kv_access_policy_denied",
        identities=(SITE_IDENTITY,),
        vault=Vault(name="contoso", secrets=(DEMO_SECRET,), access_policies=True),
    ),
    Scenario(
        name="firewall",
        sentence="The role is assigned, but the vault's firewall blocks this IP address: 403 ForbiddenByFirewall.",
        cause="kv_firewall_denied",
        identities=(SITE_IDENTITY,),
        vault=_vault_with_network_access(NetworkAccess.FIREWALL),
    ),
    Scenario(
        name="private",
        sentence="The role is assigned, but the vault allows only private endpoints: 403 ForbiddenByConnection.",
        cause="kv_public_access_disabled",
        identities=(SITE_IDENTITY,),
        vault=_vault_with_network_access(NetworkAccess.PRIVATE),
    ),
    Scenario(
        name="secret-missing",
        sentence="The site has access to the vault, but the secret does not exist: 404 SecretNotFound.",
        cause="kv_secret_not_found",
        identities=(SITE_IDENTITY,),
        vault=_vault_managed_by_developer(),
    ),
    Scenario(
        name="secret-disabled",
        sentence="The secret is disabled: 403 SecretDisabled.",
        cause="kv_secret_disabled",
        identities=(SITE_IDENTITY,),
        vault=_vault_managed_by_developer(Secret(name="demo", enabled=False)),
    ),
    Scenario(
        name="secret-deleted",
        sentence="The secret is soft-deleted: 404 SecretNotFound, and it is listed with the deleted secrets.",
        cause="secret_deleted",
        identities=(SITE_IDENTITY,),
        vault=_vault_managed_by_developer(Secret(name="demo", deleted=True)),
    ),
    Scenario(
        name="secret-expired",
        sentence="The secret is past its expiry date; Key Vault still returns its value.",
        cause="secret_expired",
        identities=(SITE_IDENTITY,),
        vault=_vault_managed_by_developer(Secret(name="demo", expires_in_s=-DAY_S)),
    ),
    Scenario(
        name="wrong-tenant",
        sentence="The site is in a different tenant than the vault, which rejects the token's issuer: AKV10032.",
        cause="kv_wrong_tenant",
        subscription=SANDBOX,
        identities=(FABRIKAM_IDENTITY,),
        vault=vault_read_by(),
    ),
    Scenario(
        name="throttled",
        sentence="The vault is throttling requests: 429 Throttled with Retry-After.",
        cause="kv_throttled",
        identities=(SITE_IDENTITY,),
        vault=Vault(
            name="contoso",
            secrets=(DEMO_SECRET,),
            grants={SITE_IDENTITY.object_id: SECRETS_USER},
            throttled=True,
        ),
    ),
    Scenario(
        name="vault-unknown",
        sentence="The vault does not exist: its host name cannot be resolved.",
        cause="dns_failure",
        identities=(SITE_IDENTITY,),
        vault=Vault(name="no-vault-has-this-name-x"),
        vault_exists=False,
    ),
    Scenario(
        name="vault-down",
        sentence="The vault is unavailable: every request returns 503 Service Unavailable.",
        cause="service_error",
        identities=(SITE_IDENTITY,),
        vault=vault_read_by(SITE_IDENTITY),
        faults={"keyvault": FaultInjection(status=503)},
    ),
    Scenario(
        name="vault-silent",
        sentence="The vault accepts requests but never responds.",
        cause="deadline_exceeded",
        identities=(SITE_IDENTITY,),
        vault=vault_read_by(SITE_IDENTITY),
        faults={"keyvault": FaultInjection(fault=Fault.SILENCE)},
    ),
    Scenario(
        name="imds-silent",
        sentence="The virtual machine uses only its managed identity, and IMDS does not respond.",
        cause="imds_unreachable",
        host=Host.VIRTUAL_MACHINE,
        identities=(MACHINE_IDENTITY,),
        settings={"AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential"},
        vault=vault_read_by(MACHINE_IDENTITY),
        faults={"imds": FaultInjection(fault=Fault.SILENCE)},
    ),
    Scenario(
        name="clock-ahead",
        sentence="Azure's clock is 20 minutes ahead of this machine's clock: tokens are dated in the future.",
        cause="clock_skew",
        identities=(SITE_IDENTITY,),
        vault=vault_read_by(SITE_IDENTITY),
        clock_ahead_s=20 * 60,
    ),
    Scenario(
        name="intercepted",
        sentence="A gateway intercepts TLS with a certificate authority that this machine does not trust.",
        cause="tls_interception",
        identities=(SITE_IDENTITY,),
        vault=vault_read_by(SITE_IDENTITY),
        intercepted=True,
    ),
    Scenario(
        name="arc",
        sentence="A server outside Azure reads the secret with its managed identity from Azure Arc.",
        host=Host.ARC,
        identities=(ARC_IDENTITY,),
        vault=vault_read_by(ARC_IDENTITY),
    ),
    Scenario(
        name="cloud-shell",
        sentence="In Cloud Shell, the developer reads the secret with their user account, without az login.",
        host=Host.CLOUD_SHELL,
        vault=vault_read_by(DEVELOPER),
    ),
    Scenario(
        name="azure-ml",
        sentence="An Azure Machine Learning compute reads the secret with its managed identity.",
        host=Host.MACHINE_LEARNING,
        identities=(SITE_IDENTITY, SHARED_IDENTITY),
        vault=vault_read_by(SITE_IDENTITY, SHARED_IDENTITY),
    ),
    Scenario(
        name="service-fabric",
        sentence="A Service Fabric application reads the secret with its managed identity.",
        host=Host.SERVICE_FABRIC,
        identities=(SITE_IDENTITY,),
        vault=vault_read_by(SITE_IDENTITY),
    ),
    Scenario(
        name="azure-pipelines",
        sentence="An Azure Pipelines job reads the secret with its service connection; Azure CLI is signed in as well.",
        host=Host.PIPELINES,
        registrations=(
            Registration(
                identity=SITE_APPLICATION,
                federated_credentials=(FederatedCredential(issuer=PIPELINES_ISSUER, subject=PIPELINES_SUBJECT),),
            ),
        ),
        azure_cli=AzureCli(signed_in=SITE_APPLICATION),
        vault=vault_read_by(SITE_APPLICATION),
    ),
    Scenario(
        name="certificate-in-vault",
        sentence="A developer's vault contains the secret and a service principal's certificate, as PFX and as PEM.",
        host=Host.LAPTOP,
        registrations=(Registration(identity=SITE_APPLICATION),),
        azure_cli=AzureCli(signed_in=DEVELOPER),
        vault=Vault(
            name="contoso",
            secrets=(DEMO_SECRET,),
            certificates=(
                Certificate(name="kvsite-app", common_name=SITE_APPLICATION.client_id),
                Certificate(
                    name="kvsite-app-pem",
                    common_name=SITE_APPLICATION.client_id,
                    content_type="application/x-pem-file",
                ),
            ),
            grants=dict.fromkeys((DEVELOPER.object_id, SITE_APPLICATION.object_id), CERTIFICATE_USER),
        ),
    ),
    Scenario(
        name="token-vault",
        sentence="An App Service site reads its secret; the retired Token Vault is available as it was until 2020.",
        identities=(SITE_IDENTITY,),
        vault=vault_read_by(SITE_IDENTITY),
        token_vault=True,
        # The app setting that the Token Store samples used.
        settings={
            "tokenResourceUrl": "https://contoso.westcentralus.tokenvault.azure.net/services/dropbox/tokens/sampleToken"
        },
    ),
)

SCENARIOS: Mapping[str, Scenario] = {scenario.name: scenario for scenario in _TABLE}


def find_scenario(name: str) -> Scenario:
    """Return the scenario with this name. Raises UnknownScenarioError."""
    if name not in SCENARIOS:
        raise UnknownScenarioError(f"Unknown scenario {name!r}. Choose from: {', '.join(SCENARIOS)}.")
    return SCENARIOS[name]
