"""The settings that name a client certificate."""

import pytest

from localazure.scenarios.directory import SITE_APPLICATION
from secrets_app.conf import load
from secrets_app.core.credential_options import (
    CertificateFile,
    CertificateInStore,
    CertificateInVault,
    CertificateStore,
)
from tests.support.certificates import PASSWORD, RIGHT


@pytest.mark.parametrize(
    ("words", "id_", "sentence"),
    [
        ({"KVSITE_CERTIFICATE": "a.pem", "KVSITE_CERTIFICATE_SUBJECT": "CN=a"}, "E057", "both name a certificate"),
        ({"KVSITE_CERTIFICATE_THUMBPRINT": "AB CD"}, "E058", "40 hexadecimal digits"),
        ({"KVSITE_CERTIFICATE_SUBJECT": "CN=a", "KVSITE_CERTIFICATE_STORE": "Root"}, "E080", "not a certificate store"),
        ({"KVSITE_CERTIFICATE_SECRET_ID": "https://evil.example/secrets/a"}, "E081", "is not allowed: evil.example"),
        ({"KVSITE_CERTIFICATE_SECRET_ID": "https://contoso.vault.azure.net/certificates/a"}, "E059", "with /secrets/"),
        ({"KVSITE_CERTIFICATE_SECRET_ID": "https://contoso.vault.azure.net/secrets/a_b"}, "E059", "must have the form https://contoso"),
        ({"KVSITE_CERTIFICATE_SECRET_ID": "http://contoso.vault.azure.net/secrets/a"}, "E059", "must begin with https"),
        ({"KVSITE_CERTIFICATE_SECRET_ID": "https://contoso.vault.azure.net/secrets/a",
          "KVSITE_CERTIFICATE_READER_CLIENT_ID": "me"}, "E082", "is not a valid client ID"),
        ({"KVSITE_CREDENTIAL": "client-certificate"}, "E040", "KVSITE_CLIENT_ID is not set"),
        ({"KVSITE_CREDENTIAL": "client-certificate", "KVSITE_CLIENT_ID": SITE_APPLICATION.client_id,
          "KVSITE_CERTIFICATE": "a.pem"}, "E040", "KVSITE_TENANT_ID is not set"),
    ],
)  # fmt: skip
def test_invalid_setting__has_its_own_message(words: dict[str, str], id_: str, sentence: str) -> None:
    config = load({**RIGHT, **words})
    assert [problem.id for problem in config.problems] == [f"secrets_app.{id_}"]
    assert sentence in f"{config.problems[0].sentence} {config.problems[0].hint}"


def test_certificate_settings__name_the_source() -> None:
    def certificate(**words: str) -> object:
        config = load({**RIGHT, **words, "KVSITE_CERTIFICATE_PASSWORD": PASSWORD})
        assert config.credential
        assert PASSWORD not in repr(config)
        return config.credential.certificate

    assert certificate(KVSITE_CERTIFICATE="a.pem") == CertificateFile(path="a.pem", password=PASSWORD)
    assert certificate(KVSITE_CERTIFICATE_SUBJECT="CN=a", KVSITE_USER_CERTIFICATES="/c") == CertificateInStore(
        store=CertificateStore.CURRENT_USER, folder="/c", subject="CN=a", password=PASSWORD
    )
    version = "0123456789abcdef0123456789abcdef"
    assert certificate(
        KVSITE_CERTIFICATE_SECRET_ID=f"https://Contoso.vault.azure.net/secrets/a/{version}"
    ) == CertificateInVault(vault_url="https://contoso.vault.azure.net", secret_name="a", secret_version=version)
