"""Causes around workload identity and federation: pods, token files, pipelines."""

from secrets_app.diagnosis.catalog import links
from secrets_app.diagnosis.cause import Area, Cause, Severity, run
from secrets_app.diagnosis.signature import Strength, aadsts, phrase

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
        weight=Severity.REFUSED,
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
            phrase("request to external oidc endpoint failed"),
            phrase("unable to retrieve", "openid configuration", strength=Strength.LIKELY),
        ),
        commands=(
            run("curl -sS {issuer}/.well-known/openid-configuration", needs=("issuer",)),
            run("az aks show --resource-group {group} --name <cluster> --query oidcIssuerProfile"),
        ),
        links=(links.FEDERATION_CONSIDERATIONS,),
        weight=Severity.REFUSED,
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
        title="The pod was not given its workload identity",
        why="In Kubernetes a webhook puts AZURE_* variables and a token file into marked pods. "
        "This process has none of them. "
        "Outside Kubernetes that is normal.",
        fix="Mark the pod and its service account, then make the pod anew.",
        signs=(
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
        weight=Severity.NOISE,
    ),
    Cause(
        key="pipelines_oidc_misconfigured",
        area=Area.PROGRAM,
        title="The pipeline did not get its token from Azure DevOps",
        why="This credential works inside an Azure Pipelines task only, and needs the job's own access token.",
        fix="Run in such a task, pass SYSTEM_ACCESSTOKEN: $(System.AccessToken), and check the service connection's "
        "id.",
        signs=(
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
