"""A refusal in the words of the service that gives it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault
    """Raised where a request is refused; becomes the JSON answer of the service."""

    def __init__(self, status: int, body: Mapping[str, Any] | None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body
        self.headers = headers

    @property
    def description(self) -> str:
        """The sentence of an OAuth refusal."""
        return str((self.body or {}).get("error_description", ""))


def plain_failure(status: int) -> Refusal:
    """The failure of a service that has no form of its own for it."""
    phrase = HTTPStatus(status).phrase
    return Refusal(status, {"error": {"code": phrase.replace(" ", ""), "message": phrase}})


class Json(JSONResponse):
    """JSON with the content type Azure's services write."""

    media_type = "application/json; charset=utf-8"


def answer_of(refusal: Refusal) -> Response:
    """The answer a refusal is."""
    if refusal.body is None:
        return Response(status_code=refusal.status, headers=refusal.headers)
    return Json(refusal.body, status_code=refusal.status, headers=refusal.headers)


async def answer_refusal(_request: Request, refusal: Exception) -> Response:
    """Starlette's handler for Refusal."""
    assert isinstance(refusal, Refusal)  # noqa: S101 - starlette types every handler for Exception
    return answer_of(refusal)
