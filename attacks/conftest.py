"""Fixtures of the attack suite, and the table of results that is printed at the end."""

import os
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from attacks.support.attacked import Attacked, attacked_sites
from attacks.support.site import Site, running_site
from localazure import LocalAzure

FIXED_SEED = 11
BUSY_MACHINE = 5
"""Times the limit of a time."""
Figure = Callable[..., None]


@pytest.fixture(scope="module")
def azure() -> Iterator[LocalAzure]:
    """An honest Azure."""
    with LocalAzure("app-service") as running:
        yield running


@pytest.fixture(scope="module")
def site(azure: LocalAzure) -> Iterator[Site]:
    """The site with default settings, shared by the attacks of a module. An attack that stops it fails the next one."""
    with running_site(azure.env) as running:
        yield running


@pytest.fixture(scope="session")
def attacked() -> Iterator[list[Attacked]]:
    """A site for each hop, whose Azure is hostile there."""
    with attacked_sites() as sites:
        yield sites


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Figure:
    """`figure(name, value, unit, at_most=limit)`: adds a row to the table, and fails above the limit.

    A time fails above five times the limit: the machine may have other work. The attacks delay by much more.
    """

    def record(name: str, value: float, unit: str = "", *, at_most: float) -> None:
        request.node.user_properties.append(("figure", (name, round(value, 2), unit, at_most)))
        allowed = at_most * (BUSY_MACHINE if unit == "s" else 1)
        assert value <= allowed, f"{name}: {value:.2f} {unit}, at most {allowed:g} allowed"

    return record


def seeds() -> list[int]:
    """A fixed seed and a random one; only ATTACK_SEED if it is set."""
    chosen = os.environ.get("ATTACK_SEED")
    return [int(chosen)] if chosen else [FIXED_SEED, secrets.randbelow(10**9)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", seeds(), ids=lambda seed: f"seed={seed}")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The table in docs/figures.md."""
    rows, figures = _results(terminalreporter)
    terminalreporter.section("attacks")
    terminalreporter.line("| attacks on | attacks | held | seconds |")
    terminalreporter.line("|---|---|---|---|")
    for name, (held, attacks, seconds) in rows.items():
        terminalreporter.line(f"| {name} | {attacks} | {held} | {seconds:.0f} |")
    terminalreporter.line("")
    terminalreporter.line("| figure | measured | limit |")
    terminalreporter.line("|---|---|---|")
    for name, (value, unit, limit) in figures.items():
        exceeded = "" if value <= limit else ", **exceeded**"
        terminalreporter.line(f"| {name} | {value:g} {unit} | {limit:g} {unit}{exceeded} |")


def _results(terminalreporter: Any) -> tuple[dict[str, tuple[int, int, float]], dict[str, tuple[float, str, float]]]:
    """Attacks by module, and the worst value of each figure."""
    rows: dict[str, tuple[int, int, float]] = defaultdict(lambda: (0, 0, 0.0))
    figures: dict[str, tuple[float, str, float]] = {}
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            name = Path(report.location[0]).stem.removeprefix("test_").replace("_", " ")
            held, attacks, seconds = rows[name]
            rows[name] = held + (outcome == "passed"), attacks + 1, seconds + report.duration
            for kind, figure in report.user_properties:
                if kind == "figure" and (figure[0] not in figures or figures[figure[0]][0] < figure[1]):
                    figures[figure[0]] = figure[1:]
    return rows, figures
