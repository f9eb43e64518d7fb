"""What Django's debug page may tell: of the request what the client sent, of the environment nothing."""

from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter


class RequestOnly(SafeExceptionReporterFilter):
    """`runserver` puts the whole environment beside the request's headers: every secret that lives there would show."""

    def get_safe_request_meta(self, request: HttpRequest) -> dict[str, Any]:
        safe: dict[str, Any] = super().get_safe_request_meta(request)
        shown = ("HTTP_", "REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "SERVER_PROTOCOL", "REMOTE_ADDR")
        return {name: value for name, value in safe.items() if name.startswith(shown)}
