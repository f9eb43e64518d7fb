"""Workload identity federation errors: federated credentials, token files, pods, Azure Pipelines."""

from secrets_app.core.reading import Platform
from secrets_app.diagnosis.catalog import links
from secrets_app.diagnosis.cause import Area, Cause, Severity, run
from secrets_app.diagnosis.signature import Strength, aadsts, phrase

_LABEL_PODS = (
    "kubectl patch deployment <deployment> --patch "
    """'{{"spec":{{"template":{{"metadata":{{"labels":{{"azure.workload.identity/use":"true"}}}}}}}}}}'"""
)

CAUSES = (
    Cause(
        key="federated_credential_mismatch",
        area=Area.ENTRA,
        title="No federated credential matches this issuer, subject and audience",
        why="A federated credential specifies exactly which external token is trusted. "
        "The token sent differs in at least one of the three, possibly only in letter case or a trailing slash.",
        fix="Compare issuer, subject and audience in the error with the federated credentials of the application or "
        "identity, and make them equal, including letter case and a trailing slash of the issuer.",
        otherwise=(
            (
                "If all three are equal, the program signs in as another application than the one you look at: "
                "compare the client ID (AZURE_CLIENT_ID, the annotation of the service account, "
                "userAssignedIdentityID in azure.json)."
            ),
            "If the credential was created a moment ago, it can take some minutes until it is used: retry.",
            (
                "If the subject changes with branch, tag, environment or pull request, add one credential for each, "
                "or use a flexible federated credential."
            ),
            "If the cluster was created again, its issuer URL is another one: update the credential.",
        ),
        signatures=(
            phrase("no matching federated identity record found"),
            phrase("federated identity", any_of=("does not match", "no matching")),
            phrase("federated identity credential", strength=Strength.LIKELY),
        ),
        commands=(
            run(
                "kubectl get pod <pod> -o jsonpath='{{.spec.serviceAccountName}}'",
                requires=("service_account",),
            ),
            run("az identity federated-credential list --identity-name <identity-name> --resource-group {group}"),
            run("az ad app federated-credential list --id {app_id}"),
            run(
                "kubectl set serviceaccount deployment <deployment> <service-account-that-is-listed>",
                requires=("service_account",),
            ),
            run(
                "az aks show --resource-group {group} --name <cluster> --query oidcIssuerProfile.issuerUrl",
                requires=("service_account",),
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
        fix="Make the issuer's /.well-known/openid-configuration reachable from the internet. If the issuer is GitHub "
        "or Azure DevOps, retry later and check its status page.",
        signatures=(
            phrase("request to external oidc endpoint failed"),
            phrase("unable to retrieve", "openid configuration", strength=Strength.LIKELY),
        ),
        commands=(
            run("curl -sS {issuer}/.well-known/openid-configuration", requires=("issuer",)),
            run(
                "az aks show --resource-group {group} --name <cluster> --query oidcIssuerProfile",
                platforms=(Platform.KUBERNETES,),
            ),
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
        fix="Compare the path in the error with the file that is mounted (first command), and set "
        "AZURE_FEDERATED_TOKEN_FILE to that path, in a chart in its values. If the file is missing, label the pod"
        " with azure.workload.identity/use, and recreate it.",
        otherwise=(
            "If the file exists and may not be read, set securityContext.fsGroup of the pod.",
            (
                "If the pod has no such file although it is labelled, its service account lacks the annotation "
                "azure.workload.identity/client-id, or the webhook of workload identity does not run."
            ),
            "Outside Kubernetes, unset AZURE_FEDERATED_TOKEN_FILE: it was copied from a cluster.",
        ),
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
        fix="Label the pods, annotate their service account with the client ID, then recreate the pods.",
        otherwise=(
            (
                "If the pod is labelled: the webhook adds the variables only to pods that are created afterwards, and"
                " only if its own pods run (namespace kube-system)."
            ),
            (
                "If the label stands on the deployment instead of the pod template, move it to "
                "spec.template.metadata.labels."
            ),
            "Outside Kubernetes, use another credential: this one is not meant for it.",
        ),
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
            run(_LABEL_PODS),
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
        key="federated_signing_key_unknown",
        area=Area.ENTRA,
        title="The token's signing key is not among the issuer's published keys",
        why="Microsoft Entra ID downloaded the issuer's keys, and the key that signed the token is not one of them. "
        "The issuer changed its keys recently, or publishes an old key set.",
        fix="Publish the signing key at the jwks_uri of the issuer's /.well-known/openid-configuration; the key IDs "
        "(kid) must match. After a key rotation, wait until Microsoft Entra ID has downloaded the new keys, then "
        "retry.",
        signatures=(
            aadsts(500031, phrases=("signing certificate",)),
            phrase("could not be found in the metadata of identity provider"),
        ),
        commands=(run("curl -sS {issuer}/.well-known/openid-configuration"),),
        links=(links.FEDERATION_CONSIDERATIONS,),
        severity=Severity.REJECTED,
        look_alikes=(("federated_issuer_unreachable", "The issuer's URL did not respond at all."),),
    ),
    Cause(
        key="federation_disabled_by_policy",
        area=Area.ENTRA,
        title="A policy of the tenant does not allow this federated credential",
        why="The federated credential exists, but a policy of the tenant turned federation off, or does not allow "
        "this issuer, or demands a claim that the token does not have.",
        fix="Ask an administrator of the tenant to allow the issuer in the application management policy. Changing "
        "the federated credential does not help.",
        links=(links.FEDERATION_CONSIDERATIONS, links.AADSTS),
        severity=Severity.REJECTED,
        look_alikes=(("federated_credential_mismatch", "No federated credential matches the token."),),
    ),
    Cause(
        key="federated_token_type_refused",
        area=Area.ENTRA,
        title="This kind of token cannot be used as a federated credential",
        why="The token that was presented was issued by Microsoft Entra ID for a user, or was itself obtained by "
        "federation. Neither may be exchanged again.",
        fix="Present a token of an external issuer, or the token of a managed identity for api://AzureADTokenExchange.",
        links=(links.FEDERATION_CONSIDERATIONS, links.AADSTS),
        severity=Severity.REJECTED,
        look_alikes=(("federated_credential_mismatch", "The kind of token is right, and its subject is not listed."),),
    ),
)
