"""The checks. Importing a module registers its checks; a new module must be listed here."""

from importlib import import_module

from secrets_app.doctor.registry import CHECKS

__all__ = ["CHECKS"]

# Findings of equal severity are shown in this order.
for _module in (
    "reading",
    "vault",
    "managed_identity",
    "service_principal",
    "azure_variables",
    "developer_tools",
    "server",
    "proxy",
):
    import_module(f"{__name__}.{_module}")
