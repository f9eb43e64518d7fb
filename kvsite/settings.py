"""Django settings, read from the environment. gunicorn.conf.py reads the server's settings from it too."""

import logging
import os
from pathlib import Path

from kvsite.database import databases
from kvsite.request_limits import MAX_BODY_BYTES
from secrets_app.conf import load
from secrets_app.conf.access import SIGN_IN_CODE, needs_sign_in_code, new_sign_in_code
from secrets_app.conf.history import DATABASE_URL
from secrets_app.conf.schema import SETTINGS
from secrets_app.conf.secret_key import is_stored, load_or_create_key, state_folder
from secrets_app.conf.server import Hsts
from secrets_app.conf.setting import HiddenSettings
from secrets_app.core.logs import logging_settings

BASE_DIR = Path(__file__).resolve().parent.parent
IS_PACKAGE = not (BASE_DIR / "manage.py").exists()
"""Installed by pip, where nothing may be written beside the code."""

# The raw settings as strings; `secrets_app.conf` parses them into a Config. All KVSITE_ variables are included, so that
# misspelled ones are reported. Known ones are looked up by name: on Windows, lookup ignores case, but iteration over
# the environment returns `AzureCLIPath` in upper case.
SECRETS_APP = HiddenSettings({name: value for name, value in os.environ.items() if name.upper().startswith("KVSITE_")})
SECRETS_APP |= {name: os.environ[name] for name in SETTINGS if name in os.environ}

_config = load(SECRETS_APP)

# With `loopback`, values need a code. gunicorn.conf.py sets it before the workers start, so that all have the same one;
# another server gets it here, and the processes that it starts inherit it. kvsite/wsgi.py prints the link.
SIGN_IN_CODE_IS_NEW = needs_sign_in_code(_config.access, SECRETS_APP)
if SIGN_IN_CODE_IS_NEW:
    SECRETS_APP[SIGN_IN_CODE.name] = os.environ[SIGN_IN_CODE.name] = new_sign_in_code()

DEBUG = False  # an error page must not show settings; the log has the redacted traceback
# Set by App Service only: the site's default host name.
_app_service_host = os.environ.get("WEBSITE_HOSTNAME")
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", *_config.hosts, *([_app_service_host] if _app_service_host else [])]

# Set by App Service when authentication is on, and not configurable. The platform then removes X-MS-CLIENT-PRINCIPAL-*
# headers sent by clients. https://learn.microsoft.com/azure/app-service/reference-app-settings
PLATFORM_SIGNS_IN = os.environ.get("WEBSITE_AUTH_ENABLED", "").lower() == "true" and bool(
    os.environ.get("WEBSITE_SITE_NAME") or _app_service_host
)

# The App Service front end proxies every request: secrets_app/access/client_address.py.
TRUST_X_FORWARDED_FOR = bool(_app_service_host)

# A site with its own host name is in production: HTTPS only.
PRODUCTION = bool(_config.hosts or _app_service_host)
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION and _config.hsts is not Hsts.HOST
SECURE_HSTS_PRELOAD = PRODUCTION and _config.hsts is Hsts.PRELOAD
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
# App Service terminates TLS, sets this header and removes it from client requests.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _app_service_host else None
CSRF_COOKIE_HTTPONLY = True  # forms contain the token; scripts do not need the cookie
# `__Host-`: another host of the domain cannot set the cookie. Browsers require TLS for it.
_COOKIE_PREFIX = "__Host-" if PRODUCTION else ""
CSRF_COOKIE_NAME = f"{_COOKIE_PREFIX}csrftoken"

_STATE = state_folder(os.environ) if IS_PACKAGE else BASE_DIR / ".local"
_key_file = _STATE / "site-key"
SECRET_KEY = _config.site_key or load_or_create_key(_key_file)
SITE_KEY_IS_STORED = _config.site_key is not None or is_stored(_key_file, SECRET_KEY)

INSTALLED_APPS = ["kvsite", "secrets_app", "django.contrib.staticfiles"]
MIDDLEWARE = [
    "secrets_app.middleware.redact_secrets",
    "secrets_app.middleware.add_headers",
    "secrets_app.middleware.answer_probes",
    "django.middleware.security.SecurityMiddleware",
    "kvsite.static_files.StaticFiles",
]
# The guard of the views checks CSRF tokens: W003. secrets_app.middleware sets X-Frame-Options on every response: W002.
# W005 and W021: HSTS for subdomains and preload only with KVSITE_HSTS.
SILENCED_SYSTEM_CHECKS = ["security.W002", "security.W003", "security.W005", "security.W021"]
ROOT_URLCONF = "kvsite.urls"
WSGI_APPLICATION = "kvsite.wsgi.application"
# Without KVSITE_HISTORY the site stores no data. With an invalid database URL, nothing is stored elsewhere instead.
_names_database = not any(problem.setting == DATABASE_URL.name for problem in _config.problems)
RECORDS_HISTORY = _config.records_history and _names_database
DATABASES = databases(_config.database_url, _STATE) if RECORDS_HISTORY else {}
if RECORDS_HISTORY:
    INSTALLED_APPS.append("fleet")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Also for servers that do not use kvsite.wsgi: files of a form are discarded, never written to the disk.
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
FILE_UPLOAD_HANDLERS: list[str] = []

STATIC_URL = "static/"
STATIC_ROOT = None if IS_PACKAGE else BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = True  # serve the few static files without collectstatic
WHITENOISE_ALLOW_ALL_ORIGINS = False  # no cross-origin use

LANGUAGE_CODE = "en"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True


def is_probe(record: logging.LogRecord) -> bool:
    """Whether `record` is a failed readiness probe: an expected 503 that would flood the log."""
    return getattr(getattr(record, "request", None), "path", "") == "/readyz" and not record.exc_info


LOGGING = logging_settings(_config.log_level, log_filter=lambda record: not is_probe(record))
