"""Takes the screenshots of the documentation: `make pictures`, or `python -m docs.pictures`.

Each one shows the demo in a scenario of Local Azure, in Chromium. `pictures.sha256` records from which templates and
styles they were taken: a test compares it, so that pictures are taken again when these change. Pixels are not compared,
because they depend on the machine's fonts.
"""

import hashlib
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

FOLDER = Path(__file__).resolve().parent
DIGEST_FILE = FOLDER / "pictures.sha256"
MAX_BYTES = 200_000
DESKTOP, PHONE = (1280, 900), (390, 844)
STOP_LIMIT_S = 20
CHROMIUM_OPTIONS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                    "--disable-background-networking", "--disable-component-update", "--disable-sync")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One screenshot: the file's name, the scenario, the page and the size of the window in CSS pixels."""

    name: str
    scenario: str
    path: str = ""
    size: tuple[int, int] = DESKTOP
    has_history: bool = False
    """With the database of the demo: its examples are the first targets, numbered from 1."""


PICTURES = (
    Picture(name="no-role", scenario="no-role"),
    Picture(name="no-role-phone", scenario="no-role", size=PHONE),
    Picture(name="doctor", scenario="no-role", path="environment/"),
    Picture(name="identities", scenario="laptop", path="identities/"),
    Picture(name="fleet", scenario="app-service", path="fleet/", has_history=True),
    Picture(name="history", scenario="app-service", path="history/?target=31&range=90d", has_history=True),
)


def main() -> int:
    """Takes all pictures. Returns 0, or 1 if there is no Chromium or a picture is too large."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.stderr.write("Chromium was not found on PATH.\n")
        return 1
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_OPTIONS))
        for shown in dict.fromkeys((picture.scenario, picture.has_history) for picture in PICTURES):
            with demo(shown[0], has_history=shown[1]) as url:
                for picture in PICTURES:
                    if (picture.scenario, picture.has_history) == shown:
                        take(browser, picture, url)
        browser.close()
    DIGEST_FILE.write_text(f"{digest()}\n", encoding="ascii")
    sizes = list(map(_report, PICTURES))
    return 1 if max(sizes) > MAX_BYTES else 0


def digest() -> str:
    """SHA-256 of what the pictures show: their list, the templates, the styles and the scripts."""
    sources = [
        source
        for app in ("secrets_app", "fleet")
        for kind, pattern in (("templates", "*.html"), ("static", "*.*s"))
        for source in (FOLDER.parent / app / kind / app).glob(pattern)
    ]
    content = hashlib.sha256(repr(PICTURES).encode())
    for source in sorted(sources, key=lambda path: path.name):
        content.update(source.name.encode() + source.read_bytes().replace(b"\r\n", b"\n"))
    return content.hexdigest()


@contextmanager
def demo(scenario: str, *, has_history: bool = False) -> Iterator[str]:
    """The URL of the demo in `scenario`, on a free port; stopped at the end. Raises RuntimeError if it fails."""
    with tempfile.TemporaryDirectory() as folder:
        history = ("KVSITE_HISTORY=on", f"KVSITE_DATABASE_URL=sqlite:///{folder}/demo.sqlite3") if has_history else ()
        if history:
            fill = ("env", *history, sys.executable, "manage.py", "demo_history")
            subprocess.run(fill, cwd=FOLDER.parent, check=True)  # noqa: S603
        with _running(scenario, history) as url:
            yield url


@contextmanager
def _running(scenario: str, variables: Sequence[str]) -> Iterator[str]:
    command = [sys.executable, "-m", "localazure", "demo", "--scenario", scenario, "--port", "0", "--",
               "env", *variables, "KVSITE_TLS_ISSUER=Local Azure",
               sys.executable, "-m", "gunicorn", "kvsite.wsgi", "--log-level", "warning",
               "--bind", "127.0.0.1:{port}"]  # fmt: skip
    with subprocess.Popen(command, cwd=FOLDER.parent, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout  # noqa: S101 - it is a pipe
        try:
            line = process.stdout.readline()
            if "http://" not in line:
                raise RuntimeError(f"The demo did not start in the scenario {scenario}.")
            yield "http://" + line.split("http://")[1].split()[0]
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(STOP_LIMIT_S)


def take(browser: Browser, picture: Picture, url: str) -> None:
    """Saves the visible part of the page, in the light theme."""
    width, height = picture.size
    with browser.new_context(viewport={"width": width, "height": height}, color_scheme="light") as context:
        page = context.new_page()
        page.goto(url + picture.path, wait_until="networkidle")
        page.screenshot(path=_file(picture), animations="disabled")


def _report(picture: Picture) -> int:
    size = _file(picture).stat().st_size
    verdict = "" if size <= MAX_BYTES else f", more than {MAX_BYTES // 1000} kB"
    sys.stdout.write(f"{_file(picture).relative_to(FOLDER.parent)}: {size // 1000} kB{verdict}\n")
    return size


def _file(picture: Picture) -> Path:
    return FOLDER / f"{picture.name}.png"


if __name__ == "__main__":
    sys.exit(main())
