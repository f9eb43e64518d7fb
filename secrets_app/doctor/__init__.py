"""Checks of this machine's configuration: the platform, and anything that prevents reading a secret.

To add a check, write a function with `@check` in one of the modules of `secrets_app.doctor.checks`.
"""

from secrets_app.doctor.check import Check, Status
from secrets_app.doctor.translation import Translation, translation

__all__ = ["Check", "Status", "Translation", "translation"]
