"""What this machine tells about itself: which platform it is, and what stands in the way of reading a secret.

A new check is one function with `@check` above it, in one of the modules named below.
"""

from importlib import import_module

from secrets_app.environment.check import Check, Verdict
from secrets_app.environment.clouds import wrong_cloud
from secrets_app.environment.examining import examine
from secrets_app.environment.platforms import place
from secrets_app.environment.translation import Translation, translation

__all__ = ["Check", "Translation", "Verdict", "examine", "place", "translation", "wrong_cloud"]

# Each registers its checks; findings of the same weight are shown in this order.
for _module in (
    "reading_checks",
    "vault_checks",
    "dns",
    "identity_variables",
    "principal_variables",
    "connection_string_check",
    "meaning",
    "cloud_check",
    "tool_checks",
    "proxy_checks",
):
    import_module(f"{__name__}.{_module}")
