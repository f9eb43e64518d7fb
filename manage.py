#!/usr/bin/env python
"""Django's command line for the site."""

import errno
import os
import sys

from django.core.management import execute_from_command_line

from secrets_app.core.logs import redact_uncaught

COULD_NOT_RUN = 2
INTERRUPTED = 130
BROKEN_PIPE = 141
WRITE_ERRORS = frozenset({errno.ENOSPC, errno.EIO, errno.EFBIG, errno.EBADF})
"""Disk full, I/O error, file size limit, closed descriptor."""


def main() -> None:
    """Run the command with its exit code; if its output cannot be written, exit with COULD_NOT_RUN and one message."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kvsite.settings")
    redact_uncaught()
    if sys.stdout is None:  # `manage.py principal >&-`
        exit_not_written("standard output is closed")
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a character the terminal cannot show becomes a question mark
    try:
        execute_from_command_line(sys.argv)
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


def discard_output() -> None:
    """Discard buffered output: Python flushes again at exit and would report a second error."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def exit_not_written(reason: str) -> None:
    sys.stderr.write(f"The output could not be written: {reason}.\n")
    sys.exit(COULD_NOT_RUN)


if __name__ == "__main__":
    main()
