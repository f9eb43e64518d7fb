"""Reads request bodies up to a maximum size."""

from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from localazure.services.errors import ServiceError

MAX_BODY_BYTES = 1024 * 1024
CLOSE_CONNECTION = {"Connection": "close"}


async def read_body(request: Request) -> bytes:
    """Return the body. Raises ServiceError when it is longer than MAX_BODY_BYTES or incomplete."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                text = "The request body is too large."
                raise ServiceError(413, {"error": {"code": "RequestEntityTooLarge", "message": text}}, CLOSE_CONNECTION)
    except ClientDisconnect:
        raise ServiceError(400, None, CLOSE_CONNECTION) from None
    return bytes(body)


async def read_form(request: Request) -> dict[str, str]:
    """Return the form fields; for repeated fields the last value. Raises ServiceError."""
    return dict(parse_qsl((await read_body(request)).decode("utf-8", "replace"), keep_blank_values=True))
