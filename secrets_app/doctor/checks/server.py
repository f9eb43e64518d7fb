"""Check of the web server that runs this site."""

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
