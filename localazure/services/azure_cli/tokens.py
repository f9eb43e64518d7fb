"""The tokens that Entra issues to `az`, and Entra's errors as az prints them."""

from localazure.crypto.tokens import AccessToken, ClientAuthentication
from localazure.scenarios.directory import AZURE_CLI_CLIENT_ID, CONTOSO, Application, User, audience_of
from localazure.services.azure_cli.result import CliError
from localazure.services.entra import errors as entra_errors
from localazure.services.entra.injected_errors import raise_injected_error
from localazure.services.errors import ServiceError
from localazure.state.cli_session import CliIdentity, CliSession
from localazure.state.emulator_state import EmulatorState

ADVICE = (
    "Run the command below to authenticate interactively; additional arguments may be added as needed:\n"
    "az logout\naz login"
)


def token_for(state: EmulatorState, session: CliSession, resource: str, tenant: str) -> AccessToken:
    """Return a token for the signed-in account. Errors include az's advice, as with the real Azure CLI.

    Raises CliError.
    """
    identity = session.identity
    if identity is None:
        raise CliError("Please run 'az login' to setup account.")
    try:
        _check(state, session, identity, resource, tenant)
    except ServiceError as error:
        more = f' --tenant "{tenant}" --scope "{resource}/.default"' if isinstance(identity, User) else ""
        raise CliError(f"{error.description}\n{ADVICE}{more}") from None
    if not isinstance(identity, User):
        client_auth = (
            ClientAuthentication.SECRET if isinstance(identity, Application) else ClientAuthentication.CERTIFICATE
        )
        return state.token(identity, audience_of(resource) or resource, client_auth)
    issuer = next(item for item in state.tenants if tenant in (item.id, item.domain))
    user = state.directory.user_in(identity, issuer)
    return state.token(user, audience_of(resource) or resource, ClientAuthentication.NONE, tenant=issuer)


def _check(state: EmulatorState, session: CliSession, identity: CliIdentity, resource: str, tenant: str) -> None:
    """Raises ServiceError."""
    client_id = AZURE_CLI_CLIENT_ID if isinstance(identity, User) else identity.client_id
    raise_injected_error(state, client_id, resource)
    tenants = state.directory.user_tenants() if isinstance(identity, User) else (state.tenant,)
    if tenant not in [name for item in tenants for name in (item.id, item.domain)]:
        raise _foreign_tenant(state, identity, tenant)
    if state.directory.audience_of(resource) is None:
        raise entra_errors.unknown_resource(state, resource)
    if isinstance(identity, User) and state.scenario.users_need_mfa and not session.mfa:
        raise entra_errors.mfa_required(state, resource)


def _foreign_tenant(state: EmulatorState, identity: CliIdentity, tenant: str) -> ServiceError:
    existing = next((item for item in state.tenants if tenant in (item.id, item.domain)), None)
    if existing is None:
        return entra_errors.unknown_tenant(state, tenant)
    if isinstance(identity, User):
        return entra_errors.user_not_in_tenant(state, CONTOSO.issuer, existing.name)
    return entra_errors.unknown_application(state, identity.client_id, existing.name)
