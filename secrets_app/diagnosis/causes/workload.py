"""Causes around workload identity and federation: pods, token files, pipelines."""

from secrets_app.diagnosis.cause import Area, Cause, Weight, run
from secrets_app.diagnosis.causes import links
from secrets_app.diagnosis.sign import Strength, aadsts, says

CAUSES = (
    Cause(
        key="federated_credential_mismatch",
        area=Area.ENTRA,
        title="Entra trusts no token with this issuer, subject and audience",
        why="A federated credential lists exactly which outside token is trusted. "
        "The one sent differs in at least one of the three, perhaps only in a capital letter or a slash at the end.",
        fix="Compare the value the message quotes with the list below, and make them equal letter for letter.",
        signs=(
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
            says("no matching federated identity record found"),
            says("federated identity", any_of=("does not match", "no matching")),
            says("federated identity credential", strength=Strength.LIKELY),
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
        weight=Weight.REFUSED,
    ),
    Cause(
        key="federated_issuer_unreachable",
        area=Area.ENTRA,
        title="Entra cannot reach the issuer of the token",
        why="To check the token Entra fetches the issuer's keys from the internet. "
        "The issuer's address did not answer.",
        fix="Make the issuer's /.well-known/openid-configuration reachable from the internet.",
        signs=(
            aadsts(90061, 50166, 5001661, 501661, 700201, 500084),
            says("request to external oidc endpoint failed"),
            says("unable to retrieve", "openid configuration", strength=Strength.LIKELY),
        ),
        commands=(
            run("curl -sS {issuer}/.well-known/openid-configuration", needs=("issuer",)),
            run("az aks show --resource-group {group} --name <cluster> --query oidcIssuerProfile"),
        ),
        links=(links.FEDERATION_CONSIDERATIONS,),
        weight=Weight.REFUSED,
    ),
    Cause(
        key="federated_token_file_unreadable",
        area=Area.HOST,
        title="The pod's token file is missing or cannot be read",
        why="AZURE_FEDERATED_TOKEN_FILE names a file that Kubernetes puts into the pod. "
        "It is not there, or this user may not open it.",
        fix="Make the pod anew so that the file is mounted. If it is a matter of permission, set "
        "securityContext.fsGroup.",
        signs=(
            says("/var/run/secrets/azure/tokens"),
            says(
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
            says("error reading service account token"),
            says(
                "federated token file", any_of=("not found", "could not", "cannot", "unable", "no such", "permission")
            ),
            says(
                "azure_federated_token_file",
                any_of=("no such file", "permission denied", "not exist", "cannot be read"),
            ),
            says("no content on the file", strength=Strength.CLEAR),
            says(
                "no such file or directory",
                any_of=("token_file", "tokens/", "federated"),
                unless=("azcmagent", "azureconnectedmachineagent"),
            ),
            says("/var/run/secrets", any_of=("no such file", "permission denied", "enoent", "eacces")),
            says("azure_federated_token_file", any_of=("errno", "open", "read", "exist"), strength=Strength.LIKELY),
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
        title="The pod was not given its workload identity",
        why="In Kubernetes a webhook puts AZURE_* variables and a token file into marked pods. "
        "This process has none of them. "
        "Outside Kubernetes that is normal.",
        fix="Mark the pod and its service account, then make the pod anew.",
        signs=(
            says(
                "workloadidentitycredential",
                any_of=(
                    "not fully configured",
                    "missing required arguments",
                    "unavailable",
                    "is not available",
                    "workload options",
                ),
            ),
            says("workload options are not fully configured"),
            says(
                "workload identity",
                any_of=("not fully configured", "is unavailable", "configuration not found", "missing required"),
                unless=("was selected",),
            ),
            says("no client id specified. check pod configuration or set clientid"),
            says("no token file specified. check pod configuration"),
            says("no tenant id specified. check pod configuration"),
            says(
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
        weight=Weight.NOISE,
    ),
    Cause(
        key="pipelines_oidc_misconfigured",
        area=Area.PROGRAM,
        title="The pipeline did not get its token from Azure DevOps",
        why="This credential works inside an Azure Pipelines task only, and needs the job's own access token.",
        fix="Run in such a task, pass SYSTEM_ACCESSTOKEN: $(System.AccessToken), and check the service connection's "
        "id.",
        signs=(
            says("system_oidcrequesturi"),
            says("system_accesstoken"),
            says("system_access_token", any_of=("must", "missing", "passed")),
            says("azurepipelinescredential", any_of=("failed", "unavailable", "ensure", "missing", "authentication")),
            says("oidc token endpoint"),
            says("oidc token not found in response"),
            says("oidctoken", any_of=("not found", "missing", "does not")),
            says("response from oidc endpoint"),
            says("oidcrequesturi"),
            says("no service connection found with identifier"),
            says(
                "service connection",
                any_of=("oidc", "could not be found", "system.accesstoken"),
                strength=Strength.LIKELY,
            ),
            says("azure devops", "oidc", strength=Strength.LIKELY),
        ),
        links=(links.PIPELINES,),
    ),
)
