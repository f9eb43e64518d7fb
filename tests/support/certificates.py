"""Certificates and keys for tests, as PEM and PFX."""

import datetime
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from localazure.crypto.certificates import self_signed_certificate
from localazure.scenarios.directory import SITE_APPLICATION
from secrets_app.core.reading import Outcome, Reading, Stage

PASSWORD = "never-to-be-seen"


NOW = datetime.datetime.now(datetime.UTC)


DAY = datetime.timedelta(days=1)


CLEAR = serialization.NoEncryption()


RIGHT = {"KEY_VAULT_URI": "https://contoso.vault.azure.net", "SECRET_NAME": "demo"}


def locked(password: str = PASSWORD) -> serialization.KeySerializationEncryption:
    # The fewest key derivation rounds, because the tests do not need a strong encryption.
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
    """A certificate whose validity starts and ends this many days from now."""
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


def registered() -> Any:
    """The certificate registered in Entra for the application."""
    return self_signed_certificate(SITE_APPLICATION.client_id)


def thumbprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - what it is named by


def write(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return str(path)


def failure_message(reading: Reading) -> str:
    assert reading.failure
    assert reading.failure.stage is Stage.TOKEN
    assert [(a.credential, a.outcome) for a in reading.attempts] == [("CertificateCredential", Outcome.FAILED)]
    assert PASSWORD not in repr(reading)
    assert "PRIVATE KEY" not in repr(reading)
    return reading.failure.message


def der(certificate: x509.Certificate) -> bytes:
    """The DER encoding, as downloaded from the portal."""
    return certificate.public_bytes(serialization.Encoding.DER)
