"""The tokens that Entra issues to `az`, and Entra's errors as az prints them."""

from localazure.crypto.tokens import AccessToken, ClientAuthentication
from localazure.scenarios.directory import AUDIENCES, AZURE_CLI_CLIENT_ID, Application, User
from localazure.services.azure_cli.result import CliError
from localazure.services.entra import errors as entra_errors
from localazure.services.entra.injected_errors import raise_injected_error
from localazure.services.errors import ServiceError
from localazure.state.emulator_state import EmulatorState

ADVICE = (
    "Run the command below to authenticate interactively; additional arguments may be added as needed:\n"
    "az logout\naz login"
)


def token_for(state: EmulatorState, identity: User | Application, resource: str, tenant: str) -> AccessToken:
    """Return a token for the cached sign-in. Errors include az's advice, as with the real Azure CLI."""
    try:
        _check(state, identity, resource, tenant)
    except ServiceError as error:
        more = f' --tenant "{tenant}" --scope "{resource}/.default"' if isinstance(identity, User) else ""
        raise CliError(f"{error.description}\n{ADVICE}{more}") from None
    client_auth = ClientAuthentication.NONE if isinstance(identity, User) else ClientAuthentication.SECRET
    return state.token(identity, AUDIENCES[resource], client_auth)


def _check(state: EmulatorState, identity: User | Application, resource: str, tenant: str) -> None:
    """Raises ServiceError."""
    client_id = AZURE_CLI_CLIENT_ID if isinstance(identity, User) else identity.client_id
    raise_injected_error(state, client_id, resource)
    if tenant not in (state.tenant.id, state.tenant.domain):
        raise _foreign_tenant(state, identity, tenant)
    if resource not in AUDIENCES:
        raise entra_errors.unknown_resource(state, resource)
    if isinstance(identity, User) and state.scenario.users_need_mfa:
        raise entra_errors.mfa_required(state, resource)


def _foreign_tenant(state: EmulatorState, identity: User | Application, tenant: str) -> ServiceError:
    existing = next((item for item in state.tenants if tenant in (item.id, item.domain)), None)
    if existing is None:
        return entra_errors.unknown_tenant(state, tenant)
    if isinstance(identity, User):
        return entra_errors.user_not_in_tenant(state, state.tenant.issuer, existing.name)
    return entra_errors.unknown_application(state, identity.client_id, existing.name)
