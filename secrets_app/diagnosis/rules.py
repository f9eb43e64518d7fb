"""Rules over evidence: which service refused which operation with which status. They apply to texts of any wording.

A rule is weaker than a code or a sentence that names the reason, so it decides only where the text has neither.
"""

from secrets_app.diagnosis.services import Action, ObjectKind, Service
from secrets_app.diagnosis.signature import Signature, Strength, rule
from secrets_app.diagnosis.stacks import Stack

_SERVER_ERRORS = (500, 502, 503, 504)
_READS = (Action.READ, Action.LIST, Action.USE)
_DATA_SERVICES = (Service.STORAGE, Service.SERVICE_BUS, Service.COSMOS, Service.AI_SERVICES, Service.APP_CONFIGURATION)
_NETWORK = ("firewall", "client address", "virtual network", "private endpoint", "public network", "network rule")
_KUBERNETES_STACKS = (Stack.CSI_DRIVER, Stack.EXTERNAL_SECRETS, Stack.CERT_MANAGER, Stack.KUBERNETES)

RULES: tuple[tuple[str, Signature], ...] = (
    ("kv_firewall_denied", rule(Service.KEY_VAULT, status=(403,), any_of=_NETWORK)),
    ("kv_access_policy_denied", rule(Service.KEY_VAULT, status=(403,), unless=_NETWORK)),
    (
        "kv_secret_not_found",
        rule(Service.KEY_VAULT, status=(404,), objects=(ObjectKind.SECRET, ObjectKind.KEY, ObjectKind.CERTIFICATE)),
    ),
    ("kv_purge_refused", rule(Service.KEY_VAULT, status=(400, 405, 409), actions=(Action.PURGE,))),
    ("kv_soft_deleted", rule(Service.KEY_VAULT, status=(409,), actions=(Action.WRITE, Action.IMPORT))),
    ("kv_throttled", rule(Service.KEY_VAULT, status=(429,))),
    ("service_error", rule(Service.KEY_VAULT, Service.ENTRA, Service.RESOURCE_MANAGER, status=_SERVER_ERRORS)),
    ("kv_wrong_audience", rule(Service.KEY_VAULT, status=(401,), strength=Strength.WEAK)),
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
    ("az_wam_failed", rule(phrases=("status: response_status.",), unless=("az login",), strength=Strength.EXACT)),
    ("az_not_logged_in", rule(phrases=("tried to get token using azure cli", "could not be acquired"))),
    ("kv_reference_unresolved", rule(phrases=("@microsoft.keyvault(",))),
    (
        "kv_access_policy_denied",
        rule(codes=("forbidden",), phrases=("operation", "is not allowed"), unless=("key ops", "disabled")),
    ),
    ("appgw_keyvault_access", rule(Service.APPLICATION_GATEWAY, phrases=("keyvault", "application gateway"))),
    (
        "databricks_scope_grant",
        rule(Service.DATABRICKS, phrases=("keyvault",), any_of=("could not", "unable", "denied")),
    ),
)
