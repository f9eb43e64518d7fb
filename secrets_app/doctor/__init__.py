"""Checks of this machine's configuration: the platform, and anything that prevents reading a secret.

To add a check, write a function with `@check` in one of the modules listed below.
"""

from importlib import import_module

from secrets_app.doctor.check import Check, Status
from secrets_app.doctor.runner import run_checks
from secrets_app.doctor.translation import Translation, translation

__all__ = ["Check", "Status", "Translation", "run_checks", "translation"]

# Importing a module registers its checks. Findings of equal severity are shown in this order.
for _module in (
    "checks.reading",
    "checks.vault",
    "checks.dns",
    "checks.managed_identity",
    "checks.service_principal",
    "checks.connection_string",
    "checks.azure_variables",
    "checks.cloud",
    "checks.developer_tools",
    "checks.proxy",
):
    import_module(f"{__name__}.{_module}")
