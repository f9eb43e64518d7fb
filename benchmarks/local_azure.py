"""How many secrets a second Local Azure hands out: a raw HTTP client, connections kept, a process of its own.

Two processes on two cores: this one plays Azure, the other asks. No SDK, because its own work would be measured.
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

TURNS = 5
TURN_S = 2.0
CONNECTIONS = 4


def main() -> None:
    with LocalAzure("app-service") as azure:
        command = [sys.executable, "-m", "benchmarks.local_azure", "ask"]
        done = subprocess.run(command, env=azure.env, check=True, stdout=subprocess.PIPE, text=True)
    rates = json.loads(done.stdout)
    print(f"a command run inside a world: {_whole_run_s():.2f} s from start to end, median of {TURNS}")
    print(
        f"secret reads a second: median {statistics.median(rates):.0f}, least {min(rates):.0f}, most {max(rates):.0f}"
    )
    print(f"({TURNS} turns of {TURN_S:.0f} s, {CONNECTIONS} connections kept open)")


def _whole_run_s() -> float:
    """Seconds for `localazure run -- true`: the interpreter, the imports, the world and its end."""
    times = []
    for _ in range(TURNS):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "localazure", "run", "--", "true"], check=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def ask() -> list[float]:
    """Reads a second, turn by turn."""
    token = _token()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return [sum(pool.map(lambda _: _reads(token), range(CONNECTIONS))) / TURN_S for _ in range(TURNS)]


def _reads(token: str) -> int:
    """How often one connection reads the secret in a turn."""
    proxy, vault = urlsplit(os.environ["HTTPS_PROXY"]), urlsplit(os.environ["KEY_VAULT_URI"])
    trusted = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    connection = http.client.HTTPSConnection(proxy.hostname or "", proxy.port, context=trusted)
    connection.set_tunnel(vault.hostname or "", 443)
    path, headers = f"/secrets/{os.environ['SECRET_NAME']}?api-version=7.6", {"Authorization": f"Bearer {token}"}
    count, end = 0, time.perf_counter() + TURN_S
    while time.perf_counter() < end:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200
        answer.read()
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
    if sys.argv[1:] == ["ask"]:
        print(json.dumps(ask()))
    else:
        main()
