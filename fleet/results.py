"""The result of a target in words: the same on the pages and in the terminal."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from fleet.description import AUDIENCE, EXPECTED_PREFIX
from fleet.filters import STATE_TITLES, UNCHECKED
from fleet.models import Target
from secrets_app.core.formatting import KINDS, moment, plural, span

_KINDS = frozenset(KINDS.values())
EXPLANATIONS = {
    "ReferenceNotFound": "A variable or file that this target refers to (env:NAME, file:/path) is not there for the "
    "process that checks it.",
    "NotAReading": "The site does not answer with a reading: its address must be that of a Principal Used site.",
    "SiteAccessDenied": "The site refused access. Set token to a reference to its passphrase (KVSITE_ACCESS=token), "
    "or audience if it is behind App Service authentication.",
    "SignInRequired": "The site requires sign-in (App Service authentication). Set audience to its application ID URI, "
    "such as api://<client-id>.",
    "TokenRefused": "The site refused the token for its audience: its App Service authentication must allow this "
    "audience and tenant.",
    "IdentityNotAllowed": "The site refused this identity: add its object ID to KVSITE_PEOPLE there, and to the "
    "allowed identities of its App Service authentication.",
    "Redirect": "The site redirects to another address, and redirects are not followed.",
    "SiteError": "The site answered with an error.",
}
"""Error code of a check that obtained no reading, most of them of another site -> why, and what to do."""


class Outcome(NamedTuple):
    """What the last check of a target showed, or that of several."""

    result: str
    """`403 ForbiddenByRbac`; the title of the state where the service sent no code."""
    cause_title: str
    """`The vault's firewall blocks this IP address`; empty for a cause that is not in the catalog."""
    explanation: str
    """Why there is no reading, and what to do; empty for other errors."""

    @classmethod
    def of(cls, state: str, code: str, cause: str) -> "Outcome":
        return cls(
            result=code if code and code != cause else STATE_TITLES[state],
            cause_title=_cause_title(cause) if cause else "",
            explanation=EXPLANATIONS.get(code.rpartition(" ")[2], ""),
        )


def _cause_title(key: str) -> str:
    from secrets_app.diagnosis.catalog import CAUSES  # imported here: a command that lists readable targets needs none

    found = CAUSES.get(key)
    return found.title if found else ""


def facts(target: Target) -> Iterator[tuple[str, str]]:
    """What is known of a target, as names and texts; without what does not apply to it."""
    vault = target.vault_url.removeprefix("https://")
    rows = (
        ("Site", target.site_url),
        ("Vault", vault),
        ("Secret", target.secret_name),
        ("Labels", ", ".join(f"{name}={text}" for name, text in sorted(target.labels.items()))),
        ("Credential", target.settings.get("KVSITE_CREDENTIAL", "")),
        ("Audience", target.settings.get(AUDIENCE, "")),
        *((f"Expected {name.replace('_', ' ')}", text) for name, text in expected_of(target.settings).items()),
        ("Secret expires", moment(target.expires_on)),
        ("Credential expires", moment(target.credential_expires_on)),
        ("Checked", f"every {span(target.interval_s)}" if target.interval_s else ""),
        ("Last reading", moment(target.checked_at)),
    )
    return ((name, text) for name, text in rows if text)


def expected_of(settings: Mapping[str, str]) -> dict[str, str]:
    """What the settings of a target expect of its principal: `{"object_id": "..."}`."""
    return {
        name.removeprefix(EXPECTED_PREFIX).lower(): text
        for name, text in settings.items()
        if name.startswith(EXPECTED_PREFIX)
    }


def split_principal(label: str) -> tuple[str, str]:
    """`("kvsite-demo", "system-assigned managed identity")` of a principal's label; the kind may be empty."""
    name, separator, kind = label.rpartition(" (")
    return (name, kind.removesuffix(")")) if separator and kind.removesuffix(")") in _KINDS else (label, "")


def summary(counts: Mapping[str, int]) -> str:
    """The counts of the states as one sentence: `6 of 200 targets are not readable.`"""
    total = sum(counts.values())
    unchecked = counts.get(UNCHECKED, 0)
    failing = total - unchecked - counts.get("readable", 0)
    if not total:
        return "No target matches."
    if total == 1:
        return f"The target is {'not readable' if failing else 'not checked yet' if unchecked else 'readable'}."
    for count, what in ((failing, "not readable"), (unchecked, "not checked yet")):
        if count == total:
            return f"All {total} targets are {what}."
        if count:
            return f"{count} of {plural(total, 'target')} {'is' if count == 1 else 'are'} {what}."
    return f"All {total} targets are readable."
