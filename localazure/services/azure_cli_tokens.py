"""The tokens Entra gives to `az`, and its refusals as az passes them on."""

from localazure.directory import AUDIENCES, AZURE_CLI_CLIENT_ID, Application, User
from localazure.services import entra_refusals
from localazure.services.azure_cli_answer import CliError
from localazure.services.entra_catalogue import refuse_in_trouble
from localazure.services.refusal import Refusal
from localazure.tokens import AccessToken, ProofLevel
from localazure.world import World

ADVICE = (
    "Run the command below to authenticate interactively; additional arguments may be added as needed:\n"
    "az logout\naz login"
)


def token_for(world: World, identity: User | Application, resource: str, tenant: str) -> AccessToken:
    """What Entra gives az for the cached sign-in; its refusal comes with az's own advice, as for the real one."""
    try:
        _check(world, identity, resource, tenant)
    except Refusal as refusal:
        more = f' --tenant "{tenant}" --scope "{resource}/.default"' if isinstance(identity, User) else ""
        raise CliError(f"{refusal.description}\n{ADVICE}{more}") from None
    proof = ProofLevel.NONE if isinstance(identity, User) else ProofLevel.SECRET
    return world.token(identity, AUDIENCES[resource], proof)


def _check(world: World, identity: User | Application, resource: str, tenant: str) -> None:
    """Raises Refusal."""
    client_id = AZURE_CLI_CLIENT_ID if isinstance(identity, User) else identity.client_id
    refuse_in_trouble(world, client_id, resource)
    if tenant not in (world.tenant.id, world.tenant.domain):
        raise _foreign_tenant(world, identity, tenant)
    if resource not in AUDIENCES:
        raise entra_refusals.unknown_resource(world, resource)
    if isinstance(identity, User) and world.scenario.users_need_mfa:
        raise entra_refusals.mfa_required(world, resource)


def _foreign_tenant(world: World, identity: User | Application, tenant: str) -> Refusal:
    known = next((known for known in world.tenants if tenant in (known.id, known.domain)), None)
    if known is None:
        return entra_refusals.unknown_tenant(world, tenant)
    if isinstance(identity, User):
        return entra_refusals.user_not_in_tenant(world, world.tenant.issuer, known.name)
    return entra_refusals.unknown_application(world, identity.client_id, known.name)
