"""Detects the platform from environment variables alone."""

import platform
from collections.abc import Mapping
from pathlib import Path

from secrets_app.core.reading import HostEnvironment, Platform

_VARIABLES: tuple[tuple[Platform, tuple[str, ...]], ...] = (
    # The first entry whose variables are all set is the platform. Sources: the documentation of each service.
    (Platform.FUNCTIONS, ("WEBSITE_SITE_NAME", "FUNCTIONS_WORKER_RUNTIME")),
    (Platform.APP_SERVICE, ("WEBSITE_SITE_NAME",)),
    (Platform.CONTAINER_APPS, ("CONTAINER_APP_NAME",)),
    (Platform.SERVICE_FABRIC, ("IDENTITY_ENDPOINT", "IDENTITY_SERVER_THUMBPRINT")),
    (Platform.ARC, ("IDENTITY_ENDPOINT", "IMDS_ENDPOINT")),
    (Platform.KUBERNETES, ("KUBERNETES_SERVICE_HOST",)),
    (Platform.MACHINE_LEARNING, ("MSI_ENDPOINT", "MSI_SECRET")),
    (Platform.CLOUD_SHELL, ("MSI_ENDPOINT",)),
)
SITES = frozenset({Platform.APP_SERVICE, Platform.FUNCTIONS, Platform.CONTAINER_APPS})
"""Platforms that set IDENTITY_ENDPOINT and IDENTITY_HEADER once a managed identity is assigned."""


def detect_host(environ: Mapping[str, str]) -> HostEnvironment:
    """Where this program runs, from its environment variables alone: sends no request and never blocks."""
    found, _ = detect_platform(environ)
    return HostEnvironment(
        platform=found,
        system=platform.system(),
        in_container=Path("/.dockerenv").exists() or "KUBERNETES_SERVICE_HOST" in environ,
        resource_name=environ.get("WEBSITE_SITE_NAME") or environ.get("CONTAINER_APP_NAME"),
        resource_group=environ.get("WEBSITE_RESOURCE_GROUP"),
        # `<subscription id>+<web space>` on App Service
        subscription_id=environ.get("WEBSITE_OWNER_NAME", "").partition("+")[0] or None,
    )


def detect_platform(environ: Mapping[str, str]) -> tuple[Platform, tuple[str, ...]]:
    """The platform and the variables that identify it; UNKNOWN and none when no platform is detected."""
    found = ((name, signs) for name, signs in _VARIABLES if all(environ.get(sign) for sign in signs))
    return next(found, (Platform.UNKNOWN, ()))
