"""Sign-in with a passphrase, and sign-out."""

import math

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import rotate_token
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from secrets_app import conf
from secrets_app.access import audit, viewer_of
from secrets_app.access.audit import client_address
from secrets_app.access.passphrase import SIGN_IN_URL, Role, clear_login_cookie, opens_all, role_for, set_login_cookie
from secrets_app.access.throttle import LoginThrottle
from secrets_app.conf.access import AccessMode
from secrets_app.core.runtime import shared
from secrets_app.views.query import parse_query


@sensitive_post_parameters("passphrase")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in form, and its submission."""
    if conf.current().access is not AccessMode.TOKEN:
        raise Http404
    asked_for = local_url(parse_query(request, "next").get("next", "/"))
    if request.method != "POST":
        return _form(request, asked_for)
    address = client_address(request)
    throttle = shared(LoginThrottle)
    wait_s = math.ceil(throttle.check(address))
    if wait_s:
        return _too_many(request, asked_for, wait_s)
    role = role_for(request.POST.get("passphrase", "").strip(), conf.current())
    audit.note("sign in", "signed in" if role else "wrong passphrase", request, viewer_of(request), role=role)
    if role is None:
        return _form(request, asked_for, mistake="Incorrect passphrase.", status=403)
    (throttle.reset if opens_all(role, conf.current()) else throttle.refund)(address)
    return _signed_in(request, asked_for, role)


@require_POST
def sign_out(_request: HttpRequest) -> HttpResponse:
    """Delete the sign-in cookie."""
    response = HttpResponseRedirect(SIGN_IN_URL)
    clear_login_cookie(response)
    return response


def local_url(address: str) -> str:
    """`address` if it is a path on this site, otherwise the home page."""
    ours = address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if ours and len(address) <= 2000 else "/"


def _signed_in(request: HttpRequest, asked_for: str, role: Role) -> HttpResponse:
    response = HttpResponseRedirect(asked_for)
    secure = settings.SESSION_COOKIE_SECURE or request.is_secure()
    set_login_cookie(response, role, conf.current(), secure=secure)
    rotate_token(request)
    return response


def _too_many(request: HttpRequest, asked_for: str, wait_s: int) -> HttpResponse:
    audit.note("sign in", "throttled", request, viewer_of(request))
    seconds = f"{wait_s} second{'' if wait_s == 1 else 's'}"
    mistake = f"Too many failed attempts. Try again in {seconds}."
    response = _form(request, asked_for, mistake=mistake, status=429)
    response["Retry-After"] = str(wait_s)
    return response


def _form(request: HttpRequest, asked_for: str, *, mistake: str = "", status: int = 200) -> HttpResponse:
    return render(request, "sign_in.html", {"asked_for": asked_for, "mistake": mistake}, status=status)
