"""Rules over evidence: which service refused which operation with which status. They apply to texts of any wording.

A rule is weaker than a code or a sentence that names the reason, so it decides only where the text has neither.
"""

import re
from collections.abc import Iterator
from importlib.resources import files

from secrets_app.core.reading import Platform
from secrets_app.diagnosis.evidence import Evidence
from secrets_app.diagnosis.services import Action, ObjectKind, Service
from secrets_app.diagnosis.signature import Signature, Strength, phrase, rule
from secrets_app.diagnosis.stacks import Stack

_SERVER_ERRORS = (500, 502, 503, 504)
_ENDPOINT_ERRORS = (400, 401, 403, 404, *_SERVER_ERRORS)
_TOKEN_REFRESH = ("failed to refresh the token", "refresh request failed")
"""The status is of the request for a token and not of the one to the vault, whose URL stands beside it."""
_READS = (Action.READ, Action.LIST, Action.USE)
_DATA_SERVICES = (Service.STORAGE, Service.SERVICE_BUS, Service.COSMOS, Service.AI_SERVICES, Service.APP_CONFIGURATION)
_NETWORK = ("firewall", "client address", "virtual network", "private endpoint", "public network", "network rule")
_IDENTITY_VARIABLES = ("azure_client_id", "azure_tenant_id", "azure_client_secret", "azure_authority_host")
_CONNECTORS = ("azconn", "azure-apihub", "logic-apis")
"""Hosts of the connectors of Logic Apps and Power Platform, which answer 401 for a connection without a sign-in."""
_VAULT_PERMISSIONS = tuple(
    f"{right} {link} {kind}"
    for right in ("permission", "permissions")
    for link in ("for", "to", "on")
    for kind in ("secrets", "keys", "certificates")
)
_SIGN_IN_LIBRARIES = ("adal4j", "msal4j", "com.microsoft.aad", "com.azure.identity")
_OTHER_NAME = ("certificate is valid for", "altnames", "hostname mismatch", "namemismatch", "does not match")
_CLASS_ERRORS = (
    "noclassdeffounderror",
    "classnotfoundexception",
    "nosuchmethoderror",
    "nosuchfielderror",
    "abstractmethoderror",
    "no suitable constructor found",
)
_AZURE_PACKAGES = (
    "com/azure",
    "com.azure",
    "reactor/",
    "reactor.",
    "com/microsoft/aad",
    "com.microsoft.aad",
    "com/microsoft/azure",
    "com.microsoft.azure",
    "com/nimbusds",
    "com.nimbusds",
)
_MISSING = re.compile(
    r"""AZURE_[A-Z_]{5,30}\W.{0,60}(?:not\sset|missing|not\sfound|required|empty|undefined|must\sbe\sset|not\sdefined)
      | (?:missing|required|must\sset|not\sset|set\sthe)\b.{0,60}AZURE_[A-Z_]{5,30}""",
    re.IGNORECASE | re.VERBOSE,
)


_VAULT_URLS = ("vaultbaseurl", "vaulturl", "vault_url", "vaulturi", "vault_uri", "vault url", "vault uri")
_VAULT_URL_MISSING = re.compile(
    r"vault_?\s?(?:base_?)?ur[li]\b.{0,60}(?:null|undefined|none\b|empty|required|missing|must\sbe|not\sset)",
    re.IGNORECASE,
)


def _names_subscription(evidence: Evidence) -> bool:
    """Whether access to a subscription is missing, and not to a resource with `/subscriptions/` in its ID."""
    return "access to subscription" in evidence.lower_text


def _no_entra_code(evidence: Evidence) -> bool:
    return not evidence.aadsts


def _in_sign_in_library(evidence: Evidence) -> bool:
    """Whether the stack trace runs through a library that gets tokens in Java."""
    return any(name in evidence.frames or name in evidence.text for name in _SIGN_IN_LIBRARIES)


