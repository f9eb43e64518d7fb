"""The equivalent settings and code for a connection string."""

import pytest

from secrets_app.connection_string import equivalent_of
from tests.support.connection_strings import APP, CERTIFICATE_ID, TENANT, THUMBPRINT, WITH_SECRET, fault, meaning


@pytest.mark.parametrize(
    ("text", "example"),
    [
        ("RunAs=Nobody", "RunAs=App"),
        ("RunAs=Developer;DeveloperTool=Rider", "RunAs=Developer; DeveloperTool=AzureCli"),
        ("RunAs=Workload;AppId=x", "RunAs=Workload;AppId=<client-id>;TenantId=<tenant-id>"),
        ("RunAs=App;MsiRetryTimeout=soon", "RunAs=App;MsiRetryTimeout=30"),
        (f"RunAs=App;AppId={APP};MsiRetryTimeout=soon", "RunAs=App;AppId=<client-id>;MsiRetryTimeout=30"),
        ("RunAs=App;AppId=x", "RunAs=App;AppId=<client-id>"),
        (
            f"RunAs=App;AppId={APP};AppKey=x",
            "RunAs=App;AppId=<client-id>;TenantId=<tenant-id>;AppKey=<client-secret>",
        ),
        (
            f"RunAs=App;AppId={APP};TenantId={TENANT};CertificateThumbprint={THUMBPRINT}",
            "RunAs=App;AppId=<client-id>;TenantId=<tenant-id>;CertificateThumbprint=<thumbprint>;"
            "CertificateStoreLocation=CurrentUser",
        ),
        (
            f"RunAs=App;AppId={APP};TenantId={TENANT};CertificateSubjectName=x",
            "RunAs=App;AppId=<client-id>;TenantId=<tenant-id>;CertificateSubjectName=<subject>;"
            "CertificateStoreLocation=CurrentUser",
        ),
        (
            f"RunAs=App;AppId={APP};KeyVaultCertificateSecretIdentifier=x",
            "RunAs=App;AppId=<client-id>;"
            "KeyVaultCertificateSecretIdentifier=https://<vault-name>.vault.azure.net/secrets/<certificate-name>",
        ),
        ("RunAs=App;x", None),
    ],
)
def test_template__has_the_intended_form(text: str, example: str | None) -> None:
    assert fault(text).example == example


@pytest.mark.parametrize(
    ("text", "settings_", "variables", "python"),
    [
        (
            WITH_SECRET,
            {
                "KVSITE_CREDENTIAL": "client-secret",
                "KVSITE_TENANT_ID": TENANT,
                "KVSITE_CLIENT_ID": APP,
                "KVSITE_CLIENT_SECRET": "<the AppKey>",
            },
            {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": APP, "AZURE_CLIENT_SECRET": "<the AppKey>"},
            f'ClientSecretCredential("{TENANT}", "{APP}", "<the AppKey>")',
        ),
        (
            "RunAs=App;MsiRetryTimeout=600",
            {"KVSITE_CREDENTIAL": "managed-identity", "KVSITE_MANAGED_IDENTITY_RETRY_S": "60"},
            {"AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential"},
            "ManagedIdentityCredential()",
        ),
        (
            f"RunAs=App;AppId={APP}",
            {"KVSITE_CREDENTIAL": "managed-identity", "KVSITE_MANAGED_IDENTITY_CLIENT_ID": APP},
            {"AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential", "AZURE_CLIENT_ID": APP},
            f'ManagedIdentityCredential(client_id="{APP}")',
        ),
        (
            "RunAs=Developer;DeveloperTool=AzureCli",
            {"KVSITE_CREDENTIAL": "azure-cli"},
            {"AZURE_TOKEN_CREDENTIALS": "AzureCliCredential"},
            "AzureCliCredential()",
        ),
        (
            "RunAs=Developer;DeveloperTool=VisualStudio",
            {"KVSITE_CREDENTIAL": "visual-studio-code,azure-cli"},
            {"AZURE_TOKEN_CREDENTIALS": "dev"},
            "ChainedTokenCredential(VisualStudioCodeCredential(), AzureCliCredential())",
        ),
        (
            "RunAs=CurrentUser",
            {"KVSITE_CREDENTIAL": "broker,azure-cli"},
            {"AZURE_TOKEN_CREDENTIALS": "dev"},
            "DefaultAzureCredential()  # requires the package azure-identity-broker",
        ),
        (
            f"RunAs=App;AppId={APP};TenantId={TENANT};CertificateThumbprint={THUMBPRINT};"
            "CertificateStoreLocation=LocalMachine",
            {
                "KVSITE_CREDENTIAL": "client-certificate",
                "KVSITE_TENANT_ID": TENANT,
                "KVSITE_CLIENT_ID": APP,
                "KVSITE_CERTIFICATE_THUMBPRINT": THUMBPRINT,
                "KVSITE_CERTIFICATE_STORE": "LocalMachine",
            },
            {
                "AZURE_TENANT_ID": TENANT,
                "AZURE_CLIENT_ID": APP,
                "AZURE_CLIENT_CERTIFICATE_PATH": "<path of the PEM or PFX file>",
            },
            f'CertificateCredential("{TENANT}", "{APP}", "<path of the PEM or PFX file>")',
        ),
        (
            f"RunAs=Workload;AppId={APP}",
            {"KVSITE_CREDENTIAL": "workload-identity", "KVSITE_CLIENT_ID": APP},
            {"AZURE_TOKEN_CREDENTIALS": "WorkloadIdentityCredential", "AZURE_CLIENT_ID": APP},
            f'WorkloadIdentityCredential(client_id="{APP}")',
        ),
    ],
)
def test_connection_string__has_equivalent_settings_and_code(
    text: str, settings_: dict[str, str], variables: dict[str, str], python: str
) -> None:
    modern = equivalent_of(meaning(text).options)
    assert dict(modern.settings) == settings_
    assert dict(modern.variables) == variables
    imports, line = modern.python.splitlines()
    assert line == python
    exec(compile(imports, "imports", "exec"))  # noqa: S102 - they name what azure-identity has


def test_certificate_in_vault__python_code_names_its_reader() -> None:
    text = f"RunAs=App;AppId={APP};KeyVaultCertificateSecretIdentifier={CERTIFICATE_ID}"
    assert ", DefaultAzureCredential())" in equivalent_of(meaning(text).options).python
    python = equivalent_of(meaning(f"{text};KeyVaultAppId={TENANT}").options).python
    assert f'DefaultAzureCredential(managed_identity_client_id="{TENANT}"))' in python
    assert python.splitlines()[:3] == [
        "import base64",
        "from azure.identity import CertificateCredential, DefaultAzureCredential",
        "from azure.keyvault.secrets import SecretClient",
    ]
    compile(python, "python", "exec")
