"""Managed identity errors: IMDS, App Service, Azure Arc, Service Fabric, AAD Pod Identity."""

from secrets_app.core.reading import Platform
from secrets_app.diagnosis.catalog import links
from secrets_app.diagnosis.catalog.predicates import is_not_of_kubernetes
from secrets_app.diagnosis.cause import LINUX, MACOS, WINDOWS, Area, Cause, run
from secrets_app.diagnosis.signature import Strength, phrase
from secrets_app.diagnosis.stack_settings import StackSetting
from secrets_app.diagnosis.stacks import SDKS, Stack

_METADATA = ("169.254.169.254", "imds", "/metadata/identity")

_IDENTITY_REQUESTED = ("requested_identity",)
"""Value that is set if a user-assigned identity is requested."""
_SCALE_SET = ("scale_set",)
"""Value that is set if the error names a virtual machine scale set: it has commands of its own."""
_SITE = (Platform.APP_SERVICE,)
_FUNCTION = (Platform.FUNCTIONS,)
_VM_OR_UNKNOWN = (Platform.VIRTUAL_MACHINE, Platform.UNKNOWN)

CAUSES = (
    Cause(
        key="mi_multiple_user_assigned",
        area=Area.HOST,
        title="Multiple user-assigned identities are attached and none is specified",
        why="This resource has more than one user-assigned managed identity, and Azure does not choose between them.",
        fix="Specify the one to use by its client ID.",
        otherwise=(
            "If the system-assigned identity is meant, turn it on: without a client ID it is used first.",
            "In a program with settings of its own, the client ID belongs there, not in AZURE_CLIENT_ID.",
            "On AKS, several add-ons attach identities to the nodes: the kubelet identity is one of them.",
        ),
        setting=StackSetting.CLIENT_ID,
        site_fix="Specify the one to use: set AZURE_CLIENT_ID to its client ID. With "
        "KVSITE_CREDENTIAL=managed-identity, set KVSITE_MANAGED_IDENTITY_CLIENT_ID instead.",
        signatures=(
            phrase("multiple user assigned identities exist"),
            phrase("multiple user assigned", any_of=("identities", "specify the clientid")),
            phrase("multiple", "identities", "please specify the clientid"),
        ),
        commands=(
            run(
                "az vm identity show --resource-group {group} --name {site} --query userAssignedIdentities",
                platforms=(Platform.VIRTUAL_MACHINE, Platform.UNKNOWN),
                unless=_SCALE_SET,
            ),
            run(
                "az vmss identity show --resource-group {group} --name {scale_set}",
                requires=_SCALE_SET,
            ),
            run(
                "az aks show --resource-group {group} --name <cluster> "
                '--query "{{nodes:nodeResourceGroup, kubelet:identityProfile.kubeletidentity.clientId}}"',
                platforms=(Platform.KUBERNETES,),
            ),
            run("az webapp identity show --resource-group {group} --name {site}", platforms=(Platform.APP_SERVICE,)),
            run("az functionapp identity show --resource-group {group} --name {site}", platforms=(Platform.FUNCTIONS,)),
            run(
                "az containerapp identity show --resource-group {group} --name {site}",
                platforms=(Platform.CONTAINER_APPS,),
            ),
            run("export AZURE_CLIENT_ID={app_id}", systems=(LINUX, MACOS), platforms=_VM_OR_UNKNOWN, stacks=SDKS),
            run("$env:AZURE_CLIENT_ID = {app_id}", systems=(WINDOWS,), platforms=_VM_OR_UNKNOWN, stacks=SDKS),
            run("export ARM_USE_MSI=true ARM_CLIENT_ID={app_id}", stacks=(Stack.TERRAFORM, Stack.PULUMI)),
            run("az login --identity --client-id {app_id}", stacks=(Stack.AZURE_CLI,)),
            run("Connect-AzAccount -Identity -AccountId {app_id}", stacks=(Stack.POWERSHELL,)),
            run(
                "az webapp config appsettings set --resource-group {group} --name {site} --settings "
                "AZURE_CLIENT_ID={app_id}",
                platforms=(Platform.APP_SERVICE,),
            ),
            run(
                "az functionapp config appsettings set --resource-group {group} --name {site} --settings "
                "AZURE_CLIENT_ID={app_id}",
                platforms=(Platform.FUNCTIONS,),
            ),
        ),
        links=(links.MANAGED_IDENTITY, links.MANAGED_IDENTITY_APP_SERVICE),
    ),
    Cause(
        key="aks_pod_identity_not_ready",
        area=Area.HOST,
        title="AAD Pod Identity has no identity for this pod",
        why="Its node agent (NMI) intercepts the pod's requests to Instance Metadata Service (IMDS). "
        "It denied the request, or no identity is bound to the pod yet.",
        fix="Set the label aadpodidbinding in the pod template (spec.template.metadata.labels), not only on the "
        "deployment, to the selector of the AzureIdentityBinding, and read the log of MIC. AAD Pod Identity is "
        "retired: migrate to workload identity, its successor.",
        otherwise=(
            (
                "If the binding is right, the identity cannot be attached to the nodes: the cluster's identity needs "
                "Managed Identity Operator on it and Virtual Machine Contributor on the scale set (log of MIC)."
            ),
            "If the AzureIdentity names another identity, correct resourceID and clientID.",
            (
                "If the pod is in another namespace than the AzureIdentity, create both there, or turn off namespaced"
                " mode."
            ),
        ),
        signatures=(
            phrase("pod list is empty"),
            phrase("no azure identity found for request"),
            phrase("no azureidentity found"),
            phrase("no azureassignedidentity found"),
            phrase("azureassignedidentity", any_of=("not found", "no ", "failed", "state")),
            phrase("request blocked by aad pod identity nmi"),
            phrase("getting assigned identities for pod"),
            phrase("in created state", any_of=("failed after", "mic", "pod")),
            phrase("in assigned state", any_of=("failed after", "mic", "pod", "attempts")),
            phrase("check mic pod logs"),
            phrase("failed to get matching identities for pod"),
            phrase(
                "nmi",
                any_of=(
                    "no azure identity",
                    "no matching",
                    "aad pod identity",
                    "failed to get service principal token",
                    "failed to get token for pod",
                ),
            ),
            phrase("aadpodidbinding"),
            phrase("nmi response failed"),
            phrase("azureidentity is not configured for the pod"),
            phrase("failed to refresh token, error: adal", strength=Strength.EXACT),
            phrase("pod", "no identities found", strength=Strength.LIKELY),
            phrase("token request failed", "nmi"),
            phrase("identity is namespaced will be ignored"),
            phrase("aad pod identity", strength=Strength.LIKELY),
            phrase("nmi", any_of=("403", "404", "identity", "pod"), strength=Strength.LIKELY),
            phrase("mic", "azureidentity", strength=Strength.LIKELY),
            phrase("azureidentitybinding", strength=Strength.LIKELY),
            phrase("service principal token for pod"),
            phrase("'podname' and 'podns'"),
        ),
        commands=(
            run("kubectl get azureassignedidentities --all-namespaces"),
            run("kubectl get pods --all-namespaces --selector aadpodidbinding"),
            run("kubectl logs --namespace kube-system --selector component=mic"),
        ),
        links=(links.AKS_FROM_POD_IDENTITY,),
    ),
    Cause(
        key="mi_user_assigned_unsupported_host",
        area=Area.HOST,
        title="This host does not support selecting a managed identity",
        why="On Service Fabric, Cloud Shell and Azure Arc, the host determines the identity, but a client ID was "
        "specified.",
        fix="Remove the client ID from the program's settings.",
        site_fix="Remove AZURE_CLIENT_ID from this program's settings.",
        setting=StackSetting.CLIENT_ID,
        signatures=(
            phrase("client_id should not be set for cloud shell"),
            phrase("identity_config must not contain the following keys"),
            phrase("specifying a client_id or identity_config is not supported by the service fabric"),
            phrase("specifying a clientid", any_of=("service fabric", "not supported", "azure arc", "cloud shell")),
            phrase(
                "user assigned",
                any_of=(
                    "is not supported by the cloud shell",
                    "not supported by the service fabric",
                    "is not supported by azure arc",
                    "not supported by the azure arc",
                    "not supported for azure arc",
                ),
            ),
            phrase("user-assigned managed identity is not supported", any_of=("arc", "cloud shell", "service fabric")),
            phrase("azure arc did not confirm the requested user-assigned"),
            phrase("user assigned identity is not supported", any_of=("arc", "cloud shell", "service fabric")),
            phrase(
                "cannot be specified",
                any_of=(
                    "azure arc managed identity",
                    "cloud shell managed identity",
                    "service fabric managed identity",
                ),
            ),
            phrase("cloudshell", any_of=("user assigned", "user-assigned"), strength=Strength.LIKELY),
            phrase("clientid or resourceid is not configurable"),
            phrase(
                "service fabric",
                any_of=("user assigned", "user-assigned", "client_id", "clientid"),
                strength=Strength.LIKELY,
            ),
            phrase(
                "cloud shell",
                any_of=("user assigned", "user-assigned", "client_id", "clientid"),
                strength=Strength.LIKELY,
            ),
            phrase(
                "azure arc",
                any_of=("user assigned", "user-assigned", "client_id", "clientid"),
                strength=Strength.LIKELY,
            ),
        ),
        links=(links.MANAGED_IDENTITY_SERVICE_FABRIC, links.MANAGED_IDENTITY_ARC),
    ),
    Cause(
        key="arc_key_access",
        area=Area.HOST,
        title="The Azure Arc agent's key file cannot be read",
        why="The Azure Arc agent authenticates its callers with a small key file. "
        "This account cannot read the file, or the file does not exist.",
        fix="Add the account to the agent's group, then restart the program.",
        signatures=(
            phrase("azcmagent/tokens"),
            phrase("azureconnectedmachineagent"),
            phrase(
                "the key file path is invalid", unless=("is not supported on this platform", "programdata environment")
            ),
            phrase("unexpected file path from himds"),
            phrase("could not read file", ".key"),
            phrase("local key file shall not be larger"),
            phrase("himds", any_of=("permission", "denied", "key file", "group", "challenge")),
            phrase("did not receive a value from www-authenticate header", strength=Strength.LIKELY),
            phrase("hybrid agent extension applications", strength=Strength.LIKELY),
            phrase("the file path must have a '.key' extension"),
            phrase("the file size must be less than or equal to 4096 bytes"),
            phrase("the file path does not exist", strength=Strength.LIKELY),
            phrase("could not read file", "contents", strength=Strength.LIKELY),
        ),
        commands=(
            run('sudo usermod -aG himds "$(whoami)"', systems=(LINUX, MACOS)),
            run('net localgroup "Hybrid agent extension applications" "$env:USERNAME" /add', systems=(WINDOWS,)),
        ),
        links=(links.MANAGED_IDENTITY_ARC,),
    ),
    Cause(
        key="mi_identity_not_assigned",
        area=Area.HOST,
        title="The managed identity is not assigned to this resource",
        why="The system-assigned identity is off, or the client ID belongs to an identity that is not assigned to "
        "this resource. On App Service, no endpoint responds while the identity is off.",
        fix="Find out which identity is requested. With a client ID (AZURE_CLIENT_ID, or in the program): attach that"
        " user-assigned identity to the resource that runs the program (VM, scale set of the node pool, app), "
        "correct the ID, or remove it. Without one, turn on the system-assigned identity. The client ID of an app"
        " registration does not work. A new identity also needs a role on the vault.",
        site_fix="Turn on the identity, or attach the user-assigned identity whose client ID is requested; the client "
        "ID of an app registration does not work. A new identity also needs a role on the vault.",
        otherwise=(
            (
                "If another credential was meant, for example an account of az or a service principal, unset "
                "AZURE_CLIENT_ID or leave managed identity out (AZURE_TOKEN_CREDENTIALS): the chain stops at this "
                "answer."
            ),
            (
                "In a pod, use workload identity: annotate the service account with the client ID and label the pod "
                "with azure.workload.identity/use."
            ),
            (
                "If the machine can have no managed identity, set AZURE_TENANT_ID, AZURE_CLIENT_ID and "
                "AZURE_CLIENT_SECRET of a service principal."
            ),
            (
                "If the identity was attached or changed while the program ran, restart the program or the machine's "
                "scale set instance."
            ),
            (
                "If the identity is attached in Azure Government or China, an old library requests a token for the "
                "public cloud: update it."
            ),
        ),
        setting=StackSetting.CLIENT_ID,
        signatures=(
            phrase("identity not found", where=is_not_of_kubernetes),
            phrase("msi is not setup on the app service"),
            phrase("no default identity is assigned"),
            phrase("managed identity isn't set up on the app service"),
            phrase("msi is not enabled on the app service"),
            phrase("managed identity isn't enabled on the app service"),
            phrase("environment variables msi_endpoint and msi_secret exist"),
            phrase("no identity has been assigned to this resource"),
            phrase("no user assigned or delegated managed identity found"),
            phrase("the requested identity has not been assigned to this resource"),
            phrase(
                "requested identity",
                any_of=(
                    "isn't assigned",
                    "is not assigned",
                    "not been assigned",
                    "hasn't been assigned",
                    "isn't associated",
                ),
            ),
            phrase("no managed identity", any_of=("found for specified", "is associated", "assigned")),
            phrase(
                "managed identity",
                "was not found",
                unless=("configuration not found", "endpoint"),
                strength=Strength.LIKELY,
            ),
            phrase("identity isn't assigned to this resource"),
            phrase("unable to load the proper managed identity"),
            phrase("does not have a managed identity", any_of=("assigned", "enabled")),
            phrase("there's no available identity"),
            phrase("no msi found for specified"),
            phrase("msi responsecode: badrequest", strength=Strength.LIKELY),
            phrase("the managed identity with", any_of=("could not be found", "was not found")),
            phrase(
                "system-assigned", any_of=("is not enabled", "isn't enabled", "not configured on", "not enabled on")
            ),
            phrase(
                "managed identity",
                any_of=("not assigned", "not enabled", "400 bad request", "status: 400"),
                strength=Strength.LIKELY,
            ),
            phrase(
                "http response code: 400",
                any_of=("/msi/token", "/metadata/identity/oauth2/token"),
                strength=Strength.LIKELY,
            ),
            phrase("failed to connect to msi", any_of=("http error: 400", "reason: bad request")),
        ),
        commands=(
            run(
                "az webapp identity assign --resource-group {group} --name {site}",
                platforms=_SITE,
                unless=_IDENTITY_REQUESTED,
            ),
            run(
                "az functionapp identity assign --resource-group {group} --name {site}",
                platforms=_FUNCTION,
                unless=_IDENTITY_REQUESTED,
            ),
            run(
                "az containerapp identity assign --resource-group {group} --name {site} --system-assigned",
                platforms=(Platform.CONTAINER_APPS,),
                unless=_IDENTITY_REQUESTED,
            ),
            run(
                "az vm identity assign --resource-group {group} --name {site}",
                platforms=_VM_OR_UNKNOWN,
                unless=(*_IDENTITY_REQUESTED, *_SCALE_SET),
            ),
            run(
                "az vmss identity assign --resource-group {group} --name {scale_set} "
                "--identities <resource-id-of-the-identity>",
                requires=_SCALE_SET,
            ),
            run(
                "az aks show --resource-group {group} --name <cluster> "
                '--query "{{nodes:nodeResourceGroup, kubelet:identityProfile.kubeletidentity.clientId}}"',
                platforms=(Platform.KUBERNETES,),
            ),
            run(
                "az vmss identity assign --resource-group <node-resource-group> --name <scale-set> "
                "--identities <resource-id-of-the-identity>",
                platforms=(Platform.KUBERNETES,),
                unless=_SCALE_SET,
            ),
            run(
                "az webapp identity assign --resource-group {group} --name {site}",
                platforms=(Platform.UNKNOWN,),
                unless=(*_IDENTITY_REQUESTED, *_SCALE_SET),
            ),
            # Without --identities, these commands would turn on the system-assigned identity.
            run(
                'az identity list --query "[].{{name:name, clientId:clientId, objectId:principalId, id:id}}"',
                requires=_IDENTITY_REQUESTED,
                unless=("identity_resource_id",),
            ),
            run(
                "az webapp identity assign --resource-group {group} --name {site} --identities {identity_resource_id}",
                platforms=_SITE,
                requires=_IDENTITY_REQUESTED,
            ),
            run(
                "az functionapp identity assign --resource-group {group} --name {site} "
                "--identities {identity_resource_id}",
                platforms=_FUNCTION,
                requires=_IDENTITY_REQUESTED,
            ),
            run(
                "az containerapp identity assign --resource-group {group} --name {site} "
                "--user-assigned {identity_resource_id}",
                platforms=(Platform.CONTAINER_APPS,),
                requires=_IDENTITY_REQUESTED,
            ),
            run(
                "az vm identity assign --resource-group {group} --name {site} --identities {identity_resource_id}",
                platforms=_VM_OR_UNKNOWN,
                requires=_IDENTITY_REQUESTED,
            ),
        ),
        links=(links.MANAGED_IDENTITY_APP_SERVICE, links.MANAGED_IDENTITY),
    ),
    Cause(
        key="socket_access_forbidden",
        area=Area.HOST,
        title="Windows denied access to the socket (WinError 10013)",
        why="On App Service, this is the usual error when the managed identity is off: nothing listens at "
        "169.254.169.254. Elsewhere, the cause is a firewall or too many open connections.",
        fix="On App Service, turn on the managed identity first. "
        "If it is on, use one client for the whole program, check the firewall, and restart.",
        signatures=(
            phrase("an attempt was made to access a socket in a way forbidden"),
            phrase("winerror 10013"),
            phrase("wsaeacces"),
            phrase("zugriff auf einen socket war aufgrund der zugriffsrechte"),
            phrase("accès à un socket de manière interdite"),
            phrase("acceso a un socket no permitido por sus permisos"),
        ),
        commands=(
            run(
                "az webapp identity assign --resource-group {group} --name {site}",
                platforms=(Platform.APP_SERVICE, Platform.UNKNOWN),
            ),
            run(
                "az functionapp identity assign --resource-group {group} --name {site}", platforms=(Platform.FUNCTIONS,)
            ),
        ),
        links=(links.MANAGED_IDENTITY_APP_SERVICE,),
    ),
)
