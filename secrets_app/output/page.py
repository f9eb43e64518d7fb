"""The texts of a reading's page: title, status line, the hops as boxes, and the tabs of the fix."""

import math
import re
from collections.abc import Iterable
from typing import NamedTuple

from django.urls import reverse

from secrets_app.core.formatting import duration, names_principal, sentence
from secrets_app.core.hops import Hop, HopKind, HopOutcome, failing_hop, hops_in_progress, hops_of
from secrets_app.core.hosts import shorten_ids
from secrets_app.core.reading import Attempt, Diagnosis, Hint, HostEnvironment, Outcome, Reading, RunsOn
from secrets_app.diagnosis.shells import Shell
from secrets_app.keyvault import Progress
from secrets_app.output import text

WATCH_INTERVAL_S = 10
WATCH_RELOADS = 15 * 60 // WATCH_INTERVAL_S
"""A page that watches reloads for 15 minutes."""
_MARKS = {HopOutcome.OK: "✓", HopOutcome.FAILED: "✗", HopOutcome.RUNNING: "…", HopOutcome.NOT_REACHED: "–"}
_TITLES = {Shell.BASH: "bash", Shell.POWERSHELL: "PowerShell", Shell.CMD: "cmd"}
_HEX = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{24}\b")
"""A version of a secret."""
_DENIED = ("401", "403")
_PORTAL = re.compile(r"\s*Portal: ([^.]+\.)")
_WHERE = {
    RunsOn.ANY_MACHINE: "Run it on your own machine or in Cloud Shell.",
    RunsOn.THIS_MACHINE: "Run it on the machine that this program runs on, as the same user.",
    RunsOn.BOTH: (
        "Run the commands that manage Azure on your own machine or in Cloud Shell, the others on the machine that this "
        "program runs on, as the same user."
    ),
}


def status_code(reading: Reading, diagnosis: Diagnosis) -> str:
    """Why it failed, as Azure names it: `403 ForbiddenByRbac`; empty on success or without a code."""
    hop = failing_hop(hops_of(reading, diagnosis))
    return (hop.code if hop else None) or ""


def page_title(reading: Reading, diagnosis: Diagnosis) -> str:
    """`YES: demo`, `NO: 403 ForbiddenByRbac`."""
    if reading.ok:
        return f"YES: {reading.secret_name}"
    return f"NO: {status_code(reading, diagnosis) or diagnosis.main_cause or 'not read'}"


def reason(reading: Reading, diagnosis: Diagnosis) -> str:
    """The sentence below the headline: the main cause, or as whom the secret was read."""
    if reading.ok:
        return text.identity_line(reading)
    title = sentence(diagnosis.hints[0].title) if diagnosis.hints else text.failure_line(reading)
    if reading.principal is None or names_principal(reading):
        return title
    return f"{title} {text.identity_line(reading)}"


class HopBox(NamedTuple):
    """One hop as the picture shows it."""

    hop: Hop
    name: tuple[str, str]
    """In two parts, with a possible line break between them."""
    mark: str
    time: str
    facts: str
    spoken: str
    """For screen readers: `4 of 5, vault contoso: denied, 403 ForbiddenByRbac, 14 ms`."""
    href: str
    """Where the page, or another one, has more on it."""


def hop_boxes(reading: Reading, diagnosis: Diagnosis) -> list[HopBox]:
    """The hops of a reading as boxes, each with a link to its section."""
    hops = hops_of(reading, diagnosis)
    rest = "#error" if reading.failure else "#secret" if reading.secret else "#chain"
    links = {
        HopKind.PROGRAM: reverse("secrets_app:environment"),
        HopKind.CREDENTIAL: "#chain",
        HopKind.ENTRA_ID: "#principal",
    }
    return boxes_of(hops, {hop.kind: links.get(hop.kind, rest) for hop in hops})


def boxes_of(hops: tuple[Hop, ...], links: dict[HopKind, str]) -> list[HopBox]:
    """The hops as boxes."""
    return [_box(hop, number, len(hops), links.get(hop.kind, "")) for number, hop in enumerate(hops, 1)]


