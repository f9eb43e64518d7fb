"""How fast error texts are explained, and the slowest pattern on hostile input.

Run: python -m benchmarks.explain
"""

import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType

from secrets_app.core import redaction
from secrets_app.diagnosis import chain_message, evidence, explain, extraction, hints, normalize
from secrets_app.diagnosis.catalog import predicates

CASES = Path(__file__).parent.parent / "tests" / "diagnosis"
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


def hostile() -> Iterator[tuple[str, str]]:
    """Texts of 256 KiB made to keep a pattern busy: a seed repeated, alone and with an end that does not fit."""
    for seed in SEEDS:
        yield repr(seed), (seed * (SIZE // len(seed) + 1))[:SIZE]
        yield f"{seed!r} + !", (seed * (SIZE // len(seed) + 1))[: SIZE - 1] + "!"


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Every compiled pattern of the diagnosis and of the redaction, with its name."""
    for module in (redaction, normalize, chain_message, extraction, evidence, hints, predicates):
        yield from _patterns_of(module)


def _patterns_of(module: ModuleType) -> Iterator[tuple[str, re.Pattern[str]]]:
    short = module.__name__.rpartition(".")[2]
    for name, value in vars(module).items():
        if isinstance(value, re.Pattern):
            yield f"{short}.{name}", value
        elif isinstance(value, tuple):
            yield from ((f"{short}.{name}[{item[0]}]", item[1]) for item in value if _named_pattern(item))


def _named_pattern(item: object) -> bool:
    return isinstance(item, tuple) and len(item) == 2 and isinstance(item[1], re.Pattern)


def took_ms(work: Callable[[], object]) -> float:
    """Milliseconds of this process for one run of `work`; waiting for a shared core does not count."""
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000


def slowest_patterns() -> list[tuple[float, str, str]]:
    """The slowest meeting of a pattern and a hostile text, for each pattern: milliseconds, pattern, text."""
    texts = list(hostile())
    worst = []
    for name, pattern in patterns():
        worst.append(max((took_ms(partial(pattern.sub, "", text)), name, seed) for seed, text in texts))
    return sorted(worst, reverse=True)


def slowest_explanations() -> list[tuple[float, str]]:
    """The slowest whole explanations of hostile texts: milliseconds, text."""
    return sorted(((took_ms(partial(explain, text)), seed) for seed, text in hostile()), reverse=True)


def explanations_per_second(seconds: float = 2.0) -> float:
    """Explanations of the real cases in one second on one core."""
    lines = [line for name in ("cases.jsonl", "more_cases.jsonl") for line in (CASES / name).open(encoding="utf-8")]
    texts = [json.loads(line)["message"] for line in lines]
    count, started = 0, time.process_time()
    while time.process_time() - started < seconds:
        for text in texts:
            explain(text)
        count += len(texts)
    return count / (time.process_time() - started)


def main() -> int:
    """Prints the figures; 1 when a pattern is slower than the limit."""
    print(f"explanations a second on one core: {explanations_per_second():,.0f}")
    by_pattern = slowest_patterns()
    for milliseconds, name, seed in by_pattern[:5]:
        print(f"pattern {name}: {milliseconds:.1f} ms on 256 KiB of {seed}")
    for milliseconds, seed in slowest_explanations()[:3]:
        print(f"whole explanation: {milliseconds:.1f} ms on 256 KiB of {seed}")
    return int(by_pattern[0][0] > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
