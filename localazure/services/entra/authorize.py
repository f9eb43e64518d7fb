"""The authorization endpoint: signs the developer in without interaction and returns the code by form post.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
"""

import base64
import hashlib
import hmac
import html
import re
import secrets
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from localazure.services.entra import errors
from localazure.services.errors import ServiceError
from localazure.state.emulator_state import EmulatorState
from localazure.state.sign_in_sessions import BrowserSignIn

_REQUIRED = ("client_id", "response_type", "redirect_uri", "scope", "state", "code_challenge")
# Azure CLI's registration has the redirect URI http://localhost, with any port.
# https://learn.microsoft.com/entra/identity-platform/reply-url#localhost-exceptions
_LOCALHOST = re.compile(r"http://localhost(:\d{1,5})?/?")
_PAGE = """\
<html><head><title>Working...</title></head><body><form method="POST" name="hiddenform" action="{action}">
{fields}
<noscript><p>Script is disabled. Click Submit to continue.</p><input type="submit" value="Submit" /></noscript></form>
<script language="javascript">document.forms[0].submit();</script></body></html>
"""


def authorize(state: EmulatorState, request: Request) -> Response:
    """Return the page that posts the authorization code to the redirect URI. Raises ServiceError."""
    query = dict(request.query_params)
    for name in _REQUIRED:
        if not query.get(name):
            raise errors.missing_field(state, name)
    if query["response_type"] != "code" or query.get("response_mode") != "form_post":
        raise errors.entra_error(state, 700054, "unsupported_response_type", "Only code by form_post is enabled here.")
    if not _LOCALHOST.fullmatch(query["redirect_uri"]):
        raise errors.unknown_redirect(state, query["redirect_uri"], query["client_id"])
    if query.get("code_challenge_method") != "S256":
        raise errors.entra_error(state, 501491, "invalid_request", "Invalid size of Code_Challenge parameter.")
    code = f"1.{secrets.token_urlsafe(96)}"
    state.sessions.browser_codes[code] = BrowserSignIn(query=query)
    fields = {"code": code, "state": query["state"], "session_state": secrets.token_hex(16)}
    inputs = (f'<input type="hidden" name="{name}" value="{html.escape(value)}" />' for name, value in fields.items())
    page = _PAGE.format(action=html.escape(query["redirect_uri"]), fields="\n".join(inputs))
    return HTMLResponse(page)


def redeem_code(state: EmulatorState, form: Mapping[str, str]) -> Mapping[str, str]:
    """Return the query of the authorization request; a code can be redeemed once. Raises ServiceError."""
    sign_in = state.sessions.browser_codes.get(form.get("code", ""))
    if sign_in is None:
        raise _invalid_grant(state, 9002313, "Invalid request. Request is malformed or invalid.")
    if sign_in.redeemed:
        raise _invalid_grant(
            state, 54005, "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use"
            " an existing refresh token.",
        )  # fmt: skip
    query = sign_in.query
    if form.get("redirect_uri") != query["redirect_uri"]:
        raise _invalid_grant(
            state, 500112, f"The reply address '{form.get('redirect_uri', '')}' does not match the reply address"
            f" '{query['redirect_uri']}' provided when requesting Authorization code.",
        )  # fmt: skip
    if not hmac.compare_digest(_challenge(form.get("code_verifier", "")), query["code_challenge"]):
        text = "The Code_Verifier does not match the code_challenge supplied in the authorization request."
        raise _invalid_grant(state, 501481, text)
    sign_in.redeemed = True
    return query


def _challenge(verifier: str) -> str:
    """RFC 7636, section 4.2."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _invalid_grant(state: EmulatorState, number: int, text: str) -> ServiceError:
    return errors.entra_error(state, number, "invalid_grant", text)
