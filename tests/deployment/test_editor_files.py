"""VS Code's launch configurations and the development container name existing programs, commands and ports.

The properties are those of the published schemas: https://code.visualstudio.com/docs/python/debugging and
https://containers.dev/implementors/json_reference/.
"""

import json
import re
from importlib.util import find_spec
from typing import Any

import pytest
from django.core.management import get_commands

from localazure.cli.options import create_parser, split_arguments
from localazure.scenarios.catalog import SCENARIOS
from tests.deployment.templates import INFRA

ROOT = INFRA.parent
LAUNCH = json.loads((ROOT / ".vscode/launch.json").read_text())
CONTAINER = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
LAUNCH_PROPERTIES = {
    *("name", "type", "request", "module", "program", "args", "subProcess", "django", "envFile", "cwd", "console"),
    "justMyCode",
}
CONTAINER_PROPERTIES = {
    *("name", "image", "features", "postCreateCommand", "forwardPorts", "portsAttributes", "customizations"),
}


@pytest.fixture(params=LAUNCH["configurations"], ids=lambda row: row["name"])
def configuration(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(request.param)


def test_launch_configuration__starts_an_existing_program(configuration: dict[str, Any]) -> None:
    assert configuration.keys() <= LAUNCH_PROPERTIES
    assert (configuration["type"], configuration["request"]) == ("debugpy", "launch")
    if "program" in configuration:
        assert (ROOT / configuration["program"].removeprefix("${workspaceFolder}/")).is_file()
    else:
        assert find_spec(configuration["module"])
    words = configuration["args"]
    if "manage.py" in words:
        assert words[words.index("manage.py") + 1] in get_commands()


def test_launch_configuration__has_arguments_that_local_azure_accepts(configuration: dict[str, Any]) -> None:
    if configuration.get("module") != "localazure":
        return
    ours, _command = split_arguments(configuration["args"])
    options = create_parser().parse_args(ours)
    assert options.scenario in SCENARIOS


def test_container__forwards_the_port_of_make_demo_and_runs_an_existing_target() -> None:
    assert CONTAINER.keys() <= CONTAINER_PROPERTIES
    makefile = (ROOT / "Makefile").read_text()
    assert re.search(rf"^PORT \?= {CONTAINER['forwardPorts'][0]}$", makefile, re.MULTILINE)
    assert list(CONTAINER["portsAttributes"]) == [str(port) for port in CONTAINER["forwardPorts"]]
    make, target = CONTAINER["postCreateCommand"].split()
    assert make == "make"
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)
