"""Kinds of places that differ in how a program gets an identity, and which one an error text is from."""

from collections.abc import Mapping
from enum import Enum, auto

from secrets_app.core.reading import Platform
from secrets_app.diagnosis.normalize import RUNNER_LOG, contains_any
from secrets_app.diagnosis.stacks import Stack


class Host(Enum):
    """A kind of place in which no user signs in to a tool."""

    POD = auto()
    APP = auto()
    CONTAINER = auto()
    """A container of which the text does not tell where it runs."""
    SYNAPSE = auto()
    DATABRICKS = auto()
    PIPELINE = auto()
    WORKFLOW = auto()


TOOLS = frozenset(
    {
        Stack.AZURE_CLI,
        Stack.AZD,
        Stack.TERRAFORM,
        Stack.PULUMI,
        Stack.BICEP,
        Stack.ANSIBLE,
        Stack.PACKER,
        Stack.VS_CODE,
    }
)
"""Tools run on a person's machine or on an agent: a platform that their text names is what they manage."""
_PLATFORMS = {
    Platform.KUBERNETES: Host.POD,
    Platform.APP_SERVICE: Host.APP,
    Platform.FUNCTIONS: Host.APP,
    Platform.CONTAINER_APPS: Host.APP,
}
_STACKS = {
    Stack.CSI_DRIVER: Host.POD,
    Stack.EXTERNAL_SECRETS: Host.POD,
    Stack.CERT_MANAGER: Host.POD,
    Stack.KUBERNETES: Host.POD,
    Stack.OPENSHIFT: Host.POD,
    Stack.SYNAPSE: Host.SYNAPSE,
    Stack.DATABRICKS: Host.DATABRICKS,
    Stack.AZURE_PIPELINES: Host.PIPELINE,
    Stack.GITHUB_ACTIONS: Host.WORKFLOW,
}
_WORDS: Mapping[Host, tuple[str, ...]] = {
    Host.WORKFLOW: ("/home/runner/", "\\a\\_actions", "run azure/login", "github_token", "actions_id_token"),
    Host.PIPELINE: ("##[error]", "##[debug]", "##[section]", "/home/vsts/", "/azp/", "_tasks/", RUNNER_LOG),
}
_CONTAINER = (
    "docker",
    "/root/.",
    "/home/appuser/",
    'file "/app/',
    'file "/usr/src/app/',
    " in /app/",
    " in /src/",
    "/usr/src/app/",
)


def detect_host(stack: Stack | None, platform: Platform, text: str) -> Host | None:
    """The place where the failed program ran; None if the text (lowercase, with frames) does not tell."""
    known = _STACKS.get(stack) if stack else None
    runner = next((host for host, words in _WORDS.items() if contains_any(text, words)), None)
    if known or runner or stack in TOOLS:
        return known or runner
    container = Host.CONTAINER if contains_any(text, _CONTAINER) else None
    return _PLATFORMS.get(platform) or container
