"""A client certificate found by thumbprint or subject in a folder, in place of a certificate store."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from localazure.scenarios.directory import SITE_APPLICATION
from secrets_app.core.reading import Reading
from secrets_app.credentials.certificates import matches_subject
from tests.support.certificates import (
    DAY,
    NOW,
    PASSWORD,
    ec_key,
    failure_message,
    issued,
    locked,
    pem,
    pfx,
    registered,
    rsa_key,
    thumbprint,
    write,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the registered certificate, an older one of the same subject and a locked one."""
    own = registered()
    write(tmp_path / "registered.pem", own.pem)
    write(tmp_path / "other.pfx", pfx(rsa_key(), issued(rsa_key())))
    write(tmp_path / "locked.p12", pfx(rsa_key(), issued(rsa_key()), locked("another")))
    write(tmp_path / "notes.txt", own.pem)
    return tmp_path


def test_thumbprint__as_windows_writes_it_finds_the_certificate(read: Callable[..., Reading], folder: Path) -> None:
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
def test_subject__finds_the_certificate(subject: str, read: Callable[..., Reading], folder: Path) -> None:
    reading = read(KVSITE_CERTIFICATE_SUBJECT=subject, KVSITE_USER_CERTIFICATES=str(folder))
    assert reading.ok, reading.failure
    assert reading.attempts[0].message is None


def test_several_certificates__newest_valid_is_used_with_a_note(read: Callable[..., Reading], folder: Path) -> None:
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


def test_no_matching_certificate__has_one_message(read: Callable[..., Reading], folder: Path) -> None:
    message = failure_message(read(KVSITE_CERTIFICATE_SUBJECT="CN=nobody", KVSITE_USER_CERTIFICATES=str(folder)))
    assert (
        f'No certificate with subject "CN=nobody" was found among the certificate files in {folder} (3 files checked).'
        in message
    )
    (folder / "other.pfx").unlink()
    (folder / "locked.p12").unlink()
    message = failure_message(read(KVSITE_CERTIFICATE_SUBJECT="CN=nobody", KVSITE_USER_CERTIFICATES=str(folder)))
    assert f"in {folder} (1 file checked)." in message
    message = failure_message(
        read(KVSITE_CERTIFICATE_SUBJECT="CN=nobody", KVSITE_USER_CERTIFICATES=str(folder / "gone"))
    )
    assert message.startswith("KVSITE_USER_CERTIFICATES is not a folder")
    message = failure_message(read(KVSITE_CERTIFICATE_SUBJECT="CN=nobody"))
    assert message.startswith("KVSITE_USER_CERTIFICATES is not set, and its default ")
    assert ".dotnet/corefx/cryptography/x509stores/my does not exist" in message


def test_certificate_hint__names_the_problem_and_the_location(read: Callable[..., Reading], folder: Path) -> None:
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


def test_thumbprint__prefers_the_file_of_that_name(read: Callable[..., Reading], folder: Path) -> None:
    digits = thumbprint(issued(rsa_key()))
    (folder / "locked.p12").rename(folder / f"{digits}.p12")
    (folder / "other.pfx").unlink()
    message = failure_message(
        read(
            KVSITE_CERTIFICATE_THUMBPRINT=digits,
            KVSITE_USER_CERTIFICATES=str(folder),
            KVSITE_CERTIFICATE_PASSWORD=PASSWORD,
        )
    )
    assert "KVSITE_CERTIFICATE_PASSWORD is wrong" in message


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
def test_subject__is_compared_as_a_whole(wanted: str, *, fits: bool) -> None:
    assert matches_subject(issued(ec_key()).subject, wanted) is fits


def test_windows_store__is_reported_as_unavailable(
    read: Callable[..., Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets_app.credentials.certificates._SYSTEM", "Windows")
    message = failure_message(read(KVSITE_CERTIFICATE_SUBJECT="CN=app"))
    assert message.startswith("The Windows certificate store does not give Python access to private keys.")
