"""Hints about a certificate to sign in with, made more specific from this product's own error messages."""

import re
from collections.abc import Sequence
from dataclasses import replace

from secrets_app.core.own_messages import CERTIFICATE_IN_VAULT, COULD_NOT_BE_READ, SECRET_IN_VAULT
from secrets_app.core.reading import Hint, Reading
from secrets_app.diagnosis.command_values import checked

_SENTENCES_END = re.compile(r"(?<=\.) (?=[A-Z])")
_NAMES = {"secret_name": r"([0-9A-Za-z-]{1,127})", "vault_url": r"https://([\w.-]{4,253})"}
_IN_VAULT = tuple(
    re.compile(f"{template.format(**_NAMES)} ({COULD_NOT_BE_READ})?")
    for template in (CERTIFICATE_IN_VAULT, SECRET_IN_VAULT)
)
_FOLDER_SETTING = re.compile(r"\bKVSITE_(?:USER|MACHINE)_CERTIFICATES\b")
_CAUSES = frozenset({"certificate_file_invalid", "certificate_expired"})


def facts_of_certificate(text: str) -> dict[str, str]:
    """The folder setting or the vault of the certificate; also the secret, if the vault did not return it."""
    setting, found = _FOLDER_SETTING.search(text), _in_vault(text)
    facts = {"folder_setting": setting[0] if setting else None}
    if found:
        host = found[2]
        vault = host.split(".")[0]
        facts |= {"certificate_vault": vault}
        facts |= {"vault": vault, "vault_host": host, "host": host, "secret": found[1]} if found[3] else {}
    return checked(facts)


def _in_vault(text: str) -> re.Match[str] | None:
    """Groups: the secret's name, the vault's host, and `COULD_NOT_BE_READ` if the text says so."""
    return next((found for pattern in _IN_VAULT if (found := pattern.search(text))), None)


def _not_asked_for(reading: Reading) -> str:
    """A note that the failure concerns the certificate and not the requested secret; empty if it does not."""
    found = _in_vault(reading.failure.message) if reading.failure else None
    if not found or not found[3]:
        return ""
    wanted = f"the secret {reading.secret_name}" if reading.secret_name else "the vault"
    return (
        f"The certificate to sign in with could not be read, so {wanted} was not requested. "
        f"The certificate is {found[1]} in https://{found[2]}. "
    )


def use_certificate_error(hints: Sequence[Hint], reading: Reading, causes: Sequence[str | None]) -> tuple[Hint, ...]:
    """The hints; one about an unusable certificate gets the certificate and the reason from the error message.

    If the vault did not return the certificate, the first hint says so.
    """
    said = {
        cause: attempt.message
        for attempt, cause in zip(reading.attempts, causes, strict=True)
        if cause in _CAUSES and attempt.credential == "CertificateCredential" and attempt.message
    }
    told = [_of_the_case(hint, said[hint.cause]) if hint.cause in said else hint for hint in hints]
    first = [replace(hint, why=f"{_not_asked_for(reading)}{hint.why}") for hint in told[:1]]
    return (*first, *told[1:])


def _of_the_case(hint: Hint, message: str) -> Hint:
    what, *advice = _SENTENCES_END.split(message, maxsplit=1)
    fix = (
        advice[0] if advice else "Replace it with a PEM or PFX file that contains the certificate and its private key."
    )
    return replace(hint, title=what, why="This site therefore has no certificate to sign in with.", fix=fix)
