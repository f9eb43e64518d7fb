"""The optional packages of this app: which are missing, and how to install them."""

from secrets_app.conf.history import install_command, is_installed
from secrets_app.core.formatting import join_words


def missing_packages(needed_by: str, *modules: str) -> str:
    """`watch needs celery and apprise. Run: ...`; empty if all modules are installed."""
    missing = [name.replace(".", "-") for name in modules if not is_installed(name)]
    return f"{needed_by} needs {join_words(missing)}. Run: {install_command()}" if missing else ""
