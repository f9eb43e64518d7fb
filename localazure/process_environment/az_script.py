"""The `az` command of a scenario: a script that sends its arguments to Local Azure and prints the result.

It imports only fast parts of the standard library, because azure-identity starts it for every token.
"""

import shlex
import sys
from pathlib import Path

from localazure.services.azure_cli import PATH

_SCRIPT = '''\
"""Forwards az commands to Local Azure."""
import json, socket, sys, time

time.sleep({latency_s!r})
body = json.dumps(sys.argv[1:]).encode()
head = (
    "POST {path} HTTP/1.0\\r\\nHost: {host}:{port}\\r\\nAuthorization: {key}\\r\\n"
    "Content-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body)
)
try:
    with socket.create_connection(({host!r}, {port}), timeout=30) as connection:
        connection.sendall(head.encode() + body)
        result = json.loads(b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\\r\\n\\r\\n")[2])
except (OSError, ValueError):
    sys.exit("ERROR: The Local Azure scenario of this az command is no longer running.")
sys.stdout.write(result["stdout"])
sys.stderr.write(result["stderr"])
sys.exit(result["exit_code"])
'''


def install_az(folder: Path, *, host: str, port: int, key: str, latency_s: float) -> Path:
    """Write the command to a new folder `bin` in `folder`, which must be private. Return that folder."""
    commands = folder / "bin"
    commands.mkdir()
    script = folder / "az.py"
    script.write_text(_SCRIPT.format(path=PATH, host=host, port=port, key=key, latency_s=latency_s))
    command = f"{shlex.quote(sys.executable)} -I -S {shlex.quote(str(script))}"
    (commands / "az").write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    (commands / "az").chmod(0o700)
    (commands / "az.cmd").write_text(f'@"{sys.executable}" -I -S "{script}" %*\n')
    return commands
