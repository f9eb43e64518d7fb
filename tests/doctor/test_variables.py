"""The findings on variables that are incomplete, empty, contradictory or outdated."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_app.conf import Config
from secrets_app.conf.hints import unset_commands
from secrets_app.core.credential_options import CredentialKind, CredentialOptions
from secrets_app.core.reading import Failure, HostEnvironment, Platform, Reading, Stage
from secrets_app.doctor import Status
from secrets_app.doctor.variables import describe_variable
from tests.support.doctor_factories import (
    CLIENT,
    IDENTITY,
    OTHER_TENANT,
    SITE,
    TENANT,
    VAULT,
    reading,
    run_check,
    secret,
)

READ, FAILED = reading(secret=secret()), reading(failure=Failure(stage=Stage.TOKEN, message="nobody"))
OK, NOTICE, PROBLEM = Status.OK, Status.NOTICE, Status.PROBLEM
HALF = "environment_half_set"
SECRET = "S3cr3t~not.to.be.seen"
WHOLE = {"AZURE_CLIENT_ID": CLIENT, "AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_SECRET": SECRET}

CASES = [
    # key, environment, verdict, cause, text
    ("service_principal", {}, OK, None, "No service principal variables are set"),
    ("service_principal", WHOLE, OK, None, "with a client secret is fully configured"),
    ("service_principal", {**WHOLE, "AZURE_CLIENT_SECRET": ""}, PROBLEM, HALF, "AZURE_CLIENT_SECRET is set, but empty"),
    ("service_principal", {**WHOLE, "AZURE_TENANT_ID": ""}, PROBLEM, HALF, "AZURE_TENANT_ID is set, but empty"),
    ("service_principal", {"AZURE_CLIENT_SECRET": SECRET}, PROBLEM, HALF, "AZURE_CLIENT_ID and AZURE_TENANT_ID are"),
    ("service_principal", {**WHOLE, **IDENTITY}, NOTICE, HALF, "takes precedence over the managed identity"),
    ("service_principal", {**WHOLE, "AZURE_CLIENT_CERTIFICATE_PATH": "/x.pem"}, NOTICE, HALF, "client secret is used"),
    ("service_principal", {"AZURE_CLIENT_ID": CLIENT, "AZURE_TENANT_ID": TENANT}, NOTICE, HALF, "but no client secret"),
    (
        "service_principal",
        {"AZURE_CLIENT_ID": CLIENT, "AZURE_TENANT_ID": TENANT, **IDENTITY},
        NOTICE, HALF, "without a client secret or certificate",
    ),
    ("service_principal", {"AZURE_CLIENT_ID": CLIENT, **IDENTITY}, OK, None, "selects a managed identity"),
    (
        "service_principal",
        {"AZURE_CLIENT_ID": CLIENT, "AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_CERTIFICATE_PATH": "/no/such.pem"},
        PROBLEM, "certificate_file_invalid", "names a file that does not exist",
    ),
    (
        "service_principal",
        {"AZURE_CLIENT_ID": CLIENT, "AZURE_USERNAME": "dana@contoso.com", "AZURE_PASSWORD": SECRET},
        NOTICE, None, "This flow is deprecated",
    ),
    ("service_principal", {"AZURE_PASSWORD": SECRET}, PROBLEM, HALF, "AZURE_CLIENT_ID and AZURE_USERNAME are not"),
    ("service_principal", {"AZURE_USERNAME": "dana@contoso.com"}, OK, None, "belong to another credential"),
    ("managed_identity", {}, OK, None, "An Azure VM does not need one"),
    ("managed_identity", {**SITE, **IDENTITY}, OK, None, "A managed identity endpoint is configured"),
    ("managed_identity", SITE, PROBLEM, "mi_identity_not_assigned", "No managed identity is enabled"),
    ("managed_identity", {**SITE, **WHOLE}, NOTICE, None, "No managed identity is enabled"),
    ("managed_identity", {"IDENTITY_ENDPOINT": "http://x/"}, PROBLEM, HALF, "but IDENTITY_HEADER is not"),
    ("managed_identity", {"IDENTITY_HEADER": SECRET}, PROBLEM, HALF, "but IDENTITY_ENDPOINT is not"),
    ("managed_identity", {**IDENTITY, "IDENTITY_HEADER": ""}, PROBLEM, HALF, "IDENTITY_HEADER is set, but empty"),
    ("managed_identity", {"IDENTITY_ENDPOINT": "http://x/", "IMDS_ENDPOINT": "http://y/"}, OK, None, "is configured"),
    (
        "managed_identity",
        {**SITE, "MSI_ENDPOINT": "http://127.0.0.1/", "MSI_SECRET": SECRET},
        PROBLEM, HALF, "treats them as Azure Machine Learning",
    ),
    ("managed_identity", {**SITE, "MSI_ENDPOINT": "http://127.0.0.1/"}, PROBLEM, HALF, "treats it as Cloud Shell"),
    ("managed_identity", {"MSI_SECRET": SECRET}, PROBLEM, HALF, "On its own it has no effect"),
    ("managed_identity", {"MSI_ENDPOINT": "http://x/", "MSI_SECRET": SECRET}, NOTICE, None, "Azure Machine Learning"),
    ("managed_identity", {"MSI_ENDPOINT": "http://localhost:50342/oauth2/token"}, OK, None, "is configured"),
    (
        "managed_identity",
        {**SITE, **IDENTITY, "MSI_ENDPOINT": "http://127.0.0.1/", "MSI_SECRET": SECRET},
        OK, None, "A managed identity endpoint is configured",
    ),
    ("managed_identity", {"AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:2579"}, NOTICE, HALF, "retired"),
    ("managed_identity", {"AZURE_POD_IDENTITY_AUTHORITY_HOST": ""}, PROBLEM, HALF, "set, but empty"),
    ("workload_identity", {}, OK, None, "Workload identity is not configured"),
    ("workload_identity", {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, NOTICE, "workload_identity_not_injected", "This K"),
    ("workload_identity", {"AZURE_FEDERATED_TOKEN_FILE": "/t"}, PROBLEM, HALF, "AZURE_CLIENT_ID and"),
    (
        "workload_identity",
        {"AZURE_FEDERATED_TOKEN_FILE": "/no/such/token", "AZURE_CLIENT_ID": CLIENT, "AZURE_TENANT_ID": TENANT},
        PROBLEM, "federated_token_file_unreadable", "names a file that does not exist",
    ),
    ("token_credentials", {}, OK, None, "tried in order until one succeeds"),
    ("token_credentials", {"AZURE_TOKEN_CREDENTIALS": " "}, OK, None, "Not set. The credentials"),
    ("token_credentials", {"AZURE_TOKEN_CREDENTIALS": "dev"}, OK, None, "Only developer tools"),
    ("token_credentials", {"AZURE_TOKEN_CREDENTIALS": "Prod"}, OK, None, "other developer tools are not"),
    (
        "token_credentials",
        {"AZURE_TOKEN_CREDENTIALS": "azureclicredential"},
        OK, None, "Only AzureCliCredential is tried",
    ),
    ("token_credentials", {**SITE, "AZURE_TOKEN_CREDENTIALS": "dev"}, PROBLEM, HALF, "never tried"),
    (
        "token_credentials",
        {"AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential"},
        PROBLEM, HALF, "variables are incomplete",
    ),
    (
        "token_credentials",
        {"AZURE_TOKEN_CREDENTIALS": "cli"},
        PROBLEM, "token_credentials_env_invalid", "Supported values: dev, prod, EnvironmentCredential",
    ),
    ("client_id", {}, OK, None, "would be the system-assigned one"),
    ("client_id", IDENTITY, OK, None, "the system-assigned managed identity is used"),
    ("client_id", {"AZURE_CLIENT_ID": ""}, NOTICE, HALF, "set, but empty"),
    ("client_id", {"AZURE_CLIENT_ID": SECRET}, PROBLEM, HALF, "not a client ID"),
    ("client_id", WHOLE, OK, None, "application (client) ID of the service principal"),
    ("client_id", {**IDENTITY, "AZURE_CLIENT_ID": CLIENT}, OK, None, "selects the user-assigned managed identity"),
    ("client_id", {**SITE, "AZURE_CLIENT_ID": CLIENT}, OK, None, "no managed identity endpoint is configured"),
    ("client_id", {"AZURE_CLIENT_ID": CLIENT, "AZURE_FEDERATED_TOKEN_FILE": "/t"}, OK, None, "this pod signs in as"),
    ("client_id", {"AZURE_CLIENT_ID": CLIENT}, OK, None, "on a developer machine it has no effect"),
    ("stray_characters", WHOLE, OK, None, "No Azure variable"),
    ("stray_characters", {"AZURE_CLIENT_SECRET": f"{SECRET}\n"}, PROBLEM, HALF, "AZURE_CLIENT_SECRET: quotes,"),
    ("stray_characters", {"AZURE_TENANT_ID": f'"{TENANT}"'}, PROBLEM, HALF, "AZURE_TENANT_ID"),
    ("platform", {}, OK, None, "a developer machine, a build agent, or an Azure VM"),
    ("platform", SITE, OK, None, "The platform is App Service: WEBSITE_SITE_NAME is set"),
    (
        "platform",
        {**SITE, "FUNCTIONS_WORKER_RUNTIME": "python"},
        OK, None, "Azure Functions: WEBSITE_SITE_NAME and FUNCTIONS_WORKER_RUNTIME are set",
    ),
    ("platform", {"CONTAINER_APP_NAME": "api"}, OK, None, "Azure Container Apps"),
    ("platform", {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, OK, None, "Kubernetes"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "environ", "verdict", "cause", "words"), CASES)
def test_variables__finding(key: str, environ: dict[str, str], verdict: Status, cause: str | None, words: str) -> None:
    check = run_check(key, environ)
    assert (check.verdict, check.cause) == (verdict, cause), check.finding
    assert words in check.finding
    assert SECRET not in repr(check)
    assert IDENTITY["IDENTITY_HEADER"] not in repr(check)


def test_problem__has_advice() -> None:
    for key, environ, verdict, cause, _ in CASES:
        check = run_check(key, environ)
        assert verdict is OK or check.advice or cause, check.finding


def test_certificate_and_token_file__exist(tmp_path: Path) -> None:
    file = tmp_path / "proof.pem"
    file.write_text("a proof")
    ids = {"AZURE_CLIENT_ID": CLIENT, "AZURE_TENANT_ID": TENANT}
    check = run_check("service_principal", {**ids, "AZURE_CLIENT_CERTIFICATE_PATH": str(file)})
    assert check.verdict is OK
    assert ("AZURE_CLIENT_CERTIFICATE_PATH", str(file)) in check.facts
    assert run_check("workload_identity", {**ids, "AZURE_FEDERATED_TOKEN_FILE": str(file)}).verdict is OK


NAMES = sorted({name for _, environ, *_ in CASES for name in environ} | {"REQUESTS_CA_BUNDLE", "AzureCLIPath", "PATH"})
KEYS = sorted({key for key, *_ in CASES} | {"proxy", "trusted_certificates"})
# A POSIX environment can contain any character except NUL.
VALUES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])) | st.sampled_from(
    ["", CLIENT, SECRET]
)


@given(environ=st.dictionaries(st.sampled_from(NAMES), VALUES), more=st.integers(0, 5000))
def test_any_values__no_check_fails_or_shows_a_secret(environ: dict[str, str], more: int) -> None:
    environ |= {name: value * more for name, value in environ.items() if name.endswith("PATH")}
    for key in KEYS:
        check = run_check(key, environ)
        assert SECRET not in repr(check)
        assert check.finding
        assert check.finding.isprintable()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("AZURE_CLIENT_ID", CLIENT, CLIENT),
        ("AZURE_CLIENT_ID", SECRET, "set, 21 characters"),
        ("AZURE_TENANT_ID", OTHER_TENANT, OTHER_TENANT),
        ("AZURE_TENANT_ID", "contoso.onmicrosoft.com", "contoso.onmicrosoft.com"),
        ("AZURE_CLIENT_SECRET", SECRET, "set, 21 characters"),
        ("AZURE_CLIENT_CERTIFICATE_PATH", SECRET, "set, 21 characters"),
        ("AZURE_CLIENT_CERTIFICATE_PATH", r"C:\certs\site.pfx", r"C:\certs\site.pfx"),
        ("AZURE_PASSWORD", "x", "set, 1 character"),
        ("AZURE_AUTHORITY_HOST", "https://dana:pw@login.microsoftonline.com", "set, 41 characters"),
        ("IDENTITY_ENDPOINT", "http://127.0.0.1:41/msi/token/?secret=1", "set, 39 characters"),
        ("AZURE_CLIENT_SECRET", "", "set, but empty"),
    ],
)
def test_describe_variable__shows_values_in_valid_form_only(name: str, value: str, expected: str) -> None:
    assert describe_variable({name: value}, name) == expected
    assert describe_variable({}, name) == "not set"


@pytest.mark.parametrize(
    ("place", "command"),
    [
        (HostEnvironment(), "unset AZURE_CLIENT_SECRET AZURE_TENANT_ID"),
        (HostEnvironment(system="Windows"), "Remove-Item Env:AZURE_CLIENT_SECRET, Env:AZURE_TENANT_ID"),
        (
            HostEnvironment(platform=Platform.APP_SERVICE, resource_group="rg(1)", resource_name="a"),
            'az webapp config appsettings delete -g "rg(1)" -n a --setting-names AZURE_CLIENT_SECRET AZURE_TENANT_ID',
        ),
        (
            HostEnvironment(platform=Platform.FUNCTIONS, resource_name="$(x)"),
            "az functionapp config appsettings delete -g <resource-group> -n <resource-name> "
            "--setting-names AZURE_CLIENT_SECRET AZURE_TENANT_ID",
        ),
        (
            HostEnvironment(platform=Platform.CONTAINER_APPS, resource_group="rg", resource_name="api"),
            "az containerapp update -g rg -n api --remove-env-vars AZURE_CLIENT_SECRET AZURE_TENANT_ID",
        ),
        (
            HostEnvironment(platform=Platform.KUBERNETES),
            "kubectl set env deployment/<deployment> AZURE_CLIENT_SECRET- AZURE_TENANT_ID-",
        ),
    ],
)
def test_unset_command__fits_the_platform(place: HostEnvironment, command: str) -> None:
    assert unset_commands(["AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"], place) == (command,)


CHINA = {"AZURE_AUTHORITY_HOST": "https://login.chinacloudapi.cn"}


@pytest.mark.parametrize(
    ("vault", "environ", "read", "verdict", "finding"),
    [
        (VAULT, {}, FAILED, OK, "in the same cloud"),
        (VAULT, CHINA, FAILED, PROBLEM, "login.chinacloudapi.cn, but the vault is in the Azure public cloud."),
        (VAULT, CHINA, READ, NOTICE, "did not use this endpoint"),
        (VAULT, {"AZURE_AUTHORITY_HOST": "my secret!"}, FAILED, PROBLEM, "a value that is not a host name"),
        ("https://contoso.vault.azure.cn", {}, FAILED, PROBLEM, "is not set, so sign-in uses login.microsoftonline"),
        ("https://contoso.vault.azure.cn", {"AZURE_AUTHORITY_HOST": "LOGIN.CHINACLOUDAPI.CN"}, FAILED, OK, "same"),
        ("https://vault.example.org", CHINA, FAILED, OK, ""),
    ],
)
def test_cloud__of_authority_and_vault(
    vault: str, environ: dict[str, str], read: Reading, verdict: Status, finding: str
) -> None:
    check = run_check("cloud", environ, read=read, config=Config(vault_url=vault, secret_name="demo"))
    assert check.verdict is verdict
    assert finding in check.finding
    assert "my secret!" not in repr(check)


@pytest.mark.parametrize(
    ("kinds", "variable", "verdict", "finding"),
    [
        ((CredentialKind.AZURE_CLI,), "nonsense", OK, "Set, but ignored"),
        ((CredentialKind.PROD,), "dev", OK, "KVSITE_CREDENTIAL=prod takes precedence"),
        ((CredentialKind.PROD,), "nonsense", PROBLEM, "Supported values"),
    ],
)
def test_azure_token_credentials__beside_kvsite_credential(
    kinds: tuple[CredentialKind, ...], variable: str, verdict: Status, finding: str
) -> None:
    config = Config(
        vault_url=VAULT, secret_name="demo", credential=CredentialOptions(kinds=kinds, chosen_by="KVSITE_CREDENTIAL")
    )
    check = run_check("token_credentials", {"AZURE_TOKEN_CREDENTIALS": variable}, config=config)
    assert check.verdict is verdict
    assert finding in check.finding


def test_client_id__is_ignored_by_managed_identity_alone() -> None:
    config = Config(
        vault_url=VAULT, secret_name="demo", credential=CredentialOptions(kinds=(CredentialKind.MANAGED_IDENTITY,))
    )
    assert (
        "Ignored: only a managed identity is selected"
        in run_check("client_id", {"AZURE_CLIENT_ID": CLIENT, **IDENTITY}, config=config).finding
    )
    pod = {"AZURE_CLIENT_ID": CLIENT, "AZURE_FEDERATED_TOKEN_FILE": "/token"}
    assert "the identity that this pod" in run_check("client_id", pod, config=config).finding
