"""Explanations per second, and the slowest regular expression on hostile input.

Run: python -m benchmarks.explain
"""

import re
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from types import ModuleType

from secrets_app.core import redaction
from secrets_app.diagnosis import (
    chain_message,
    codes,
    evidence,
    extraction,
    hints,
    layers,
    normalize,
    records,
    rules,
    services,
    similarity,
)
from secrets_app.diagnosis.catalog import predicates
from secrets_app.diagnosis.catalog.examples import known_texts
from secrets_app.diagnosis.explain import explain
from secrets_app.diagnosis.similarity import Index

SIZE = 256 * 1024
LIMIT_MS = 50
SEEDS = (
    "a",
    " ",
    "\n",
    "\t\n",
    ".",
    "-",
    "A.",
    "Aa.",
    "a-",
    "0",
    "0.",
    "0-",
    "ffffffff-",
    "eyJ",
    "eyJaaaaaaaa.",
    "eyJaaaaaaaa ",
    "[",
    "\x1b[",
    "\x1b[0;",
    "&#",
    "&amp;",
    "\\",
    "\\u00",
    "\\\\n",
    "<a ",
    "</a",
    "<!--",
    "</",
    "(",
    '"',
    "'",
    "password=",
    'password="',
    'password="\\',
    "password: '",
    "Authorization: Bearer ",
    "bearer ",
    "--password ",
    "-----BEGIN PRIVATE KEY-----",
    "://a:",
    "://",
    "sig=",
    "AADSTS",
    "AKV",
    "Credential",
    "XCredential: ",
    "- XCredential ",
    "DefaultAzureCredential failed to retrieve a token from the included credentials\n- ACredential: ",
    "at x(",
    "   at ",
    '  File "',
    "2026-09-14 07:21:29 ",
    "ERROR ",
    "| ",
    "web | ",
    "> ",
    "/subscriptions/11111111-2222-4333-8444-555555555555/resourcegroups/",
    "subject '",
    "resource named ",
    "Client address: ",
    "appid=",
    "iss=https://",
    "https://aka.ms/",
    "code: ",
    "Status: ",
    "Exception.",
    "AError",
    "AaError.",
    "\u0130",
    "é",
    "\x00",
    "\ud800",
)


_MODULES = (
    redaction,
    normalize,
    chain_message,
    layers,
    records,
    extraction,
    evidence,
    services,
    codes,
    rules,
    similarity,
    hints,
    predicates,
)


def hostile_texts() -> Iterator[tuple[str, str]]:
    """Texts of 256 KiB that provoke backtracking: a repeated seed, alone and followed by a different character."""
    for seed in SEEDS:
        yield repr(seed), (seed * (SIZE // len(seed) + 1))[:SIZE]
        yield f"{seed!r} + !", (seed * (SIZE // len(seed) + 1))[: SIZE - 1] + "!"


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Every compiled pattern of the diagnosis and the redaction, with its name."""
    for module in _MODULES:
        yield from _patterns_of(module)


def _patterns_of(module: ModuleType) -> Iterator[tuple[str, re.Pattern[str]]]:
    module_name = module.__name__.rpartition(".")[2]
    for name, value in vars(module).items():
        if isinstance(value, re.Pattern):
            yield f"{module_name}.{name}", value
        elif isinstance(value, tuple):
            yield from ((f"{module_name}.{name}[{item[0]}]", item[1]) for item in value if _is_named_pattern(item))


def _is_named_pattern(item: object) -> bool:
    return isinstance(item, tuple) and len(item) == 2 and isinstance(item[1], re.Pattern)


def cpu_time_ms(work: Callable[[], object]) -> float:
    """CPU time of one run of `work` in milliseconds."""
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000


def slowest_patterns() -> list[tuple[float, str, str]]:
    """For each pattern, its slowest hostile text: milliseconds, pattern, text."""
    texts = list(hostile_texts())
    slowest = []
    for name, pattern in patterns():
        slowest.append(max((cpu_time_ms(partial(pattern.sub, "", text)), name, seed) for seed, text in texts))
    return sorted(slowest, reverse=True)


def slowest_explanations() -> list[tuple[float, str]]:
    """Complete explanations of hostile texts, slowest first: milliseconds, text."""
    return sorted(((cpu_time_ms(partial(explain, text)), seed) for seed, text in hostile_texts()), reverse=True)


def explanations_per_second(seconds: float = 2.0) -> float:
    """Explanations of the known texts per second of CPU time."""
    texts = [text for _, text in known_texts()]
    similarity.neighbors("")  # builds the index
    count, started = 0, time.process_time()
    while time.process_time() - started < seconds:
        for text in texts:
            explain(text)
        count += len(texts)
    return count / (time.process_time() - started)


def index_memory_mib() -> float:
    """Memory of the index of similar texts, in MiB."""
    tracemalloc.start()
    index = Index(known_texts())
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert index.texts
    return size / 2**20


def main() -> int:
    """Prints the figures. Returns exit code 1 if a pattern exceeds LIMIT_MS."""
    print(f"index of similar texts: {index_memory_mib():.1f} MiB")
    print(f"explanations per second on one core: {explanations_per_second():,.0f}")
    by_pattern = slowest_patterns()
    for milliseconds, name, seed in by_pattern[:5]:
        print(f"pattern {name}: {milliseconds:.1f} ms on 256 KiB of {seed}")
    for milliseconds, seed in slowest_explanations()[:3]:
        print(f"complete explanation: {milliseconds:.1f} ms on 256 KiB of {seed}")
    return int(by_pattern[0][0] > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
