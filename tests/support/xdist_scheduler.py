"""Which tests one process of a parallel run gets together.

pytest-xdist's own way, the mark `xdist_group`, groups nothing with pytest 9.2: it renames the tests, and their new
names are not looked at any more (xdist 3.8).
"""

import re
from typing import Any

from xdist.scheduler import LoadScopeScheduling

from localazure.scenarios import SCENARIOS

BY_FILE = (
    "tests/views/test_browser.py",  # one demo and one browser for all of them
)
BY_SCENARIO = (  # one visit to each scenario for all of them
    "tests/localazure/test_scenarios.py",
    "tests/keyvault/test_readings.py",
    "tests/safety/test_nothing_leaks.py",
    "tests/views/test_pages.py",
)


def group_of(nodeid: str) -> str:
    """The tests of one group run in one process; most tests are a group of their own."""
    file = nodeid.partition("::")[0]
    if file in BY_FILE:
        return file
    scenario = re.search(r"\[([\w-]+)\]$", nodeid)
    if file in BY_SCENARIO and scenario and scenario[1] in SCENARIOS:
        return f"scenario {scenario[1]}"
    return nodeid


class GroupScheduling(LoadScopeScheduling):
    """Hands out groups, the largest first; each goes to the first process that is free."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def scheduler(config: Any, log: Any) -> GroupScheduling | None:
    """Groups where `--dist loadgroup` asks for them; None leaves it to xdist."""
    return GroupScheduling(config, log) if config.getvalue("dist") == "loadgroup" else None
