"""The commands that sign in and out, show the account and return tokens."""

from datetime import datetime
from typing import Any

from localazure.scenarios.directory import DEVELOPER, Application, ManagedIdentity, Subscription, User
from localazure.services.azure_cli.command import Command, Options, Output
from localazure.services.azure_cli.context import Context
from localazure.services.azure_cli.result import CliError
from localazure.services.azure_cli.tokens import ADVICE, token_for
from localazure.services.entra import errors as entra_errors
from localazure.services.errors import ServiceError
from localazure.services.managed_identity.selection import single_identity

VERSION = "2.91.0"
BROWSER = (
    "WARNING: A web browser has been opened at https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize."
    " Please continue the login in the web browser. If no web browser is available or if the web browser fails to"
    " open, use device code flow with `az login --use-device-code`.\n"
)
DEVICE = (
    "WARNING: To sign in, use a web browser to open the page https://login.microsoft.com/device and enter the code"
    " {code} to authenticate.\n"
)
NO_ACCOUNTS = 'WARNING: Please run "az login" to access your accounts.\n'


async def login(context: Context, options: Options) -> Output:
    """Sign in. Interactive sign-ins are completed by the developer, with multifactor authentication."""
    if options.identity:
        context.session.sign_in(_managed_identity(context, options), mfa=True)
        return Output(_accounts(context))
    if options.service_principal:
        context.session.sign_in(_service_principal(context, options), mfa=True)
        return Output(_accounts(context))
    before = context.session.identity, context.session.subscription, context.session.mfa
    context.session.sign_in(DEVELOPER, mfa=True)
    try:
        if options.tenant:
            _select_tenant(context, options)
    except CliError:
        context.session.identity, context.session.subscription, context.session.mfa = before
        raise
    prompt = DEVICE.format(code="LOCALAZUR") if options.use_device_code else BROWSER
    return Output(_accounts(context), stderr=prompt)


async def logout(context: Context, options: Options) -> None:
    name = _user(context.session.identity)["name"] if context.session.identity else None
    if name is None:
        raise CliError("There are no active accounts.")
    if options.username and options.username.lower() != name.lower():
        raise CliError(f"account '{options.username}' not found")
    context.session.sign_out()


async def clear(context: Context, _options: Options) -> None:
    context.session.sign_out()


async def show(context: Context, options: Options) -> Output:
    subscription = context.subscription(options.subscription)
    account = _account(context, subscription)
    table = {name: account[key] for name, key in _TABLE.items() if key in account}
    return Output(account, table={"EnvironmentName": "AzureCloud", **table})


async def list_accounts(context: Context, _options: Options) -> Output:
    if context.session.identity is None:
        return Output([], stderr=NO_ACCOUNTS)
    accounts = _accounts(context)
    rows = [{"Name": item["name"], "CloudName": "AzureCloud", **_list_row(item)} for item in accounts]
    return Output(accounts, table=rows)


async def select(context: Context, options: Options) -> None:
    context.session.subscription = context.subscription(options.subscription)


async def get_access_token(context: Context, options: Options) -> dict[str, Any]:
    if options.tenant and options.subscription:
        raise CliError("Please specify only one of subscription and tenant, not both")
    subscription = context.subscription(options.subscription)
    resource = options.resource or _resource(options.scope)
    tenant = options.tenant or subscription.tenant.id
    token = token_for(context.state, context.session, resource, tenant)
    expires_on = datetime.fromtimestamp(token.expires_on)  # noqa: DTZ006 - az prints local time
    return {
        "accessToken": token.text,
        "expiresOn": f"{expires_on:%Y-%m-%d %H:%M:%S.%f}",
        "expires_on": token.expires_on,
        **({} if options.tenant else {"subscription": subscription.id}),
        "tenant": tenant,
        "tokenType": "Bearer",
    }


async def version(_context: Context, _options: Options) -> dict[str, Any]:
    return {"azure-cli": VERSION, "azure-cli-core": VERSION, "azure-cli-telemetry": "1.1.0", "extensions": {}}


_TABLE = {
    "HomeTenantId": "homeTenantId",
    "IsDefault": "isDefault",
    "Name": "name",
    "State": "state",
    "TenantDefaultDomain": "tenantDefaultDomain",
    "TenantDisplayName": "tenantDisplayName",
    "TenantId": "tenantId",
}


def _resource(scope: str | None) -> str:
    return (scope or "https://management.core.windows.net/").removesuffix("/.default")


