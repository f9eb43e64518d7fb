"""Sign-in with a passphrase, and sign-out."""

import math

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import rotate_token
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from secrets_app import conf
from secrets_app.access import audit, viewer_of
from secrets_app.access.audit import client_address
from secrets_app.access.passphrase import Role, grants_most, role_for, save_sign_in
from secrets_app.access.throttle import LoginThrottle
from secrets_app.conf.access import AccessMode
from secrets_app.core.formatting import plural
from secrets_app.core.runtime import shared
from secrets_app.views.query import parse_query


@sensitive_post_parameters("passphrase")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in form, and its submission."""
    if conf.current().access is not AccessMode.TOKEN:
        raise Http404
    next_url = local_url(parse_query(request, "next").get("next", "/"))
    if request.method != "POST":
        return _form(request, next_url)
    address = client_address(request)
    throttle = shared(LoginThrottle)
    wait_s = math.ceil(throttle.check(address))
    if wait_s:
        return _throttled(request, next_url, wait_s)
    role = role_for(request.POST.get("passphrase", "").strip(), conf.current())
    audit.record("sign in", "signed in" if role else "wrong passphrase", request, viewer_of(request), role=role)
    if role is None:
        return _form(request, next_url, error="Incorrect passphrase.", status=403)
    (throttle.reset if grants_most(role, conf.current()) else throttle.refund)(address)
    return _signed_in(request, next_url, role)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    if conf.current().access is not AccessMode.TOKEN:
        raise Http404
    request.session.flush()
    return HttpResponseRedirect(reverse("sign_in"))


def local_url(address: str) -> str:
    """`address` if it is a path on this site, otherwise the home page."""
    is_local = address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if is_local and len(address) <= 2000 else "/"


def _signed_in(request: HttpRequest, next_url: str, role: Role) -> HttpResponse:
    save_sign_in(request.session, role, conf.current())
    rotate_token(request)
    return HttpResponseRedirect(next_url)


def _throttled(request: HttpRequest, next_url: str, wait_s: int) -> HttpResponse:
    audit.record("sign in", "throttled", request, viewer_of(request))
    message = f"Too many failed attempts. Try again in {plural(wait_s, 'second')}."
    response = _form(request, next_url, error=message, status=429)
    response["Retry-After"] = str(wait_s)
    return response


def _form(request: HttpRequest, next_url: str, *, error: str = "", status: int = 200) -> HttpResponse:
    return render(request, "sign_in.html", {"next_url": next_url, "error": error}, status=status)
