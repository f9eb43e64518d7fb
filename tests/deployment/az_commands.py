"""The az commands that the deployment files and documents name."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILES = (
    "README.md",
    "docs/deploying.md",
    "docs/coming-from-dotnet.md",
    "infra/kubernetes.yaml",
    "infra/azure-pipelines.yml",
    ".github/workflows/deploy.yml",
)
_BLOCK = re.compile(r"^```(?:sh|powershell)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"(?:^|\$\(|&& |= |\| )\s*(az [a-z].*)", re.MULTILINE)
_NESTED = re.compile(r"\$\([^()]*\)")


def commands_of_the_files() -> list[list[str]]:
    """The words after `az` of each command. Values that a shell would insert are the word `value`."""
    found = {command for name in FILES for command in _commands(ROOT / name)}
    return [shlex.split(command)[1:] for command in sorted(found)]


def _commands(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        text = "\n".join(_BLOCK.findall(text))
    else:
        text = re.sub(r">-\n((?: {10}.*\n)+)", lambda folded: "\n" + " ".join(folded[1].split()) + "\n", text)
        text = re.sub(r"^ *# ?", "", text, flags=re.MULTILINE)
    text = re.sub(r"[\\\\`]\n\s*", " ", text)
    for nested in _NESTED.findall(text):
        yield from (command.rstrip(")") for command in _COMMAND.findall(nested))
    for command in _COMMAND.findall(_NESTED.sub("value", text)):
        yield re.split(r" (?:>>?|&&|\|\|?|#) ", command.replace('"${parameters[@]}"', "value"))[0]
