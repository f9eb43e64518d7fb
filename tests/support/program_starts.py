"""Only tests with the mark `program` start Python processes: each takes as long as twenty other tests."""

import sys
from typing import Any

import pytest

_HELPERS = ["-I", "-S"]
"""Arguments of the small processes that the site and Local Azure start for tools: they import almost nothing."""
_without_programs = False


def _on_event(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "subprocess.Popen" and _without_programs:
        command = arguments[1]
        if not isinstance(command, str | bytes) and command[0] == sys.executable and command[1:3] != _HELPERS:
            raise AssertionError("This test starts Python: give it the mark `program`. See CONTRIBUTING.md.")


def forbid_unless_marked(item: pytest.Item) -> None:
    """Let this test fail if it starts Python without the mark. Only for files that `make tests` runs."""
    global _without_programs
    is_marked = any(item.get_closest_marker(name) for name in ("program", "browser"))
    _without_programs = item.path.name.startswith("test_") and not is_marked


sys.addaudithook(_on_event)
