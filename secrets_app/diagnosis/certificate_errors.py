"""What our own sentences on a certificate to sign in with tell: they know the case, the catalogue only the kind."""

import re
from collections.abc import Sequence
from dataclasses import replace

from secrets_app.core.reading import Hint, Reading
from secrets_app.diagnosis.command_values import checked

_SENTENCES_END = re.compile(r"(?<=\.) (?=[A-Z])")
_IN_VAULT = re.compile(
    r"The (?:certificate|secret) ([0-9A-Za-z-]{1,127}) in https://([\w.-]{4,253}) (could not be read)?"
)
_FOLDER_SETTING = re.compile(r"\bKVSITE_(?:USER|MACHINE)_CERTIFICATES\b")
_CAUSES = frozenset({"certificate_file_invalid", "certificate_expired"})


def facts_of_certificate(text: str) -> dict[str, str]:
    """Where the certificate is looked for; and where the vault would not give it, which vault and secret that is."""
    setting, found = _FOLDER_SETTING.search(text), _IN_VAULT.search(text)
    facts = {"folder_setting": setting[0] if setting else None}
    if found:
        host = found[2]
        vault = host.split(".")[0]
        facts |= {"certificate_vault": vault}
        facts |= {"vault": vault, "vault_host": host, "host": host, "secret": found[1]} if found[3] else {}
    return checked(facts)


def _not_asked_for(reading: Reading) -> str:
    """That the trouble is the certificate's and not the secret's; empty where it is not."""
    found = _IN_VAULT.search(reading.failure.message) if reading.failure else None
    if not found or not found[3]:
        return ""
    wanted = f"the secret {reading.secret_name}" if reading.secret_name else "the vault"
    return (
        f"The certificate to sign in with could not be read; {wanted} was not asked for. "
        f"The certificate is {found[1]} in https://{found[2]}. "
    )


def use_certificate_error(hints: Sequence[Hint], reading: Reading) -> tuple[Hint, ...]:
    """The hints; one on a certificate that cannot be used says of which, and why, in place of what it may be.

    Where the vault would not give the certificate, the first one says that it is about that and not about the secret.
    """
    said = {
        attempt.cause: attempt.message
        for attempt in reading.attempts
        if attempt.cause in _CAUSES and attempt.credential == "CertificateCredential" and attempt.message
    }
    told = [_of_the_case(hint, said[hint.cause]) if hint.cause in said else hint for hint in hints]
    first = [replace(hint, why=f"{_not_asked_for(reading)}{hint.why}") for hint in told[:1]]
    return (*first, *told[1:])


def _of_the_case(hint: Hint, message: str) -> Hint:
    what, *advice = _SENTENCES_END.split(message, maxsplit=1)
    fix = advice[0] if advice else "Put a PEM or PFX file with the certificate and its private key there."
    return replace(hint, title=what, why="So there is no certificate to sign in with.", fix=fix)
