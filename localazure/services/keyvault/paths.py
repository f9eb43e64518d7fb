"""Paths are matched as ASP.NET does: case-insensitively, and with or without a slash at the end."""

from starlette.types import ASGIApp, Receive, Scope, Send


def normalized(app: ASGIApp) -> ASGIApp:
    """Return `app` with paths in one spelling; the case of names is kept."""

    async def with_normalized_path(scope: Scope, receive: Receive, send: Send) -> None:
        segments = scope["path"].rstrip("/").split("/")
        for index in (1, 3):  # /secrets/<name>/versions
            if len(segments) > index:
                segments[index] = segments[index].lower()
        await app({**scope, "path": "/".join(segments) or "/"}, receive, send)

    return with_normalized_path
