"""Secrets per second that Local Azure returns to a plain HTTP client with persistent connections.

Two processes on two cores: this one runs Local Azure, the other one sends requests. Without the Azure SDK, whose own
CPU time would dominate.
"""

import http.client
import json
import os
import ssl
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from localazure import LocalAzure

ROUNDS = 5
ROUND_S = 2.0
CONNECTIONS = 4


def main() -> None:
    with LocalAzure("app-service") as azure:
        command = [sys.executable, "-m", "benchmarks.local_azure", "measure"]
        completed = subprocess.run(command, env=azure.env, check=True, stdout=subprocess.PIPE, text=True)
    rates = json.loads(completed.stdout)
    print(f"`localazure run -- true`: {_run_command_s():.2f} s, median of {ROUNDS}")
    print(
        f"secrets read per second: median {statistics.median(rates):.0f}, "
        f"minimum {min(rates):.0f}, maximum {max(rates):.0f}"
    )
    print(f"({ROUNDS} rounds of {ROUND_S:.0f} s, {CONNECTIONS} persistent connections)")


def _run_command_s() -> float:
    """Seconds for `localazure run -- true`, including interpreter start, imports and shutdown."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "localazure", "run", "--", "true"], check=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure() -> list[float]:
    """Reads per second in each round."""
    token = _token()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return [sum(pool.map(lambda _: _reads(token), range(CONNECTIONS))) / ROUND_S for _ in range(ROUNDS)]


def _reads(token: str) -> int:
    """The number of reads of one connection in a round."""
    proxy, vault = urlsplit(os.environ["HTTPS_PROXY"]), urlsplit(os.environ["KEY_VAULT_URI"])
    trusted = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    connection = http.client.HTTPSConnection(proxy.hostname or "", proxy.port, context=trusted)
    connection.set_tunnel(vault.hostname or "", 443)
    path, headers = f"/secrets/{os.environ['SECRET_NAME']}?api-version=7.6", {"Authorization": f"Bearer {token}"}
    count, end = 0, time.perf_counter() + ROUND_S
    while time.perf_counter() < end:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        assert response.status == 200
        response.read()
        count += 1
    connection.close()
    return count


def _token() -> str:
    endpoint = urlsplit(os.environ["IDENTITY_ENDPOINT"])
    connection = http.client.HTTPConnection(endpoint.hostname or "", endpoint.port)
    path = f"{endpoint.path}?api-version=2019-08-01&resource=https://vault.azure.net"
    connection.request("GET", path, headers={"X-IDENTITY-HEADER": os.environ["IDENTITY_HEADER"]})
    token: str = json.load(connection.getresponse())["access_token"]
    connection.close()
    return token


if __name__ == "__main__":
    if sys.argv[1:] == ["measure"]:
        print(json.dumps(measure()))
    else:
        main()