def _box(hop: Hop, number: int, total: int, href: str) -> HopBox:
    time = duration(hop.elapsed_s)
    spoken = ", ".join(filter(None, (f"{number} of {total}", f"{hop.name}: {_outcome(hop)}", hop.code, time)))
    facts = _HEX.sub(r"\1…", shorten_ids(", ".join(hop.facts))) or (
        text.HOP_OUTCOMES[hop.outcome] if hop.elapsed_s is None else ""
    )
    return HopBox(hop, _breakable(hop.name), _MARKS[hop.outcome], time, facts, spoken, href)


def _breakable(name: str) -> tuple[str, str]:
    """`ManagedIdentity` and `Credential`."""
    suffix = "Credential" if name.endswith("Credential") else ""
    return name.removesuffix(suffix), suffix


def _outcome(hop: Hop) -> str:
    is_denied = hop.outcome is HopOutcome.FAILED and (hop.code or "").startswith(_DENIED)
    return "denied" if is_denied else text.HOP_OUTCOMES[hop.outcome]


class WaitingPicture(NamedTuple):
    """What a page shows while its answer is awaited."""

    title: str
    sentence: str
    """What it waits for."""
    seconds_left: int
    """Until the deadline."""
    boxes: tuple[HopBox, ...] = ()
    vault_url: str = ""
    secret_name: str = ""


def waiting_picture(
    title: str,
    target: tuple[str | None, str | None] | None,
    place: HostEnvironment,
    so_far: Progress | None,
    left_s: float,
) -> WaitingPicture:
    """The picture of a reading in progress, with what is known `so_far`.

    `target`: URL of the vault and name of the secret, None where only a token is requested. `left_s`: seconds until its
    deadline.
    """
    seconds = math.ceil(left_s)
    attempts = so_far.attempts if so_far else ()
    hops = hops_in_progress(target, place, attempts, f"waiting, {seconds} s left")
    sentence = f"Waiting for {so_far.waiting_for}." if so_far else "Waiting for the answer."
    vault_url, secret_name = target or (None, None)
    return WaitingPicture(title, sentence, seconds, tuple(boxes_of(hops, {})), vault_url or "", secret_name or "")


class ShellTab(NamedTuple):
    """The commands of a hint for one shell."""

    key: str
    title: str
    commands: tuple[str, ...]
    checked: bool


def shell_tabs(hint: Hint, chosen: str) -> list[ShellTab]:
    """A tab for each shell, with the chosen one checked; one tab where the commands do not depend on the shell."""
    commands = {shell: getattr(hint.shells, shell) for shell in Shell}
    if not any(commands.values()):
        return [ShellTab("any", "Command", hint.commands, checked=True)]
    return [ShellTab(shell, _TITLES[shell], commands[shell], checked=shell == _known(chosen)) for shell in Shell]


def commands_for(hint: Hint, chosen: str) -> tuple[str, ...]:
    """The commands for the chosen shell."""
    return getattr(hint.shells, _known(chosen)) or hint.commands


def _known(shell: str) -> Shell:
    return Shell(shell) if shell in set(Shell) else Shell.BASH


def shell_of(user_agent: str) -> Shell:
    """The usual shell of the system that a browser runs on."""
    return Shell.POWERSHELL if "Windows" in user_agent else Shell.BASH


def fix_sentence(hint: Hint) -> str:
    """How to fix it; without the way through the portal where the page has a tab for it."""
    return _PORTAL.sub("", hint.fix) if hint.portal and hint.commands else hint.fix


def portal_steps(hint: Hint) -> str:
    """The way through the Azure portal: `the vault > Access control (IAM) > Add role assignment.`"""
    steps = _PORTAL.search(hint.fix)
    return steps[1] if steps else f"{hint.portal.path}." if hint.portal else ""


def who_and_where(hint: Hint) -> str:
    """Who may run the commands, and where."""
    sentences = (
        f"Requires {hint.needs}." if hint.needs else "",
        _WHERE[hint.runs_on] if hint.runs_on else "",
    )
    return " ".join(filter(None, sentences))


def untried(attempts: Iterable[Attempt]) -> list[str]:
    """The names of the credentials that were not reached."""
    return [text.credential_label(attempt) for attempt in attempts if attempt.outcome is Outcome.NOT_REACHED]


def watch_time(reloads: int) -> str:
    """How long a page with this many reloads left goes on: `14 minutes`."""
    minutes = reloads * WATCH_INTERVAL_S // 60
    return f"{minutes} minute{'' if minutes == 1 else 's'}" if minutes else f"{reloads * WATCH_INTERVAL_S} seconds"
