"""Hints about a client certificate, made specific with the details in this product's own error messages."""

import re
from collections.abc import Sequence
from dataclasses import replace

from secrets_app.core.credential_options import CredentialKind
from secrets_app.core.own_messages import CERTIFICATE_IN_VAULT, COULD_NOT_BE_READ, SECRET_IN_VAULT
from secrets_app.core.reading import Hint, Reading
from secrets_app.diagnosis.command_values import checked

_CERTIFICATE = CredentialKind.CLIENT_CERTIFICATE.class_name
_SENTENCE_END = re.compile(r"(?<=\.) (?=[A-Z])")
_NAMES = {"secret_name": r"([0-9A-Za-z-]{1,127})", "vault_url": r"https://([\w.-]{4,253})"}
_IN_VAULT = tuple(
    re.compile(f"{template.format(**_NAMES)} ({COULD_NOT_BE_READ})?")
    for template in (CERTIFICATE_IN_VAULT, SECRET_IN_VAULT)
)
_FOLDER_SETTING = re.compile(r"\bKVSITE_(?:USER|MACHINE)_CERTIFICATES\b")
_CAUSES = frozenset({"certificate_file_invalid", "certificate_expired"})


def certificate_values(text: str) -> dict[str, str]:
    """The folder setting or the vault of the certificate; also the secret, if the vault did not return it."""
    setting, match = _FOLDER_SETTING.search(text), _vault_match(text)
    values = {"folder_setting": setting[0] if setting else None}
    if match:
        host = match[2]
        vault = host.split(".")[0]
        values |= {"certificate_vault": vault}
        values |= {"vault": vault, "vault_host": host, "host": host, "secret": match[1]} if match[3] else {}
    return checked(values)


def _vault_match(text: str) -> re.Match[str] | None:
    """Groups: the secret's name, the vault's host, and `COULD_NOT_BE_READ` if the text contains it."""
    return next((match for pattern in _IN_VAULT if (match := pattern.search(text))), None)


def _unrequested_secret_note(reading: Reading) -> str:
    """A note that the failure concerns the certificate and not the requested secret; empty if it does not."""
    match = _vault_match(reading.failure.message) if reading.failure else None
    if not match or not match[3]:
        return ""
    target = f"the secret {reading.secret_name}" if reading.secret_name else "the vault"
    return (
        f"The certificate to sign in with could not be read, so {target} was not requested. "
        f"The certificate is {match[1]} in https://{match[2]}. "
    )


def use_certificate_error(hints: Sequence[Hint], reading: Reading, causes: Sequence[str | None]) -> tuple[Hint, ...]:
    """The hints; one about an unusable certificate gets the certificate and the reason from the error message.

    If the vault did not return the certificate, the first hint also says that the secret was not requested.
    """
    messages = {
        cause: attempt.message
        for attempt, cause in zip(reading.attempts, causes, strict=True)
        if cause in _CAUSES and attempt.credential == _CERTIFICATE and attempt.message
    }
    specific = [_with_message(hint, messages[hint.cause]) if hint.cause in messages else hint for hint in hints]
    first = [replace(hint, why=f"{_unrequested_secret_note(reading)}{hint.why}") for hint in specific[:1]]
    return (*first, *specific[1:])


def _with_message(hint: Hint, message: str) -> Hint:
    title, *advice = _SENTENCE_END.split(message, maxsplit=1)
    fix = (
        advice[0] if advice else "Replace it with a PEM or PFX file that contains the certificate and its private key."
    )
    return replace(hint, title=title, why="This site therefore has no certificate to sign in with.", fix=fix)
