"""The world's own `az`: a script that carries its arguments to the world and prints what comes back.

It uses the standard library's fastest parts only, because azure-identity starts it for every token.
"""

import shlex
import sys
from pathlib import Path

from localazure.services.azure_cli_endpoint import PATH

_SCRIPT = '''\
"""Asks Local Azure what az would say."""
import json, socket, sys, time

time.sleep({latency_s!r})
body = json.dumps(sys.argv[1:]).encode()
head = (
    "POST {path} HTTP/1.0\\r\\nHost: 127.0.0.1:{port}\\r\\nAuthorization: {key}\\r\\n"
    "Content-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body)
)
try:
    with socket.create_connection(("127.0.0.1", {port}), timeout=30) as connection:
        connection.sendall(head.encode() + body)
        answer = json.loads(b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\\r\\n\\r\\n")[2])
except (OSError, ValueError):
    sys.exit("ERROR: The Local Azure this az belongs to is not running any more.")
sys.stdout.write(answer["stdout"])
sys.stderr.write(answer["stderr"])
sys.exit(answer["exit_code"])
'''


def install(folder: Path, *, port: int, key: str, latency_s: float) -> Path:
    """Writes the command into a new `bin` under `folder`, which must be private. Returns that `bin`."""
    commands = folder / "bin"
    commands.mkdir()
    script = folder / "az.py"
    script.write_text(_SCRIPT.format(path=PATH, port=port, key=key, latency_s=latency_s))
    start = f"{shlex.quote(sys.executable)} -I -S {shlex.quote(str(script))}"
    (commands / "az").write_text(f'#!/bin/sh\nexec {start} "$@"\n')
    (commands / "az").chmod(0o700)
    (commands / "az.cmd").write_text(f'@"{sys.executable}" -I -S "{script}" %*\n')
    return commands
