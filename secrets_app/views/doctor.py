"""The pages with the checks of this machine: the doctor, and the report for a ticket."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from secrets_app import conf
from secrets_app.conf.request import ReadRequest, secret_request
from secrets_app.core.reading import Reading
from secrets_app.doctor import Check
from secrets_app.doctor.service import TIME_LIMIT_S, headline, is_healthy, start_doctor
from secrets_app.output.page import WaitingPicture
from secrets_app.output.report import markdown
from secrets_app.service import diagnose, start_reading
from secrets_app.views.parameters import parse_query
from secrets_app.views.reading_page import waiting_for
from secrets_app.views.streaming import StreamedPage, Within, within

Checks = tuple[Check, ...]


@require_safe
def environment(request: HttpRequest) -> HttpResponseBase:
    """Doctor: the checks of this machine's configuration."""
    return _DoctorPage(
        request=request,
        template="secrets_app/doctor.html",
        fragment="secrets_app/_checks.html",
        name="environment",
        started=time.monotonic(),
    ).respond()


@require_safe
def report(request: HttpRequest) -> HttpResponseBase:
    """A reading and the checks of this machine, as Markdown for a ticket; `ids=short` shortens the IDs."""
    ids = parse_query(request, "ids").get("ids", "whole")
    if ids not in {"whole", "short"}:
        raise BadRequest("ids must be whole or short.")
    return _ReportPage(
        request=request,
        template="secrets_app/report.html",
        fragment="secrets_app/_report.html",
        name="report",
        read_request=secret_request(conf.current()),
        short=ids == "short",
    ).respond()


@dataclass(frozen=True, kw_only=True)
class _DoctorPage(StreamedPage[Checks]):
    started: float
    """When the request arrived, on the monotonic clock."""

    def start(self) -> Within[Checks]:
        return within(start_doctor(conf.current()))

    def values(self, answer: Checks) -> dict[str, Any]:
        return {"checks": answer, "headline": headline(answer), "healthy": is_healthy(answer)}

    def waiting(self) -> WaitingPicture:
        left_s = max(0, round(TIME_LIMIT_S - (time.monotonic() - self.started)))
        return WaitingPicture("Checking this machine", "Waiting for the checks, which run in parallel.", left_s)


@dataclass(frozen=True, kw_only=True)
class _ReportPage(StreamedPage[tuple[Reading, Checks]]):
    read_request: ReadRequest
    short: bool
    """Whether the IDs are shortened."""

    def start(self) -> Within[tuple[Reading, Checks]]:
        reading = start_reading(self.read_request).within
        return both(reading, within(start_doctor(self.read_request.config)))

    def values(self, answer: tuple[Reading, Checks]) -> dict[str, Any]:
        reading, checks = answer
        text = markdown(reading, diagnose(reading, self.read_request), checks, shorten_ids=self.short)
        return {"markdown": text, "short": self.short}

    def waiting(self) -> WaitingPicture:
        return waiting_for(self.read_request)._replace(title="Writing the report")


def both(first: Callable[[float | None], Any], second: Callable[[float | None], Any]) -> Within[tuple[Any, Any]]:
    """The results of two calls in progress, as soon as there are both."""

    def wait(seconds: float | None) -> tuple[Any, Any] | None:
        until = None if seconds is None else time.monotonic() + seconds
        a = first(seconds)
        b = None if a is None else second(None if until is None else max(0.0, until - time.monotonic()))
        return None if a is None or b is None else (a, b)

    return wait
