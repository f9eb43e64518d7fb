"""100 concurrent clients: the home page compared with a constant page, then with a vault that does not respond.

Three processes on two cores: this one runs Local Azure, gunicorn serves the site with its gunicorn.conf.py, and a third
one sends the requests. The same worker serves both pages through the same middleware, in alternating rounds, so that
variations in the machine's speed affect both.

    python -m benchmarks.crowd [SECONDS]     total duration of the rounds with the home page, by default 30
"""

import subprocess
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager

from benchmarks.crowd_site import CONSTANT_PATH
from benchmarks.load import Outcome
from benchmarks.site_process import Site, running_site
from localazure import Fault, FaultInjection, LocalAzure

CLIENTS = 100
SECONDS = 30.0
ROUNDS = 3
VAULT_LATENCY_S = 0.050
DEADLINE_S = 2
PAGES = {"home page": ("/", "was read."), "constant page": (f"/{CONSTANT_PATH}", "never changes")}


def main(seconds: float) -> None:
    print(
        f"{CLIENTS} concurrent clients, {seconds:g} s in {ROUNDS} rounds; "
        f"the vault responds in {VAULT_LATENCY_S * 1000:g} ms"
    )
    with_responsive_vault(seconds)
    with_unresponsive_vault(min(seconds, 5 * DEADLINE_S))


def with_responsive_vault(seconds: float) -> None:
    """Prints requests per second, response times and errors of both pages, and the number of requests to the vault."""
    with LocalAzure("app-service", vault_latency_s=VAULT_LATENCY_S) as azure, _site(azure.env) as site:
        crowd(site, *PAGES["home page"], seconds=1)
        outcomes: dict[str, list[Outcome]] = {name: [] for name in PAGES}
        cpu_s = dict.fromkeys(PAGES, 0.0)
        vault_requests = 0
        for _ in range(ROUNDS):
            for name, page in PAGES.items():
                previous, used_s = _vault_requests(azure), site.worker_cpu_s
                outcomes[name].append(crowd(site, *page, seconds=seconds / ROUNDS))
                vault_requests += _vault_requests(azure) - previous
                cpu_s[name] += site.worker_cpu_s - used_s
    rates = {name: _rate(outcome) for name, outcome in outcomes.items()}
    for name, outcome in outcomes.items():
        print(f"  {name:<14} {rates[name]:6.0f} requests/s   {_times(outcome)}   {_errors(outcome)}")
        responses = sum(len(one.seconds) for one in outcome)
        print(f"  {'':<14} {1000 * cpu_s[name] / responses:6.2f} s of CPU time of the worker for 1,000 requests")
    print(f"  home page / constant page {rates['home page'] / rates['constant page']:.2f}")
    elapsed_s = sum(outcome.elapsed_s for outcome in outcomes["home page"])
    print(
        f"  requests to the vault: {vault_requests} in {elapsed_s:.1f} s, {vault_requests / elapsed_s:.2f} per second"
    )


def with_unresponsive_vault(seconds: float) -> None:
    """Prints how long after the deadline the slowest response arrives if the vault does not respond."""
    faults = {"keyvault": FaultInjection(fault=Fault.SILENCE)}
    with (
        LocalAzure("app-service", faults=faults) as azure,
        _site({**azure.env, "KVSITE_DEADLINE_S": str(DEADLINE_S)}) as site,
    ):
        outcome = crowd(site, "/", "cannot read the secret", seconds=seconds)
    overrun_s = max(outcome.seconds) - DEADLINE_S
    print(f"unresponsive vault, deadline {DEADLINE_S} s, {seconds:g} s")
    print(f"  home page      {_rate([outcome]):6.0f} requests/s   {_times([outcome])}   {_errors([outcome])}")
    print(f"  slowest response {overrun_s:+.2f} s after the deadline")


def crowd(site: Site, path: str, expected: str, *, seconds: float) -> Outcome:
    """The outcome of the clients, which run in a separate process."""
    arguments = [str(site.port), path, expected, str(CLIENTS), str(seconds)]
    command = [sys.executable, "-m", "benchmarks.load", *arguments]
    return Outcome.from_json(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def _site(env: Mapping[str, str]) -> AbstractContextManager[Site]:
    return running_site({**env, "DJANGO_SETTINGS_MODULE": "benchmarks.crowd_site"})


def _vault_requests(azure: LocalAzure) -> int:
    return sum(request.service == "keyvault" for request in azure.requests)


def _rate(outcomes: list[Outcome]) -> float:
    return sum(len(outcome.seconds) for outcome in outcomes) / sum(outcome.elapsed_s for outcome in outcomes)


def _times(outcomes: list[Outcome]) -> str:
    times = sorted(second for outcome in outcomes for second in outcome.seconds)
    p50, p99 = (times[int(len(times) * quantile)] * 1000 for quantile in (0.50, 0.99))
    return f"p50 {p50:4.0f} ms   p99 {p99:4.0f} ms   slowest {times[-1] * 1000:4.0f} ms"


def _errors(outcomes: list[Outcome]) -> str:
    errors = [error for outcome in outcomes for error in outcome.errors]
    return f"{len(errors)} errors{f', the first: {errors[0]}' if errors else ''}"


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else SECONDS)
