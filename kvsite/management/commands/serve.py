"""`manage.py serve`: starts the site with gunicorn, as in production."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import kvsite
from secrets_app.management.command import Command as BaseCommand
from secrets_app.management.command import Error

_FOLDER = Path(kvsite.__file__).parent
_CONFIGURATION = next(
    (path for path in (_FOLDER / "gunicorn.conf.py", _FOLDER.parent / "gunicorn.conf.py") if path.exists()), None
)
"""In the package it is inside, in the repository where gunicorn finds it."""


class Command(BaseCommand):
    summary = "start the site with gunicorn on http://127.0.0.1:8000/"
    help = (
        "Start the site with gunicorn and the site's configuration, until Ctrl-C. PORT sets the port. "
        "Exit code 2: invalid arguments, or gunicorn cannot run here."
    )
    examples = (("", "for a browser on this machine"), ("--bind 0.0.0.0:8000", "for other machines"))

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--bind", metavar="ADDRESS:PORT", help="listen on this address (127.0.0.1:8000)")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            from gunicorn.app.wsgiapp import run  # type: ignore[import-untyped]  # not on Windows
        except ImportError as error:
            raise Error(f"gunicorn cannot run here ({error}). Use runserver instead.") from error
        # In this process: another one would not find the packages of a zipapp.
        bind = ["--bind", options["bind"]] if options["bind"] else []
        sys.argv = ["gunicorn", "--config", str(_CONFIGURATION), *bind, "kvsite.wsgi"]
        run()
