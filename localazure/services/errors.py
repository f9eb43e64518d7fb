"""Error responses of the emulated services."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class ServiceError(Exception):
    """Raised when a service rejects a request; becomes its JSON error response."""

    def __init__(self, status: int, body: Mapping[str, Any] | None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body
        self.headers = headers

    @property
    def description(self) -> str:
        """The `error_description` of an OAuth error."""
        return str((self.body or {}).get("error_description", ""))


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


def error_response(error: ServiceError) -> Response:
    """Return the response for `error`."""
    if error.body is None:
        return Response(status_code=error.status, headers=error.headers)
    return AzureJSONResponse(error.body, status_code=error.status, headers=error.headers)


async def handle_service_error(_request: Request, error: Exception) -> Response:
    """Exception handler for Starlette."""
    assert isinstance(error, ServiceError)  # noqa: S101 - starlette types every handler for Exception
    return error_response(error)
