"""`manage.py runserver`, which also starts with invalid settings: its page shows how to fix them."""

from typing import Any

from django.contrib.staticfiles.management.commands.runserver import Command as StaticFilesRunserver
from django.core.checks import CRITICAL


class Command(StaticFilesRunserver):
    def check(self, *args: Any, **kwargs: Any) -> None:
        """Prints every error, and stops only for critical ones, which this app never reports."""
        super().check(*args, **{**kwargs, "fail_level": CRITICAL})
