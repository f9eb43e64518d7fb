"""The home page compared with the bare SDK and with the samples' approach, in one run.

Three processes: this one runs Local Azure, gunicorn serves the site, and a third one measures the variants in
alternating rounds, so that variations in the machine's speed affect all of them. Prints medians and their ratios.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from http.client import HTTPConnection

from benchmarks.site_process import running_site
from localazure import LocalAzure

VAULT_LATENCY_S = 0.010
AZ_LATENCY_S = 0.35  # 0.4 s with its own start-up, as long as azure-cli takes to report that no account is signed in
ROUNDS = 8
SCENARIOS = {"app-service": (40, 5), "laptop": (40, 1)}
"""Scenario -> calls per round: of the page and the bare read, and of the samples' approach."""
RESULT_LIVES = {"0": "each page reads the vault", "1": "default settings"}


def main() -> None:
    print(f"the vault responds in {VAULT_LATENCY_S * 1000:.0f} ms, az takes about 0.4 s; medians of {ROUNDS} rounds")
    for scenario, counts in SCENARIOS.items():
        for life_s, meaning in RESULT_LIVES.items():
            with LocalAzure(scenario, vault_latency_s=VAULT_LATENCY_S, az_latency_s=AZ_LATENCY_S) as azure:
                times = _measure({**azure.env, "KVSITE_RESULT_LIFE_S": life_s}, *counts)
            page, bare, samples = (times[name] for name in ("page", "bare", "samples"))
            print(
                f"{scenario:<12} {meaning:<31} page {page:6.2f} ms   bare get_secret {bare:6.2f} ms   "
                f"samples' approach {samples:6.2f} ms   page/bare {page / bare:.2f}   samples/page {samples / page:.1f}"
            )


def _measure(env: dict[str, str], page_calls: int, sample_calls: int) -> dict[str, float]:
    with running_site(env) as site:
        arguments = [
            sys.executable,
            "-m",
            "benchmarks.home_page",
            "measure",
            str(site.port),
            str(page_calls),
            str(sample_calls),
        ]
        completed = subprocess.run(arguments, env=env, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, float] = json.loads(completed.stdout)
    return result


def measure(port: int, page_calls: int, sample_calls: int) -> dict[str, float]:
    """Median milliseconds of one call of each variant; runs with the environment variables of the scenario."""
    from azure.identity import DefaultAzureCredential
    from azure.keyvault.secrets import SecretClient

    url, name = os.environ["KEY_VAULT_URI"], os.environ["SECRET_NAME"]
    warm_client = SecretClient(url, DefaultAzureCredential())
    connection = HTTPConnection("127.0.0.1", port, timeout=30)

    def page() -> None:
        connection.request("GET", "/")
        response = connection.getresponse()
        body = response.read()
        assert response.status == 200, body
        assert b"was read." in body, body

    def bare() -> None:
        warm_client.get_secret(name)

    def samples() -> None:
        with DefaultAzureCredential() as credential, SecretClient(url, credential) as client:
            client.get_secret(name)

    variants: dict[str, tuple[Callable[[], None], int]] = {
        "page": (page, page_calls), "bare": (bare, page_calls), "samples": (samples, sample_calls),
    }  # fmt: skip
    for call, _ in variants.values():
        call()
    times: dict[str, list[float]] = {variant: [] for variant in variants}
    for _ in range(ROUNDS):
        for variant, (call, count) in variants.items():
            times[variant] += [_milliseconds(call) for _ in range(count)]
    return {variant: statistics.median(measured) for variant, measured in times.items()}


def _milliseconds(call: Callable[[], None]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        print(json.dumps(measure(*map(int, sys.argv[2:]))))
    else:
        main()
