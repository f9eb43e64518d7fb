#!/usr/bin/env python
"""Django's command line for the site."""

import errno
import os
import sys

from django.core.management import execute_from_command_line

from secrets_app.core.logs import redact_uncaught

COULD_NOT_RUN = 2
INTERRUPTED = 130
READER_GONE = 141
NOT_WRITABLE = frozenset({errno.ENOSPC, errno.EIO, errno.EFBIG, errno.EBADF})
"""A full disk, a broken one, a limit, a closed one."""


def main() -> None:
    """Run the command and exit as it does; where its answer cannot be written, with one sentence and an own code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kvsite.settings")
    redact_uncaught()
    if sys.stdout is None:  # `manage.py principal >&-`
        not_written("standard output is closed")
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # where a terminal lacks a character, a question mark
    try:
        execute_from_command_line(sys.argv)
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # as in `manage.py principal | head -1`: the reader has what it wanted
        forget_output()
        sys.exit(READER_GONE)
    except OSError as error:  # as in `manage.py principal > /dev/full`
        if error.errno not in NOT_WRITABLE:
            raise
        forget_output()
        not_written(str(error.strerror))


def forget_output() -> None:
    """Python writes what is left once more at the end, and would complain once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def not_written(reason: str) -> None:
    sys.stderr.write(f"The answer could not be written: {reason}.\n")
    sys.exit(COULD_NOT_RUN)


if __name__ == "__main__":
    main()
