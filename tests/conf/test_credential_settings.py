"""The settings that select the credential: the effect of each value, and the message for each invalid one."""

from pathlib import Path
from typing import Any

import pytest

from localazure import LocalAzure
from secrets_app.checks import check_settings
from secrets_app.conf import Config, current, load
from secrets_app.conf.request import token_request
from secrets_app.core.credential_options import CredentialKind, CredentialOptions, IdentityKind
from secrets_app.core.reading import Outcome, Stage
from tests.conftest import World
from tests.support.readings import get_reading

RIGHT = {"KEY_VAULT_URI": "https://contoso.vault.azure.net", "SECRET_NAME": "demo"}
ID = "11111111-2222-3333-4444-555555555555"
RESOURCE_ID = f"/subscriptions/{ID}/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/kv-id"


def loaded(**words: str) -> Config:
    return load({**RIGHT, **words})


def options(**words: str) -> CredentialOptions:
    config = loaded(**words)
    assert config.problems == ()
    assert config.credential
    return config.credential


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        *(
            (kind.value, kind)
            for kind in CredentialKind
            if kind
            not in {CredentialKind.CLIENT_SECRET, CredentialKind.CLIENT_CERTIFICATE, CredentialKind.AZURE_PIPELINES}
        ),
        ("AzureCliCredential", CredentialKind.AZURE_CLI),
        ("az", CredentialKind.AZURE_CLI),
        ("DefaultAzureCredential", CredentialKind.DEFAULT),
        ("VisualStudioCodeCredential", CredentialKind.VISUAL_STUDIO_CODE),
        ("vscode", CredentialKind.VISUAL_STUDIO_CODE),
        ("SharedTokenCacheCredential", CredentialKind.SHARED_CACHE),
        ("MANAGED-IDENTITY", CredentialKind.MANAGED_IDENTITY),
    ],
)
def test_credential_setting__selects_one_credential(word: str, kind: CredentialKind) -> None:
    assert options(KVSITE_CREDENTIAL=word).kinds == (kind,)


def test_several_credentials__keep_their_order() -> None:
    assert options(KVSITE_CREDENTIAL="az, managed-identity,az").kinds == (
        CredentialKind.AZURE_CLI,
        CredentialKind.MANAGED_IDENTITY,
    )


@pytest.mark.parametrize(
    ("words", "id_", "expected"),
    [
        ({"KVSITE_CREDENTIAL": "azure-clii"}, "E030", "is not a supported credential. Did you mean azure-cli?"),
        ({"KVSITE_CREDENTIAL": "nonsense"}, "E030", "Supported values: default, dev, prod"),
        ({"KVSITE_CREDENTIAL": "default,az"}, "E031", "is a complete chain"),
        ({"KVSITE_EXCLUDE_CREDENTIALS": "client-secret"}, "E032", "which is not in the chain"),
        ({"KVSITE_EXCLUDE_CREDENTIALS": "azure-clii"}, "E079", "is not a supported credential"),
        ({"KVSITE_CREDENTIAL": "az", "KVSITE_EXCLUDE_CREDENTIALS": "azd"}, "E033", "does not name a chain"),
        ({"KVSITE_TENANT_ID": "con toso"}, "E034", "is not a valid tenant"),
        ({"KVSITE_ADDITIONALLY_ALLOWED_TENANTS": "*, a b"}, "E035", "is not a tenant"),
        ({"KVSITE_AUTHORITY_HOST": "https://login.evil.example"}, "E036", "no credential is sent there"),
        ({"KVSITE_PROCESS_TIMEOUT_S": "soon"}, "E037", "must be a number of seconds"),
        ({"KVSITE_AZ_SUBSCRIPTION": "a;b"}, "E038", "az account list"),
        ({"KVSITE_CLIENT_ID": "my-app"}, "E039", "is not a valid application (client) ID"),
        ({"KVSITE_CREDENTIAL": "client-secret"}, "E040", "KVSITE_TENANT_ID is not set"),
        ({"KVSITE_CREDENTIAL": "azure-pipelines", "KVSITE_TENANT_ID": ID, "KVSITE_CLIENT_ID": ID}, "E040",
         "KVSITE_PIPELINES_SERVICE_CONNECTION_ID is not set"),
        ({"KVSITE_MANAGED_IDENTITY_CLIENT_ID": ID, "KVSITE_MANAGED_IDENTITY_OBJECT_ID": ID}, "E041", "both name"),
        ({"KVSITE_MANAGED_IDENTITY_OBJECT_ID": "{" + ID + "}"}, "E042", "without braces"),
        ({"KVSITE_MANAGED_IDENTITY_RESOURCE_ID": RESOURCE_ID + "/x"}, "E043", "is not the resource ID"),
    ],
)  # fmt: skip
def test_invalid_setting__has_its_own_message(words: dict[str, str], id_: str, expected: str) -> None:
    config = loaded(**words)
    assert [problem.id for problem in config.problems] == [f"secrets_app.{id_}"]
    assert expected in f"{config.problems[0].sentence} {config.problems[0].hint}"
    assert config.credential is None


def test_client_secret__is_in_no_repr() -> None:
    words = {"KVSITE_CREDENTIAL": "client-secret", "KVSITE_TENANT_ID": ID, "KVSITE_CLIENT_ID": ID}
    config = loaded(**words, KVSITE_CLIENT_SECRET="never-to-be-seen", SYSTEM_ACCESSTOKEN="never-either")
    assert config.credential
    assert config.credential.client_secret == "never-to-be-seen"
    assert "never" not in repr(config)


