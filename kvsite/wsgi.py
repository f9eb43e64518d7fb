"""The WSGI entry that gunicorn and App Service start."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kvsite.settings")

application = get_wsgi_application()
