"""Health probes: liveness and readiness."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from secrets_app import conf
from secrets_app.conf.request import secret_request
from secrets_app.service import diagnose, get_reading


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """200 while the process runs; sends no request to Azure."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """200 when the secret can be read; otherwise 503 with the cause key."""
    request = secret_request(conf.current())
    reading = get_reading(request)
    if reading.ok:
        return JsonResponse({"ready": True})
    return JsonResponse({"ready": False, "cause": diagnose(reading, request).main_cause}, status=503)


_PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {"/healthz": healthz, "/readyz": readyz}


def answer_probes(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """First Django middleware: probes use the IP address instead of an allowed host name, and no TLS."""

    def respond(request: HttpRequest) -> HttpResponse:
        return _PROBES.get(request.path, get_response)(request)

    return respond
