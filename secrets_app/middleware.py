"""Django middleware of the stand-alone site: health probes, and headers and redaction of what is not a view.

The views have a guard of their own (secrets_app/views/guard.py): another project needs none of this.
"""

from collections.abc import Callable
from http import HTTPStatus
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port, validate_host

from secrets_app.access.client_address import note_forwarded
from secrets_app.output.gate import redact_response
from secrets_app.views import guard
from secrets_app.views.errors import api_error
from secrets_app.views.health import healthz, readyz


def redact_secrets(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Outermost Django middleware: no response contains a secret in use, whatever created it."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        redact_response(request, response)
        return response

    return respond


def add_headers(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Second Django middleware: the headers of every page also on static files, probes and redirects."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        guard.add_headers(response)
        return response

    return respond


def answer_probes(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Third Django middleware: probes use the IP address instead of an allowed host name, and no TLS.

    `/readyz` reads the secret, so a page of another site must not be able to request it, by its own name either.
    """

    def respond(request: HttpRequest) -> HttpResponse:
        note_forwarded(request)  # before a redirect to HTTPS, which may be the result of a missing header
        probe = _PROBES.get(request.path)
        if probe is None:
            return get_response(request)
        if probe is readyz and (is_from_other_page(request) or not has_allowed_host(request)):
            return guard.plain_text(_NO_PROBE_MESSAGE, 403)
        response = probe(request)
        return api_error(request, response) if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED else response

    return respond


_PROBES = {"/healthz": healthz, "/readyz": readyz}
_NO_PROBE_MESSAGE = (
    "Request blocked: it is from a page of another site, or its host name is neither an IP address nor listed in "
    "KVSITE_HOSTS.\n"
)


def is_from_other_page(request: HttpRequest) -> bool:
    """Whether a browser sends the request for a page of another site. Probes send none of these headers."""
    own = f"{request.scheme}://{request.headers.get('Host', '')}"
    origin, referrer = request.headers.get("Origin", own), request.headers.get("Referer", f"{own}/")
    return guard.is_cross_site(request) or origin != own or not referrer.startswith(f"{own}/")


def has_allowed_host(request: HttpRequest) -> bool:
    """Whether the host is an IP address, which no other site's name resolves to, or one of the site's names."""
    host, _port = split_domain_port(request.headers.get("Host", ""))
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return validate_host(host, settings.ALLOWED_HOSTS)
    return True
