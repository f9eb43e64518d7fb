"""How gunicorn serves the site, here and on App Service; its command line wins over this file."""

import math
import os
from typing import Any

from secrets_app.conf import load
from secrets_app.conf.schema import SETTINGS
from secrets_app.core.logs import RedactingFormatter

_config = load({name: os.environ[name] for name in SETTINGS if name in os.environ})

bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"
worker_class = "kvsite.worker.Worker"  # gthread
# One process shares one credential, one vault client and one token among its threads; more processes ask more often.
workers = int(os.environ.get("WEB_CONCURRENCY", "1"))
threads = _config.threads  # most of them wait for Azure; a crowd that waits must leave the probes a free one
timeout = 75  # longer than the longest deadline of a reading
graceful_timeout = math.ceil(_config.deadline_s) + 5  # a stop lets every reading under way end
keepalive = 75
control_socket_disable = True  # nobody steers this site while it runs, so nobody can; it would lie in the home folder
# None: else whoever comes from this machine could say where the site is mounted, and what was asked for.
forwarder_headers = ""
header_map = "drop"  # `X_MS_CLIENT_PRINCIPAL` is not `X-MS-CLIENT-PRINCIPAL`, which the platform answers for


def on_starting(server: Any) -> None:
    """gunicorn's own log has its own handlers: their lines go through the same redaction."""
    for handler in server.log.error_log.handlers + server.log.access_log.handlers:
        handler.setFormatter(RedactingFormatter("%(asctime)s [%(process)d] [%(levelname)s] %(message)s"))
