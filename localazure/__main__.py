"""`python -m localazure`: the commands of Local Azure."""

import signal
import sys

from localazure.commands import main

if __name__ == "__main__":
    # A termination unwinds as Ctrl-C does, so that nothing temporary stays; so does a terminal that is closed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for name in ("SIGHUP", "SIGQUIT"):
        if number := getattr(signal, name, None):  # Windows has neither
            signal.signal(number, lambda *_: signal.raise_signal(signal.SIGTERM))
    sys.exit(main())
