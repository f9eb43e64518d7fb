"""gunicorn configuration, locally and on App Service; command-line options take precedence."""

import math
import os
import socket
import sys
from contextlib import suppress
from typing import Any

from kvsite.process_limits import TooSmallError, system_budget
from secrets_app.azure_client.process import TOOLS_VARIABLE
from secrets_app.conf import load
from secrets_app.conf.access import SIGN_IN_CODE, needs_sign_in_code, new_sign_in_code, sign_in_link
from secrets_app.conf.schema import SETTINGS
from secrets_app.core.logs import RedactingFormatter

_raw = {name: os.environ[name] for name in SETTINGS if name in os.environ}
_config = load(_raw)

# Before the workers start, so that all of them, and those of a reload, have the same code.
_code = new_sign_in_code() if needs_sign_in_code(_config.access, _raw) else None
if _code:
    os.environ[SIGN_IN_CODE.name] = _code

# A platform's front end connects from another address. Elsewhere only this machine does, unless --bind says otherwise.
_hosted = any(os.environ.get(name) for name in ("WEBSITE_SITE_NAME", "CONTAINER_APP_NAME", "KUBERNETES_SERVICE_HOST"))
bind = f"{'0.0.0.0' if _hosted else '127.0.0.1'}:{os.environ.get('PORT', '8000')}"  # noqa: S104
if "FUNCTIONS_CUSTOMHANDLER_PORT" in os.environ:  # the Functions host, on the same machine, forwards requests to it
    bind = f"127.0.0.1:{os.environ['FUNCTIONS_CUSTOMHANDLER_PORT']}"
worker_class = "kvsite.worker.Worker"  # gthread
# The threads of a process share one credential, vault client and token; each further process requests its own.
workers = int(os.environ.get("WEB_CONCURRENCY", "1"))
_warnings: list[str] = []
try:
    _budget = system_budget(_config.threads, workers, _warnings.append)
except TooSmallError as error:
    raise SystemExit(str(error)) from None
threads = _budget.threads  # most wait for Azure
os.environ["KVSITE_THREADS"] = str(threads)  # kvsite.request_limits has to know, if there are fewer than configured
os.environ[TOOLS_VARIABLE] = str(_budget.tools)
worker_connections = _budget.connections
timeout = 75  # seconds; above the maximum of KVSITE_DEADLINE_S
graceful_timeout = math.ceil(_config.deadline_s) + 5  # lets running readings finish on shutdown
keepalive = 75
# In memory: the file by which a worker reports needs no writable disk. https://docs.gunicorn.org/en/stable/faq.html
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
control_socket_disable = True  # not used; its socket would be created in the home directory
# Empty: local clients must not be able to set SCRIPT_NAME or PATH_INFO.
forwarder_headers = ""
if _config.trusted_proxies:  # they terminate TLS, and say so in X-Forwarded-Proto
    forwarded_allow_ips = ",".join(map(str, _config.trusted_proxies))
header_map = "drop"  # `X_MS_CLIENT_PRINCIPAL` must not pass as `X-MS-CLIENT-PRINCIPAL`


def when_ready(server: Any) -> None:
    """Print the link with the code, not to the log, which is redacted."""
    if _code:
        listener = server.LISTENERS[0].sock
        is_local = listener.family == socket.AF_INET
        with suppress(OSError):  # a full disk, or a terminal that was closed
            sys.stderr.write(sign_in_link(_code, f"http://127.0.0.1:{listener.getsockname()[1]}" if is_local else ""))
            sys.stderr.flush()


def on_starting(server: Any) -> None:
    """Apply the redaction to gunicorn's own log handlers, and log what the system's limits do not allow."""
    for handler in server.log.error_log.handlers + server.log.access_log.handlers:
        handler.setFormatter(RedactingFormatter("%(asctime)s [%(process)d] [%(levelname)s] %(message)s"))
    for warning in _warnings:
        server.log.warning(warning)
