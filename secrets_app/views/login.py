"""Sign-in with a passphrase or with the code that the site printed when it started, and sign-out."""

import math

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import rotate_token
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from secrets_app import conf
from secrets_app.access import audit, viewer_of
from secrets_app.access.client_address import client_address
from secrets_app.access.loopback import code_source
from secrets_app.access.session import session_of
from secrets_app.access.sign_in import LoginThrottle, Role, grants_most, role_for, save_sign_in
from secrets_app.conf.access import AccessMode
from secrets_app.core.formatting import plural
from secrets_app.core.runtime import shared
from secrets_app.views.parameters import parse_query
from secrets_app.views.rendering import render

_MODES = frozenset({AccessMode.TOKEN, AccessMode.LOOPBACK})
"""The access modes in which this site itself signs users in."""


@sensitive_post_parameters("passphrase")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in form, and its submission."""
    config = conf.current()
    if config.access not in _MODES:
        raise Http404
    if config.access is AccessMode.LOOPBACK:
        return _sign_in_with_code(request)
    next_url = local_url(parse_query(request, "next").get("next", ""))
    if request.method != "POST":
        return _form(request, next_url)
    address = client_address(request, config)
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


def _sign_in_with_code(request: HttpRequest) -> HttpResponse:
    """The link of the start, or the code from it in the form. Not throttled: it has at least 16 random characters."""
    parameters = parse_query(request, "next", "code")
    next_url = local_url(parameters.get("next", ""))
    given = request.POST.get("passphrase", "").strip() if request.method == "POST" else parameters.get("code", "")
    if not given or request.method == "HEAD":
        return _form(request, next_url)
    role = role_for(given, conf.current())
    audit.record("sign in", "signed in" if role else "wrong code", request, viewer_of(request), role=role)
    if role is None:
        error = "Incorrect code. Each start of the site has its own: open the link that it printed last."
        return _form(request, next_url, error=error, status=403)
    return _signed_in(request, next_url, role)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    if conf.current().access not in _MODES:
        raise Http404
    session_of(request).flush()
    return HttpResponseRedirect(reverse("secrets_app:sign_in"))


def local_url(address: str) -> str:
    """`address` if it is a path on this site, otherwise this app's home page."""
    is_local = address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if is_local and len(address) <= 2000 else reverse("secrets_app:home")


def _signed_in(request: HttpRequest, next_url: str, role: Role) -> HttpResponse:
    save_sign_in(session_of(request), role, conf.current())
    rotate_token(request)
    return HttpResponseRedirect(next_url)


def _throttled(request: HttpRequest, next_url: str, wait_s: int) -> HttpResponse:
    audit.record("sign in", "throttled", request, viewer_of(request))
    message = f"Too many failed attempts. Try again in {plural(wait_s, 'second')}."
    response = _form(request, next_url, error=message, status=429)
    response["Retry-After"] = str(wait_s)
    return response


def _form(request: HttpRequest, next_url: str, *, error: str = "", status: int = 200) -> HttpResponse:
    by_code = conf.current().access is AccessMode.LOOPBACK
    context = {"next_url": next_url, "error": error, "by_code": by_code, "code_source": code_source()}
    return render(request, "secrets_app/sign_in.html", context, status=status)
