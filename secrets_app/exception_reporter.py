"""What Django's debug page may tell: the request without what was typed or signed in with, and nothing secret."""

import re
from collections.abc import ItemsView
from pprint import pformat
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from secrets_app.core.redaction import redact

# Besides Django's own: what the value of a secret is called in the SDK and here.
_SECRET_NAME = re.compile(
    f"{SafeExceptionReporterFilter.hidden_settings.pattern}|VALUE|CREDENTIAL|ENVIRON", re.IGNORECASE
)

# All that is at hand in these is settings as they were given, passwords among them, under any name.
_SETTINGS_MODULES = ("secrets_app.conf", "secrets_app.conf.schema", "secrets_app.connection_string", "kvsite.settings")

# While quotes are still quotes: on the finished page they are written as entities.
_MESSAGE_FIELDS = {"exception_value", "exception_notes", "unicode_hint"}


class SafeFilter(SafeExceptionReporterFilter):
    """`runserver` puts the whole environment beside the request's headers: every secret that lives there would show."""

    def get_safe_request_meta(self, request: HttpRequest) -> dict[str, Any]:
        safe: dict[str, Any] = super().get_safe_request_meta(request)
        shown = ("HTTP_", "REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "SERVER_PROTOCOL", "REMOTE_ADDR")
        return {name: value for name, value in safe.items() if name.startswith(shown)}

    def get_safe_cookies(self, request: HttpRequest) -> dict[str, Any]:
        return dict.fromkeys(request.COOKIES, self.cleansed_substitute)

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        """Names alone: a pass-phrase or a pasted token may be among the values."""
        return dict.fromkeys(request.POST if request else (), self.cleansed_substitute)

    def get_traceback_frame_variables(self, request: HttpRequest | None, tb_frame: FrameType) -> ItemsView[str, Any]:
        """What settings are read with, or a name calls secret, is hidden; the others go through the redaction."""
        hidden = str(tb_frame.f_globals.get("__name__")).startswith(_SETTINGS_MODULES)
        return {
            name: self.cleansed_substitute if hidden or _SECRET_NAME.search(name) else _Text(redact(pformat(value)))
            for name, value in super().get_traceback_frame_variables(request, tb_frame)
        }.items()


class Reporter(ExceptionReporter):
    """What the errors themselves say, and then the finished page, go through the one redaction."""

    def get_traceback_data(self) -> dict[str, Any]:
        data: dict[str, Any] = super().get_traceback_data()
        for name in _MESSAGE_FIELDS & data.keys():
            data[name] = redact(str(data[name]))
        for frame in data.get("frames", ()):
            if frame.get("exc_cause"):
                frame["exc_cause"] = redact(str(frame["exc_cause"]))
        return data

    def get_traceback_html(self) -> SafeString:
        return SafeString(redact(super().get_traceback_html()))

    def get_traceback_text(self) -> SafeString:
        return SafeString(redact(super().get_traceback_text()))


class _Text:
    """A variable's text, made already."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text
