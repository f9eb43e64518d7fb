"""`manage.py runserver`, which starts with wrong settings too: its page says what to mend."""

from typing import Any

from django.contrib.staticfiles.management.commands.runserver import Command as StaticFilesRunserver
from django.core.checks import CRITICAL


class Command(StaticFilesRunserver):
    def check(self, *args: Any, **kwargs: Any) -> None:
        """Prints every mistake, and stops the server for none of ours."""
        super().check(*args, **{**kwargs, "fail_level": CRITICAL})
