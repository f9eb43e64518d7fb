"""Which tests one process of a parallel run gets together.

pytest-xdist's own way, the mark `xdist_group`, groups nothing with pytest 9.2: it renames the tests, and their new
names are not looked at any more (xdist 3.8).
"""

from typing import Any

from xdist.scheduler import LoadScopeScheduling

TOGETHER = (
    "tests/views/test_browser.py",  # one demo and one browser for all of them
    "tests/diagnosis/test_cases.py",
)


class InOne(LoadScopeScheduling):
    """The files of TOGETHER each as one piece, the largest first; every other test singly to whoever is free."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file in TOGETHER else nodeid


def scheduler(config: Any, log: Any) -> InOne | None:
    """That way where groups are asked for; None leaves it to xdist."""
    return InOne(config, log) if config.getvalue("dist") == "loadgroup" else None
