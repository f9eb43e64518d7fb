"""Error responses of the emulated services."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Self

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class ServiceError(Exception):
    """Raised when a service rejects a request; becomes its JSON error response."""

    def __init__(
        self, status: int, body: Mapping[str, Any] | str | None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status}: {body}")  # a str is an HTML page
        self.status = status
        self.body = body
        self.headers = headers

    def with_headers(self, headers: Mapping[str, str]) -> Self:
        """Return the same error with additional headers."""
        return type(self)(self.status, self.body, {**(self.headers or {}), **headers})

    @property
    def description(self) -> str:
        """The `error_description` of an OAuth error."""
        return str(self.body.get("error_description", "")) if isinstance(self.body, Mapping) else ""


def quoted(text: str) -> str:
    """Return `text`, which is in Azure's own words even where they differ from this project's terms."""
    return text


def generic_error(status: int) -> ServiceError:
    """The error of a service that has no error format of its own."""
    phrase = HTTPStatus(status).phrase
    return ServiceError(status, {"error": {"code": phrase.replace(" ", ""), "message": phrase}})


class AzureJSONResponse(JSONResponse):
    """JSON with the content type of Azure's services."""

    media_type = "application/json; charset=utf-8"

    def render(self, content: Any) -> bytes:
        """Return UTF-8. Half a character, which an escape sequence in JSON can stand for, becomes a question mark."""
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode("utf-8", "replace")


def error_response(error: ServiceError) -> Response:
    """Return the response for `error`."""
    if error.body is None:
        return Response(status_code=error.status, headers=error.headers)
    if isinstance(error.body, str):
        return Response(error.body, error.status, error.headers, media_type="text/html; charset=us-ascii")
    return AzureJSONResponse(error.body, status_code=error.status, headers=error.headers)


async def handle_service_error(_request: Request, error: Exception) -> Response:
    """Exception handler for Starlette."""
    assert isinstance(error, ServiceError)  # noqa: S101 - starlette types every handler for Exception
    return error_response(error)
