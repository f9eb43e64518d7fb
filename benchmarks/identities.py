"""The identities page: time to its first byte, its slowest row and its end; and memory use with many client IDs.

python -m benchmarks.identities [IDS]     number of random client IDs to request, by default 2,000
"""

import http.client
import re
import sys
import time
import uuid

from benchmarks.site_process import Site, running_site
from localazure import LocalAzure

SCENARIOS = {"laptop": "10", "app-service-user-assigned": "10", "laptop-slow-az": "5", "imds-silent": "5"}
_DURATION = re.compile(r'class="time">([0-9.]+) (ms|s)<')


def seconds(number: str, unit: str) -> float:
    return float(number) / (1000 if unit == "ms" else 1)


def page_times(port: int) -> tuple[float, float, float]:
    """Seconds to the first byte of the page, of the slowest row as the page shows it, and to the end."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=90)
    started = time.perf_counter()
    connection.request("GET", "/identities/")
    response = connection.getresponse()
    page = response.read1()
    first_s = time.perf_counter() - started
    while piece := response.read1():
        page += piece
    total_s = time.perf_counter() - started
    rows = [seconds(*found) for found in _DURATION.findall(page.decode())]
    return first_s, max(rows), total_s


def measure_page() -> None:
    print(f"{'the identities page':<28} first byte   slowest row       total   total / slowest")
    for scenario, deadline_s in SCENARIOS.items():
        with LocalAzure(scenario) as azure, running_site({**azure.env, "KVSITE_DEADLINE_S": deadline_s}) as site:
            page_times(site.port)  # the first request compiles the templates
            first_s, slowest_s, total_s = page_times(site.port)
        ratio = total_s / slowest_s
        print(f"{scenario:<28} {first_s * 1000:7.0f} ms {slowest_s:11.3f} s {total_s:9.3f} s {ratio:17.2f}")


def measure_memory(ids: int) -> None:
    """Prints the worker's memory before and after requests with random client IDs in the query."""
    with LocalAzure("app-service") as azure, running_site(azure.env) as site:
        send_requests(site, 300)
        before = site.worker_rss_mib
        send_requests(site, ids)
        print(f"{ids:,} random client IDs: the worker's memory grew from {before:.1f} to {site.worker_rss_mib:.1f} MiB")


def send_requests(site: Site, count: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=90)
    for _ in range(count):
        connection.request("GET", f"/api/reading?userAssignedClientId={uuid.uuid4()}")
        response = connection.getresponse()
        assert b'"ok": false' in response.read()


if __name__ == "__main__":
    measure_page()
    measure_memory(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
