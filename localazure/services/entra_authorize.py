"""Entra's page to sign in at: the developer of this world is there already, and the code goes back by a form.

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

from localazure.services import entra_refusals as refusals
from localazure.services.refusal import Refusal
from localazure.sessions import BrowserSignIn
from localazure.world import World

_NEEDED = ("client_id", "response_type", "redirect_uri", "scope", "state", "code_challenge")
# A public client of Microsoft's own is registered with http://localhost, and any port will do.
# https://learn.microsoft.com/entra/identity-platform/reply-url#localhost-exceptions
_LOCALHOST = re.compile(r"http://localhost(:\d{1,5})?/?")
_PAGE = """\
<html><head><title>Working...</title></head><body><form method="POST" name="hiddenform" action="{action}">
{fields}
<noscript><p>Script is disabled. Click Submit to continue.</p><input type="submit" value="Submit" /></noscript></form>
<script language="javascript">document.forms[0].submit();</script></body></html>
"""


def authorize(world: World, request: Request) -> Response:
    """The page that hands the code to whoever asked, by way of the browser. Raises Refusal."""
    asked = dict(request.query_params)
    for name in _NEEDED:
        if not asked.get(name):
            raise refusals.missing_field(world, name)
    if asked["response_type"] != "code" or asked.get("response_mode") != "form_post":
        raise refusals.refused(world, 700054, "unsupported_response_type", "Only code by form_post is enabled here.")
    if not _LOCALHOST.fullmatch(asked["redirect_uri"]):
        raise refusals.unknown_redirect(world, asked["redirect_uri"], asked["client_id"])
    if asked.get("code_challenge_method") != "S256":
        raise refusals.refused(world, 501491, "invalid_request", "Invalid size of Code_Challenge parameter.")
    code = f"1.{secrets.token_urlsafe(96)}"
    world.sessions.browser_codes[code] = BrowserSignIn(asked=asked)
    fields = {"code": code, "state": asked["state"], "session_state": secrets.token_hex(16)}
    inputs = (f'<input type="hidden" name="{name}" value="{html.escape(value)}" />' for name, value in fields.items())
    page = _PAGE.format(action=html.escape(asked["redirect_uri"]), fields="\n".join(inputs))
    return HTMLResponse(page)


def redeemed(world: World, form: Mapping[str, str]) -> Mapping[str, str]:
    """What the sign-in behind this code was asked for; a code is good once. Raises Refusal."""
    begun = world.sessions.browser_codes.get(form.get("code", ""))
    if begun is None:
        raise _refused(world, 9002313, "Invalid request. Request is malformed or invalid.")
    if begun.redeemed:
        raise _refused(
            world, 54005, "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use"
            " an existing refresh token.",
        )  # fmt: skip
    asked = begun.asked
    if form.get("redirect_uri") != asked["redirect_uri"]:
        raise _refused(
            world, 500112, f"The reply address '{form.get('redirect_uri', '')}' does not match the reply address"
            f" '{asked['redirect_uri']}' provided when requesting Authorization code.",
        )  # fmt: skip
    if not hmac.compare_digest(_challenge(form.get("code_verifier", "")), asked["code_challenge"]):
        text = "The Code_Verifier does not match the code_challenge supplied in the authorization request."
        raise _refused(world, 501481, text)
    begun.redeemed = True
    return asked


def _challenge(verifier: str) -> str:
    """RFC 7636, section 4.2."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _refused(world: World, number: int, text: str) -> Refusal:
    return refusals.refused(world, number, "invalid_grant", text)
