"""A client certificate from a file."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from secrets_app.conf import current
from secrets_app.core.reading import Reading
from tests.conftest import World
from tests.support.certificates import (
    PASSWORD,
    der,
    ec_key,
    failure_message,
    issued,
    locked,
    locked_pem,
    pem,
    pfx,
    registered,
    rsa_key,
    thumbprint,
    write,
)
from tests.support.readings import get_reading

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
def test_certificate_file__signs_in_and_shows_its_thumbprint(
    form: str, read: Callable[..., Reading], tmp_path: Path
) -> None:
    make, words = FORMS[form]
    reading = read(KVSITE_CERTIFICATE=write(tmp_path / "own", make()), **words)
    assert reading.ok, reading.failure
    assert reading.principal
    assert reading.principal.legacy.endswith(f" CertificateThumbprint:{thumbprint(registered().certificate)}")
    assert PASSWORD not in repr(reading)
    assert "PRIVATE KEY" not in str(reading.as_json())


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
def test_unusable_certificate_file__has_one_message(case: str, read: Callable[..., Reading], tmp_path: Path) -> None:
    make, words, sentence = UNUSABLE[case]
    reading = read(KVSITE_CERTIFICATE=write(tmp_path / "own.pem", make()), **words)
    assert sentence in failure_message(reading)
    assert reading.main_cause == (
        "certificate_expired" if case in {"expired", "not_yet_valid"} else "certificate_file_invalid"
    )


def test_certificate_path__missing_folder_or_pipe(read: Callable[..., Reading], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, sentence in {
        tmp_path / "gone.pem": "does not exist",
        tmp_path: "is a folder",
        tmp_path / "pipe": "is not a regular file",
        Path("a\0b"): "cannot be read",
    }.items():
        reading = read(KVSITE_CERTIFICATE=str(path))
        assert sentence in failure_message(reading)
        assert reading.main_cause == "certificate_file_invalid"


def test_unregistered_certificate__is_rejected_by_entra(read: Callable[..., Reading], tmp_path: Path) -> None:
    reading = read(KVSITE_CERTIFICATE=write(tmp_path / "own.pem", pem(rsa_key(), issued(rsa_key()))))
    assert "AADSTS700027" in failure_message(reading)
    assert reading.main_cause == "certificate_not_registered"


def test_environment_certificate__thumbprint_is_on_the_legacy_line(world: World, client: Client) -> None:
    world("service-principal-certificate")
    for credential in ("default", "environment"):
        reading = get_reading(current({"KVSITE_CREDENTIAL": credential}))
        assert reading.principal
        assert f" CertificateThumbprint:{thumbprint(registered().certificate)}" in reading.principal.legacy
    page = client.get("/").content.decode()
    assert thumbprint(registered().certificate) in page


def test_environment_secret__has_no_thumbprint(world: World) -> None:
    world("service-principal-secret")
    reading = get_reading(current())
    assert reading.principal
    assert reading.principal.certificate_thumbprint is None
