"""What a worker of the site takes in memory above one that has only imported Django and the Azure libraries.

Both are gunicorn with the site's own gunicorn.conf.py, asked by the same crowd, so both have run all their threads.

    python -m benchmarks.memory [REQUESTS]     how often the home page is asked in the end; 100,000 if not said
"""

import sys
from http import HTTPStatus
from http.client import HTTPConnection

from benchmarks.crowd import crowd
from benchmarks.served import Site, served
from localazure import LocalAzure

EARLY = 1_000
LATE = 100_000
TURN_S = 2.0
OTHER_PAGES = ("/api/reading", "/environment/", "/report/", "/explain/", "/causes/", "/causes/kv_rbac_denied/")


def main(late: int) -> None:
    with LocalAzure("app-service") as azure:
        with served(azure.env, "benchmarks.libraries_alone:application") as alone:
            _ask(alone, EARLY, "imported")
            bare = alone.worker_rss_mib
        with served(azure.env) as site:
            _ask(site, EARLY, "was read.")
            early = site.worker_rss_mib
            _ask(site, late - EARLY, "was read.")
            final = site.worker_rss_mib
            for path in OTHER_PAGES:
                _ask_once(site, path)
            whole = site.worker_rss_mib
    print("resident memory of a worker")
    print(f"  Django and the Azure libraries imported   {bare:6.1f} MiB")
    print(f"  the site after {EARLY:>7,} requests           {early:6.1f} MiB   {early - bare:+.1f}")
    print(f"  the site after {late:>7,} requests           {final:6.1f} MiB   {final - bare:+.1f}")
    print(f"  and after every other page once           {whole:6.1f} MiB   {whole - bare:+.1f}")


def _ask(site: Site, requests: int, expected: str) -> None:
    asked = 0
    while asked < requests:
        outcome = crowd(site, "/", expected, seconds=min(TURN_S, requests / 4_000))
        assert not outcome.errors, outcome.errors[0]
        asked += len(outcome.seconds)


def _ask_once(site: Site, path: str) -> None:
    connection = HTTPConnection("127.0.0.1", site.port, timeout=30)
    connection.request("GET", path)
    assert connection.getresponse().status == HTTPStatus.OK, path
    connection.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else LATE)