@pytest.mark.parametrize(
    ("setting", "value", "kind"),
    [
        ("KVSITE_MANAGED_IDENTITY_CLIENT_ID", ID, IdentityKind.CLIENT_ID),
        ("KVSITE_MANAGED_IDENTITY_OBJECT_ID", ID.upper(), IdentityKind.OBJECT_ID),
        ("KVSITE_MANAGED_IDENTITY_RESOURCE_ID", RESOURCE_ID, IdentityKind.RESOURCE_ID),
    ],
)
def test_managed_identity__is_selected_by_any_of_three_ids(setting: str, value: str, kind: IdentityKind) -> None:
    identity = options(**{setting: value}).managed_identity
    assert identity
    assert identity.kind is kind
    assert identity.value in {value, value.lower()}


def test_invalid_credential_settings__request_no_token(world: World) -> None:
    azure: LocalAzure = world("app-service")
    reading = get_reading(current({"KVSITE_CREDENTIAL": "nonsense"}))
    assert reading.failure
    assert reading.failure.stage is Stage.CONFIGURATION
    assert reading.principal is None
    assert reading.main_cause == "setting_invalid"
    assert azure.requests == ()


def test_single_credential__is_the_only_one_tried(world: World) -> None:
    world("laptop")
    reading = get_reading(current({"KVSITE_CREDENTIAL": "az"}))
    assert reading.ok
    assert [(a.credential, a.outcome) for a in reading.attempts] == [("AzureCliCredential", Outcome.TOKEN)]


def test_several_credentials__form_a_chain(world: World) -> None:
    world("laptop")
    reading = get_reading(current({"KVSITE_CREDENTIAL": "environment,az"}))
    assert reading.ok
    assert [a.outcome for a in reading.attempts] == [Outcome.UNAVAILABLE, Outcome.TOKEN]


def test_token_check__sends_no_vault_request(world: World) -> None:
    azure = world("app-service")
    reading = get_reading(token_request(Config(), "https://management.azure.com"))
    assert reading.ok
    assert reading.principal
    assert reading.principal.claims["aud"] == "https://management.azure.com"
    assert not [request for request in azure.requests if "vault" in str(request)]


@pytest.mark.parametrize(
    ("vault", "host", "right"),
    [
        ("contoso.vault.azure.cn", "public", "login.chinacloudapi.cn"),
        ("contoso.vault.azure.net", "china", "login.microsoftonline.com"),
        ("contoso.vault.usgovcloudapi.net", "china", "login.microsoftonline.us"),
    ],
)
def test_vault_and_authority_in_two_clouds__is_an_error(vault: str, host: str, right: str) -> None:
    config = loaded(KEY_VAULT_URI=f"https://{vault}", KVSITE_AUTHORITY_HOST=host)
    assert [problem.id for problem in config.problems] == ["secrets_app.E044"]
    assert config.problems[0].hint.endswith(f"set it to {right}.")


@pytest.mark.parametrize("host", ["https://login.chinacloudapi.cn/", "china", "China"])
def test_vault_and_authority_in_one_cloud__is_valid(host: str) -> None:
    config = loaded(KEY_VAULT_URI="https://contoso.vault.azure.cn", KVSITE_AUTHORITY_HOST=host)
    assert config.problems == ()
    assert config.credential
    assert config.credential.authority_host == "login.chinacloudapi.cn"


@pytest.mark.parametrize("folder", ["bin", "./bin", "~/bin"])
def test_az_path__relative_folder_is_rejected(folder: str) -> None:
    assert [problem.id for problem in loaded(AzureCLIPath=folder).problems] == ["secrets_app.E045"]


@pytest.mark.parametrize("folder", ["/opt/az/bin", r"C:\Program Files\Microsoft SDKs\Azure\CLI2\wbin"])
def test_az_path__is_absolute_on_any_platform(folder: str) -> None:
    assert options(AzureCLIPath=folder).az_folder == folder


def test_az_path__missing_folder_is_a_warning(settings: Any, tmp_path: Path) -> None:
    settings.SECRETS_APP = {**RIGHT, "AzureCLIPath": str(tmp_path / "none")}
    (warning,) = check_settings()
    assert (warning.id, warning.is_serious()) == ("secrets_app.W066", False)
    settings.SECRETS_APP = {**RIGHT, "AzureCLIPath": str(tmp_path)}
    assert check_settings() == []


def test_azure_pipelines__task_variables_name_the_service_connection() -> None:
    task = {
        "AZURESUBSCRIPTION_CLIENT_ID": ID,
        "AZURESUBSCRIPTION_TENANT_ID": ID,
        "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": "of-the-task",
        "SYSTEM_ACCESSTOKEN": "never-to-be-seen",
    }
    assert options(KVSITE_CREDENTIAL="azure-pipelines", **task).service_connection_id == "of-the-task"
    ours = {"KVSITE_PIPELINES_SERVICE_CONNECTION_ID": "ours"}
    assert options(KVSITE_CREDENTIAL="azure-pipelines", **task, **ours).service_connection_id == "ours"
    assert options(**task).client_id is None
