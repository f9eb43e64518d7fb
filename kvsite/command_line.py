"""The command line of the site: `manage.py` in its folder, `principal-used` where it is installed as a package."""

import errno
import gc
import logging.config
import os
import sys
from collections.abc import Callable
from functools import partial

COULD_NOT_RUN = 2
INTERRUPTED = 130
BROKEN_PIPE = 141
WRITE_ERRORS = frozenset({errno.ENOSPC, errno.EIO, errno.EFBIG, errno.EBADF})
"""Disk full, I/O error, file size limit, closed descriptor."""

OWN_SETTINGS = "kvsite.settings"
OVERVIEWS: tuple[list[str], ...] = ([], ["help"], ["--help"], ["-h"], ["version"], ["--version"])
"""Arguments that show this project's commands, or its version, instead of Django's."""
WITHOUT_APPS = frozenset({"principal", "doctor", "explain", "compare"})
"""Commands that use Django's settings but no app registry, URLs or templates. `django.setup()` imports these and
django.db.models."""

HISTORY_COMMANDS = frozenset({"fleet", "history", "watch"})
"""Commands of the app `fleet`, which is installed with KVSITE_HISTORY=on only."""


def principal_used() -> None:
    """The command of the package. It has settings of its own, whichever project the shell is set up for."""
    os.environ["DJANGO_SETTINGS_MODULE"] = OWN_SETTINGS
    main()


def main() -> None:
    """Run the command with its exit code; if its output cannot be written, exit with COULD_NOT_RUN and one message."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", OWN_SETTINGS)
    if sys.stdout is None:  # `manage.py principal >&-`
        exit_not_written("standard output is closed")
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a character the terminal cannot show becomes a question mark
    try:
        load(sys.argv)()
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # as in `manage.py principal | head -1`
        discard_output()
        sys.exit(BROKEN_PIPE)
    except OSError as error:  # as in `manage.py principal > /dev/full`
        if error.errno not in WRITE_ERRORS:
            raise
        discard_output()
        exit_not_written(str(error.strerror))


def load(argv: list[str]) -> Callable[[], None]:
    """The command to call. One of WITHOUT_APPS runs without `django.setup()`, with only the logging configured."""
    gc.disable()  # imports leave no garbage, and a tenth of the start-up time was spent looking for it
    # Imported here: garbage collection is off, and Django has settings now.
    from django.conf import settings
    from django.core.management import execute_from_command_line, load_command_class

    from secrets_app.core.logs import redact_uncaught

    redact_uncaught()
    if "_ARGCOMPLETE" in os.environ or argv[1:] in OVERVIEWS:
        from secrets_app.management import overview

        return overview.complete if "_ARGCOMPLETE" in os.environ else partial(overview.show, argv[0], argv[1:])
    command = partial(execute_from_command_line, argv[:2] if argv[1:] == ["help", "--all"] else argv)
    own_settings = os.environ["DJANGO_SETTINGS_MODULE"] == OWN_SETTINGS and not any(
        argument.startswith(("--settings", "--pythonpath")) for argument in argv
    )
    if own_settings and not settings.RECORDS_HISTORY and HISTORY_COMMANDS.intersection(argv[1:2]):
        exit_without_history(argv[1])
    if argv[1:2] and argv[1] in WITHOUT_APPS and own_settings:
        logging.config.dictConfig(settings.LOGGING)
        command = partial(load_command_class("secrets_app", argv[1]).run_from_argv, argv)
    gc.freeze()
    gc.enable()
    return command


def exit_without_history(command: str) -> None:
    sys.stderr.write(
        f"The command {command} requires KVSITE_HISTORY=on, and a valid KVSITE_DATABASE_URL if that is set. "
        "See docs/fleet.md.\n"
    )
    sys.exit(COULD_NOT_RUN)


def discard_output() -> None:
    """Discard buffered output: Python flushes again at exit and would report a second error."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def exit_not_written(reason: str) -> None:
    sys.stderr.write(f"The output could not be written: {reason}.\n")
    sys.exit(COULD_NOT_RUN)
