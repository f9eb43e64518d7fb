#!/usr/bin/env python
# PYTHON_ARGCOMPLETE_OK
"""Django's command line for the site."""

from kvsite.command_line import main

if __name__ == "__main__":
    main()
