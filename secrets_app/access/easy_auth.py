"""Who signed in with App Service's authentication, from the headers it puts on each request.

https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from secrets_app.access.viewer import Viewer
from secrets_app.conf import Config
from secrets_app.conf.access import EVERYONE, EXAMPLE_PEOPLE, AccessMode, ascii_lower

_HEADER = "HTTP_X_MS_CLIENT_PRINCIPAL"
_ENTRA = "aad"
_OBJECT_ID = frozenset({"oid", "http://schemas.microsoft.com/identity/claims/objectidentifier"})
_OFF = (
    "It lets in who signed in with App Service's authentication, but the platform does not say that this is on. "
    "Its headers could be anybody's, so nobody is let in."
)


class UnreadableError(ValueError):
    """The headers do not say who signed in; the text is a sentence for the page."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who signed in."""

    shown: str
    known_as: frozenset[str]
    """What a setting may call them, in small letters."""

    def is_in(self, people: tuple[str, ...]) -> bool:
        return EVERYONE in people or not self.known_as.isdisjoint(people)


def viewer(request: HttpRequest, config: Config) -> Viewer:
    """Whoever the platform says has signed in, where it says that it asks at all."""
    if not config.platform_signs_in:
        return Viewer(how=AccessMode.EASY_AUTH, name="somebody", closed_because=_OFF)
    try:
        person = person_of(request.META)
    except UnreadableError as error:
        sign_in_at = "/.auth/login/aad?post_login_redirect_uri=/"
        return Viewer(how=AccessMode.EASY_AUTH, name="somebody", closed_because=str(error), sign_in_at=sign_in_at)
    return Viewer(
        how=AccessMode.EASY_AUTH,
        name=person.shown,
        may_view=person.is_in(config.people),
        may_see_values=person.is_in(config.value_people),
        closed_because=f"You are signed in as {person.shown}, and KVSITE_PEOPLE does not list you.",
        no_values_because="KVSITE_VALUE_PEOPLE does not list you.",
        opens_with=("KVSITE_PEOPLE", EXAMPLE_PEOPLE),
        sign_out_at="/.auth/logout",
    )


def person_of(headers: Mapping[str, Any]) -> Person:
    """Who signed in. Raises UnreadableError.

    A name counts only where Entra gave it: with other providers people choose theirs themselves.
    """
    principal = _principal(_text(headers, ""))
    name, header_id = _text(headers, "_NAME"), _text(headers, "_ID")
    providers = {_text(headers, "_IDP"), principal.get("auth_typ") or ""} - {""}
    from_entra = providers <= {_ENTRA}
    object_id = (_object_id(principal) if from_entra else "") or header_id
    if not name and not object_id:
        raise UnreadableError("You are not signed in, or the platform does not say as whom.")
    if "," in name + object_id:  # servers join a header that comes twice
        raise UnreadableError("The platform's headers name two people at once, so neither is let in.")
    known_as = {object_id, name if from_entra else ""} - {""}
    shown = f"{name} ({object_id})" if name and object_id else name or object_id
    return Person(shown=shown[:200], known_as=frozenset(map(ascii_lower, known_as)))


def _text(headers: Mapping[str, Any], ending: str) -> str:
    text = str(headers.get(f"{_HEADER}{ending}", "")).strip()
    try:
        return text.encode("latin-1").decode("utf-8")  # WSGI hands bytes on as Latin-1
    except UnicodeError:
        return text


def _principal(text: str) -> dict[str, Any]:
    """The header's JSON; an empty one where there is no header."""
    if not text:
        return {}
    try:
        document = json.loads(base64.b64decode(text, validate=True))
    except (ValueError, RecursionError) as error:
        raise UnreadableError("The platform's header X-MS-CLIENT-PRINCIPAL cannot be read.") from error
    provider = document.get("auth_typ") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(provider, str | None):
        raise UnreadableError("The platform's header X-MS-CLIENT-PRINCIPAL is not what it should be.")
    return document


def _object_id(principal: Mapping[str, Any]) -> str:
    """The object id among the claims; empty where there is none."""
    claims = principal.get("claims") or []
    if not isinstance(claims, list) or not all(isinstance(claim, dict) for claim in claims):
        raise UnreadableError("The claims in the platform's header X-MS-CLIENT-PRINCIPAL cannot be read.")
    found = {str(claim.get("val")) for claim in claims if str(claim.get("typ")) in _OBJECT_ID}
    return ",".join(sorted(found))
