"""Memory of a worker of the site, compared with one that only imports Django and the Azure libraries.

Both run in gunicorn with the site's gunicorn.conf.py and receive requests from the same clients, so that both have
started all their threads.

    python -m benchmarks.memory [REQUESTS]     total number of requests for the home page, by default 100,000
"""

import sys
from http import HTTPStatus
from http.client import HTTPConnection

from benchmarks.crowd import crowd
from benchmarks.site_process import Site, running_site
from localazure import LocalAzure

FEW_REQUESTS = 1_000
MANY_REQUESTS = 100_000
ROUND_S = 2.0
OTHER_PAGES = ("/api/reading", "/environment/", "/report/", "/explain/", "/causes/", "/causes/kv_rbac_denied/")


def main(many_requests: int) -> None:
    with LocalAzure("app-service") as azure:
        with running_site(azure.env, "benchmarks.imports_only:application") as baseline:
            _send_requests(baseline, FEW_REQUESTS, "imported")
            imports = baseline.worker_rss_mib
        with running_site(azure.env) as site:
            _send_requests(site, FEW_REQUESTS, "was read.")
            after_few = site.worker_rss_mib
            _send_requests(site, many_requests - FEW_REQUESTS, "was read.")
            after_many = site.worker_rss_mib
            for path in OTHER_PAGES:
                _send_request(site, path)
            all_pages = site.worker_rss_mib
    print("resident memory of a worker")
    print(f"  Django and the Azure libraries imported   {imports:6.1f} MiB")
    print(f"  the site after {FEW_REQUESTS:>7,} requests           {after_few:6.1f} MiB   {after_few - imports:+.1f}")
    print(
        f"  the site after {many_requests:>7,} requests           {after_many:6.1f} MiB   {after_many - imports:+.1f}"
    )
    print(f"  and after each other page once            {all_pages:6.1f} MiB   {all_pages - imports:+.1f}")


def _send_requests(site: Site, requests: int, expected: str) -> None:
    sent = 0
    while sent < requests:
        outcome = crowd(site, "/", expected, seconds=min(ROUND_S, requests / 4_000))
        assert not outcome.errors, outcome.errors[0]
        sent += len(outcome.seconds)


def _send_request(site: Site, path: str) -> None:
    connection = HTTPConnection("127.0.0.1", site.port, timeout=30)
    connection.request("GET", path)
    assert connection.getresponse().status == HTTPStatus.OK, path
    connection.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else MANY_REQUESTS)
