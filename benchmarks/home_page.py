"""The home page against the bare SDK and against the samples' way, side by side in one run.

Three processes: this one plays Azure, gunicorn serves the site, and a third takes the times, turn by turn, so that
a slow moment of the machine falls on all of them. What is printed are medians and their ratios.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from http.client import HTTPConnection

from benchmarks.served import served
from localazure import LocalAzure

VAULT_LATENCY_S = 0.010
AZ_LATENCY_S = 0.35  # with its own start 0.4 s: what azure-cli takes here only to say that nobody is signed in
TURNS = 8
WORLDS = {"app-service": (40, 5), "laptop": (40, 1)}
"""Scenario -> how many times in a turn: the page and the bare read, the samples' way."""
RESULT_LIVES = {"0": "each page asks the vault", "1": "as shipped, 1 s of result life"}


def main() -> None:
    print(f"vault answers in {VAULT_LATENCY_S * 1000:.0f} ms, az takes about 0.4 s; medians of {TURNS} turns")
    for scenario, counts in WORLDS.items():
        for life_s, meaning in RESULT_LIVES.items():
            with LocalAzure(scenario, vault_latency_s=VAULT_LATENCY_S, az_latency_s=AZ_LATENCY_S) as azure:
                times = _measure({**azure.env, "KVSITE_RESULT_LIFE_S": life_s}, *counts)
            page, bare, samples = (times[name] for name in ("page", "bare", "samples"))
            print(
                f"{scenario:<12} {meaning:<31} page {page:6.2f} ms   bare get_secret {bare:6.2f} ms   "
                f"samples' way {samples:6.2f} ms   page/bare {page / bare:.2f}   samples/page {samples / page:.1f}"
            )


def _measure(env: dict[str, str], often: int, seldom: int) -> dict[str, float]:
    with served(env) as site:
        arguments = [sys.executable, "-m", "benchmarks.home_page", "measure", str(site.port), str(often), str(seldom)]
        done = subprocess.run(arguments, env=env, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def measure(port: int, often: int, seldom: int) -> dict[str, float]:
    """Median milliseconds of one call of each kind, taken turn by turn inside the world."""
    from azure.identity import DefaultAzureCredential
    from azure.keyvault.secrets import SecretClient

    url, name = os.environ["KEY_VAULT_URI"], os.environ["SECRET_NAME"]
    warm = SecretClient(url, DefaultAzureCredential())
    connection = HTTPConnection("127.0.0.1", port, timeout=30)

    def page() -> None:
        connection.request("GET", "/")
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        assert b"was read." in body, body

    def bare() -> None:
        warm.get_secret(name)

    def samples() -> None:
        with DefaultAzureCredential() as credential, SecretClient(url, credential) as client:
            client.get_secret(name)

    kinds: dict[str, tuple[Callable[[], None], int]] = {
        "page": (page, often), "bare": (bare, often), "samples": (samples, seldom),
    }  # fmt: skip
    for call, _ in kinds.values():
        call()
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(TURNS):
        for kind, (call, count) in kinds.items():
            times[kind] += [_milliseconds(call) for _ in range(count)]
    return {kind: statistics.median(taken) for kind, taken in times.items()}


def _milliseconds(call: Callable[[], None]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        print(json.dumps(measure(*map(int, sys.argv[2:]))))
    else:
        main()
