"""Groups of tests that run in the same pytest-xdist process.

The mark `xdist_group` of pytest-xdist 3.8 has no effect with pytest 9.2: it renames the tests, but the new names
are not used.
"""

import re
from typing import Any

from xdist.scheduler import LoadScopeScheduling

from localazure.scenarios import SCENARIOS

BY_FILE = (
    "tests/views/test_browser.py",  # one demo and one browser for the group
    "tests/views/test_every_page.py",
    "tests/localazure/test_demo.py",  # one demo
    "tests/safety/test_outputs.py",  # each source is parsed once
    "tests/diagnosis/test_command_tools.py",  # each command is created once
    "tests/test_differences.py",  # one reading of each scenario
)
BY_SCENARIO = (  # one recording of each scenario for the group
    "tests/localazure/test_scenarios.py",
    "tests/keyvault/test_readings.py",
    "tests/safety/test_nothing_leaks.py",
    "tests/views/test_home_in_browser.py",
    "tests/views/test_pages.py",
    "tests/views/test_api.py",
    "tests/diagnosis/test_report.py",
    "tests/core/test_hops.py",
)


def group_of(nodeid: str) -> str:
    """The group of a test; most tests are their own group."""
    file = nodeid.partition("::")[0]
    if file in BY_FILE:
        return file
    scenario = re.search(r"\[([\w-]+)\]$", nodeid)
    if file in BY_SCENARIO and scenario and scenario[1] in SCENARIOS:
        return f"scenario {scenario[1]}"
    return nodeid


class GroupScheduling(LoadScopeScheduling):
    """Assigns groups to processes, the largest first, each to the first idle process."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def scheduler(config: Any, log: Any) -> GroupScheduling | None:
    """The group scheduler for `--dist loadgroup`; None selects the default of xdist."""
    return GroupScheduling(config, log) if config.getvalue("dist") == "loadgroup" else None