def _vault_url_missing(evidence: Evidence) -> bool:
    """Whether the text says that the vault's URL is missing or has no value."""
    return _VAULT_URL_MISSING.search(evidence.text) is not None


def _variable_missing(evidence: Evidence) -> bool:
    """Whether the text says that an environment variable of the Azure libraries is missing."""
    return _MISSING.search(evidence.text) is not None


def _names_azure_class(evidence: Evidence) -> bool:
    """Whether the Java class that was not found belongs to the Azure libraries, or to one that they need."""
    return any(name in evidence.text for name in _AZURE_PACKAGES)


def _certificate_of_other_name(evidence: Evidence) -> bool:
    """Whether the server's certificate is for another host name: the vault's is not for the name of a private link."""
    return any(words in evidence.lower_text for words in _OTHER_NAME)


def _messages(name: str) -> Iterator[tuple[str, Signature]]:
    """Messages of operating systems and runtimes, or of tools and libraries; one row a phrase, ` + ` joins several."""
    text = files("secrets_app.diagnosis.catalog").joinpath(name).read_text(encoding="utf-8")
    for line in text.splitlines()[1:]:
        cause, strength, words = line.split("\t")
        yield cause, phrase(*words.split(" + "), strength=Strength[strength.upper()])


RULES: tuple[tuple[str, Signature], ...] = (
    *_messages("system_messages.tsv"),
    *_messages("tool_messages.tsv"),
    ("kv_firewall_denied", rule(Service.KEY_VAULT, status=(403,), any_of=_NETWORK)),
    ("kv_access_policy_denied", rule(Service.KEY_VAULT, status=(403,), unless=(*_NETWORK, *_TOKEN_REFRESH))),
    (
        "kv_secret_not_found",
        rule(
            Service.KEY_VAULT,
            status=(404,),
            objects=(ObjectKind.SECRET, ObjectKind.KEY, ObjectKind.CERTIFICATE),
            unless=_TOKEN_REFRESH,
        ),
    ),
    (
        "imds_unreadable_answer",
        rule(phrases=("refresh request failed",), any_of=("doctype html", "<html"), status=(404,)),
    ),
    (
        "mi_endpoint_error",
        rule(phrases=("/oauth2/token",), any_of=("http://localhost:", "http://127.0.0.1:"), status=_ENDPOINT_ERRORS),
    ),
    ("kv_secret_not_found", rule(phrases=("keyvault.baseclient#", "statuscode=404"), unless=_TOKEN_REFRESH)),
    ("kv_purge_refused", rule(Service.KEY_VAULT, status=(400, 405, 409), actions=(Action.PURGE,))),
    ("kv_soft_deleted", rule(Service.KEY_VAULT, status=(409,), actions=(Action.WRITE, Action.IMPORT))),
    ("kv_throttled", rule(Service.KEY_VAULT, status=(429,))),
    (
        "kv_access_policy_denied",
        rule(phrases=("failed to access keyvault secret", "using managed service identity")),
    ),
    (
        "kv_access_policy_denied",
        rule(phrases=("client does not have permission to perform the operation on the key vault",)),
    ),
    ("kv_access_policy_denied", rule(phrases=("unable to access key vault resource", "encryption at rest"))),
    ("kv_soft_deleted", rule(phrases=("there was a conflict while creating", "your secret"), strength=Strength.CLEAR)),
    ("arm_throttled", rule(codes=("toomanyrequests",), phrases=("the request is being throttled",))),
    ("pipeline_service_connection", rule(phrases=("could not fetch access token for aad",))),
    ("vault_not_in_subscription", rule(codes=("keyvaultparameterreferencenotfound",))),
    ("kv_token_missing", rule(status=(401,), phrases=("www-authenticate", "resource", "vault.azure.net"))),
    ("service_principal_incomplete", rule(phrases=("cannot get authorizer from client credentials config",))),
    ("service_principal_incomplete", rule(phrases=("secret can't be empty string",))),
    ("mi_identity_not_assigned", rule(phrases=("can not find managed identity with provided",))),
    ("mi_identity_not_assigned", rule(phrases=("does not contain the managed identity of type",))),
    ("token_for_other_service", rule(phrases=("cannot retrieve access token for resource", "access token login"))),
    (
        "kv_url_or_id_invalid",
        rule(any_of=("privatelink.vaultcore.azure.net", "vaultcore.azure.net"), where=_certificate_of_other_name),
    ),
    ("service_error", rule(Service.KEY_VAULT, Service.ENTRA, Service.RESOURCE_MANAGER, status=_SERVER_ERRORS)),
    ("kv_wrong_audience", rule(Service.KEY_VAULT, status=(401,), unless=_CONNECTORS)),
    ("arm_authorization_failed", rule(Service.RESOURCE_MANAGER, status=(403,))),
    ("arm_authorization_failed", rule(phrases=("does not have permission to perform action",))),
    ("arm_authorization_failed", rule(phrases=("does not have authorization to perform action",))),
    ("arm_throttled", rule(Service.RESOURCE_MANAGER, status=(429,))),
    ("graph_permission_denied", rule(Service.GRAPH, status=(403,))),
    ("token_for_other_service", rule(Service.GRAPH, status=(401,))),
    ("other_service_role_missing", rule(*_DATA_SERVICES, status=(401, 403), unless=_NETWORK)),
    ("acr_pull_unauthorized", rule(Service.CONTAINER_REGISTRY, status=(401, 403))),
    ("mi_identity_not_assigned", rule(Service.IMDS, Service.IDENTITY_ENDPOINT, status=(400,))),
    ("mi_endpoint_error", rule(Service.IMDS, Service.IDENTITY_ENDPOINT, status=(410, 429, *_SERVER_ERRORS))),
    ("mi_platform_env_inconsistent", rule(Service.IDENTITY_ENDPOINT, status=(401, 403))),
    (
        "az_wam_failed",
        rule(
            phrases=("status: response_status.",), unless=("az login",), where=_no_entra_code, strength=Strength.EXACT
        ),
    ),
    (
        "az_broken_install",
        rule(phrases=("invoking azure cli failed with the following error",), strength=Strength.LIKELY),
    ),
    (
        "az_subscription_wrong",
        rule(phrases=("does not have access to subscription",), where=_names_subscription, strength=Strength.CLEAR),
    ),
    ("kv_access_policy_denied", rule(phrases=("the service does not have access to", "key vault"))),
    ("secret_expired", rule(phrases=("is not allowed on an expired secret",), strength=Strength.EXACT)),
    ("no_credential_available", rule(phrases=("failed to get credentials. either pass as parameters",))),
    ("workload_identity_not_injected", rule(phrases=("missing service account annotation",), strength=Strength.CLEAR)),
    ("service_principal_incomplete", rule(phrases=("missing clientid/clientsecret",), strength=Strength.CLEAR)),
    ("no_credential_available", rule(phrases=("no authorizer could be configured",), strength=Strength.CLEAR)),
    (
        "az_subscription_wrong",
        rule(any_of=("no subscriptions found for", "no subscriptions were found for"), strength=Strength.CLEAR),
    ),
    (
        "powershell_not_logged_in",
        rule(any_of=("run connect-azurermaccount", "run login-azurermaccount"), strength=Strength.CLEAR),
    ),
    ("kv_url_or_id_invalid", rule(any_of=_VAULT_URLS, where=_vault_url_missing)),
    ("az_not_logged_in", rule(phrases=("tried to get token using azure cli", "could not be acquired"))),
    (
        "kv_access_policy_denied",
        rule(Service.KEY_VAULT, phrases=("operation is not allowed", "caller"), unless=("key ops", "disabled")),
    ),
    ("kv_reference_unresolved", rule(phrases=("@microsoft.keyvault",), stacks=(Stack.APP_SERVICE_REFERENCE,))),
    ("workload_identity_not_injected", rule(phrases=("azure_federated_token_file",), where=_variable_missing)),
    (
        "workload_identity_not_injected",
        rule(any_of=_IDENTITY_VARIABLES, platforms=(Platform.KUBERNETES,), where=_variable_missing),
    ),
    ("env_vars_incomplete", rule(any_of=_IDENTITY_VARIABLES, where=_variable_missing, strength=Strength.LIKELY)),
    ("package_missing", rule(any_of=("cannot find module '@azure", "cannot find package '@azure"))),
    ("sdk_version_mismatch", rule(any_of=_CLASS_ERRORS, where=_names_azure_class)),
    ("other_service_role_missing", rule(phrases=("lacks the required data action",))),
    ("other_service_role_missing", rule(*_DATA_SERVICES, codes=("permissiondenied",))),
    ("az_subscription_wrong", rule(phrases=("subscription_id", "required provider property"), strength=Strength.CLEAR)),
    (
        "kv_access_policy_denied",
        rule(phrases=("secret management permissions on the selected key vault",), strength=Strength.CLEAR),
    ),
    ("kv_name_invalid", rule(phrases=("secret name must be a string 1-127 characters",), strength=Strength.CLEAR)),
    ("github_login_inputs", rule(phrases=("content is not a valid json object",), strength=Strength.CLEAR)),
    (
        "kv_access_policy_denied",
        rule(codes=("forbidden",), phrases=("operation", "is not allowed"), unless=("key ops", "disabled")),
    ),
    ("appgw_keyvault_access", rule(phrases=("keyvault", "application gateway"))),
    (
        "databricks_scope_grant",
        rule(phrases=("keyvault",), any_of=("could not", "unable", "denied"), stacks=(Stack.DATABRICKS,)),
    ),
    ("no_credential_available", rule(phrases=("must contain at least one tokencredential",), strength=Strength.CLEAR)),
    (
        "service_principal_incomplete",
        rule(
            any_of=("clientid is null or empty", "secret is null or empty"),
            stacks=(Stack.JAVA,),
            where=_in_sign_in_library,
            strength=Strength.CLEAR,
        ),
    ),
    (
        "service_principal_incomplete",
        rule(phrases=("using the azure cli is only supported as a user",), strength=Strength.CLEAR),
    ),
    ("az_not_logged_in", rule(phrases=("azure cli authorization profile was not found",), strength=Strength.CLEAR)),
    ("az_not_logged_in", rule(phrases=("no current subscription", "azure login"), strength=Strength.CLEAR)),
    ("user_not_in_tenant", rule(phrases=("unsupported user type 'unknown'",))),
    (
        "mfa_required",
        rule(status=(400,), phrases=("usernamepasswordcredential authentication failed",), where=_no_entra_code),
    ),
    (
        "mi_identity_not_assigned",
        rule(
            any_of=("managed service identity", "managed identity"),
            phrases=("is not enabled on the service",),
            strength=Strength.CLEAR,
        ),
    ),
    ("imds_unreachable", rule(phrases=("managed service identity", "msi not available"), strength=Strength.CLEAR)),
    ("kv_url_or_id_invalid", rule(phrases=("only accepts keyvault secrets type",), strength=Strength.CLEAR)),
    ("kv_url_or_id_invalid", rule(phrases=("invalid vault name", "24 chars"), strength=Strength.CLEAR)),
    (
        "kv_reference_unresolved",
        rule(phrases=("not able to confirm the status of your key vault reference",), strength=Strength.CLEAR),
    ),
    (
        "kv_access_policy_denied",
        rule(Service.KEY_VAULT, phrases=("does not have",), any_of=_VAULT_PERMISSIONS, unless=_NETWORK),
    ),
    ("authority_or_cloud_wrong", rule(phrases=("no cloud environment matching the name",), strength=Strength.CLEAR)),
    ("pipeline_service_connection", rule(phrases=("failed to obtain the json web token",), strength=Strength.CLEAR)),
)
