"""Checks of the web server that runs this site, and of the reverse proxy in front of it."""

from secrets_app.access.client_address import ForwardedRequest, is_trusted_proxy, last_forwarded
from secrets_app.conf import Config
from secrets_app.conf.project import is_embedded
from secrets_app.conf.server import WORKER_VARIABLE
from secrets_app.core.reading import Platform
from secrets_app.doctor.check import Check, notice, ok, problem
from secrets_app.doctor.registry import CheckContext, check

SERVER_VARIABLE = "SERVER_SOFTWARE"
"""gunicorn sets it in its own environment: `gunicorn/27.0.1`."""
_START = "Start it in the project folder with: gunicorn kvsite.wsgi"
_PLATFORM_STARTS = (
    "Set the startup command to: gunicorn kvsite.wsgi. Without one, App Service starts gunicorn with a configuration "
    "file of its own."
)
_PROXIED = (Platform.CONTAINER_APPS, Platform.KUBERNETES)


@check("server", "Web server")
def server(context: CheckContext) -> Check:
    """Reads what gunicorn and the site's worker state about themselves.

    A problem when gunicorn runs another worker, a notice when it ignores the scheme that a front end reports.
    """
    software, worker = context.environ.get(SERVER_VARIABLE, ""), context.environ.get(WORKER_VARIABLE)
    if not software.startswith("gunicorn/"):
        return ok("This process is not served by gunicorn: it is a command, or the development server.")
    facts = [("gunicorn", software.partition("/")[2]), ("Worker", worker or "not the site's own")]
    if worker is None:
        on_app_service = context.place.platform is Platform.APP_SERVICE
        return problem(
            "gunicorn runs without the site's configuration, gunicorn.conf.py. With gunicorn's defaults a process "
            "handles one request at a time: a vault that does not respond blocks every page and the health check.",
            _PLATFORM_STARTS if on_app_service else _START,
            facts=facts,
        )
    if context.place.platform in _PROXIED and context.config.hosts and not context.environ.get("FORWARDED_ALLOW_IPS"):
        return notice(
            "FORWARDED_ALLOW_IPS is not set, so gunicorn ignores the X-Forwarded-Proto header of the ingress: every "
            "request is redirected to HTTPS again.",
            "Set FORWARDED_ALLOW_IPS to the addresses of the ingress, or to * if only the ingress can connect.",
            facts=facts,
        )
    return ok("gunicorn runs with the site's configuration.", facts=facts)


@check("forwarded_headers", "Reverse proxy")
def forwarded_headers(context: CheckContext) -> Check:
    """Reads what the last forwarded request said: scheme, addresses, and headers of App Service and Front Door.

    Only notices: a client can send these headers, too. https://learn.microsoft.com/azure/app-service/configure-common
    """
    request, on_app_service = last_forwarded(), context.place.platform is Platform.APP_SERVICE
    if request is None:
        return ok(
            "This process has received no request with the headers of a proxy.",
            advice="Open this check in the site: the command runs in a process of its own." if on_app_service else "",
        )
    facts = _forwarded_facts(request)
    if request.forwarded_proto == "https" and request.scheme == "http":
        return notice(
            "A proxy reports HTTPS (X-Forwarded-Proto), but this site does not accept that from its address: it sees "
            "plain HTTP, redirects to HTTPS again, and sets cookies without Secure.",
            "In the project's settings, set SECURE_PROXY_SSL_HEADER if the proxy removes the header of clients."
            if is_embedded()
            else f"Set KVSITE_TRUSTED_PROXIES or FORWARDED_ALLOW_IPS to its address {request.peer}".rstrip() + ".",
            facts=facts,
        )  # fmt: skip
    if on_app_service and not (request.by_app_service and request.addresses and request.forwarded_proto):
        return notice(
            "The last forwarded request lacks headers that App Service's front end adds (X-ARR-LOG-ID, "
            "X-Forwarded-For, X-Forwarded-Proto), so it did not pass the front end unchanged.",
            "Check what connects to the container's port directly, or which proxy removes the headers.",
            facts=facts,
        )  # fmt: skip
    return _judge_addresses(request, context.config, on_app_service=on_app_service, facts=facts)


def _judge_addresses(
    request: ForwardedRequest, config: Config, *, on_app_service: bool, facts: list[tuple[str, str]]
) -> Check:
    """Whether the visitor's address can be told from the proxies'."""
    own_proxies = request.addresses - (1 if on_app_service else 0)
    if on_app_service and own_proxies > 0 and not config.trusted_proxies:
        name = "Azure Front Door" if request.by_front_door else "A proxy"
        return notice(
            f"{name} is in front of App Service, but KVSITE_TRUSTED_PROXIES is not set: all visitors through it have "
            "one address, and share the waiting time after a wrong passphrase.",
            "Set KVSITE_TRUSTED_PROXIES to its addresses, if clients cannot reach the site without it.",
            facts=facts,
        )  # fmt: skip
    if not on_app_service and request.addresses and not is_trusted_proxy(request.peer, config):
        return notice(
            f"A proxy at {request.peer or 'an unknown address'} forwards requests, but KVSITE_TRUSTED_PROXIES does "
            "not contain it: all its visitors have one address, and KVSITE_ACCESS=loopback refuses them.",
            "Set KVSITE_TRUSTED_PROXIES to the proxy's address, if it adds its client's address to X-Forwarded-For.",
            facts=facts,
        )  # fmt: skip
    return ok("The headers of the reverse proxy are complete, and are used.", facts=facts)


def _forwarded_facts(request: ForwardedRequest) -> list[tuple[str, str]]:
    return [
        ("X-Forwarded-Proto", request.forwarded_proto or "not sent"),
        ("Scheme as the site sees it", request.scheme),
        ("X-Forwarded-For", f"{request.addresses} addresses" if request.addresses != 1 else "1 address"),
        ("Connected from", request.peer or "no IP address"),
        ("Headers of App Service", "sent" if request.by_app_service else "not sent"),
        ("Headers of Azure Front Door", "sent" if request.by_front_door else "not sent"),
    ]
