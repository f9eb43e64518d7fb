"""Each form of connection string: the credential it selects, and its errors and warnings."""

import pytest

from secrets_app.connection_string import parse_form, parse_options
from secrets_app.core.credential_options import (
    CertificateInStore,
    CertificateInVault,
    CertificateStore,
    CredentialKind,
    CredentialOptions,
    IdentityKind,
    ManagedIdentityId,
)
from tests.support.connection_strings import (
    APP,
    CERTIFICATE_ID,
    READER,
    SECRET,
    TENANT,
    THUMBPRINT,
    WITH_SECRET,
    fault,
    meaning,
)


@pytest.mark.parametrize(
    ("text", "options", "description"),
    [
        ("RunAs=Developer; DeveloperTool=AzureCli", CredentialOptions(kinds=(CredentialKind.AZURE_CLI,)), "Azure CLI"),
        ("runas=developer;DEVELOPERTOOL=azurecli;", CredentialOptions(kinds=(CredentialKind.AZURE_CLI,)), "Azure CLI"),
        (
            "RunAs=Developer;DeveloperTool=VisualStudio",
            CredentialOptions(kinds=(CredentialKind.VISUAL_STUDIO_CODE, CredentialKind.AZURE_CLI)),
            "Visual Studio",
        ),
        (
            "RunAs=Developer;DeveloperTool=VisualStudioCode",
            CredentialOptions(kinds=(CredentialKind.VISUAL_STUDIO_CODE,)),
            "VS Code",
        ),
        ("RunAs=CurrentUser", CredentialOptions(kinds=(CredentialKind.BROKER, CredentialKind.AZURE_CLI)), "Windows"),
        ("RunAs=App", CredentialOptions(kinds=(CredentialKind.MANAGED_IDENTITY,)), "system-assigned"),
        (
            "RunAs=App;MsiRetryTimeout=30",
            CredentialOptions(kinds=(CredentialKind.MANAGED_IDENTITY,), retry_timeout_s=30),
            "system-assigned",
        ),
        (
            "RunAs=App;MsiRetryTimeout=0",
            CredentialOptions(kinds=(CredentialKind.MANAGED_IDENTITY,), retry_timeout_s=0),
            "system-assigned",
        ),
        ("RunAs=App;MsiRetryTimeout=", CredentialOptions(kinds=(CredentialKind.MANAGED_IDENTITY,)), "system-assigned"),
        (
            f"RunAs=App;AppId={APP.upper()}",
            CredentialOptions(
                kinds=(CredentialKind.MANAGED_IDENTITY,),
                managed_identity=ManagedIdentityId(kind=IdentityKind.CLIENT_ID, value=APP),
            ),
            "user-assigned",
        ),
        (
            WITH_SECRET,
            CredentialOptions(
                kinds=(CredentialKind.CLIENT_SECRET,), client_id=APP, tenant_id=TENANT, client_secret=SECRET
            ),
            "client secret",
        ),
        (
            f"RunAs=App;AppId={APP};TenantId=contoso.com;AppKey=' a; b '",
            CredentialOptions(
                kinds=(CredentialKind.CLIENT_SECRET,), client_id=APP, tenant_id="contoso.com", client_secret=" a; b "
            ),
            "secret",
        ),
        (
            f"RunAs=App;AppId={APP};TenantId={TENANT};AppKeyPercentEncoded=a%3bb%xx%2",
            CredentialOptions(
                kinds=(CredentialKind.CLIENT_SECRET,), client_id=APP, tenant_id=TENANT, client_secret="a;b%xx%2"
            ),
            "secret",
        ),
        (
            f"RunAs=App;AppId={APP};TenantId={TENANT};CertificateThumbprint={THUMBPRINT.lower()};"
            "CertificateStoreLocation=currentuser",
            CredentialOptions(
                kinds=(CredentialKind.CLIENT_CERTIFICATE,),
                client_id=APP,
                tenant_id=TENANT,
                certificate=CertificateInStore(store=CertificateStore.CURRENT_USER, folder=None, thumbprint=THUMBPRINT),
            ),
            "in the CurrentUser store",
        ),
        (
            f"RunAs=App;AppId={APP};TenantId={TENANT};CertificateSubjectName=CN=my-app;"
            "CertificateStoreLocation=LocalMachine",
            CredentialOptions(
                kinds=(CredentialKind.CLIENT_CERTIFICATE,),
                client_id=APP,
                tenant_id=TENANT,
                certificate=CertificateInStore(store=CertificateStore.LOCAL_MACHINE, folder=None, subject="CN=my-app"),
            ),
            "in the LocalMachine store",
        ),
        (
            f"RunAs=App;AppId={APP};KeyVaultCertificateSecretIdentifier={CERTIFICATE_ID}",
            CredentialOptions(
                kinds=(CredentialKind.CLIENT_CERTIFICATE,),
                client_id=APP,
                certificate=CertificateInVault(vault_url="https://contoso.vault.azure.net", secret_name="app-cert"),
            ),
            "in Key Vault",
        ),
        (
            f"RunAs=App;AppId={APP};TenantId={TENANT};KeyVaultSecretIdentifier={CERTIFICATE_ID}/{'a' * 32};"
            f"KeyVaultUserAssignedManagedIdentityId={READER};MsiRetryTimeout=5",
            CredentialOptions(
                kinds=(CredentialKind.CLIENT_CERTIFICATE,),
                client_id=APP,
                tenant_id=TENANT,
                retry_timeout_s=5,
                certificate=CertificateInVault(
                    vault_url="https://contoso.vault.azure.net",
                    secret_name="app-cert",
                    secret_version="a" * 32,
                    reader_client_id=READER,
                ),
            ),
            "in Key Vault",
        ),
        (
            f"RunAs=App;AppId={APP};KeyVaultCertificateSecretIdentifier={CERTIFICATE_ID};KeyVaultAppId={READER}",
            CredentialOptions(
                kinds=(CredentialKind.CLIENT_CERTIFICATE,),
                client_id=APP,
                certificate=CertificateInVault(
                    vault_url="https://contoso.vault.azure.net", secret_name="app-cert", reader_client_id=READER
                ),
            ),
            "in Key Vault",
        ),
        ("RunAs=Workload", CredentialOptions(kinds=(CredentialKind.WORKLOAD_IDENTITY,)), "workload identity"),
        (
            f"RunAs=Workload;AppId={APP};TenantId={TENANT}",
            CredentialOptions(kinds=(CredentialKind.WORKLOAD_IDENTITY,), client_id=APP, tenant_id=TENANT),
            "workload identity",
        ),
    ],
)
def test_connection_string_form__selects_its_credential(
    text: str, options: CredentialOptions, description: str
) -> None:
    found = meaning(text)
    assert found.options == options
    assert description in found.description


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        ("RunAs=App;runas=App", "E047", "contains RunAs twice, in parts 1 and 2"),
        ("RunAs=App;x=1;X=2", "E047", "contains the same key twice, in parts 2 and 3"),
        (
            f"RunAs=App;KeyVaultSecretIdentifier={CERTIFICATE_ID};KeyVaultCertificateSecretIdentifier={CERTIFICATE_ID}",
            "E047",
            "contains KeyVaultCertificateSecretIdentifier twice",
        ),
        (f"{WITH_SECRET};AppKeyPercentEncoded=x", "E087", "contains the secret twice"),
        (f"AppId={APP}", "E048", "has no RunAs"),
        ("RunAs=", "E048", "has RunAs without a value"),
        ("RunAs=''", "E048", "has RunAs without a value"),
        ("RunAs=Service", "E048", "has a value for RunAs that is not one of Developer, CurrentUser, App, Workload"),
        ("RunAs=Developer", "E049", "has no DeveloperTool"),
        ("RunAs=Developer;DeveloperTool= ", "E049", "has DeveloperTool without a value"),
        ("RunAs=Developer;DeveloperTool=Rider", "E049", "for DeveloperTool that is not one of AzureCli, VisualStudio"),
        ("RunAs=App;AppId=", "E050", "has AppId without a value"),
        (f"RunAs=App;AppId={APP};AppKey=x", "E050", "has no TenantId"),
        (f"RunAs=App;AppId={APP};TenantId=;AppKey=x", "E050", "has TenantId without a value"),
        (f"RunAs=App;AppId={APP};TenantId={TENANT};AppKey=", "E050", "has AppKey without a value"),
        (
            f"RunAs=App;AppId={APP};TenantId={TENANT};CertificateStoreLocation=CurrentUser",
            "E050",
            "has neither CertificateThumbprint nor CertificateSubjectName",
        ),
        (
            f"RunAs=App;AppId={APP};CertificateThumbprint={THUMBPRINT};CertificateStoreLocation=CurrentUser",
            "E050",
            "has no TenantId",
        ),
        (
            f"RunAs=App;AppId={APP};TenantId={TENANT};CertificateSubjectName=;CertificateStoreLocation=CurrentUser",
            "E050",
            "has CertificateSubjectName without a value",
        ),
        (f"RunAs=App;AppId={APP};KeyVaultCertificateSecretIdentifier=", "E050", "without a value"),
        ("RunAs=App;AppId=my-app", "E051", "has an invalid AppId"),
        (f"RunAs=App;AppId={APP};TenantId=con toso;AppKey=x", "E088", "has an invalid TenantId"),
        (
            f"RunAs=App;AppId={APP};TenantId={TENANT};CertificateThumbprint=12;CertificateStoreLocation=CurrentUser",
            "E089",
            "has an invalid CertificateThumbprint",
        ),
        (
            f"RunAs=App;AppId={APP};KeyVaultCertificateSecretIdentifier={CERTIFICATE_ID};KeyVaultAppId=me",
            "E051",
            "has an invalid KeyVaultAppId",
        ),
        (
            f"RunAs=App;AppId={APP};TenantId={TENANT};CertificateThumbprint={THUMBPRINT}",
            "E052",
            "but no CertificateStoreLocation",
        ),
        (
            f"RunAs=App;AppId={APP};TenantId={TENANT};CertificateSubjectName=CN=a;CertificateStoreLocation=",
            "E052",
            "has CertificateStoreLocation without a value",
        ),
        (
            f"RunAs=App;AppId={APP};TenantId={TENANT};CertificateSubjectName=CN=a;CertificateStoreLocation=My",
            "E052",
            "not one of CurrentUser, LocalMachine",
        ),
        ("RunAs=App;MsiRetryTimeout=-1", "E053", "it must be a number of whole seconds"),
        ("RunAs=App;MsiRetryTimeout=1.5", "E053", "whole seconds"),
        ("RunAs=App;MsiRetryTimeout=\u0663", "E053", "whole seconds"),
        (
            f"RunAs=App;AppId={APP};KeyVaultCertificateSecretIdentifier=https://evil.example/secrets/a",
            "E090",
            "whose host is not an Azure vault; no token is sent there",
        ),
        (
            f"RunAs=App;AppId={APP};KeyVaultCertificateSecretIdentifier=https://contoso.vault.azure.net",
            "E054",
            "must be the address of a secret",
        ),
        (
            f"RunAs=App;AppId={APP};KeyVaultCertificateSecretIdentifier=app-cert",
            "E054",
            "must be the address of a secret",
        ),
    ],
)
def test_invalid_connection_string__message_names_the_key(text: str, code: str, expected: str) -> None:
    found = fault(text)
    assert found.check.code == code
    assert expected in found.message
    assert found.hint.endswith(".")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "RunAs=App;AppKey=x",
            "has AppKey, but no AppId, so it selects a managed identity. Is AppId missing?",
        ),
        (
            f"RunAs=App;ApId={APP};TenantId={TENANT};AppKey=x",
            "has TenantId and AppKey, but no AppId, so it selects a managed identity. Is AppId misspelled in part 2?",
        ),
        (
            f"RunAs=App;AppId={APP};TenantId={TENANT};hunter2=x",
            "has TenantId, but no AppKey and no certificate, so it selects a managed identity. "
            "Is AppKey misspelled in part 4? "
            "TenantId and the key of part 4 had no effect in the library and have none here.",
        ),
        (f"RunAs=App;AppId={APP};TenantId={TENANT}", "Is AppKey missing? TenantId had no effect in the library and"),
        ("RunAs=App;hunter2=x", "has the key of part 2, which had no effect in the library and has none here."),
        (
            f"RunAs=App;AppId={APP};TenantId={TENANT};AppKey=ab;hunter2=x",
            "has the key of part 5, which had no effect",
        ),
        ("RunAs=CurrentUser;MsiRetryTimeout=3", "has MsiRetryTimeout, which had no effect"),
        ("RunAs=Developer;DeveloperTool=VisualStudio", "Visual Studio account, which is not available in Python"),
        ("RunAs=CurrentUser", "integrated Windows sign-in, which is not available in Python"),
    ],
)
def test_surprising_connection_string__has_a_warning(text: str, expected: str) -> None:
    warnings = meaning(text).warnings
    assert expected in " ".join(warning.message for warning in warnings)
    assert "hunter2" not in str(warnings)


def test_unused_parts__warning_is_singular_or_plural() -> None:
    (one,), (several,) = (meaning(f"RunAs=App;{parts}").warnings for parts in ("a=1", "a=1;b=2"))
    assert one.hint.startswith("Remove it. If it is the rest")
    assert several.message.endswith("which had no effect in the library and have none here.")
    assert several.hint.startswith("Remove them. If one is the rest")
    assert not one.changes_identity


def test_certificate_and_key__certificate_is_used_as_in_the_library() -> None:
    found = meaning(
        f"{WITH_SECRET};CertificateThumbprint={THUMBPRINT};CertificateStoreLocation=CurrentUser;CertificateSubjectName=a"
    )
    assert found.options.kinds == (CredentialKind.CLIENT_CERTIFICATE,)
    assert "has AppKey and CertificateSubjectName, which had no effect" in found.warnings[0].message


def test_allowed_vault_host__is_accepted() -> None:
    pairs = parse_options(f"RunAs=App;AppId={APP};KeyVaultCertificateSecretIdentifier=https://kv.example.org/secrets/a")
    certificate = parse_form(pairs, allowed_hosts=("kv.example.org",)).options.certificate
    assert certificate == CertificateInVault(vault_url="https://kv.example.org", secret_name="a")
