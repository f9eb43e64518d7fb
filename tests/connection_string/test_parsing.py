"""The old .NET library's connection string: its grammar, its forms, and no value of it in any sentence."""

import traceback

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from secrets_app.connection_string import (
    ConnectionStringError,
    ParsedConnectionString,
    equivalent_of,
    parse_form,
    parse_options,
)
from secrets_app.connection_string.parser import Key
from secrets_app.core.credential_options import (
    CertificateInStore,
    CertificateInVault,
    CertificateStore,
    CredentialKind,
    CredentialOptions,
    IdentityKind,
    ManagedIdentityId,
)

APP = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
TENANT = "8b7a232e-7db2-4618-9223-c1d922beb033"
READER = "11111111-2222-4333-8444-555555555555"
THUMBPRINT = "0123456789ABCDEF0123456789ABCDEF01234567"
SECRET = "Never~to.be_seen"
WITH_SECRET = f"RunAs=App;AppId={APP};TenantId={TENANT};AppKey={SECRET}"
CERTIFICATE_ID = "https://contoso.vault.azure.net/secrets/app-cert"


def split(text: str) -> dict[str, str]:
    return {pair.key: pair.value for pair in parse_options(text)}


def meaning(text: str) -> ParsedConnectionString:
    return parse_form(parse_options(text))


def fault(text: str) -> ConnectionStringError:
    with pytest.raises(ConnectionStringError) as raised:
        meaning(text)
    return raised.value


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("RunAs=App", {"RunAs": "App"}),
        ("RunAs=Developer; DeveloperTool=AzureCli", {"RunAs": "Developer", "DeveloperTool": "AzureCli"}),
        ("  RunAs = App ;; ; AppId\t=\n x ; ", {"RunAs": "App", "AppId": "x"}),
        ("a='it''s; here'", {"a": "it's; here"}),
        ('a="say ""no"""', {"a": 'say "no"'}),
        ("a='say \"no\"'", {"a": 'say "no"'}),
        ("a=' kept ' ; b=2", {"a": " kept ", "b": "2"}),
        ("a=''", {"a": ""}),
        ("a=;b=", {"a": "", "b": ""}),
        ("a=O'Brien", {"a": "O'Brien"}),
        ("a=b=c==", {"a": "b=c=="}),
        ("a= =b", {"a": "=b"}),
        ("a==b=c", {"a=b": "c"}),
        ("a===b", {"a=": "b"}),
        ("a='line\nbreak'", {"a": "line\nbreak"}),
        ("two words=x y", {"two words": "x y"}),
    ],
)
def test_the_grammar_is_that_of_the_library(text: str, pairs: dict[str, str]) -> None:
    assert split(text) == pairs


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "contains only spaces and semicolons"),
        (" ;; ; ", "contains only spaces and semicolons"),
        ("RunAs", "has no = in part 1 (RunAs)"),
        ("RunAs=App;hunter2~hunter2", "has no = in part 2. "),
        ("RunAs==App", "has == in part 1 (RunAs)"),
        ("a====b", "has == in part 1, "),
        ("=App", "no key before the = in part 1"),
        (" ; = ; ", "no key before the = in part 1"),
        ("RunAs=App;AppKey='open", "has an unclosed quote in part 2 (AppKey)"),
        ("AppKey='open''", "has an unclosed quote in part 1 (AppKey)"),
        ('AppKey="a"b;RunAs=App', "text after the closing quote in part 1 (AppKey)"),
        ("AppKey='a' b", "text after the closing quote"),
        ("AppKey=a'", "ends with a quote"),
        ('appkey=a";x=y', "ends with a quote"),
        ("AppKey=a\x07b", "an invisible character in part 1 (AppKey)"),
        ("Ap\x00pKey=ab", "an invisible character in part 1"),
        ("AppKey='a\x00b'", "has an unclosed quote"),
    ],
)
def test_what_is_no_connection_string_is_told_by_its_part(text: str, said: str) -> None:
    found = fault(text)
    assert found.check.code == ("E085" if not text.strip(" ;") else "E086" if "invisible" in said else "E046")
    assert said in found.message


