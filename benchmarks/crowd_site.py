"""Settings of the site with an additional constant page as a baseline: benchmarks/crowd_urls.py."""

from kvsite.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.crowd_urls"
CONSTANT_PATH = "constant"
