"""Whose address a request came from."""

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The visitor's own address, where the platform tells it.

    On App Service every request comes from the same address, the front end's, which adds the one it saw to the end of
    X-Forwarded-For, as `203.0.113.9:50123`; what stands before it anybody may have written.
    https://learn.microsoft.com/aspnet/core/host-and-deploy/proxy-load-balancer
    """
    seen = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.PLATFORM_PASSES_ON else ""
    return _without_port(seen.rpartition(",")[2].strip()) or str(request.META.get("REMOTE_ADDR", ""))


def _without_port(address: str) -> str:
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address
