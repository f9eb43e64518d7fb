"""The identities' page: its first byte, its slowest row, the whole; and what asking as ever other identities costs.

python -m benchmarks.identities [IDS]     how many random client ids are asked for; 2,000 if not said
"""

import http.client
import re
import sys
import time
import uuid

from benchmarks.served import Site, served
from localazure import LocalAzure

SCENARIOS = {"laptop": "10", "app-service-user-assigned": "10", "laptop-slow-az": "5", "imds-silent": "5"}
_TOOK = re.compile(r'class="time">([0-9.]+) (ms|s)<')


def seconds(number: str, unit: str) -> float:
    return float(number) / (1000 if unit == "ms" else 1)


def watched(port: int) -> tuple[float, float, float]:
    """Seconds to the first byte of the page, to the slowest row by its own clock, and to the end."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=90)
    started = time.perf_counter()
    connection.request("GET", "/identities/")
    answer = connection.getresponse()
    page = answer.read1()
    first_s = time.perf_counter() - started
    while piece := answer.read1():
        page += piece
    whole_s = time.perf_counter() - started
    rows = [seconds(*found) for found in _TOOK.findall(page.decode())]
    return first_s, max(rows), whole_s


def compare() -> None:
    print(f"{'the identities page':<28} first byte   slowest row   the whole   whole / slowest")
    for scenario, deadline_s in SCENARIOS.items():
        with LocalAzure(scenario) as azure, served({**azure.env, "KVSITE_DEADLINE_S": deadline_s}) as site:
            watched(site.port)  # the first one compiles the templates
            first_s, slowest_s, whole_s = watched(site.port)
        ratio = whole_s / slowest_s
        print(f"{scenario:<28} {first_s * 1000:7.0f} ms {slowest_s:11.3f} s {whole_s:9.3f} s {ratio:17.2f}")


def flood(ids: int) -> None:
    """Random client ids in the address, one after the other, and the worker's memory."""
    with LocalAzure("app-service") as azure, served(azure.env) as site:
        ask(site, 300)
        before = site.worker_rss_mib
        ask(site, ids)
        print(f"{ids:,} random ids: the worker's memory went from {before:.1f} to {site.worker_rss_mib:.1f} MiB")


def ask(site: Site, times: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=90)
    for _ in range(times):
        connection.request("GET", f"/api/reading?userAssignedClientId={uuid.uuid4()}")
        answer = connection.getresponse()
        assert b'"ok": false' in answer.read()


if __name__ == "__main__":
    compare()
    flood(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
