"""A hundred readers at once: the home page against a page that never changes, then before a silent vault.

Three processes on two cores: this one plays Azure, gunicorn serves with the site's own gunicorn.conf.py, and a third
is the crowd. Both pages come from the same worker through the same middleware, in turns, so that a slow moment of the
machine falls on both.

    python -m benchmarks.crowd [SECONDS]     how long the home page is asked, all turns together; 30 if not said
"""

import subprocess
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager

from benchmarks.crowd_site import CONSTANT_PATH
from benchmarks.load import Outcome
from benchmarks.served import Site, served
from localazure import Fault, FaultInjection, LocalAzure

READERS = 100
SECONDS = 30.0
TURNS = 3
VAULT_LATENCY_S = 0.050
DEADLINE_S = 2
PAGES = {"home page": ("/", "was read."), "constant page": (f"/{CONSTANT_PATH}", "never changes")}


def main(seconds: float) -> None:
    print(
        f"{READERS} readers at once, {seconds:g} s in {TURNS} turns; the vault answers in {VAULT_LATENCY_S * 1000:g} ms"
    )
    before_the_vault(seconds)
    before_a_silent_vault(min(seconds, 5 * DEADLINE_S))


def before_the_vault(seconds: float) -> None:
    """Requests a second of both pages, the page's slow answers, its errors, and what the vault was asked."""
    with LocalAzure("app-service", vault_latency_s=VAULT_LATENCY_S) as azure, _site(azure.env) as site:
        crowd(site, *PAGES["home page"], seconds=1)
        outcomes: dict[str, list[Outcome]] = {name: [] for name in PAGES}
        reads = 0
        for _ in range(TURNS):
            for name, page in PAGES.items():
                before = _asked_of_vault(azure)
                outcomes[name].append(crowd(site, *page, seconds=seconds / TURNS))
                reads += _asked_of_vault(azure) - before
    rates = {name: _rate(outcome) for name, outcome in outcomes.items()}
    for name, outcome in outcomes.items():
        print(f"  {name:<14} {rates[name]:6.0f} requests/s   {_times(outcome)}   {_errors(outcome)}")
    print(f"  home page / constant page {rates['home page'] / rates['constant page']:.2f}")
    asked_s = sum(outcome.elapsed_s for outcome in outcomes["home page"])
    print(f"  asked of the vault: {reads} in {asked_s:.1f} s, {reads / asked_s:.2f} a second")


def before_a_silent_vault(seconds: float) -> None:
    """How late the latest answer is when the vault says nothing."""
    silence = {"keyvault": FaultInjection(fault=Fault.SILENCE)}
    with (
        LocalAzure("app-service", faults=silence) as azure,
        _site({**azure.env, "KVSITE_DEADLINE_S": str(DEADLINE_S)}) as site,
    ):
        outcome = [crowd(site, "/", "was not read", seconds=seconds)]
    late = max(outcome[0].seconds) - DEADLINE_S
    print(f"silent vault, deadline {DEADLINE_S} s, {seconds:g} s")
    print(f"  home page      {_rate(outcome):6.0f} requests/s   {_times(outcome)}   {_errors(outcome)}")
    print(f"  the latest answer came {late:+.2f} s after the deadline")


def crowd(site: Site, path: str, expected: str, *, seconds: float) -> Outcome:
    """What the crowd sees, in a process of its own."""
    arguments = [str(site.port), path, expected, str(READERS), str(seconds)]
    command = [sys.executable, "-m", "benchmarks.load", *arguments]
    return Outcome.from_json(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def _site(env: Mapping[str, str]) -> AbstractContextManager[Site]:
    return served({**env, "DJANGO_SETTINGS_MODULE": "benchmarks.crowd_site"})


def _asked_of_vault(azure: LocalAzure) -> int:
    return sum(request.service == "keyvault" for request in azure.requests)


def _rate(outcomes: list[Outcome]) -> float:
    return sum(len(outcome.seconds) for outcome in outcomes) / sum(outcome.elapsed_s for outcome in outcomes)


def _times(outcomes: list[Outcome]) -> str:
    times = sorted(second for outcome in outcomes for second in outcome.seconds)
    p50, p99 = (times[int(len(times) * part)] * 1000 for part in (0.50, 0.99))
    return f"p50 {p50:4.0f} ms   p99 {p99:4.0f} ms   latest {times[-1] * 1000:4.0f} ms"


def _errors(outcomes: list[Outcome]) -> str:
    errors = [error for outcome in outcomes for error in outcome.errors]
    return f"{len(errors)} errors{f', the first: {errors[0]}' if errors else ''}"


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else SECONDS)
