"""`manage.py runserver`, which also starts with invalid settings: its page shows how to fix them."""

from typing import Any

from django.contrib.staticfiles.management.commands.runserver import Command as StaticFilesRunserver
from django.core.checks import CRITICAL


class Command(StaticFilesRunserver):
    summary = "start the site on http://127.0.0.1:8000/"

    def check(self, *args: Any, **kwargs: Any) -> None:
        """Prints every error, and stops only for critical ones, which this app never reports."""
        super().check(*args, **{**kwargs, "fail_level": CRITICAL})
