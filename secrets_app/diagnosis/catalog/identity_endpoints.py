"""Managed identity errors: IMDS, App Service, Azure Arc, Service Fabric, AAD Pod Identity."""

from secrets_app.core.own_messages import RESPONSE_TOO_LARGE, UNDECODABLE_RESPONSE
from secrets_app.core.reading import Platform
from secrets_app.diagnosis.catalog import links
from secrets_app.diagnosis.catalog.predicates import about_azure_or_short, has_no_status
from secrets_app.diagnosis.cause import LINUX, MACOS, WINDOWS, Area, Cause, Severity, run
from secrets_app.diagnosis.signature import Signature, Strength, phrase

_METADATA = ("169.254.169.254", "imds", "/metadata/identity")

_IDENTITY_REQUESTED = ("requested_identity",)
"""Value that is set if a user-assigned identity is requested."""
_SITE = (Platform.APP_SERVICE,)
_FUNCTION = (Platform.FUNCTIONS,)
_VM_OR_UNKNOWN = (Platform.VIRTUAL_MACHINE, Platform.UNKNOWN)

_WITH_IMDS = (Platform.VIRTUAL_MACHINE, Platform.KUBERNETES, Platform.UNKNOWN)
"""Elsewhere on Azure, such as App Service, IMDS does not respond: the endpoint is IDENTITY_ENDPOINT."""

