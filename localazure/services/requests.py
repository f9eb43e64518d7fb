"""What a request carries, read within a limit."""

from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from localazure.services.refusal import Refusal

BODY_LIMIT = 1024 * 1024
CLOSING = {"Connection": "close"}


async def body_of(request: Request) -> bytes:
    """The whole body. Raises Refusal when it is longer than BODY_LIMIT, or does not come to its end."""
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > BODY_LIMIT:
                text = "The request body is too large."
                raise Refusal(413, {"error": {"code": "RequestEntityTooLarge", "message": text}}, CLOSING)
    except ClientDisconnect:  # nobody is left to read the answer
        raise Refusal(400, None, CLOSING) from None
    return bytes(body)


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form; of a field given twice the last one counts. Raises Refusal."""
    return dict(parse_qsl((await body_of(request)).decode("utf-8", "replace"), keep_blank_values=True))
