"""Applies the variables of a scenario to an environment and restores what was there before."""

from collections.abc import Mapping, MutableMapping

from localazure.process_environment.variables import AZURE_VARIABLE


class Activation:
    """The changes to one environment, usually `os.environ`. Other variables stay as they are."""

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        self._environ = environ
        self._before: dict[str, str | None] = {}
        """Name -> value before the first change; None when the variable was not set."""

    def apply(self, variables: Mapping[str, str]) -> None:
        """Set `variables`. Remove those of an earlier call and those that would select another Azure environment."""
        earlier = {name for name in self._environ if name in self._before or AZURE_VARIABLE.fullmatch(name)}
        for name in earlier - variables.keys():
            self._change(name, self._before.get(name) if not AZURE_VARIABLE.fullmatch(name) else None)
        for name, value in variables.items():
            self._change(name, value)

    def restore(self) -> None:
        for name, value in self._before.items():
            self._write(name, value)

    def _change(self, name: str, value: str | None) -> None:
        self._before.setdefault(name, self._environ.get(name))
        self._write(name, value)

    def _write(self, name: str, value: str | None) -> None:
        if value is not None:
            self._environ[name] = value
        elif name in self._environ:
            del self._environ[name]
