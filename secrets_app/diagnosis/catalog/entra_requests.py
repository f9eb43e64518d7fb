"""Microsoft Entra ID errors about what was requested: scope, resource, tenant, cloud."""

from secrets_app.diagnosis.catalog import links
from secrets_app.diagnosis.catalog.predicates import about_azure, resource_looks_like_scope
from secrets_app.diagnosis.cause import LINUX, MACOS, Area, Cause, Severity, run
from secrets_app.diagnosis.signature import Signature, Strength, aadsts, phrase
from secrets_app.diagnosis.stack_settings import StackSetting
from secrets_app.diagnosis.stacks import SDKS, Stack

_OTHER_SOURCES = ("folder_setting", "certificate_vault")
"""Values that are set when the certificate comes from a folder or a vault: then there is no file path."""

CAUSES = (
    Cause(
        key="scope_invalid",
        area=Area.ENTRA,
        title="The requested scope is invalid",
        why="A scope identifies the service a token is for. "
        "This one is missing or malformed, or there is more than one.",
        fix="For Key Vault, request https://vault.azure.net/.default, or let the Key Vault client request the token.",
        signatures=(
            aadsts(900144, phrases=("scope",), unless=("client_id", "grant_type")),
            Signature(
                aadsts=frozenset({500011, 50001, 650057}),
                where=resource_looks_like_scope,
                strength=Strength.EXACT,
            ),
            phrase("requires at least one scope"),
            phrase("resource must be specified", where=about_azure),
            phrase("requires exactly one scope"),
            phrase("missing scope in request"),
            phrase("an invalid scope was provided"),
            phrase("the provided value for the input parameter 'scope' is not valid"),
            phrase(
                "scopes",
                any_of=(
                    "must not be empty",
                    "cannot be null or empty",
                    "should not be empty",
                    "expected to be an array",
                ),
            ),
            phrase("you cannot use any scope value that is"),
            phrase("the input scopes should be a list"),
            phrase("invalid_scope", strength=Strength.LIKELY, unless=("token request error",)),
            phrase(
                "the scope",
                any_of=(
                    "is not valid",
                    "is invalid",
                    "not in expected format",
                    "is not in expected format",
                    "is malformed",
                ),
                unless=("over scope",),
                where=about_azure,
            ),
            phrase("to convert to a resource string the specified array must be exactly length 1"),
            phrase("credential requires exactly one scope"),
            phrase("authenticating in this environment requires a value for the 'scopes'"),
            phrase("argumentnullorempty", "resource"),
        ),
        commands=(run("az account get-access-token --scope https://vault.azure.net/.default --query expiresOn"),),
        links=(links.SCOPES,),
        severity=Severity.REJECTED,
    ),
    Cause(
        key="resource_disabled",
        area=Area.ENTRA,
        title="The requested resource is disabled in this tenant",
        why="The error names the resource, not the application that signs in: the service principal of the resource "
        "is disabled, or its subscription has lapsed.",
        fix="Ask an administrator to enable that service principal, or renew the subscription.",
        signatures=(phrase("the service principal for resource", "is disabled"),),
        commands=(
            run(
                "az ad sp list --filter \"servicePrincipalNames/any(n:n eq 'https://vault.azure.net')\" "
                '--query "[].{{id:id, enabled:accountEnabled}}"'
            ),
        ),
        links=(links.AADSTS,),
        severity=Severity.REJECTED,
        related=("app_disabled",),
    ),
    Cause(
        key="resource_not_in_tenant",
        area=Area.ENTRA,
        title="The requested resource was not found in this tenant",
        why="The error names the resource. If it is the vault's own URL, the wrong resource was requested.",
        fix="Request the resource of the service that the program calls, exactly as it is registered. For Key Vault "
        "it is https://vault.azure.net/.default.",
        otherwise=(
            (
                "If the name in the error ends after api:// or contains a placeholder, the client ID of the API is "
                "empty in the program's settings: set it."
            ),
            "If it is the vault's or the tenant's own URL, use the name of the service instead.",
            (
                "If it is your own API, it must have a service principal in this tenant: create it, or sign in to the"
                " tenant of the API."
            ),
        ),
        signatures=(
            phrase("the resource principal named", "was not found in the tenant"),
            Signature(codes=frozenset({"invalid_resource"}), unless=("identity/oauth2",), strength=Strength.LIKELY),
        ),
        commands=(run("az ad sp create --id {resource_app_id}"),),
        links=(links.AADSTS, links.SCOPES),
        severity=Severity.REJECTED,
        related=("scope_invalid",),
    ),
    Cause(
        key="tenant_not_allowed",
        area=Area.PROGRAM,
        title="The credential is not configured to get tokens for this tenant",
        why="The vault belongs to a different tenant than the one the credential was created for. "
        "The Azure Identity library stopped before it sent a request.",
        fix="Set the tenant of the credential to the vault's tenant (AZURE_TENANT_ID, or the tenant ID in the code), "
        "or add that tenant to those it may get tokens for.",
        otherwise=(
            "If AZURE_TENANT_ID is set to another tenant in this environment, correct or unset it.",
            (
                "If a library update brought the error, the tool must pass the option on: update the tool, or use its"
                " last version before."
            ),
        ),
        setting=StackSetting.FURTHER_TENANTS,
        site_fix="Create the credential with the vault's tenant ID: set AZURE_TENANT_ID.",
        signatures=(
            phrase("not configured to acquire tokens for tenant"),
            phrase("is not configured to acquire tokens for tenant"),
            phrase("multi-tenant", any_of=("authentication is not enabled", "acquisition", "disabled")),
            phrase("add it to the additionallyallowedtenants"),
        ),
        commands=(
            run("az keyvault show --name {vault} --query properties.tenantId --output tsv"),
            run(
                "export AZURE_TENANT_ID={vault_tenant}",
                systems=(LINUX, MACOS),
                stacks=SDKS,
                requires=("vault_tenant",),
            ),
            run("export ARM_TENANT_ID={vault_tenant}", stacks=(Stack.TERRAFORM,), requires=("vault_tenant",)),
        ),
        links=(links.PYTHON_AUTHENTICATION, links.KEY_VAULT_AUTHENTICATION),
    ),
    Cause(
        key="authority_or_cloud_wrong",
        area=Area.PROGRAM,
        title="The authority host is invalid or belongs to another cloud",
        why="The authority host must be the sign-in endpoint, with https, of the cloud that hosts the tenant.",
        fix="Select the cloud that hosts the tenant, for the sign-in and for the service: the default is the Azure "
        "public cloud. The authority is https://login.microsoftonline.us in Azure Government and "
        "https://login.partner.microsoftonline.cn in Azure operated by 21Vianet.",
        otherwise=(
            (
                "If the tool has no setting for the cloud, update it, or pass it a token that another tool requested "
                "(for example az account get-access-token after az cloud set)."
            ),
            "If the value is wrong, it must be https:// and the host of the sign-in endpoint, without a tenant.",
        ),
        site_fix="Set AZURE_AUTHORITY_HOST to that endpoint. "
        "For the Azure public cloud, remove it: https://login.microsoftonline.com is the default.",
        setting=StackSetting.CLOUD,
        signatures=(
            phrase("the authority provided", any_of=("is not well-known", "is not known")),
            phrase("the authority you provided", "is not known"),
            phrase("is an invalid authority"),
            phrase("invalid_instance"),
            phrase("the value must be a tls protected (https) url"),
            phrase(
                "authority",
                any_of=(
                    "must be a tls protected",
                    "host must be a tls",
                    "must use https",
                    "not a trusted authority",
                    "untrusted_authority",
                ),
            ),
            phrase("should consist of an https url with a minimum of one segment"),
            phrase("should consist of an https url with hostname"),
            phrase("the issuer", "does not match the authority"),
            phrase("confidential client is not supported in cross cloud"),
            phrase("azure_authority_host", any_of=("invalid", "must", "not")),
            phrase("authority host", any_of=("must", "invalid", "https")),
            phrase("cross-cloud", strength=Strength.LIKELY),
            phrase("authority host without https"),
            phrase("authorityhost address must use"),
            phrase("authority", any_of=("not well-known", "invalid", "not known", "untrusted"), strength=Strength.WEAK),
            phrase("the endpoint", "for this cloud is not set but is used"),
            phrase("authority", "does not appear to use https"),
        ),
        commands=(run('az cloud list --query "[].{{name:name, authority:endpoints.activeDirectory}}" --output table'),),
        links=(links.NATIONAL_CLOUDS,),
    ),
    Cause(
        key="tenant_id_wrong",
        area=Area.ENTRA,
        title="The tenant was not found",
        why="The tenant ID or domain is misspelled, contains quotes or spaces, or belongs to another cloud.",
        fix="Use the directory (tenant) ID, a plain GUID without quotes, or a domain that is verified in the tenant. "
        "In an authority it is all that follows the host: https://login.microsoftonline.com/<tenant-id>.",
        otherwise=(
            (
                "If the value in the error is empty, None, undefined or a placeholder, the setting was not read: "
                "check its name and the environment of this process."
            ),
            "If it is a subscription ID or a client ID, use the tenant ID (Microsoft Entra ID > Overview).",
            "If the tenant is in another cloud, select that cloud.",
        ),
        site_fix="Set AZURE_TENANT_ID to the directory (tenant) ID, a plain GUID.",
        setting=StackSetting.TENANT,
        signatures=(
            phrase("unable to get authority configuration for"),
            phrase("invalid tenant id provided"),
            phrase(
                "tenant",
                "not found",
                any_of=(
                    "check to make sure you have the correct tenant",
                    "no active subscriptions for the tenant",
                    "this may happen if there are no active",
                ),
            ),
            Signature(codes=frozenset({"invalid_tenant"}), strength=Strength.CLEAR),
            phrase("neither a valid dns name, nor a valid external domain"),
            phrase("tenant_id should be a microsoft entra tenant's id"),
            phrase("tenant_id should be an azure active directory tenant's id"),
            phrase(
                "tenant id",
                any_of=(
                    "must not be empty",
                    "contains invalid characters",
                    "is invalid",
                    "can only contain",
                    "must have characters in the range",
                ),
            ),
            phrase("invalid tenantid"),
            phrase("tenant does not exist"),
            phrase("unable to complete oidc discovery", any_of=("tenant", "90002", "400")),
            phrase("oidc discovery failed", strength=Strength.LIKELY),
            phrase("endpoints_resolution_error", strength=Strength.LIKELY),
            phrase("openid-configuration", any_of=("400", "404"), strength=Strength.WEAK),
            phrase("tenant identifier", any_of=("may not be an empty", "is neither", "invalid")),
            phrase(
                "tenant",
                any_of=("not found", "does not exist"),
                unless=("user account", "application", "resource principal"),
                strength=Strength.WEAK,
            ),
            phrase("unable to complete oidc discovery", strength=Strength.LIKELY),
        ),
        commands=(run("az account show --query tenantId --output tsv"),),
        links=(links.FIND_TENANT, links.AADSTS),
        severity=Severity.REJECTED,
    ),
)
