"""The lines that bring a shell into a world."""

import shlex
from collections.abc import Mapping


def export_lines(inside: Mapping[str, str], outside: Mapping[str, str]) -> list[str]:
    """What a POSIX shell with the environment `outside` must do to have `inside`."""
    gone = [f"unset {name}" for name in sorted(outside.keys() - inside.keys()) if name.isidentifier()]
    changed = sorted(name for name, value in inside.items() if outside.get(name) != value)
    return gone + [f"export {name}={shlex.quote(inside[name])}" for name in changed]
