"""Every page of the demo in the Nu HTML checker (`validate`) or in Lighthouse (`lighthouse`), in the scenario no-role.

Needs npm; `validate` also needs Java, `lighthouse` Chromium. Exits with 1 below the limits that the pages hold.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from docs.pictures import demo

MODULES = Path(__file__).resolve().parent.parent / ".local" / "npm" / "node_modules"
SCENARIO = "no-role"
PATHS = (
    *("", "secret/", "identities/", "token/", "token/?scope=https://management.azure.com", "token-vault/"),
    *("environment/", "explain/", "causes/", "causes/?q=403", "causes/kv_rbac_denied/", "report/", "compare/", "api/"),
)
LIMITS = {"accessibility": 100, "best-practices": 100, "performance": 99}


def main(arguments: Sequence[str]) -> int:
    if list(arguments) not in (["validate"], ["lighthouse"]):
        sys.stderr.write("usage: python -m benchmarks.pages validate|lighthouse\n")
        return 2
    with demo(SCENARIO) as url:
        return validate(url) if arguments[0] == "validate" else lighthouse(url)


def validate(url: str) -> int:
    """Prints what the Nu HTML checker finds."""
    checker = MODULES / "vnu-jar" / "build" / "dist" / "vnu.jar"
    with tempfile.TemporaryDirectory() as folder:
        for number, path in enumerate((*PATHS, "nothing")):
            Path(folder, f"{number:02}.html").write_bytes(_html(f"{url}{path}"))
        files = [str(file) for file in sorted(Path(folder).iterdir())]
        return subprocess.run(["java", "-jar", str(checker), *files], check=False).returncode  # noqa: S607


def lighthouse(url: str) -> int:
    """Prints the scores of each page."""
    program = MODULES / ".bin" / "lighthouse"
    flags = "--chrome-flags=--headless=new --no-sandbox"
    low = False
    _html(url)  # the first visit waits for the site's first token
    for path in PATHS:
        command = [
            str(program), f"{url}{path}", "--quiet", "--output=json", flags, "--preset=desktop",
            f"--only-categories={','.join(LIMITS)}",
        ]  # fmt: skip
        chromium = shutil.which("chromium") or shutil.which("google-chrome") or ""
        categories = _categories(command, _environment(chromium))
        scores = {name: round(100 * categories[name]["score"]) for name in LIMITS}
        low = low or any(scores[name] < limit for name, limit in LIMITS.items())
        print(f"/{path:<45} {'   '.join(f'{name} {score}' for name, score in scores.items())}", flush=True)
    return int(low)


def _categories(command: Sequence[str], env: Mapping[str, str]) -> dict[str, Any]:
    """The scores by category. Tried twice: the browser does not always start in time on a busy machine."""
    for is_last in (False, True):
        done = subprocess.run(command, env=env, stdout=subprocess.PIPE, check=is_last)
        if done.returncode == 0:
            break
    return dict(json.loads(done.stdout)["categories"])


def _environment(chromium: str) -> dict[str, str]:
    return {**os.environ, "CHROME_PATH": chromium}


def _html(url: str) -> bytes:
    try:
        with urlopen(Request(url, headers={"Accept": "text/html"})) as response:
            return bytes(response.read())
    except HTTPError as error:  # the page for an unknown URL
        return bytes(error.read())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
