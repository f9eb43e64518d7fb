#!/usr/bin/env python
"""Django's command line for the site."""

import os
import sys

from django.core.management import execute_from_command_line

INTERRUPTED = 130
READER_GONE = 141

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kvsite.settings")
    try:
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # as in `manage.py principal | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(READER_GONE)
