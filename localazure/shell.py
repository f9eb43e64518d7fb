"""What brings a shell into a world."""

import shlex
from collections.abc import Mapping


def changed(inside: Mapping[str, str], outside: Mapping[str, str]) -> dict[str, str]:
    """The variables of `inside` that are not the same `outside`, by name."""
    return {name: inside[name] for name in sorted(inside) if outside.get(name) != inside[name]}


def export_lines(inside: Mapping[str, str], outside: Mapping[str, str]) -> list[str]:
    """What a POSIX shell with the environment `outside` must do to have `inside`."""
    gone = [f"unset {name}" for name in sorted(outside.keys() - inside.keys()) if name.isidentifier()]
    return gone + [f"export {name}={shlex.quote(value)}" for name, value in changed(inside, outside).items()]
