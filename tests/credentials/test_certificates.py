"""Signing in with a certificate: of a file, of a folder, of a vault; and the sentence for each that cannot be used."""

import datetime
import os
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from django.test import Client

from localazure import LocalAzure
from localazure.crypto.certificates import self_signed_certificate
from localazure.scenarios import find_scenario
from localazure.scenarios.directory import DEVELOPER, SITE_APPLICATION
from secrets_app.conf import current, load
from secrets_app.core.credential_options import (
    CertificateFile,
    CertificateInStore,
    CertificateInVault,
    CertificateStore,
)
from secrets_app.core.reading import Failure, Outcome, Reading, Stage
from secrets_app.credentials.certificate_store import matches_subject
from tests.conftest import World
from tests.support.readings import diagnose, get_reading

PASSWORD = "never-to-be-seen"
NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)
CLEAR = serialization.NoEncryption()
RIGHT = {"KEY_VAULT_URI": "https://contoso.vault.azure.net", "SECRET_NAME": "demo"}


def locked(password: str = PASSWORD) -> serialization.KeySerializationEncryption:
    # As few rounds as there may be: what is tested is not how long guessing takes.
    builder = serialization.PrivateFormat.PKCS12.encryption_builder().kdf_rounds(1)
    return builder.key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC).build(password.encode())


def locked_pem(password: str) -> serialization.KeySerializationEncryption:
    return serialization.BestAvailableEncryption(password.encode())


@cache
def rsa_key(number: int = 0) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def issued(key: Any, *, common_name: str = "kvsite", starts: int = -1, ends: int = 1) -> x509.Certificate:
    """A certificate valid from so many days from now to so many."""
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Contoso, Ltd."),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).serial_number(abs(starts) + 1)
    builder = builder.not_valid_before(NOW + starts * DAY).not_valid_after(NOW + ends * DAY)
    return builder.public_key(key.public_key()).sign(key, hashes.SHA256())


def pem(key: Any, *certificates: x509.Certificate, lock: serialization.KeySerializationEncryption = CLEAR) -> bytes:
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock) if key else b""
    return private + b"".join(found.public_bytes(serialization.Encoding.PEM) for found in certificates)


def pfx(key: Any, certificate: x509.Certificate | None, lock: Any = CLEAR) -> bytes:
    return pkcs12.serialize_key_and_certificates(None, key, certificate, None, lock)


@pytest.fixture
def read(world: World, settings: Any) -> Callable[..., Reading]:
    """Reads as the service principal, which proves itself with the certificate that the settings name."""
    tenant = world("service-principal-certificate").env["AZURE_TENANT_ID"]

    def ask(**words: str) -> Reading:
        given = {
            "KVSITE_CREDENTIAL": "client-certificate",
            "KVSITE_CLIENT_ID": SITE_APPLICATION.client_id,
            "KVSITE_TENANT_ID": tenant,
        }
        return get_reading(current({**given, **words}))

    return ask


def registered() -> Any:
    """The certificate that Entra knows for the application."""
    return self_signed_certificate(SITE_APPLICATION.client_id)


def thumbprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - what it is named by


