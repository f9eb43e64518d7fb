"""Causes in pipelines: GitHub Actions and Azure Pipelines."""

from secrets_app.diagnosis.catalog import links
from secrets_app.diagnosis.cause import Area, Cause, run
from secrets_app.diagnosis.signature import Strength, phrase

CAUSES = (
    Cause(
        key="github_oidc_permission",
        area=Area.PROGRAM,
        title="The GitHub workflow may not request an OIDC token",
        why="azure/login signs in with a token that GitHub issues to the job. The job lacks the permission "
        "id-token: write, is started by a pull request from a fork, or does not run in GitHub Actions.",
        fix="Add to the workflow or the job: permissions: id-token: write, and contents: read. Naming permissions "
        "removes all others, so add those that the job already needs (for example pages: write, packages: write)."
        " A reusable workflow needs them in its caller too.",
        otherwise=(
            (
                "If the run belongs to a pull request from a fork or to Dependabot, it receives no token: use another"
                " event, or sign in without OIDC."
            ),
            (
                "If it runs in another place than GitHub Actions (act, a container, a composite step of its own), "
                "these variables do not exist: sign in with creds or az login."
            ),
        ),
        signatures=(
            phrase("unable to get actions_id_token_request_url"),
            phrase("actions_id_token_request_url", any_of=("env variable", "not set", "missing", "undefined")),
            phrase("actions_id_token_request_token", any_of=("env variable", "not set", "missing")),
            phrase("failed to fetch federated token from github"),
            phrase("please make sure to give write permissions to id-token"),
        ),
        commands=(run("gh workflow view <workflow> --yaml"),),
        links=(links.GITHUB_AZURE_LOGIN,),
        look_alikes=(
            ("github_login_inputs", "An input of azure/login is empty."),
            ("federated_credential_mismatch", "GitHub issued the token, and Microsoft Entra ID rejected it."),
        ),
    ),
    Cause(
        key="github_login_inputs",
        area=Area.PROGRAM,
        title="azure/login received empty or incomplete inputs",
        why="client-id and tenant-id, or the keys of the JSON in creds, are empty. Secrets of an environment are "
        "empty unless the job names that environment, and pull requests from forks and Dependabot receive none.",
        fix="Define the secrets for this repository or environment, check their names, and set environment: in the "
        "job where they belong to an environment.",
        otherwise=(
            "If a reusable workflow is called, pass the secrets: secrets: inherit.",
            (
                "If creds is used, it is one JSON object with clientId, clientSecret, tenantId and subscriptionId, "
                "without line breaks changed by a shell."
            ),
        ),
        signatures=(
            phrase("using auth-type", "not all values are present"),
            phrase("not all parameters are provided in 'creds'"),
            phrase("ensure 'client-id' and 'tenant-id' are supplied"),
            phrase("ensure subscription-id is supplied"),
            phrase("content is not a valid json object", any_of=("creds", "azure/login", "login failed")),
        ),
        commands=(
            run("gh secret list"),
            run("gh secret list --env <environment>"),
        ),
        links=(links.GITHUB_AZURE_LOGIN,),
        look_alikes=(("github_oidc_permission", "The inputs are set, but the job may not request a token."),),
    ),
    Cause(
        key="pipeline_service_connection",
        area=Area.PROGRAM,
        title="The service connection of Azure Pipelines cannot be used",
        why="The task signs in with a service connection. It does not exist, is not authorized for this pipeline, "
        "its credential has expired, or the task does not support its type.",
        fix="Azure DevOps: Project settings > Service connections > the connection: verify it, convert it to "
        "workload identity federation, and permit this pipeline to use it. Use the newest version of the task.",
        otherwise=(
            (
                "If its secret has expired: Manage service principal > Certificates & secrets, then edit the "
                "connection; workload identity federation needs no secret."
            ),
            (
                "If the task cannot use its type (for example workload identity federation), use the newest version "
                "of the task, or AzureCLI@2 with addSpnToEnvironment."
            ),
            (
                "If the name comes from a variable, it must be known before the run starts: use a template parameter "
                "or a variable of the pipeline."
            ),
            (
                "If the pipeline runs for the first time, a user must permit the connection for it (Security > "
                "Pipeline permissions)."
            ),
        ),
        signatures=(
            phrase("could not fetch access token for azure", strength=Strength.LIKELY),
            phrase("input required: connectedservicename"),
            phrase("there was a resource authorization issue"),
            phrase("could not find service connection"),
            phrase("service connection", "could not be found"),
            phrase("service connection", any_of=("not authorized", "not been authorized", "has not been authorized")),
            phrase("failed to obtain the json web token (jwt)", strength=Strength.LIKELY),
            phrase("endpoint auth data not present"),
            phrase("failed to query service connection api"),
            phrase("service principal authorization", any_of=("only support", "only supports")),
        ),
        commands=(run("az devops service-endpoint list --organization <organization-url> --project <project>"),),
        links=(links.PIPELINES_SERVICE_CONNECTION, links.PIPELINES),
        look_alikes=(
            ("pipelines_oidc_misconfigured", "The program itself requests the token (AzurePipelinesCredential)."),
            ("client_secret_expired", "The text contains AADSTS7000222: the connection's secret has expired."),
        ),
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
                any_of=("oidc", "system.accesstoken"),
                strength=Strength.LIKELY,
            ),
            phrase("azure devops", "oidc", strength=Strength.LIKELY),
        ),
        links=(links.PIPELINES,),
        related=("pipeline_service_connection",),
    ),
)
