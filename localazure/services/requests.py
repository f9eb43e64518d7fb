"""What a request carries, read within a limit."""

from urllib.parse import parse_qsl

from starlette.requests import Request

from localazure.services.refusal import Refusal

BODY_LIMIT = 1024 * 1024


async def body_of(request: Request) -> bytes:
    """The whole body. Raises Refusal when it is longer than BODY_LIMIT."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_LIMIT:
            text = "The request body is too large."
            raise Refusal(413, {"error": {"code": "RequestEntityTooLarge", "message": text}}, {"Connection": "close"})
    return bytes(body)


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form; of a field given twice the last one counts. Raises Refusal."""
    return dict(parse_qsl((await body_of(request)).decode("utf-8", "replace"), keep_blank_values=True))
