"""The session of a sign-in: a signed cookie of this app alone, which needs no database and no middleware.

The project's own session is not used: signing out would end it, and its engine may need a database.
"""

from django.conf import settings
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from secrets_app.conf.access import LOGIN_LIFETIME_S

_NAME = "kvsite_session"


class _Session(SessionStore):
    def get_session_cookie_age(self) -> int:
        """Seconds for which the signature is valid, whatever the project's sessions have."""
        return LOGIN_LIFETIME_S


def open_session(request: HttpRequest) -> None:
    """Give the request its session, which is read from the cookie on first use."""
    request._secrets_app_session = _Session(request.COOKIES.get(cookie_name(request)))  # type: ignore[attr-defined]  # noqa: SLF001


def session_of(request: HttpRequest) -> SessionStore:
    """The session that `open_session` gave the request."""
    session: SessionStore = request._secrets_app_session  # type: ignore[attr-defined]  # noqa: SLF001
    return session


def has_cookie(request: HttpRequest) -> bool:
    """Whether the browser sent a session. Without it the session is not read, so no response depends on cookies."""
    return cookie_name(request) in request.COOKIES


def cookie_name(request: HttpRequest) -> str:
    """The cookie's name. `__Host-`: another host of the domain cannot set it, which browsers support over TLS only."""
    if not request.is_secure():
        return _NAME
    return f"__Host-{_NAME}" if _path() == "/" else f"__Secure-{_NAME}"


def save_session(request: HttpRequest, response: HttpResponseBase) -> None:
    """Set the cookie of a changed session, or delete that of an ended one."""
    session = session_of(request)
    name, is_secure = cookie_name(request), request.is_secure() or settings.SESSION_COOKIE_SECURE
    if session.accessed:
        patch_vary_headers(response, ("Cookie",))
    if not session.modified:
        return
    if session.is_empty():
        if has_cookie(request):
            response.delete_cookie(name, path=_path(), samesite="Lax")
        return
    session.save()
    response.set_cookie(
        name, session.session_key or "", max_age=session.get_expiry_age(), path=_path(),
        secure=is_secure, httponly=True, samesite="Lax",
    )  # fmt: skip


def _path() -> str:
    return reverse("secrets_app:home")
