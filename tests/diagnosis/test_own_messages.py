"""The diagnosis recognises the messages that this product raises itself."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from azure.core.exceptions import DecodeError

from secrets_app.azure_client.responses import error_message
from secrets_app.core import own_messages
from secrets_app.core.credential_options import CredentialKind, CredentialOptions
from secrets_app.credentials.certificates import CertificateError, load_certificate
from secrets_app.credentials.interactive import device_code
from secrets_app.diagnosis.certificate_errors import certificate_values
from secrets_app.diagnosis.explain import explain

PRODUCT = Path(own_messages.__file__).parents[1]
MESSAGES = {name: text for name, text in vars(own_messages).items() if name.isupper()}
VALUES = {
    "path": "/srv/app/own.bin",
    "reason": "Permission denied",
    "wanted": 'with subject "CN=app"',
    "folder": "/var/ssl/private",
    "checked": "3 files checked",
    "date": "3 May 2026",
    "secret_name": "app-certificate",
    "vault_url": "https://contoso.vault.azure.net",
}
IN_VAULT = {"CERTIFICATE_IN_VAULT", "SECRET_IN_VAULT", "COULD_NOT_BE_READ"}
"""These say where the certificate is stored; the cause comes from the rest of the message."""
CAUSES = {name: "certificate_file_invalid" for name in MESSAGES if name not in IN_VAULT} | {
    "UNDECODABLE_RESPONSE": "network_interrupted",
    "RESPONSE_TOO_LARGE": "network_interrupted",
    "INTERACTIVE_SIGN_IN_REQUIRED": "interactive_not_possible",
    "CERTIFICATE_EXPIRED": "certificate_expired",
    "CERTIFICATE_NOT_YET_VALID": "certificate_expired",
}


def _cause(message: str) -> str:
    return explain(message, exception="azure.core.exceptions.AzureError").causes[0]


@pytest.mark.parametrize(("name", "cause"), CAUSES.items())
def test_message__leads_to_its_cause__as_raised_and_as_pasted(name: str, cause: str) -> None:
    message = f"It {MESSAGES[name].format(**VALUES)}"
    assert _cause(message) == cause
    assert _cause(f"ERROR: {message.upper()}") == cause
    assert _cause(message.replace(" ", "\n    ")) == cause


@pytest.mark.parametrize("name", MESSAGES)
def test_message__is_used_where_it_is_raised_and_where_it_is_recognised(name: str) -> None:
    users = {
        path.relative_to(PRODUCT).parts[0]
        for path in PRODUCT.rglob("*.py")
        if path.name != "own_messages.py" and name in path.read_text(encoding="utf-8")
    }
    assert "diagnosis" in users
    assert users - {"diagnosis"}


def test_undecodable_response__as_raised__is_recognised() -> None:
    message = error_message(DecodeError(message="secret body", response=SimpleNamespace(status_code=200, reason="OK")))
    assert "HTTP status 200" in message
    assert "secret body" not in message
    assert _cause(message) == "network_interrupted"


def test_certificate_file__as_raised__is_recognised() -> None:
    with pytest.raises(CertificateError) as raised:
        load_certificate(b"hello", None, "/srv/app/own.bin")
    assert _cause(raised.value.message) == "certificate_file_invalid"


def test_interactive_sign_in_from_a_page__as_raised__is_recognised() -> None:
    credential = device_code(CredentialOptions(kinds=(CredentialKind.DEVICE_CODE,), interactive=False), 1.0)
    with pytest.raises(Exception, match="web page") as raised:
        credential.get_token_info("https://vault.azure.net/.default")
    credential.close()
    assert _cause(str(raised.value)) == "interactive_not_possible"


def test_certificate_in_vault__names_the_vault_and_the_secret() -> None:
    certificate = own_messages.CERTIFICATE_IN_VAULT.format(**VALUES)
    assert certificate_values(f"{certificate} {own_messages.COULD_NOT_BE_READ}.") == {
        "certificate_vault": "contoso",
        "vault": "contoso",
        "vault_host": "contoso.vault.azure.net",
        "host": "contoso.vault.azure.net",
        "secret": "app-certificate",
    }
    secret = own_messages.SECRET_IN_VAULT.format(**VALUES)
    assert certificate_values(f"{secret} is not a certificate.") == {"certificate_vault": "contoso"}