def _accounts(context: Context) -> list[dict[str, Any]]:
    """The accounts as `az account list` prints them, which names the cloud differently."""
    accounts = [_account(context, subscription) for subscription in context.subscriptions]
    return [{"cloudName": item.pop("environmentName"), **item} for item in accounts]


def _list_row(account: dict[str, Any]) -> dict[str, Any]:
    return {
        "SubscriptionId": account["id"],
        "TenantId": account["tenantId"],
        "State": account["state"],
        "IsDefault": account["isDefault"],
    }


def _account(context: Context, subscription: Subscription) -> dict[str, Any]:
    identity, tenant = context.identity, subscription.tenant
    # A service principal or managed identity signs in by tenant ID, so az has no names for the tenant.
    names = {"tenantDefaultDomain": tenant.domain, "tenantDisplayName": tenant.name}
    return {
        "environmentName": "AzureCloud",
        "homeTenantId": tenant.id,
        "id": subscription.id,
        "isDefault": subscription == context.subscription(),
        "managedByTenants": [],
        "name": subscription.name,
        "state": "Enabled",
        **(names if isinstance(identity, User) else {}),
        "tenantId": tenant.id,
        "user": _user(identity),
    }


def _user(identity: User | Application | ManagedIdentity) -> dict[str, str]:
    if isinstance(identity, User):
        return {"name": identity.principal_name, "type": "user"}
    if isinstance(identity, Application):
        return {"name": identity.client_id, "type": "servicePrincipal"}
    if identity.user_assigned:
        info = f"MSIClient-{identity.client_id}"
        return {"assignedIdentityInfo": info, "name": "userAssignedIdentity", "type": "servicePrincipal"}
    return {"assignedIdentityInfo": "MSI", "name": "systemAssignedIdentity", "type": "servicePrincipal"}


def _select_tenant(context: Context, options: Options) -> None:
    """Select the tenant's first subscription. Raises CliError when the developer cannot sign in to the tenant."""
    resource = _resource(options.scope[0] if options.scope else None)
    token_for(
        context.state,
        context.session,
        resource if context.state.directory.audience_of(resource) else _resource(None),
        options.tenant,
    )
    tenants = (options.tenant.lower(),)
    found = [item for item in context.subscriptions if {item.tenant.id, item.tenant.domain} & set(tenants)]
    if not found and not options.allow_no_subscriptions:
        raise CliError(f"No subscriptions found for {DEVELOPER.principal_name}.")
    context.session.subscription = found[0] if found else None


def _managed_identity(context: Context, options: Options) -> ManagedIdentity:
    requested = {"client_id": options.client_id, "object_id": options.object_id, "resource_id": options.resource_id}
    try:
        return single_identity(context.state.identities, {name: value for name, value in requested.items() if value})
    except LookupError:
        raise CliError("Failed to connect to MSI. Please make sure MSI is configured correctly.") from None


def _service_principal(context: Context, options: Options) -> Application:
    if not options.username or not options.tenant or not options.password:
        raise CliError("usage error: --service-principal requires --username, --password and --tenant")
    state = context.state
    application = state.directory.application(options.username)
    if application is None:
        error: ServiceError = entra_errors.unknown_application(state, options.username, state.tenant.name)
        raise CliError(f"{error.description}\n{ADVICE}")
    found = state.directory.client_secrets.find(application.client_id, options.password)
    if found is None:
        error = entra_errors.wrong_secret(state, application.client_id)
        raise CliError(f"{error.description}\n{ADVICE}")
    if found.ends_on < state.now_s():
        error = entra_errors.expired_secret(state, application.client_id)
        raise CliError(f"{error.description}\n{ADVICE}")
    return application


_SUBSCRIPTION = ("--subscription", "--name", "-s", "-n")
COMMANDS = (
    Command(
        "login",
        login,
        (
            *(("--tenant", "-t"), ("--scope",), ("--username", "-u"), ("--password", "-p"), ("--claims-challenge",)),
            *(("--client-id",), ("--object-id",), ("--resource-id",)),
        ),
        ("--use-device-code", "--identity", "--service-principal", "--allow-no-subscriptions"),
        repeated=("--scope",),
    ),
    Command("logout", logout, (("--username",),)),
    Command("account clear", clear),
    Command("account show", show, (_SUBSCRIPTION,)),
    Command("account list", list_accounts, flags=("--all", "--refresh")),
    Command("account set", select, (("--subscription!", "--name", "-s", "-n"),)),
    Command(
        "account get-access-token",
        get_access_token,
        (("--resource",), ("--scope", "--scopes"), ("--tenant", "-t"), _SUBSCRIPTION),
    ),
    Command("version", version),
)
