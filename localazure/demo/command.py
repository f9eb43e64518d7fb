"""The demo command."""


def demo(scenario: str, command: list[str], *, host: str, port: int) -> int:
    raise NotImplementedError(scenario, command, host, port)
