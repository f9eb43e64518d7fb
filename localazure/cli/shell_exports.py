"""The shell commands that apply the environment of a scenario."""

import shlex
from collections.abc import Mapping


def changed_variables(env: Mapping[str, str], current: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of `env` that differ from `current`, sorted by name."""
    return {name: env[name] for name in sorted(env) if current.get(name) != env[name]}


def export_lines(env: Mapping[str, str], current: Mapping[str, str]) -> list[str]:
    """Return the commands that change the environment of a POSIX shell from `current` to `env`."""
    unset = [f"unset {name}" for name in sorted(current.keys() - env.keys()) if name.isidentifier()]
    return unset + [f"export {name}={shlex.quote(value)}" for name, value in changed_variables(env, current).items()]
