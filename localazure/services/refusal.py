"""A refusal in the words of the service that gives it."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault
    """Raised where a request is refused; becomes the JSON answer of the service."""

    def __init__(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body
        self.headers = headers


class Json(JSONResponse):
    """JSON with the content type Azure's services write."""

    media_type = "application/json; charset=utf-8"


async def answer_refusal(_request: Request, refusal: Exception) -> Response:
    """Starlette's handler for Refusal."""
    assert isinstance(refusal, Refusal)  # noqa: S101 - starlette types every handler for Exception
    return Json(refusal.body, status_code=refusal.status, headers=refusal.headers)
