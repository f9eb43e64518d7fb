"""The error codes of Azure's services as data: one row a code, in codes.tsv."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from secrets_app.core.reading import UNEXPECTED, Certainty
from secrets_app.diagnosis.evidence import Evidence
from secrets_app.diagnosis.services import Service


class Family(StrEnum):
    """Where a code comes from."""

    ENTRA = "ENTRA"
    OAUTH = "OAUTH"
    KEY_VAULT = "KEY_VAULT"
    AKV = "AKV"
    RESOURCE_MANAGER = "RESOURCE_MANAGER"
    REFERENCE = "REFERENCE"
    GRAPH = "GRAPH"
    STORAGE = "STORAGE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Code:
    """One code: its family, what it means, and the cause it stands for."""

    family: Family
    code: str
    status: str
    """HTTP status; `-` if it varies."""
    name: str
    """Symbolic name of a code of Microsoft Entra ID; `-` if it has none."""
    cause: str
    """`unexpected` if the code is known, but no cause of the catalog explains it."""
    certainty: Certainty
    """GUESS: used only if nothing else in the text tells the cause."""
    meaning: str

    @property
    def label(self) -> str:
        """The code as services print it."""
        return f"{_PREFIXES.get(self.family, '')}{self.code}"


_PREFIXES = {Family.ENTRA: "AADSTS", Family.AKV: "AKV"}
_SERVICES = {
    Family.KEY_VAULT: Service.KEY_VAULT,
    Family.RESOURCE_MANAGER: Service.RESOURCE_MANAGER,
    Family.GRAPH: Service.GRAPH,
    Family.STORAGE: Service.STORAGE,
}
_ENTRA_FAMILIES = (
    ("7000", "the client application's credential"),
    ("7002", "the federated credential"),
    ("7001", "the client application"),
    ("700", "the client application or its credential"),
    ("650", "the permissions of the application"),
    ("530", "a Conditional Access policy"),
    ("900", "the request"),
    ("90", "the request"),
    ("81", "seamless single sign-on"),
    ("80", "the on-premises directory"),
    ("75", "a SAML request"),
    ("70", "the grant or the client application"),
    ("65", "consent"),
    ("53", "a Conditional Access policy"),
    ("12", "a password change"),
    ("13", "the device"),
    ("16", "the selection of the account"),
    ("50", "the sign-in or the requested resource"),
    ("5", "the sign-in"),
    ("1", "the sign-in or the request"),
    ("9", "the request"),
)
"""The start of an AADSTS number -> what such codes are about. Longer prefixes first."""


_AD_FS = re.compile(r"\bMSIS\d{4,5}\b")
_CAMEL_CASE = re.compile(r"\b[A-Z][a-z]+(?:[A-Z]+[a-z]+){1,9}\b")
_STATUS_WORDS = ("ServiceUnavailable", "TooManyRequests", "GatewayTimeout", "InternalServerError", "AccessDenied")


@cache
def table() -> tuple[Code, ...]:
    """All codes, in the order of the file."""
    text = files(__package__).joinpath("codes.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t")
    return tuple(
        Code(**{**row, "family": Family(row["family"]), "certainty": Certainty(row["certainty"])})  # type: ignore[arg-type]
        for row in rows
    )


@cache
def _by_name() -> dict[str, tuple[Code, ...]]:
    found: dict[str, tuple[Code, ...]] = {}
    for row in table():
        found[row.label.lower()] = (*found.get(row.label.lower(), ()), row)
    return found


def codes_in(evidence: Evidence) -> Iterator[Code]:
    """The known codes in the evidence. A code that several services use counts for the service that refused.

    The OAuth error is left out beside an AADSTS code: it says less, and often something else.
    """
    rows = _by_name()
    for number in evidence.aadsts:
        yield from rows.get(f"aadsts{number}", ())
    for number in evidence.akv:
        yield from rows.get(f"akv{number}", ())
    for name in sorted(evidence.codes | (_names_in(evidence.text) & _distinctive())):
        known = [row for row in rows.get(name, ()) if _applies(row, evidence)]
        yield from known if evidence.service else known[:1]  # Key Vault's meaning is first in the table


def _names_in(text: str) -> set[str]:
    return {name.lower() for name in _CAMEL_CASE.findall(text)}


@cache
def _distinctive() -> frozenset[str]:
    """Codes of several words that mean one thing wherever they stand: `ExpiredAuthenticationToken: The ...`."""
    return frozenset(
        row.code.lower()
        for row in table()
        if _CAMEL_CASE.fullmatch(row.code) and row.certainty is not Certainty.GUESS and row.code not in _STATUS_WORDS
    )


def _applies(row: Code, evidence: Evidence) -> bool:
    """Whether the service that refused uses this code. A name that tells little needs that service in the text."""
    if row.family is Family.OAUTH:
        # App Service's endpoint prints the fixed word `invalid_scope` for each of its errors.
        return not evidence.aadsts and evidence.service is not Service.IDENTITY_ENDPOINT
    service = _SERVICES.get(row.family)
    # Only Key Vault has such codes: they tell the service, even where other words name another one.
    if service is None or evidence.service is service or row.code.startswith("ForbiddenBy"):
        return True
    return evidence.service is None and row.certainty is not Certainty.GUESS


def is_entra_code(number: int) -> bool:
    """Whether the table has this AADSTS number."""
    return f"aadsts{number}" in _by_name()


def codes_of(cause: str) -> list[Code]:
    """The codes that stand for this cause."""
    return [row for row in table() if row.cause == cause]


def describe_codes(evidence: Evidence) -> list[str]:
    """One sentence for each service code in the text: what is known of it, or of its family if it is unknown."""
    rows = _by_name()
    sentences = []
    for number in evidence.aadsts:
        known = rows.get(f"aadsts{number}")
        sentences.append(
            f"AADSTS{number}: {known[0].meaning}" if known else f"AADSTS{number}: {_unknown_entra_code(number)}"
        )
    sentences += [
        f"{code}: Active Directory Federation Services (AD FS) rejected the request." for code in ad_fs_codes(evidence)
    ]
    sentences += [f"{row.label}: {row.meaning}" for row in codes_in(evidence) if row.family is not Family.ENTRA]
    return list(dict.fromkeys(sentences))


def has_unexplained_entra_code(evidence: Evidence) -> bool:
    """Whether Microsoft Entra ID printed a code for which the catalog has no cause."""
    rows = _by_name()
    return bool(evidence.aadsts) and all(
        row.cause == UNEXPECTED for number in evidence.aadsts for row in rows.get(f"aadsts{number}", ())
    )


def has_only_new_entra_codes(evidence: Evidence) -> bool:
    """Whether the table has none of the AADSTS numbers, so that only their sentences tell the cause."""
    return bool(evidence.aadsts) and not any(map(is_entra_code, evidence.aadsts))


def ad_fs_codes(evidence: Evidence) -> list[str]:
    """Codes of Active Directory Federation Services (AD FS), for which the catalog has no causes."""
    return list(dict.fromkeys(_AD_FS.findall(evidence.text))) if "MSIS" in evidence.text else []


def has_governing_code(evidence: Evidence) -> bool:
    """Whether Azure Resource Manager refused for a policy, a lock or the state of the subscription.

    Such a code is the reason: other words of the refused request explain nothing.
    """
    return not _GOVERNING.isdisjoint(evidence.codes)


_GOVERNING = frozenset(
    (
        "requestdisallowedbyazure",
        "requestdisallowedbypolicy",
        "scopelocked",
        "subscriptionnotregistered",
        "missingsubscriptionregistration",
        "readonlydisabledsubscription",
        "disabledsubscription",
    )
)


def _unknown_entra_code(number: int) -> str:
    topic = next((topic for prefix, topic in _ENTRA_FAMILIES if str(number).startswith(prefix)), "the request")
    return f"Microsoft Entra ID rejected the request. Codes like this one are about {topic}."
