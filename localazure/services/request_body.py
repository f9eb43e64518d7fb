"""Reads request bodies up to a maximum size."""

import json
import math
from typing import Any, NoReturn
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


def parse_json(text: str | bytes) -> Any:
    """Return the parsed value. Raises ValueError, also for numbers that JSON cannot represent, or RecursionError."""
    return json.loads(text, parse_constant=_refuse, parse_float=_finite)


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


async def read_form(request: Request) -> dict[str, str]:
    """Return the form fields; for repeated fields the last value. Raises ServiceError."""
    return dict(parse_qsl((await read_body(request)).decode("utf-8", "replace"), keep_blank_values=True))
