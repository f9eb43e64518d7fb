"""Workload identity federation errors: federated credentials, token files, pods, Azure Pipelines."""

from secrets_app.diagnosis.catalog import links
from secrets_app.diagnosis.cause import Area, Cause, Severity, run
from secrets_app.diagnosis.signature import Strength, aadsts, phrase

CAUSES = (
    Cause(
        key="federated_credential_mismatch",
        area=Area.ENTRA,
        title="No federated credential matches this issuer, subject and audience",
        why="A federated credential specifies exactly which external token is trusted. "
        "The token sent differs in at least one of the three, possibly only in letter case or a trailing slash.",
        fix="Compare the value quoted in the error message with the list below, and make them match exactly.",
        signatures=(
            aadsts(
                70021,
                700211,
                700212,
                700213,
                7002137,
                7002138,
                700222,
                700223,
                700238,
                700231,
                700236,
                7002381,
                7002139,
                7002371,
            ),
            phrase("no matching federated identity record found"),
            phrase("federated identity", any_of=("does not match", "no matching")),
            phrase("federated identity credential", strength=Strength.LIKELY),
        ),
        commands=(
            run(
                "kubectl get pod <pod> -o jsonpath='{{.spec.serviceAccountName}}'",
                needs=("service_account",),
            ),
            run("az identity federated-credential list --identity-name <identity-name> --resource-group {group}"),
            run("az ad app federated-credential list --id {app_id}"),
            run(
                "kubectl set serviceaccount deployment <deployment> <service-account-that-is-listed>",
                needs=("service_account",),
            ),
            run(
                "az aks show --resource-group {group} --name <cluster> --query oidcIssuerProfile.issuerUrl",
                needs=("service_account",),
                unless=("issuer",),
            ),
            run(
                "az identity federated-credential create --name <credential-name> --identity-name <identity-name> "
                "--resource-group {group} --issuer {issuer} --subject {subject} --audiences api://AzureADTokenExchange"
            ),
        ),
        links=(links.FEDERATION, links.FEDERATION_CONSIDERATIONS),
        severity=Severity.REJECTED,
    ),
    Cause(
        key="federated_issuer_unreachable",
        area=Area.ENTRA,
        title="Microsoft Entra ID cannot reach the token issuer",
        why="To validate the token, Microsoft Entra ID downloads the issuer's keys over the internet. "
        "The issuer's URL did not respond.",
        fix="Make the issuer's /.well-known/openid-configuration reachable from the internet.",
        signatures=(
            aadsts(90061, 50166, 5001661, 501661, 700201, 500084),
            phrase("request to external oidc endpoint failed"),
            phrase("unable to retrieve", "openid configuration", strength=Strength.LIKELY),
        ),
        commands=(
            run("curl -sS {issuer}/.well-known/openid-configuration", needs=("issuer",)),
            run("az aks show --resource-group {group} --name <cluster> --query oidcIssuerProfile"),
        ),
        links=(links.FEDERATION_CONSIDERATIONS,),
        severity=Severity.REJECTED,
    ),
    Cause(
        key="federated_token_file_unreadable",
        area=Area.HOST,
        title="The federated token file is missing or cannot be read",
        why="AZURE_FEDERATED_TOKEN_FILE names a file that Kubernetes mounts into the pod. "
        "The file is missing, or this user has no permission to read it.",
        fix="Recreate the pod so that the file is mounted. "
        "If permissions are the problem, set securityContext.fsGroup.",
        signatures=(
            phrase("/var/run/secrets/azure/tokens"),
            phrase(
                "azure-identity-token",
                any_of=(
                    "no such file",
                    "permission denied",
                    "errno",
                    "not found",
                    "enoent",
                    "eacces",
                    "could not find",
                    "denied",
                ),
            ),
            phrase("error reading service account token"),
            phrase(
                "federated token file", any_of=("not found", "could not", "cannot", "unable", "no such", "permission")
            ),
            phrase(
                "azure_federated_token_file",
                any_of=("no such file", "permission denied", "not exist", "cannot be read"),
            ),
            phrase("no content on the file", strength=Strength.CLEAR),
            phrase(
                "no such file or directory",
                any_of=("token_file", "tokens/", "federated"),
                unless=("azcmagent", "azureconnectedmachineagent"),
            ),
            phrase("/var/run/secrets", any_of=("no such file", "permission denied", "enoent", "eacces")),
            phrase("azure_federated_token_file", any_of=("errno", "open", "read", "exist"), strength=Strength.LIKELY),
        ),
        commands=(
            run("kubectl exec <pod> -- ls -l /var/run/secrets/azure/tokens"),
            run("kubectl rollout restart deployment <deployment>"),
        ),
        links=(links.AKS_WORKLOAD_IDENTITY,),
    ),
    Cause(
        key="workload_identity_not_injected",
        area=Area.HOST,
        title="Workload identity is not configured for this process",
        why="In Kubernetes, a webhook injects AZURE_* variables and a token file into labeled pods. "
        "This process has none of them, which is expected outside Kubernetes.",
        fix="Label the pod and its service account, then recreate the pod.",
        signatures=(
            phrase(
                "workloadidentitycredential",
                any_of=(
                    "not fully configured",
                    "missing required arguments",
                    "unavailable",
                    "is not available",
                    "workload options",
                ),
            ),
            phrase("workload options are not fully configured"),
            phrase(
                "workload identity",
                any_of=("not fully configured", "is unavailable", "configuration not found", "missing required"),
                unless=("was selected",),
            ),
            phrase("no client id specified. check pod configuration or set clientid"),
            phrase("no token file specified. check pod configuration"),
            phrase("no tenant id specified. check pod configuration"),
            phrase(
                "workloadidentitycredential",
                any_of=(
                    "azure_federated_token_file",
                    "no client id",
                    "no tenant id",
                    "no token file",
                    "set tokenfilepath",
                    "tenantid is required",
                ),
                strength=Strength.LIKELY,
            ),
        ),
        commands=(
            run("kubectl label serviceaccount <service-account> azure.workload.identity/use=true"),
            run("kubectl annotate serviceaccount <service-account> azure.workload.identity/client-id={app_id}"),
            run(
                "az aks update --resource-group {group} --name <cluster> --enable-oidc-issuer "
                "--enable-workload-identity"
            ),
        ),
        links=(links.AKS_WORKLOAD_IDENTITY,),
        severity=Severity.NOISE,
    ),
    Cause(
        key="pipelines_oidc_misconfigured",
        area=Area.PROGRAM,
        title="The pipeline could not get an OIDC token from Azure DevOps",
        why="AzurePipelinesCredential works only inside an Azure Pipelines task and needs the job's access token.",
        fix="Run in an Azure Pipelines task, pass SYSTEM_ACCESSTOKEN: $(System.AccessToken), and check the service "
        "connection ID.",
        signatures=(
            phrase("system_oidcrequesturi"),
            phrase("system_accesstoken"),
            phrase("system_access_token", any_of=("must", "missing", "passed")),
            phrase("azurepipelinescredential", any_of=("failed", "unavailable", "ensure", "missing", "authentication")),
            phrase("oidc token endpoint"),
            phrase("oidc token not found in response"),
            phrase("oidctoken", any_of=("not found", "missing", "does not")),
            phrase("response from oidc endpoint"),
            phrase("oidcrequesturi"),
            phrase("no service connection found with identifier"),
            phrase(
                "service connection",
                any_of=("oidc", "could not be found", "system.accesstoken"),
                strength=Strength.LIKELY,
            ),
            phrase("azure devops", "oidc", strength=Strength.LIKELY),
        ),
        links=(links.PIPELINES,),
    ),
)
