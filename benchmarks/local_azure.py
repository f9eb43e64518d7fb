"""Speed, load, memory and robustness of Local Azure.

    python -m benchmarks.local_azure            start, a scenario in this process, reads per second
    python -m benchmarks.local_azure load       64 connections for 20 seconds: errors and durations
    python -m benchmarks.local_azure memory     memory after each 20,000 of 100,000 reads
    python -m benchmarks.local_azure fuzz       20,000 malformed and random requests to every route

Two processes on two cores: this one runs Local Azure, the other one sends requests with a plain HTTP client, because
the CPU time of the Azure SDK would dominate.
"""

import http.client
import importlib
import json
import os
import resource
import ssl
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from localazure import LocalAzure

ROUNDS = 5
ROUND_S = 2.0
CONNECTIONS = 4
LOAD_CONNECTIONS, LOAD_S = 64, 20.0
MEMORY_STEPS, READS_PER_STEP = 5, 20_000
FUZZ_REQUESTS = 20_000
BYTECODE = {"PYTHONDONTWRITEBYTECODE": ""}
"""An installed package has bytecode; compiling it is not part of a start."""


def main() -> None:
    """Start, a scenario in this process, and reads per second."""
    seconds, cpu_s = _run_command()
    print(f"`localazure run -- true`: {seconds:.2f} s, {cpu_s:.2f} s of CPU time, medians of {ROUNDS}")
    print(f"a scenario in this process: {_in_process_s() * 1000:.1f} ms of CPU time, median of {ROUNDS}")
    with LocalAzure("app-service") as azure:
        before = time.process_time()
        rates, reads = _client(azure, "reads")
        cpu_ms = (time.process_time() - before) / reads * 1000
    print(
        f"secrets read per second: median {statistics.median(rates):.0f}, "
        f"minimum {min(rates):.0f}, maximum {max(rates):.0f}; {cpu_ms:.2f} ms of CPU time each"
    )
    print(f"({ROUNDS} rounds of {ROUND_S:.0f} s, {CONNECTIONS} persistent connections)")


def load() -> None:
    """Errors and durations with many connections."""
    with LocalAzure("app-service") as azure:
        reads, errors, durations = _client(azure, "load")
    print(f"{LOAD_CONNECTIONS} connections for {LOAD_S:.0f} s: {reads} reads, {errors} errors")
    print(
        f"duration of a read: median {durations[0]:.0f} ms, 99 % {durations[1]:.0f} ms, maximum {durations[2]:.0f} ms"
    )


def memory() -> None:
    """Memory of this process after each part of the reads."""
    with LocalAzure("app-service") as azure:
        sizes = []
        for _ in range(MEMORY_STEPS):
            _client(azure, "memory")
            sizes.append(_resident_mib())
    steps = ", ".join(f"{size:.1f}" for size in sizes)
    print(f"memory after each {READS_PER_STEP} reads, in MiB: {steps}")


def fuzz() -> None:
    """Errors of the server, and connections that are left."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "localazure"))
    fuzzing = importlib.import_module("fuzzing")
    with LocalAzure("vm") as azure:
        open_before = len(list(Path("/proc/self/fd").iterdir()))
        result = fuzzing.fuzz(azure, FUZZ_REQUESTS, seed=int.from_bytes(os.urandom(4)))
        time.sleep(1)
        left = len(list(Path("/proc/self/fd").iterdir())) - open_before
    print(f"{FUZZ_REQUESTS} requests to {len(result.targets)} routes: {dict(result.statuses.most_common())}")
    print(f"{len(result.errors)} errors, {left} connections left open")
    print(*result.errors[:3], sep="\n")


def _client(azure: LocalAzure, part: str) -> list[object]:
    """Run a part of this module in another process and return its result."""
    command = [sys.executable, "-m", "benchmarks.local_azure", part, "measure"]
    completed = subprocess.run(command, env=azure.env, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(completed.stdout)


def _run_command() -> tuple[float, float]:
    """Seconds and seconds of CPU time for `localazure run -- true`, including the interpreter's start and shutdown."""
    times, cpu = [], []
    for _ in range(ROUNDS + 1):  # the first one writes the bytecode
        start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "localazure", "run", "--", "true"]
        subprocess.run(command, check=True, env={**os.environ, **BYTECODE})
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(time.perf_counter() - start)
        cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(times[1:]), statistics.median(cpu[1:])


def _in_process_s() -> float:
    """Seconds of CPU time to start and end a scenario in this process, after the first one."""
    times = []
    for _ in range(ROUNDS + 1):
        start = time.process_time()
        with LocalAzure("app-service"):
            pass
        times.append(time.process_time() - start)
    return statistics.median(times[1:])


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def measure_reads() -> tuple[list[float], int]:
    """Reads per second in each round, and the number of reads."""
    token = _token()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        counts = [sum(pool.map(lambda _: _reads(token), range(CONNECTIONS))) for _ in range(ROUNDS)]
    return [count / ROUND_S for count in counts], sum(counts)


def measure_load() -> tuple[int, int, tuple[float, ...]]:
    """The number of reads and errors, and the median, 99th percentile and maximum of the durations in milliseconds."""
    token = _token()
    with ThreadPoolExecutor(LOAD_CONNECTIONS) as pool:
        results = list(pool.map(lambda _: _timed_reads(token), range(LOAD_CONNECTIONS)))
    durations = sorted(duration for found, _ in results for duration in found)
    percentiles = (durations[len(durations) // 2], durations[len(durations) * 99 // 100], durations[-1])
    return len(durations), sum(errors for _, errors in results), tuple(item * 1000 for item in percentiles)


def measure_memory() -> int:
    """Send the reads of one step; returns their number."""
    token = _token()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return sum(pool.map(lambda _: _reads(token, READS_PER_STEP // CONNECTIONS), range(CONNECTIONS)))


def _timed_reads(token: str) -> tuple[list[float], int]:
    """The durations in seconds of one connection's reads, and the number of errors."""
    connection, path, headers = _connection(token)
    durations, errors, end = [], 0, time.perf_counter() + LOAD_S
    while (start := time.perf_counter()) < end:
        try:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            response.read()
            errors += response.status != 200
        except (OSError, http.client.HTTPException):
            connection.close()
            errors += 1
        durations.append(time.perf_counter() - start)
    connection.close()
    return durations, errors


def _connection(token: str) -> tuple[http.client.HTTPSConnection, str, dict[str, str]]:
    """A connection to the vault, and the path and headers of a read."""
    proxy, vault = urlsplit(os.environ["HTTPS_PROXY"]), urlsplit(os.environ["KEY_VAULT_URI"])
    trusted = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    connection = http.client.HTTPSConnection(proxy.hostname or "", proxy.port, context=trusted)
    connection.set_tunnel(vault.hostname or "", 443)
    return connection, f"/secrets/{os.environ['SECRET_NAME']}?api-version=7.6", {"Authorization": f"Bearer {token}"}


def _reads(token: str, limit: int | None = None) -> int:
    """The number of reads of one connection in a round, or `limit` reads."""
    connection, path, headers = _connection(token)
    count, end = 0, time.perf_counter() + ROUND_S
    while count < limit if limit else time.perf_counter() < end:
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


PARTS = {
    "reads": (main, measure_reads),
    "load": (load, measure_load),
    "memory": (memory, measure_memory),
    "fuzz": (fuzz, fuzz),
}
"""Name -> what it prints, and what its other process measures."""

if __name__ == "__main__":
    name, *measured = sys.argv[1:] or ["reads"]
    if measured:
        print(json.dumps(PARTS[name][1]()))
    else:
        PARTS[name][0]()
