"""The site's settings with the optional app `fleet`, whose tests need its tables; other tests have no database."""

import os
import tempfile
from pathlib import Path

from kvsite.database import databases
from kvsite.settings import *  # noqa: F403
from kvsite.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "fleet"]
# A file, because a database in memory has other locks. Created by the first test that needs it, deleted at the end.
_FILE = Path(tempfile.gettempdir()) / f"principal-used-tests-{os.getpid()}.sqlite3"
DATABASES = databases(f"sqlite:///{_FILE}", _FILE.parent)
DATABASES["default"]["TEST"] = {"NAME": str(_FILE)}
