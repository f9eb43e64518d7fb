"""Health probes: liveness and readiness."""

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
    diagnosis = diagnose(reading, request)
    if reading.ok:
        return JsonResponse({"ready": True})
    return JsonResponse({"ready": False, "cause": diagnosis.main_cause}, status=503)