def write(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return str(path)


def said(reading: Reading) -> str:
    assert reading.failure
    assert reading.failure.stage is Stage.TOKEN
    assert [(a.credential, a.outcome) for a in reading.attempts] == [("CertificateCredential", Outcome.FAILED)]
    assert PASSWORD not in repr(reading)
    assert "PRIVATE KEY" not in repr(reading)
    return reading.failure.message


FORMS: dict[str, tuple[Callable[[], bytes], dict[str, str]]] = {
    "pem": (lambda: registered().pem, {}),
    "pem_with_the_chain_first": (
        lambda: pem(None, issued(rsa_key())) + registered().pem, {}
    ),
    "pem_with_password": (
        lambda: pem(registered().key, registered().certificate, lock=locked_pem(PASSWORD)),
        {"KVSITE_CERTIFICATE_PASSWORD": PASSWORD},
    ),
    "pem_and_a_password_it_does_not_need": (lambda: registered().pem, {"KVSITE_CERTIFICATE_PASSWORD": PASSWORD}),
    "pfx": (lambda: registered().pfx, {}),
    "pfx_with_password": (
        lambda: pfx(registered().key, registered().certificate, locked()), {"KVSITE_CERTIFICATE_PASSWORD": PASSWORD}
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_file_of_either_form_signs_in__and_its_thumbprint_is_told(
    form: str, read: Callable[..., Reading], tmp_path: Path
) -> None:
    make, words = FORMS[form]
    reading = read(KVSITE_CERTIFICATE=write(tmp_path / "own", make()), **words)
    assert reading.ok, reading.failure
    assert reading.principal
    assert reading.principal.legacy.endswith(f" CertificateThumbprint:{thumbprint(registered().certificate)}")
    assert PASSWORD not in repr(reading)
    assert "PRIVATE KEY" not in str(reading.as_json())


def der(certificate: x509.Certificate) -> bytes:
    """As the portal hands a certificate out."""
    return certificate.public_bytes(serialization.Encoding.DER)


UNUSABLE: dict[str, tuple[Callable[[], bytes], dict[str, str], str]] = {
    "expired": (lambda: pem(rsa_key(), issued(rsa_key(), starts=-3, ends=-2)), {}, "expired on "),
    "not_yet_valid": (lambda: pem(rsa_key(), issued(rsa_key(), starts=1, ends=2)), {}, "is not valid before "),
    "not_rsa": (lambda: pem(ec_key(), issued(ec_key())), {}, "has a key that is not RSA"),
    "not_rsa_pfx": (lambda: pfx(ec_key(), issued(ec_key())), {}, "has a key that is not RSA"),
    "no_private_key": (lambda: pem(None, issued(rsa_key())), {}, "contains no private key"),
    "no_private_key_pfx": (lambda: pfx(None, issued(rsa_key())), {}, "contains no private key"),
    "only_a_key": (lambda: pem(rsa_key()), {}, "contains no certificate, only a key"),
    "key_of_another": (lambda: pem(rsa_key(1), issued(rsa_key())), {}, "belongs to another certificate"),
    "password_missing": (
        lambda: pem(rsa_key(), issued(rsa_key()), lock=locked_pem("another")), {},
        "is password-protected",
    ),
    "password_missing_pfx": (
        lambda: pfx(rsa_key(), issued(rsa_key()), locked("another")), {}, "or it is password-protected",
    ),
    "wrong_password": (
        lambda: pem(rsa_key(), issued(rsa_key()), lock=locked_pem("another")),
        {"KVSITE_CERTIFICATE_PASSWORD": PASSWORD}, "KVSITE_CERTIFICATE_PASSWORD is wrong",
    ),
    "wrong_password_pfx": (
        lambda: pfx(rsa_key(), issued(rsa_key()), locked("another")), {"KVSITE_CERTIFICATE_PASSWORD": PASSWORD},
        "KVSITE_CERTIFICATE_PASSWORD is wrong",
    ),
    "no_certificate_at_all": (lambda: b"hello", {}, "is neither PEM nor PFX"),
    "empty": (lambda: b"", {}, "is empty: it contains no certificate"),
    "der": (lambda: der(issued(rsa_key())), {"KVSITE_CERTIFICATE_PASSWORD": PASSWORD}, "contains no private key"),
    "a_word_document": (lambda: b"\0" * (1024 * 1024 + 1), {}, "exceeds the size limit for certificate files"),
}  # fmt: skip


@pytest.mark.parametrize("case", UNUSABLE)
def test_what_cannot_be_used_is_one_sentence(case: str, read: Callable[..., Reading], tmp_path: Path) -> None:
    make, words, sentence = UNUSABLE[case]
    reading = read(KVSITE_CERTIFICATE=write(tmp_path / "own.pem", make()), **words)
    assert sentence in said(reading)
    assert reading.main_cause == (
        "certificate_expired" if case in {"expired", "not_yet_valid"} else "certificate_file_invalid"
    )


def test_a_file_that_is_not_there_a_folder_and_a_pipe(read: Callable[..., Reading], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, sentence in {
        tmp_path / "gone.pem": "does not exist",
        tmp_path: "is a folder",
        tmp_path / "pipe": "is not a regular file",
        Path("a\0b"): "cannot be read",
    }.items():
        reading = read(KVSITE_CERTIFICATE=str(path))
        assert sentence in said(reading)
        assert reading.main_cause == "certificate_file_invalid"


def test_a_certificate_that_entra_does_not_know_is_refused_by_entra(
    read: Callable[..., Reading], tmp_path: Path
) -> None:
    reading = read(KVSITE_CERTIFICATE=write(tmp_path / "own.pem", pem(rsa_key(), issued(rsa_key()))))
    assert "AADSTS700027" in said(reading)
    assert reading.main_cause == "certificate_not_registered"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the registered certificate, an older one of the same subject and a locked one."""
    own = registered()
    write(tmp_path / "registered.pem", own.pem)
    write(tmp_path / "other.pfx", pfx(rsa_key(), issued(rsa_key())))
    write(tmp_path / "locked.p12", pfx(rsa_key(), issued(rsa_key()), locked("another")))
    write(tmp_path / "notes.txt", own.pem)
    return tmp_path


def test_a_certificate_is_found_by_its_thumbprint_as_windows_writes_it(
    read: Callable[..., Reading], folder: Path
) -> None:
    digits = thumbprint(registered().certificate).lower()
    written = "\u200e" + " ".join(digits[i : i + 2] for i in range(0, 40, 2))
    reading = read(
        KVSITE_CERTIFICATE_THUMBPRINT=written,
        KVSITE_CERTIFICATE_STORE="localmachine",
        KVSITE_MACHINE_CERTIFICATES=str(folder),
    )
    assert reading.ok, reading.failure
    assert reading.principal
    assert reading.principal.certificate_thumbprint == digits.upper()


@pytest.mark.parametrize("subject", [f"cn={SITE_APPLICATION.client_id.upper()}", SITE_APPLICATION.client_id])
def test_a_certificate_is_found_by_its_subject(subject: str, read: Callable[..., Reading], folder: Path) -> None:
    reading = read(KVSITE_CERTIFICATE_SUBJECT=subject, KVSITE_USER_CERTIFICATES=str(folder))
    assert reading.ok, reading.failure
    assert reading.attempts[0].message is None


def test_of_several_the_newest_that_entra_takes_is_used__and_that_is_said(
    read: Callable[..., Reading], folder: Path
) -> None:
    name = SITE_APPLICATION.client_id
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    newer = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).serial_number(7)
        .not_valid_before(NOW).not_valid_after(NOW + DAY).public_key(rsa_key().public_key())
        .sign(rsa_key(), hashes.SHA256())
    )  # fmt: skip
    write(folder / "newer.pem", pem(rsa_key(), newer))
    reading = read(KVSITE_CERTIFICATE_SUBJECT=f"CN={name}", KVSITE_USER_CERTIFICATES=str(folder))
    assert reading.ok, reading.failure
    assert reading.principal
    assert reading.principal.certificate_thumbprint == thumbprint(registered().certificate)
    assert (reading.attempts[0].message or "").startswith(
        "2 certificates match. The newest one that Microsoft Entra ID accepts was used: "
    )


def test_nothing_that_fits_is_one_sentence(read: Callable[..., Reading], folder: Path) -> None:
    found = said(read(KVSITE_CERTIFICATE_SUBJECT="CN=nobody", KVSITE_USER_CERTIFICATES=str(folder)))
    assert (
        f'No certificate with subject "CN=nobody" was found among the certificate files in {folder} (3 files checked).'
        in found
    )
    (folder / "other.pfx").unlink()
    (folder / "locked.p12").unlink()
    found = said(read(KVSITE_CERTIFICATE_SUBJECT="CN=nobody", KVSITE_USER_CERTIFICATES=str(folder)))
    assert f"in {folder} (1 file checked)." in found
    found = said(read(KVSITE_CERTIFICATE_SUBJECT="CN=nobody", KVSITE_USER_CERTIFICATES=str(folder / "gone")))
    assert found.startswith("KVSITE_USER_CERTIFICATES is not a folder")
    found = said(read(KVSITE_CERTIFICATE_SUBJECT="CN=nobody"))
    assert found.startswith("KVSITE_USER_CERTIFICATES is not set, and its default ")
    assert ".dotnet/corefx/cryptography/x509stores/my does not exist" in found


def test_the_hint_says_of_the_certificate_what_is_wrong__in_the_place_where_it_is(
    read: Callable[..., Reading], folder: Path
) -> None:
    first = read(KVSITE_CERTIFICATE_SUBJECT="CN=nobody", KVSITE_USER_CERTIFICATES=str(folder)).hints[0]
    assert first.title.startswith('No certificate with subject "CN=nobody" was found among the certificate files in')
    assert first.fix == "Add it as a PEM or PFX file, or set KVSITE_USER_CERTIFICATES to the correct folder."
    assert first.commands == ("export KVSITE_USER_CERTIFICATES=<folder>",)
    first = read(KVSITE_CERTIFICATE=write(folder / "own.pem", pem(None, issued(rsa_key())))).hints[0]
    assert first.title == f"The certificate {folder / 'own.pem'} contains no private key."
    assert first.fix == "Export it again with its private key."
    assert len(first.commands) == 2
    first = read(KVSITE_CERTIFICATE=write(folder / "own.pem", pem(rsa_key(1), issued(rsa_key())))).hints[0]
    assert first.title.endswith("own.pem contains a private key that belongs to another certificate.")
    assert first.fix == "Replace it with a PEM or PFX file that contains the certificate and its private key."
    first = read(
        KVSITE_CERTIFICATE=write(folder / "own.pem", pem(rsa_key(), issued(rsa_key(), starts=-3, ends=-2)))
    ).hints[0]
    assert "own.pem expired on " in first.title
    assert first.fix == "Create a new certificate and add it to the app registration."


def test_the_file_named_by_the_thumbprint_is_the_one_that_is_meant(read: Callable[..., Reading], folder: Path) -> None:
    digits = thumbprint(issued(rsa_key()))
    (folder / "locked.p12").rename(folder / f"{digits}.p12")
    (folder / "other.pfx").unlink()
    found = said(
        read(
            KVSITE_CERTIFICATE_THUMBPRINT=digits,
            KVSITE_USER_CERTIFICATES=str(folder),
            KVSITE_CERTIFICATE_PASSWORD=PASSWORD,
        )
    )
    assert "KVSITE_CERTIFICATE_PASSWORD is wrong" in found


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        ('CN=kvsite, O="Contoso, Ltd."', True),
        ('o="contoso, ltd.", cn=KVSITE', True),
        (r"O=Contoso\, Ltd.,CN=kvsite", True),
        ("kvsite", True),
        ("CN=kvsite", False),
        ("kvsit", False),
        ("", False),
        ("CN=kvsite, O=Contoso", False),
    ],
)
def test_a_subject_is_compared_whole(wanted: str, *, fits: bool) -> None:
    assert matches_subject(issued(ec_key()).subject, wanted) is fits


@pytest.fixture
def azure(world: World) -> LocalAzure:
    """A developer's machine; her vault holds the application's certificate beside the secret."""
    return world("certificate-in-vault")


def vaulted(name: str = "kvsite-app", *, refresh: bool = False) -> Reading:
    """A reading as the application, whose certificate is that secret of the vault."""
    given = {
        "KVSITE_CREDENTIAL": "client-certificate",
        "KVSITE_CLIENT_ID": SITE_APPLICATION.client_id,
        "KVSITE_CERTIFICATE_SECRET_ID": f"https://contoso.vault.azure.net/secrets/{name}",
    }
    return get_reading(current(given), refresh=refresh)


def certificate_reads(azure: LocalAzure) -> int:
    return sum("/secrets/kvsite-app" in str(request) for request in azure.requests)


@pytest.mark.parametrize("name", ["kvsite-app", "kvsite-app-pem"])
def test_a_certificate_of_a_vault_is_read_by_the_developer__and_signs_in_the_application(
    name: str, azure: LocalAzure
) -> None:
    reading = vaulted(name)
    assert reading.ok, reading.failure
    assert reading.principal
    assert reading.principal.app_id == SITE_APPLICATION.client_id
    assert reading.principal.certificate_thumbprint == thumbprint(registered().certificate)
    told = [(a.credential, a.reads_certificate) for a in reading.attempts if a.outcome is Outcome.TOKEN]
    assert told == [("AzureCliCredential", True), ("CertificateCredential", False)]
    assert not any(a.credential == "EnvironmentCredential" for a in reading.attempts)


def test_the_certificate_of_a_vault_is_kept__and_read_anew_on_refresh(azure: LocalAzure) -> None:
    assert vaulted().ok
    reads = certificate_reads(azure)
    again = vaulted()
    assert again.ok
    assert [a.credential for a in again.attempts if a.outcome is Outcome.TOKEN] == [
        "AzureCliCredential",
        "CertificateCredential",
    ]
    assert certificate_reads(azure) == reads
    assert vaulted(refresh=True).ok
    assert certificate_reads(azure) > reads


def test_a_secret_that_is_no_certificate_is_one_sentence__without_its_value(azure: LocalAzure) -> None:
    reading = vaulted("demo")
    assert reading.failure
    assert "is not a certificate: it is neither PEM nor PFX" in reading.failure.message
    assert reading.main_cause == "certificate_file_invalid"
    first = reading.hints[0]
    assert first.title.startswith("The secret demo in https://contoso.vault.azure.net is not a certificate")
    assert first.fix == "Use a certificate's secret ID."
    assert first.commands == (
        'az keyvault certificate list --vault-name contoso --query "[].id" --output tsv',
    )  # fmt: skip


def test_a_certificate_that_is_not_in_the_vault_is_said_to_be_the_certificate(azure: LocalAzure) -> None:
    reading = vaulted("nothing-here")
    assert reading.failure
    assert reading.failure.stage is Stage.TOKEN
    assert reading.failure.status == 404
    assert reading.failure.message.startswith(
        "The certificate nothing-here in https://contoso.vault.azure.net could not"
    )
    assert reading.principal is None
    assert reading.main_cause == "kv_secret_not_found"
    first = reading.hints[0]
    assert first.why.startswith(
        "The certificate to sign in with could not be read, so the secret demo was not requested. "
        "The certificate is nothing-here in https://contoso.vault.azure.net. "
    )
    assert "az keyvault secret recover --vault-name contoso --name nothing-here" in first.commands
    assert "--name demo" not in str(first.commands)


def test_a_certificate_of_another_vault_is_looked_for_there(azure: LocalAzure) -> None:
    message = "The certificate own in https://other.vault.azure.net could not be read. (SecretNotFound) ..."
    failure = Failure(stage=Stage.TOKEN, message=message, status=404, code="SecretNotFound")
    first = diagnose(replace(vaulted("nothing-here").reading, failure=failure, attempts=())).hints[0]
    assert "az keyvault secret recover --vault-name other --name own" in first.commands


def test_whoever_may_not_read_the_certificate_is_named__with_the_role_to_give(world: World) -> None:
    scenario = find_scenario("certificate-in-vault")
    only_the_application = {SITE_APPLICATION.object_id: scenario.vault.grants[SITE_APPLICATION.object_id]}
    world(replace(scenario, vault=replace(scenario.vault, grants=only_the_application)))
    reading = vaulted()
    assert reading.failure
    assert (reading.failure.stage, reading.failure.status) == (Stage.TOKEN, 403)
    assert reading.failure.message.startswith("The certificate kvsite-app in https://contoso.vault.azure.net could not")
    assert reading.main_cause == "kv_rbac_denied"
    assert f"--assignee-object-id {DEVELOPER.object_id}" in reading.hints[0].commands[0]
    assert "chain_stopped_early" not in {hint.cause for hint in reading.hints}


def test_a_vault_that_keeps_the_certificate_and_is_silent_ends_with_the_deadline(world: World, settings: Any) -> None:
    world("certificate-in-vault", vault_latency_s=5.0)
    settings.SECRETS_APP["KVSITE_DEADLINE_S"] = "1"
    reading = vaulted()
    assert reading.elapsed_s < 3
    assert reading.failure
    assert reading.failure.stage is Stage.DEADLINE
    assert reading.attempts[-1].outcome is Outcome.RUNNING


def test_the_windows_store_is_said_to_be_out_of_reach(
    read: Callable[..., Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets_app.credentials.certificate_store._SYSTEM", "Windows")
    found = said(read(KVSITE_CERTIFICATE_SUBJECT="CN=app"))
    assert found.startswith("The Windows certificate store does not give Python access to private keys.")


def test_the_environments_certificate_has_its_thumbprint_on_the_legacy_line(world: World, client: Client) -> None:
    world("service-principal-certificate")
    for credential in ("default", "environment"):
        reading = get_reading(current({"KVSITE_CREDENTIAL": credential}))
        assert reading.principal
        assert f" CertificateThumbprint:{thumbprint(registered().certificate)}" in reading.principal.legacy
    page = client.get("/").content.decode()
    assert thumbprint(registered().certificate) in page


def test_a_secret_in_the_environment_has_no_thumbprint(world: World) -> None:
    world("service-principal-secret")
    reading = get_reading(current())
    assert reading.principal
    assert reading.principal.certificate_thumbprint is None


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
def test_each_mistake_has_its_own_sentence(words: dict[str, str], id_: str, sentence: str) -> None:
    config = load({**RIGHT, **words})
    assert [problem.id for problem in config.problems] == [f"secrets_app.{id_}"]
    assert sentence in f"{config.problems[0].sentence} {config.problems[0].hint}"


def test_the_settings_say_where_the_certificate_is() -> None:
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


def test_a_foreign_host_gets_no_token(azure: LocalAzure) -> None:
    reading = get_reading(
        current(
            {
                "KVSITE_CREDENTIAL": "client-certificate",
                "KVSITE_CLIENT_ID": SITE_APPLICATION.client_id,
                "KVSITE_CERTIFICATE_SECRET_ID": "https://contoso.vault.azure.net.evil.example/secrets/a",
            }
        )
    )
    assert reading.main_cause == "vault_url_refused"
    assert azure.requests == ()
