"""The WSGI application for gunicorn and App Service."""

import logging
import os
import sys
from contextlib import suppress

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kvsite.settings")

_django = get_wsgi_application()

from django.conf import settings  # noqa: E402 - Django has to be set up first

from kvsite.request_limits import RequestLimits  # noqa: E402
from secrets_app.conf import current  # noqa: E402
from secrets_app.conf.access import sign_in_link  # noqa: E402
from secrets_app.core.logs import redact_uncaught  # noqa: E402

application = RequestLimits(_django, threads=current().threads)

redact_uncaught()

# Not to the log, which is redacted. RUN_MAIN: runserver restarts this process, with the code of the first one.
_code = current().sign_in_code
if _code and (settings.SIGN_IN_CODE_IS_NEW or os.environ.get("RUN_MAIN")):
    with suppress(OSError):  # a full disk, or a terminal that was closed
        sys.stderr.write(sign_in_link(_code))

for problem in current().problems:  # WSGI servers do not run Django's system checks, so log the problems
    level = logging.ERROR if problem.is_error else logging.WARNING
    logging.getLogger("secrets_app").log(level, "(%s) %s %s", problem.id, problem.sentence, problem.hint)
