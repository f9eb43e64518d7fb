"""A page with a reading: sent whole if the answer is there at once, otherwise streamed.

Until the answer arrives, a streamed page shows which step the reading waits for. CSS hides that picture as soon as the
answer follows it in the document, so no JavaScript is needed.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token

from secrets_app.access import viewer_of
from secrets_app.conf.request import ReadRequest, SecretTarget
from secrets_app.core.reading import Reading
from secrets_app.doctor import Check, translation
from secrets_app.doctor.service import start_related_checks, unexplained_problems
from secrets_app.output.page import WATCH_RELOADS, WaitingPicture, shell_of, waiting_picture
from secrets_app.service import detect_host, diagnose, progress, start_reading
from secrets_app.views.page_cache import cached_fragment, cached_page

WAIT_S = 0.03
"""Seconds to wait for the whole answer before the page is streamed. The first byte is to be sent within 50 ms."""
TICK_S = 1.0
"""Seconds between two pictures of a waiting page. Each one also detects a closed connection, whose thread then ends."""
ANSWER_MARK = "<!-- answer -->"


@dataclass(frozen=True, kw_only=True)
class ReadingPage:
    """One request for a page with a reading."""

    request: HttpRequest
    read_request: ReadRequest
    template: str
    name: str
    """URL name of the page: `home` or `secret`."""
    query: str
    """Query string that repeats the request."""
    identity: str = ""
    watch: int = 0
    """How often the page reloads until the secret can be read."""
    refresh: bool = False

    def respond(self, **more: Any) -> HttpResponseBase:
        """The response. `more`: values of the template besides the reading, the same for every visitor.

        HEAD and a watching page are answered whole: a page that reloads needs the answer for its title, and meanwhile
        the browser shows the previous one.
        """
        pending = start_reading(self.read_request, refresh=self.refresh)
        is_whole = bool(self.watch) or self.request.method == "HEAD"
        until = time.monotonic() + WAIT_S
        reading = pending.within(None if is_whole else WAIT_S)
        if reading is None:
            return self._streamed(pending.within, more)
        checks = start_related_checks(reading, self.read_request)
        related = self._related(reading, checks, None if is_whole else max(0.0, until - time.monotonic()))
        if related is None:
            return self._streamed(lambda _: reading, more)
        return cached_page(self.request, self.template, **self._values(reading), related=related, **more)

    def _streamed(self, within: Callable[[float], Reading | None], more: dict[str, Any]) -> StreamingHttpResponse:
        viewer = viewer_of(self.request)
        if viewer.may_see_values or viewer.sign_out_url:
            get_token(self.request)  # sets the cookie now: the answer may have a form, and comes after the headers
        response = StreamingHttpResponse(self._chunks(within, more))
        response["X-Accel-Buffering"] = "no"  # nginx, which Container Apps and Kubernetes may have in front
        return response

    def _chunks(self, within: Callable[[float], Reading | None], more: dict[str, Any]) -> Iterator[bytes]:
        reading = within(0)
        values = {**self._common(), **more, "waiting": self._waiting()}
        start, end = cached_fragment(self.request, self.template, **values).split(ANSWER_MARK.encode())
        yield start
        while reading is None:
            reading = within(TICK_S)
            if reading is None:
                yield cached_fragment(self.request, "secrets_app/_waiting.html", waiting=self._waiting())
        checks = start_related_checks(reading, self.read_request)
        yield cached_fragment(self.request, "secrets_app/_reading.html", **self._values(reading), related=())
        related = self._related(reading, checks, TICK_S)
        while related is None:
            yield b"\n"
            related = self._related(reading, checks, TICK_S)
        yield cached_fragment(self.request, "secrets_app/_related.html", related=related)
        yield end

    def _related(
        self, reading: Reading, checks: Future[tuple[Check, ...]], seconds: float | None
    ) -> tuple[Check, ...] | None:
        """The problems of this machine that the reading does not explain; None while the checks run."""
        try:
            return unexplained_problems(checks.result(seconds), diagnose(reading, self.read_request))
        except TimeoutError:
            return None

    def _values(self, reading: Reading) -> dict[str, Any]:
        return {
            **self._common(),
            "reading": reading,
            "diagnosis": diagnose(reading, self.read_request),
            "translation": translation(self.read_request.config, reading.place),
            "watch": 0 if reading.ok else self.watch,
        }

    def _common(self) -> dict[str, Any]:
        """The values that do not depend on the reading."""
        return {
            "current_page": self.name,
            "page": f"secrets_app:{self.name}",
            "query": self.query,
            "identity": self.identity,
            "watch_reloads": WATCH_RELOADS,
            "shell": shell_of(self.request.headers.get("User-Agent", "")),
            "viewer": viewer_of(self.request),
        }

    def _waiting(self) -> WaitingPicture:
        target, so_far = self.read_request.target, progress(self.read_request)
        vault_url, name = (target.vault_url, target.name) if isinstance(target, SecretTarget) else (None, None)
        left_s = so_far.left_s if so_far else self.read_request.config.deadline_s
        return waiting_picture(vault_url, name, detect_host(), so_far, left_s)
