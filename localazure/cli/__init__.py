"""The command line: `python -m localazure --list | run | serve | demo`."""