CAUSES = (
    Cause(
        key="mi_endpoint_error",
        area=Area.HOST,
        title="The managed identity endpoint returned an error",
        why="The endpoint responded but did not issue a token: it is temporarily unavailable, or the requested "
        "resource does not exist.",
        fix="Retry, then restart the app. If the error persists, read the log of the component that serves the "
        "endpoint: in a pod with AAD Pod Identity that is NMI, and the pod needs an AzureIdentityBinding. Check that "
        "the token is requested for https://vault.azure.net/.default.",
        otherwise=("If only one resource fails, the scope is wrong or does not exist in this tenant.",),
        signatures=(
            phrase("an unexpected error occured while fetching the aad token"),
            phrase("an unexpected error occurred while fetching the aad token"),
            phrase("failed to retrieve token from identity endpoint"),
            phrase("metadata", '"error":"unknown"', strength=Strength.LIKELY),
            phrase('"error":"unknown"', "error_description"),
            phrase(
                "managed identity", any_of=("(unknown)", "(unknown_error)", "(server_error)", "(internal_server_error)")
            ),
            phrase("token request error: (unknown"),
            phrase("token request error: (service_unavailable"),
            phrase("token request error: (temporarily_unavailable"),
            phrase("token request error: (server_error"),
            phrase("token request error: (invalid_scope) 5"),
            phrase("failed to retrieve token from the active directory"),
            phrase("failed to get token from", any_of=("identity endpoint", "msi endpoint", "managed identity")),
            phrase(
                "managedidentitycredential authentication failed",
                any_of=(
                    "status: 500",
                    "status: 502",
                    "status: 503",
                    "status: 504",
                    "internal server error",
                    "service unavailable",
                    "too many requests",
                ),
                strength=Strength.LIKELY,
            ),
            phrase(
                "managed identity",
                any_of=("status: 500", "status: 503", "500 internal server", "too many requests", "429"),
                strength=Strength.LIKELY,
            ),
            Signature(
                phrases=("managed identity",), status=frozenset({429, 500, 502, 503, 504}), strength=Strength.LIKELY
            ),
            phrase("token request error", strength=Strength.LIKELY),
        ),
        commands=(
            run("az webapp restart --resource-group {group} --name {site}", platforms=(Platform.APP_SERVICE,)),
            run("az functionapp restart --resource-group {group} --name {site}", platforms=(Platform.FUNCTIONS,)),
        ),
        links=(links.MANAGED_IDENTITY_TOKEN, links.MANAGED_IDENTITY_APP_SERVICE),
    ),
    Cause(
        key="mi_platform_env_inconsistent",
        area=Area.HOST,
        title="The managed identity environment variables do not match this host",
        why="IDENTITY_*, MSI_* or IMDS_* variables locate the managed identity endpoint. "
        "They are incomplete, copied from another machine, or belong to another type of host.",
        fix="Remove copied IDENTITY_* and MSI_* variables. "
        "Run inside the app's own process, not in a build or Kudu shell.",
        signatures=(
            phrase("platform could not be determined from environment"),
            phrase("no managed identity endpoint found", "target azure platform"),
            phrase("azure_kubernetes_token_proxy"),
            phrase("identity_server_thumbprint"),
            phrase("invalid secret token header"),
            phrase(
                "service fabric managed identity",
                any_of=("must use https", "requires", "thumbprint", "forwarding proxy"),
            ),
            phrase("secretheadernotfound"),
            phrase("service fabric endpoint", any_of=("thumbprint", "https", "proxy")),
            phrase("configuration not found in environment", unless=("token request error",)),
            phrase("no connection adapters", any_of=("metadata", "identity", "msi", "token")),
            phrase("did not receive a correct value from www-authenticate"),
            phrase("did not receive a value from www-authenticate", strength=Strength.CLEAR),
            phrase("unrecognizable www-authenticate header"),
            phrase(
                "the environment variable",
                any_of=("identity_endpoint", "msi_endpoint", "imds_endpoint"),
                unless=("using the endpoint and the secret",),
            ),
            phrase("msi_endpoint", any_of=("invalid", "malformed", "not set", "is not", "contains")),
            phrase("identity_endpoint", any_of=("invalid", "malformed", "not set", "is not", "contains")),
            phrase("azure arc msi is not supported on this platform"),
            phrase("is undefined and unsupported", strength=Strength.LIKELY),
            phrase("platform", "was undefined and unsupported"),
            phrase("workload identity was selected but no client id"),
            phrase("127.0.0.1", any_of=("/msi/token", "/metadata/identity"), where=has_no_status),
            phrase("host='localhost'", any_of=("/msi/token", "/metadata/identity", "/oauth2/token")),
            phrase("127.0.0.1:41", strength=Strength.LIKELY),
            phrase("managedidentitycredential", any_of=("127.0.0.1", "localhost:"), strength=Strength.CLEAR),
            phrase("did not receive expected www-authenticate header"),
            phrase("identity_endpoint", unless=("managed identity endpoint",), strength=Strength.LIKELY),
            phrase("msi_endpoint", strength=Strength.LIKELY),
            phrase("imds_endpoint", strength=Strength.LIKELY),
            phrase("identity_header", strength=Strength.LIKELY),
            phrase("azure arc", "www-authenticate", strength=Strength.LIKELY),
            phrase("azure_kubernetes_ca_"),
            phrase("azure_kubernetes_sni"),
            phrase("both ca_file and ca_data"),
            phrase(
                "endpoint url",
                any_of=(
                    "must use the 'https' scheme",
                    "must not contain a fragment",
                    "must not contain query",
                    "must not contain username",
                ),
            ),
            phrase("failed to read ca file"),
            phrase("ca file", "is empty", "secure connection"),
            phrase("to enable token proxy usage"),
            phrase("service fabric endpoint certificate"),
        ),
        commands=(
            run("env | grep -E '^(IDENTITY|MSI|IMDS|AZURE)_' | cut -d= -f1", systems=(LINUX, MACOS)),
            run(
                "Get-ChildItem Env: | Where-Object Name -Match '^(IDENTITY|MSI|IMDS|AZURE)_' | Select-Object Name",
                systems=(WINDOWS,),
            ),
        ),
        links=(links.MANAGED_IDENTITY_APP_SERVICE, links.MANAGED_IDENTITY_SERVICE_FABRIC),
    ),
    Cause(
        key="imds_unreadable_answer",
        area=Area.HOST,
        title="The response is not from Instance Metadata Service (IMDS)",
        why="169.254.169.254, or a proxy in its place, returned a response that is not from Azure.",
        fix="Exclude 169.254.169.254 from the proxy, then inspect the raw response.",
        otherwise=(
            (
                "If the response is HTML or 403, a proxy, a firewall or another cloud's metadata service answers: "
                "Azure's needs the header Metadata: true."
            ),
        ),
        signatures=(
            phrase("no token received", where=about_azure_or_short),
            phrase(
                "managedidentitycredential authentication unavailable.",
                where=lambda evidence: evidence.squashed.endswith("managedidentitycredentialauthenticationunavailable"),
            ),
            phrase("jsondecodeerror", any_of=("managedidentity", "imds", "169.254.169.254", "managed_identity")),
            phrase("failed to deserialize json from response"),
            phrase("managedidentitycredential", "gateway error"),
            phrase("unexpected content type"),
            Signature(
                phrases=(),
                any_of=(
                    "expecting value: line",
                    "json is invalid",
                    UNDECODABLE_RESPONSE,
                    RESPONSE_TOO_LARGE,
                ),
                credentials=("ManagedIdentityCredential",),
            ),
            phrase("unexpected response", any_of=("access_token", "managedidentity", "imds")),
            phrase(
                "managedidentitycredential",
                any_of=(
                    "invalid json",
                    "not valid json",
                    "unexpected character",
                    "is an invalid start of a value",
                    "response was not in a valid json format",
                ),
            ),
            phrase("response from imds", any_of=("json", "not valid", "unexpected")),
            phrase("response from managed identity endpoint", any_of=("invalid", "non-json", "json", "deserial")),
            phrase("jsondecodeerror", "expecting value", strength=Strength.WEAK),
            phrase("169.254.169.254", any_of=("bad gateway", "gateway time", "squid", "zscaler", "proxy error")),
            phrase("unexpected character encountered while parsing value", strength=Strength.WEAK),
            phrase("required metadata header not specified"),
            phrase(
                "managed identity",
                any_of=("invalid json", "unexpected response", "not valid json", "could not be parsed"),
                strength=Strength.LIKELY,
            ),
            phrase("unexpected response", unless=("entra", "oidc"), strength=Strength.WEAK),
            phrase("managed identity response was not in the expected format"),
            phrase("response was received from managed service identity", "could not be parsed"),
            Signature(
                any_of=("169.254.169.254", "/metadata/identity/oauth2/token"),
                unless=("unreachable", "timed out", "refused", "no route", "failed to establish"),
                status=frozenset({403, 404, 407, 410, 500, 502, 503, 504}),
                strength=Strength.LIKELY,
            ),
            phrase("authentication unavailable", "failed due to a gateway error"),
        ),
        commands=(
            run("export NO_PROXY=169.254.169.254", systems=(LINUX, MACOS), platforms=_WITH_IMDS),
            run("$env:NO_PROXY = '169.254.169.254'", systems=(WINDOWS,), platforms=_WITH_IMDS),
            run(
                "curl --noproxy '*' -H Metadata:true "
                "-o /dev/null -w '%{{http_code}}\\n' 'http://169.254.169.254/metadata/identity/oauth2/token"
                "?api-version=2018-02-01&resource=https://vault.azure.net'",
                systems=(LINUX, MACOS),
                platforms=_WITH_IMDS,
            ),
        ),
        links=(links.METADATA_SERVICE, links.PYTHON_PROXY),
    ),
    Cause(
        key="imds_unreachable",
        area=Area.HOST,
        title="Instance Metadata Service (IMDS) is unreachable: not an Azure VM, or 169.254.169.254 is blocked",
        why="Azure machines get managed identity tokens from 169.254.169.254. Nothing responded there. "
        "On a laptop, this is expected.",
        fix="Outside Azure, use another credential: sign in with az login on a development machine, or set a service "
        "principal's variables. On Azure, turn on an identity of the machine, and let this program reach "
        "169.254.169.254 without a proxy, firewall or network policy.",
        site_fix="Outside Azure, sign in with az login. On Azure, allow this program to reach 169.254.169.254 without "
        "a proxy. Where Azure offers no managed identity, use a service principal.",
        otherwise=(
            (
                "In App Service, Functions and Container Apps there is no IMDS: turn on the managed identity, and use"
                " a library version that reads IDENTITY_ENDPOINT."
            ),
            "In a pod, use workload identity: label the pod and annotate its service account with the client ID.",
            (
                "In a container on a VM, let it reach 169.254.169.254 (host network or route), and set "
                "NO_PROXY=169.254.169.254."
            ),
            ("If it fails now and then, the first request timed out: let the library retry, and reuse one credential."),
        ),
        signatures=(
            phrase("no response from the imds", unless=("token request error",)),
            phrase("169.254.169.254", any_of=("connecttimeout", "connect timeout", "connection timed out")),
            phrase("no response received from the managed identity endpoint"),
            phrase("no managed identity endpoint", unless=("target azure platform",)),
            phrase("managed identity endpoint", any_of=("not available", "is unavailable", "unreachable")),
            phrase("failed to connect to imds"),
            phrase(
                "imds",
                any_of=(
                    "timed out",
                    "timeout",
                    "unreachable",
                    "not reachable",
                    "connection refused",
                    "no route",
                    "cannot be reached",
                    "i/o timeout",
                    "not available",
                ),
            ),
            phrase(
                "169.254.169.254",
                any_of=(
                    "unreachable",
                    "timed out",
                    "timeout",
                    "connection refused",
                    "no route",
                    "failed to establish",
                    "actively refused",
                    "econnrefused",
                    "ehostunreach",
                    "enetunreach",
                    "etimedout",
                    "host is down",
                    "connect failed",
                    "deadline exceeded",
                    "connectex",
                    "did not properly respond",
                    "ehostdown",
                    "connection reset",
                ),
            ),
            phrase(
                "managedidentitycredential",
                any_of=(
                    "unreachable network",
                    "unreachable host",
                    "unreachable",
                    "attempted to connect to an unreachable",
                    "connecting to 169.254.169.254",
                ),
            ),
            phrase(
                "managedidentitycredential",
                "authentication unavailable",
                any_of=("connection to imds", "managed identity endpoint not", "imds endpoint", "is unavailable"),
                unless=("token request error",),
            ),
            phrase("a socket operation was attempted to an unreachable"),
            phrase("managed identity authentication is not available"),
            phrase(
                "managed identity",
                any_of=("no response", "endpoint not found", "not available in this environment"),
                unless=("token request error",),
                strength=Strength.LIKELY,
            ),
            phrase("managedidentitycredential", "unavailable", strength=Strength.WEAK),
            phrase("managed identity timed out"),
            phrase("unable to connect to the managed service identity"),
            phrase("msi responsecode: notfound"),
            phrase("tried to get token using managed service identity", "an error occurred while sending the request"),
            phrase("unable to connect to the instance metadata service"),
            phrase("failed to connect to msi", unless=("http error: 400", "reason: bad request")),
            phrase(
                "msi",
                any_of=(
                    "failed to retrieve a token from msi",
                    "could not connect to msi",
                    "please make sure msi is configured",
                ),
                strength=Strength.CLEAR,
            ),
            phrase("169.254.169.254", strength=Strength.WEAK),
            phrase("request to the managed identity endpoint timed out"),
        ),
        commands=(
            run("az login --tenant {tenant}", platforms=(Platform.UNKNOWN,)),
            run(
                "curl --noproxy '*' -H Metadata:true 'http://169.254.169.254/metadata/instance?api-version=2021-02-01'",
                systems=(LINUX, MACOS),
                platforms=_WITH_IMDS,
            ),
        ),
        links=(links.METADATA_SERVICE, links.MANAGED_IDENTITY),
        severity=Severity.NOISE,
        related=("imds_unreadable_answer", "mi_identity_not_assigned"),
    ),
)
