"""Every world Local Azure can play. A new one is one entry in the table."""

from collections.abc import Mapping

from localazure.directory import (
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
from localazure.registrations import FederatedCredential, Registration
from localazure.scenario import AzureCli, Host, Proof, Scenario, SignIn
from localazure.trouble import Fault, Trouble
from localazure.vaults import SECRETS_USER, Certificate, Network, Secret, Vault

DEFAULT_SCENARIO = "app-service"
DEMO_SECRET = Secret(name="demo", content_type="text/plain")
POD_SUBJECT = "system:serviceaccount:kvsite:kvsite"
DAY_S = 86_400


class UnknownScenarioError(ValueError):
    """No scenario has that name; the text lists the names there are."""


def vault_read_by(*readers: Identity, secrets: tuple[Secret, ...] = (DEMO_SECRET,)) -> Vault:
    """Contoso's vault, with the role Key Vault Secrets User given to `readers`."""
    return Vault(name="contoso", secrets=secrets, grants={reader.object_id: SECRETS_USER for reader in readers})


def _vault_beyond(network: Network) -> Vault:
    grants = {SITE_IDENTITY.object_id: SECRETS_USER}
    return Vault(name="contoso", secrets=(DEMO_SECRET,), grants=grants, network=network)


_POD = Registration(identity=POD_IDENTITY, federated=(FederatedCredential(issuer=CLUSTER_ISSUER, subject=POD_SUBJECT),))

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
        name="vm-no-identity",
        sentence="The virtual machine has no identity: its metadata service answers 400 Identity not found.",
        cause="mi_identity_not_assigned",
        host=Host.VIRTUAL_MACHINE,
        vault=vault_read_by(MACHINE_IDENTITY),
    ),
    Scenario(
        name="vm-two-identities",
        sentence="The virtual machine has two user-assigned identities, and nobody said which one is meant: 400.",
        cause="mi_multiple_user_assigned",
        host=Host.VIRTUAL_MACHINE,
        identities=(SHARED_IDENTITY, WRITER_IDENTITY),
        vault=vault_read_by(SHARED_IDENTITY),
    ),
    Scenario(
        name="kubernetes",
        sentence="A pod reads the secret with its workload identity: its service account's token is taken as proof.",
        host=Host.KUBERNETES,
        registrations=(_POD,),
        sign_in=SignIn(identity=POD_IDENTITY, proof=Proof.FEDERATED_TOKEN, subject=POD_SUBJECT),
        vault=vault_read_by(POD_IDENTITY),
    ),
    Scenario(
        name="kubernetes-wrong-subject",
        sentence="The pod runs under another service account than the federated credential names: AADSTS700213.",
        cause="federated_credential_mismatch",
        host=Host.KUBERNETES,
        registrations=(_POD,),
        sign_in=SignIn(
            identity=POD_IDENTITY, proof=Proof.FEDERATED_TOKEN, subject="system:serviceaccount:default:default"
        ),
        vault=vault_read_by(POD_IDENTITY),
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
        name="laptop-slow-az",
        sentence="The developer is signed in, but az takes a minute to answer: whoever asks it gives up before.",
        cause="az_timeout",
        host=Host.LAPTOP,
        azure_cli=AzureCli(signed_in=DEVELOPER, latency_s=60),
        vault=vault_read_by(DEVELOPER),
    ),
    Scenario(
        name="laptop-mfa",
        sentence="The developer is signed in, but the vault now wants a second factor: AADSTS50076.",
        cause="mfa_required",
        host=Host.LAPTOP,
        azure_cli=AzureCli(signed_in=DEVELOPER),
        users_need_mfa=True,
        vault=vault_read_by(DEVELOPER),
    ),
    Scenario(
        name="laptop-service-principal",
        sentence="Signed in to az is a service principal: it reads the secret, with an app's token, not a user's.",
        host=Host.LAPTOP,
        registrations=(Registration(identity=SITE_APPLICATION),),
        azure_cli=AzureCli(signed_in=SITE_APPLICATION),
        vault=vault_read_by(SITE_APPLICATION),
    ),
    Scenario(
        name="service-principal-secret",
        sentence="A program outside Azure signs in as a service principal with a client secret and reads the secret.",
        host=Host.LAPTOP,
        registrations=(Registration(identity=SITE_APPLICATION),),
        sign_in=SignIn(identity=SITE_APPLICATION, proof=Proof.SECRET),
        vault=vault_read_by(SITE_APPLICATION),
    ),
    Scenario(
        name="service-principal-wrong-secret",
        sentence="AZURE_CLIENT_SECRET holds the id of the client secret in place of its value: AADSTS7000215.",
        cause="client_secret_wrong",
        host=Host.LAPTOP,
        registrations=(Registration(identity=SITE_APPLICATION),),
        sign_in=SignIn(identity=SITE_APPLICATION, proof=Proof.WRONG_SECRET),
        vault=vault_read_by(SITE_APPLICATION),
    ),
    Scenario(
        name="service-principal-expired-secret",
        sentence="The service principal's client secret has expired: AADSTS7000222.",
        cause="client_secret_expired",
        host=Host.LAPTOP,
        registrations=(Registration(identity=SITE_APPLICATION, secret_expired=True),),
        sign_in=SignIn(identity=SITE_APPLICATION, proof=Proof.SECRET),
        vault=vault_read_by(SITE_APPLICATION),
    ),
    Scenario(
        name="service-principal-certificate",
        sentence="A program outside Azure signs in as a service principal with a certificate and reads the secret.",
        host=Host.LAPTOP,
        registrations=(Registration(identity=SITE_APPLICATION),),
        sign_in=SignIn(identity=SITE_APPLICATION, proof=Proof.CERTIFICATE),
        vault=vault_read_by(SITE_APPLICATION),
    ),
    Scenario(
        name="no-role",
        sentence="The identity works, but has no role on the vault: 403 ForbiddenByRbac.",
        cause="kv_rbac_denied",
        identities=(SITE_IDENTITY,),
        vault=vault_read_by(),
    ),
    Scenario(
        name="no-policy",
        sentence="The vault works with access policies, and none names the identity: 403 AccessDenied.",
        cause="kv_access_policy_denied",
        identities=(SITE_IDENTITY,),
        vault=Vault(name="contoso", secrets=(DEMO_SECRET,), access_policies=True),
    ),
    Scenario(
        name="firewall",
        sentence="The role is there, but the vault's firewall does not know this address: 403 ForbiddenByFirewall.",
        cause="kv_firewall_denied",
        identities=(SITE_IDENTITY,),
        vault=_vault_beyond(Network.FIREWALL),
    ),
    Scenario(
        name="private",
        sentence="The role is there, but the vault takes private endpoints only: 403 ForbiddenByConnection.",
        cause="kv_public_access_disabled",
        identities=(SITE_IDENTITY,),
        vault=_vault_beyond(Network.PRIVATE),
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
        name="secret-deleted",
        sentence="Somebody deleted the secret: 404 SecretNotFound, and its name is among the deleted secrets.",
        cause="secret_deleted",
        identities=(SITE_IDENTITY,),
        vault=vault_read_by(SITE_IDENTITY, secrets=(Secret(name="demo", deleted=True),)),
    ),
    Scenario(
        name="secret-expired",
        sentence="The secret's expiry date has passed; Key Vault hands the value out all the same.",
        cause="secret_expired",
        identities=(SITE_IDENTITY,),
        vault=vault_read_by(SITE_IDENTITY, secrets=(Secret(name="demo", expires_in_s=-DAY_S),)),
    ),
    Scenario(
        name="wrong-tenant",
        sentence="The site lives in another tenant than the vault, which does not know its token's issuer: AKV10032.",
        cause="kv_wrong_tenant",
        subscription=SANDBOX,
        identities=(FABRIKAM_IDENTITY,),
        vault=vault_read_by(),
    ),
    Scenario(
        name="throttled",
        sentence="The vault has had too many requests: 429 Throttled, with the seconds to wait.",
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
        sentence="No vault has that name: the host name does not resolve.",
        cause="dns_failure",
        identities=(SITE_IDENTITY,),
        vault=Vault(name="no-vault-has-this-name-x"),
        vault_exists=False,
    ),
    Scenario(
        name="vault-down",
        sentence="The vault is down: every request is answered with 503 Service Unavailable.",
        cause="service_error",
        identities=(SITE_IDENTITY,),
        vault=vault_read_by(SITE_IDENTITY),
        troubles={"keyvault": Trouble(status=503)},
    ),
    Scenario(
        name="vault-silent",
        sentence="The vault takes the request and never answers.",
        cause="deadline_exceeded",
        identities=(SITE_IDENTITY,),
        vault=vault_read_by(SITE_IDENTITY),
        troubles={"keyvault": Trouble(fault=Fault.SILENCE)},
    ),
    Scenario(
        name="imds-silent",
        sentence="A machine told to use its managed identity alone cannot reach the metadata service: nothing answers.",
        cause="imds_unreachable",
        host=Host.VIRTUAL_MACHINE,
        identities=(MACHINE_IDENTITY,),
        settings={"AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential"},
        vault=vault_read_by(MACHINE_IDENTITY),
        troubles={"imds": Trouble(fault=Fault.SILENCE)},
    ),
    Scenario(
        name="clock-ahead",
        sentence="Azure's clock is twenty minutes ahead of this machine's: the token is dated in the future.",
        cause="clock_skew",
        identities=(SITE_IDENTITY,),
        vault=vault_read_by(SITE_IDENTITY),
        clock_ahead_s=20 * 60,
    ),
    Scenario(
        name="intercepted",
        sentence="A gateway looks into the traffic, and this machine does not trust its certificate authority.",
        cause="tls_interception",
        identities=(SITE_IDENTITY,),
        vault=vault_read_by(SITE_IDENTITY),
        intercepted=True,
    ),
    Scenario(
        name="arc",
        sentence="A server outside Azure reads the secret with the identity that Azure Arc's agent gave it.",
        host=Host.ARC,
        identities=(ARC_IDENTITY,),
        vault=vault_read_by(ARC_IDENTITY),
    ),
    Scenario(
        name="cloud-shell",
        sentence="In Cloud Shell the developer reads the secret as herself, without az login.",
        host=Host.CLOUD_SHELL,
        vault=vault_read_by(DEVELOPER),
    ),
    Scenario(
        name="azure-ml",
        sentence="A compute of Azure Machine Learning reads the secret with its managed identity.",
        host=Host.MACHINE_LEARNING,
        identities=(SITE_IDENTITY, SHARED_IDENTITY),
        vault=vault_read_by(SITE_IDENTITY, SHARED_IDENTITY),
    ),
    Scenario(
        name="service-fabric",
        sentence="An application on Service Fabric reads the secret with the identity the cluster gives it.",
        host=Host.SERVICE_FABRIC,
        identities=(SITE_IDENTITY,),
        vault=vault_read_by(SITE_IDENTITY),
    ),
    Scenario(
        name="azure-pipelines",
        sentence="A job in Azure Pipelines proves itself by its service connection, which Entra trusts; az does too.",
        host=Host.PIPELINES,
        registrations=(
            Registration(
                identity=SITE_APPLICATION,
                federated=(FederatedCredential(issuer=PIPELINES_ISSUER, subject=PIPELINES_SUBJECT),),
            ),
        ),
        azure_cli=AzureCli(signed_in=SITE_APPLICATION),
        vault=vault_read_by(SITE_APPLICATION),
    ),
    Scenario(
        name="certificate-in-vault",
        sentence="The developer's vault holds, beside the secret, a service principal's certificate, as PFX and PEM.",
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
            grants={DEVELOPER.object_id: SECRETS_USER, SITE_APPLICATION.object_id: SECRETS_USER},
        ),
    ),
    Scenario(
        name="token-vault",
        sentence="The retired Token Vault still answers as it did until 2020, beside a site that reads its secret.",
        identities=(SITE_IDENTITY,),
        vault=vault_read_by(SITE_IDENTITY),
        token_vault=True,
        # The app setting that the Token Store samples had.
        settings={
            "tokenResourceUrl": "https://contoso.westcentralus.tokenvault.azure.net/services/dropbox/tokens/sampleToken"
        },
    ),
)

SCENARIOS: Mapping[str, Scenario] = {scenario.name: scenario for scenario in _TABLE}


def find_scenario(name: str) -> Scenario:
    """The scenario of that name. Raises UnknownScenarioError."""
    if name not in SCENARIOS:
        raise UnknownScenarioError(f"There is no scenario {name!r}. There are: {', '.join(SCENARIOS)}.")
    return SCENARIOS[name]
