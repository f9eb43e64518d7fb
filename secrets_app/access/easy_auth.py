"""Access mode `easy-auth`: the user signed in with App Service authentication, from the headers of the request.

https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from secrets_app.access.viewer import Viewer
from secrets_app.conf import Config
from secrets_app.conf.access import EVERYONE, EXAMPLE_PEOPLE, AccessMode, ascii_lower

_HEADER = "HTTP_X_MS_CLIENT_PRINCIPAL"
_ENTRA = "aad"
_OBJECT_ID_CLAIMS = frozenset({"oid", "http://schemas.microsoft.com/identity/claims/objectidentifier"})
_AUTHENTICATION_OFF = (
    "Access requires App Service authentication, but the platform does not report that it is enabled. "
    "Its headers could be forged, so all access is denied."
)


class UnreadableError(ValueError):
    """The headers do not identify a user; the message is a sentence for the page."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """A signed-in user."""

    display_name: str
    identifiers: frozenset[str]
    """The names and object IDs by which a setting may list the user, in lower case."""

    def is_listed_in(self, people: tuple[str, ...]) -> bool:
        return EVERYONE in people or not self.identifiers.isdisjoint(people)


def viewer(request: HttpRequest, config: Config) -> Viewer:
    """The user reported by the platform, if App Service authentication is enabled."""
    if not config.platform_signs_in:
        return Viewer(access_mode=AccessMode.EASY_AUTH, name="anonymous", denied_because=_AUTHENTICATION_OFF)
    try:
        person = person_of(request.META)
    except UnreadableError as error:
        sign_in_url = f"/.auth/login/aad?post_login_redirect_uri={reverse('secrets_app:home')}"
        return Viewer(
            access_mode=AccessMode.EASY_AUTH, name="anonymous", denied_because=str(error), sign_in_url=sign_in_url
        )
    return Viewer(
        access_mode=AccessMode.EASY_AUTH,
        name=person.display_name,
        may_view=person.is_listed_in(config.people),
        may_see_values=person.is_listed_in(config.value_people),
        denied_because=f"You are signed in as {person.display_name}, which is not listed in KVSITE_PEOPLE.",
        values_denied_because="Your account is not listed in KVSITE_VALUE_PEOPLE.",
        required_setting=("KVSITE_PEOPLE", EXAMPLE_PEOPLE),
        sign_out_url="/.auth/logout",
    )


def person_of(headers: Mapping[str, Any]) -> Person:
    """The signed-in user. Raises UnreadableError.

    A name is trusted only from Microsoft Entra ID: with other providers, users choose their names themselves.
    """
    principal = _principal(_text(headers, ""))
    name, header_id = _text(headers, "_NAME"), _text(headers, "_ID")
    providers = {_text(headers, "_IDP"), principal.get("auth_typ") or ""} - {""}
    from_entra = providers <= {_ENTRA}
    object_id = (_object_id(principal) if from_entra else "") or header_id
    if not name and not object_id:
        raise UnreadableError("You are not signed in, or the platform did not send your identity.")
    if "," in name + object_id:  # servers join repeated headers with a comma
        raise UnreadableError("The platform's headers name more than one user, so access is denied.")
    identifiers = {object_id, name if from_entra else ""} - {""}
    display_name = f"{name} ({object_id})" if name and object_id else name or object_id
    return Person(display_name=display_name[:200], identifiers=frozenset(map(ascii_lower, identifiers)))


def _text(headers: Mapping[str, Any], suffix: str) -> str:
    text = str(headers.get(f"{_HEADER}{suffix}", "")).strip()
    try:
        return text.encode("latin-1").decode("utf-8")  # WSGI decodes header bytes as Latin-1
    except UnicodeError:
        return text


def _principal(text: str) -> dict[str, Any]:
    """The header's JSON object; empty without the header."""
    if not text:
        return {}
    try:
        document = json.loads(base64.b64decode(text, validate=True))
    except (ValueError, RecursionError) as error:
        raise UnreadableError("The X-MS-CLIENT-PRINCIPAL header from the platform cannot be decoded.") from error
    provider = document.get("auth_typ") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(provider, str | None):
        raise UnreadableError("The X-MS-CLIENT-PRINCIPAL header from the platform has an unexpected format.")
    return document


def _object_id(principal: Mapping[str, Any]) -> str:
    """The object ID from the claims; empty without one."""
    claims = principal.get("claims") or []
    if not isinstance(claims, list) or not all(isinstance(claim, dict) for claim in claims):
        raise UnreadableError(
            "The claims in the X-MS-CLIENT-PRINCIPAL header from the platform have an unexpected format."
        )
    found = {str(claim.get("val")) for claim in claims if str(claim.get("typ")) in _OBJECT_ID_CLAIMS}
    return ",".join(sorted(found))
