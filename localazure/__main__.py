"""`python -m localazure`: the commands of Local Azure."""

import gc
import signal
import sys


def run() -> None:
    """Run the command line and exit; the entry point of the command `localazure`."""
    gc.disable()  # imports leave no garbage, and a tenth of the start was spent looking for it
    from localazure.cli.commands import main

    gc.freeze()
    gc.enable()
    # Handle termination and a closed terminal like Ctrl-C, so that temporary files are removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for name in ("SIGHUP", "SIGQUIT"):
        if number := getattr(signal, name, None):  # not on Windows
            signal.signal(number, lambda *_: signal.raise_signal(signal.SIGTERM))
    sys.exit(main())


if __name__ == "__main__":
    run()
