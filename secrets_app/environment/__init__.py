"""What this machine tells about itself: which platform it is, and what stands in the way of reading a secret.

A new check is one function with `@check` above it, in one of the modules named below.
"""

from importlib import import_module

from secrets_app.environment.check import Check, Verdict
from secrets_app.environment.clouds import wrong_cloud
from secrets_app.environment.examining import examine
from secrets_app.environment.platforms import place

__all__ = ["Check", "Verdict", "examine", "place", "wrong_cloud"]

# Each registers its checks; findings of the same weight are shown in this order.
for _module in (
    "reading_checks",
    "vault_checks",
    "dns",
    "identity_variables",
    "principal_variables",
    "meaning",
    "cloud_check",
    "tool_checks",
    "proxy_checks",
):
    import_module(f"{__name__}.{_module}")