@pytest.mark.parametrize(
    ("text", "options", "who"),
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
def test_each_form_says_who_to_be(text: str, options: CredentialOptions, who: str) -> None:
    found = meaning(text)
    assert found.options == options
    assert who in found.who


@pytest.mark.parametrize(
    ("text", "code", "said"),
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
def test_each_mistake_names_the_key_at_fault(text: str, code: str, said: str) -> None:
    found = fault(text)
    assert found.check.code == code
    assert said in found.message
    assert found.hint.endswith(".")


@pytest.mark.parametrize(
    ("text", "said"),
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
def test_what_works_otherwise_than_one_may_think_is_said(text: str, said: str) -> None:
    remarks = meaning(text).remarks
    assert said in " ".join(remark.message for remark in remarks)
    assert "hunter2" not in str(remarks)


def test_parts_that_do_nothing_are_one_or_several() -> None:
    (one,), (several,) = (meaning(f"RunAs=App;{parts}").remarks for parts in ("a=1", "a=1;b=2"))
    assert one.hint.startswith("Remove it. If it is the rest")
    assert several.message.endswith("which had no effect in the library and have none here.")
    assert several.hint.startswith("Remove them. If one is the rest")
    assert not one.changes_who


@pytest.mark.parametrize("text", ['"RunAs=App"', f"'{WITH_SECRET}' ", "\"RunAs=App;AppKey='x'\""])
def test_a_string_in_quotes_is_told_to_lose_them(text: str) -> None:
    found = fault(text)
    assert (found.check.code, found.message) == ("E046", "is enclosed in quotes.")
    assert found.hint == "Remove the quotes around the whole string."


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
def test_the_template_is_of_the_form_that_was_meant(text: str, example: str | None) -> None:
    assert fault(text).example == example


def test_a_certificate_counts_before_a_key_as_in_the_library() -> None:
    found = meaning(
        f"{WITH_SECRET};CertificateThumbprint={THUMBPRINT};CertificateStoreLocation=CurrentUser;CertificateSubjectName=a"
    )
    assert found.options.kinds == (CredentialKind.CLIENT_CERTIFICATE,)
    assert "has AppKey and CertificateSubjectName, which had no effect" in found.remarks[0].message


def test_a_foreign_vault_host_can_be_allowed_by_the_settings() -> None:
    pairs = parse_options(f"RunAs=App;AppId={APP};KeyVaultCertificateSecretIdentifier=https://kv.example.org/secrets/a")
    certificate = parse_form(pairs, allowed_hosts=("kv.example.org",)).options.certificate
    assert certificate == CertificateInVault(vault_url="https://kv.example.org", secret_name="a")


# Long enough that none of them is by chance a part of a sentence of ours.
_VALUES = st.text(st.characters(codec="utf-8"), min_size=12, max_size=40)
_KEYS = st.one_of(st.sampled_from(list(Key)), _VALUES)
_LINKS = st.sampled_from(["=", " = ", "==", "='", '="', ""])
_ENDS = st.sampled_from([";", " ; ", "';", '";', "", "x;"])
_RUN_AS = st.sampled_from(["", "RunAs=App;", "RunAs=Developer;", "RunAs=Workload;", f"RunAs=App;AppId={APP};"])


@settings(max_examples=60)
@given(_RUN_AS, st.lists(st.tuples(_KEYS, _LINKS, _VALUES, _ENDS), max_size=4))
@example("RunAs=App;", [("AppId", "=", "secret-in-the-wrong-place", ";")])
@example("", [("secret-in-the-wrong-place", "", "another-secret", "")])
@example(f"RunAs=App;AppId={APP};", [("KeyVaultCertificateSecretIdentifier", "=", "https://hunter2-hunter2/", "")])
def test_whatever_comes_in_a_sign_in_or_one_clear_sentence_comes_out(
    run_as: str, parts: list[tuple[str, str, str, str]]
) -> None:
    text = run_as + "".join("".join(part) for part in parts)
    hidden = [value for key, _, value, _ in parts] + [key for key, *_ in parts if key not in list(Key)]
    try:
        found = meaning(text)
        said = "".join(f"{remark.message} {remark.hint}" for remark in found.remarks)
        assert equivalent_of(found.options).settings
    except ConnectionStringError as fault:
        said = "".join(traceback.format_exception(fault)) + repr(fault) + fault.hint
    for value in hidden:
        assert len(value.strip()) < 6 or value.strip() not in said  # a few characters are in any sentence


@settings(max_examples=60)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")), st.sampled_from(["'", '"']))
def test_any_value_comes_back_from_between_quotes(value: str, quote: str) -> None:
    quoted = f"{quote}{value.replace(quote, quote * 2)}{quote}"
    assert split(f"first={quoted} ; last={quoted}") == {"first": value, "last": value}


def test_no_value_is_in_a_repr() -> None:
    assert SECRET not in repr(parse_options(WITH_SECRET))
    assert SECRET not in repr(meaning(WITH_SECRET))
    assert SECRET not in repr(equivalent_of(meaning(WITH_SECRET).options))


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
def test_the_same_is_said_in_the_words_of_today(
    text: str, settings_: dict[str, str], variables: dict[str, str], python: str
) -> None:
    modern = equivalent_of(meaning(text).options)
    assert dict(modern.settings) == settings_
    assert dict(modern.variables) == variables
    imports, line = modern.python.splitlines()
    assert line == python
    exec(compile(imports, "imports", "exec"))  # noqa: S102 - they name what azure-identity has


def test_a_certificate_of_a_vault_in_python_names_its_reader() -> None:
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
