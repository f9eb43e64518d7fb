"""The 403 response: why access is denied, and which setting allows it."""

import json
from dataclasses import replace
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from secrets_app.access import POLICIES, Viewer, viewer_of
from secrets_app.conf.access import AccessMode
from secrets_app.conf.hints import commands_that_set
from secrets_app.core.reading import HostEnvironment
from secrets_app.service import detect_host


class AccessOption(NamedTuple):
    """One access mode with the commands that enable it, for the operator of the site."""

    mode: str
    description: str
    commands: tuple[str, ...]


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django passes it by name
    """A page for browsers, JSON for API clients, plain text for the rest."""
    viewer = viewer_of(request)
    accepts = request.headers.get("Accept", "")
    if "text/html" in accepts and not request.path_info.startswith("/api/"):
        return _page(request, viewer)
    if "json" in accepts or request.path_info.startswith("/api/"):
        body = json.dumps(
            {"error": _sentence(viewer), "access": viewer.access_mode, "setting": _setting(viewer)}, indent=2
        )
        return HttpResponse(body, content_type="application/json", status=403)
    return HttpResponse(_sentence(viewer) + "\n", content_type="text/plain; charset=utf-8", status=403)


def _setting(viewer: Viewer) -> str:
    return viewer.required_setting[0] if viewer.required_setting else "KVSITE_ACCESS"


def _sentence(viewer: Viewer) -> str:
    return (
        f"Access denied (KVSITE_ACCESS={viewer.access_mode}). {viewer.denied_because} "
        f"To allow access, change {_setting(viewer)}; open this URL in a browser for the commands."
    )


def _page(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    # Resource names are hidden from unauthenticated visitors.
    place = replace(detect_host(), resource_name=None, resource_group=None, subscription_id=None)
    next_url = request.get_full_path() if request.method in {"GET", "HEAD"} else "/"
    context = {
        "viewer": viewer,
        "setting": _setting(viewer),
        "options": _options(viewer, place),
        "next_url": next_url,
    }
    return render(request, "access_denied.html", context, status=403)


def _options(viewer: Viewer, place: HostEnvironment) -> list[AccessOption]:
    if viewer.required_setting:
        setting, example = viewer.required_setting
        return [AccessOption("", "", commands_that_set({setting: example}, place))]
    if viewer.sign_in_url:
        return []
    return [_option(mode, place) for mode in POLICIES if _is_available(mode, place)]


def _is_available(mode: AccessMode, place: HostEnvironment) -> bool:
    platforms = POLICIES[mode].platforms
    return mode is not AccessMode.LOOPBACK and (platforms is None or place.platform in platforms)


def _option(mode: AccessMode, place: HostEnvironment) -> AccessOption:
    policy = POLICIES[mode]
    setup = (policy.setup_command,) if policy.setup_command else ()
    commands = setup + commands_that_set({"KVSITE_ACCESS": mode, **policy.required_settings}, place)
    return AccessOption(mode, policy.description, commands)
