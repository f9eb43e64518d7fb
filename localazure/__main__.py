"""`python -m localazure`: the commands of Local Azure."""

import signal
import sys

from localazure.commands import main

if __name__ == "__main__":
    # A termination unwinds as Ctrl-C does, so that nothing temporary stays.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
