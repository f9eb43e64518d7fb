"""A page whose answer may take long: sent whole if the answer is there at once, otherwise streamed.

Until the answer arrives, a streamed page shows what it waits for. CSS hides that part as soon as the answer follows it
in the document, so no JavaScript is needed.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token

from secrets_app.access import viewer_of
from secrets_app.output.page import WaitingPicture, shell_of
from secrets_app.views.rendering import cached_fragment, cached_page

T = TypeVar("T")
Within = Callable[[float | None], T | None]
"""Waits so many seconds, without a limit for None, and returns the result, or None while there is none."""

WAIT_S = 0.03
"""Seconds to wait for the whole answer before the page is streamed. The first byte is to be sent within 50 ms."""
TICK_S = 1.0
"""Seconds between two pictures of a waiting page. Each one also detects a closed connection, whose thread then ends."""
ANSWER_MARK = "<!-- answer -->"


def within(future: Future[T]) -> Within[T]:
    """The result of a future that may be in progress."""

    def wait(seconds: float | None) -> T | None:
        try:
            return future.result(seconds)
        except TimeoutError:
            return None

    return wait


@dataclass(frozen=True, kw_only=True)
class StreamedPage(ABC, Generic[T]):
    """One request for a page with an answer of the type T."""

    request: HttpRequest
    template: str
    """The page. It has ANSWER_MARK where the answer belongs, if `waiting` is among its values."""
    fragment: str
    """The template of the answer alone."""
    name: str
    """URL name of the page."""
    has_form: bool = False
    """Whether the answer has a form for every visitor."""

    @abstractmethod
    def start(self) -> Within[T]:
        """Start the work."""

    @abstractmethod
    def values(self, answer: T) -> dict[str, Any]:
        """The values of the page and of the fragment."""

    @abstractmethod
    def waiting(self) -> WaitingPicture:
        """What is shown until there is an answer."""

    def rest(self, answer: T) -> Within[dict[str, Any]]:  # noqa: ARG002 - subclasses use it
        """Values that the page shows below the answer and that may come later; see `rest_fragment`."""
        return lambda _: {}

    rest_fragment = ""

    @property
    def is_whole(self) -> bool:
        """Whether the response waits for the answer."""
        return self.request.method == "HEAD"

    def respond(self, **more: Any) -> HttpResponseBase:
        """The response. `more`: values of the template besides the answer, the same for every visitor."""
        wait, until = self.start(), time.monotonic() + WAIT_S
        answer = wait(None if self.is_whole else WAIT_S)
        if answer is None:
            return self._streamed(wait, more)
        rest = self.rest(answer)(None if self.is_whole else max(0.0, until - time.monotonic()))
        if rest is None:
            return self._streamed(lambda _: answer, more)
        return cached_page(self.request, self.template, **self.common(), **self.values(answer), **rest, **more)

    def common(self) -> dict[str, Any]:
        """The values that do not depend on the answer."""
        return {
            "current_page": self.name,
            "shell": shell_of(self.request.META.get("HTTP_USER_AGENT", "")),
            "viewer": viewer_of(self.request),
        }

    def _streamed(self, wait: Within[T], more: dict[str, Any]) -> StreamingHttpResponse:
        viewer = viewer_of(self.request)
        if viewer.may_see_values or viewer.sign_out_url or self.has_form:
            get_token(self.request)  # sets the cookie now: the answer may have a form, and comes after the headers
        response = StreamingHttpResponse(self._chunks(wait, more))
        response["X-Accel-Buffering"] = "no"  # nginx, which Container Apps and Kubernetes may have in front
        return response

    def _chunks(self, wait: Within[T], more: dict[str, Any]) -> Iterator[bytes]:
        answer = wait(0)
        values = {**self.common(), **more}
        page = cached_fragment(self.request, self.template, **values, waiting=self.waiting())
        start, end = page.split(ANSWER_MARK.encode())
        yield start
        while answer is None:
            answer = wait(TICK_S)
            if answer is None:
                yield cached_fragment(self.request, "secrets_app/_waiting.html", waiting=self.waiting())
        wait_for_rest = self.rest(answer)
        yield cached_fragment(self.request, self.fragment, **values, **self.values(answer))
        rest = wait_for_rest(TICK_S)
        while rest is None:
            yield b"\n"
            rest = wait_for_rest(TICK_S)
        if rest:
            yield cached_fragment(self.request, self.rest_fragment, **rest)
        yield end
