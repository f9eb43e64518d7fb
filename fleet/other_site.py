"""What another Principal Used site reads: its `/api/reading`, over HTTPS, within bounds of time and size.

A managed identity can only be tried where it lives, so each app's own site tells what it sees. Its answer is not
trusted: it is checked against the schema of the API, redacted and cut.
"""

import copy
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from time import monotonic
from typing import Any

import requests
import urllib3
from jsonschema import Draft202012Validator

from fleet.description import AUDIENCE, EXPECTED_PREFIX
from fleet.models import Target
from fleet.observed import UNEXPECTED_PRINCIPAL, Observed, fitting, is_certificate, observed
from secrets_app import conf, keyvault
from secrets_app.azure_client.cancellation import Cancelled, time_limit
from secrets_app.azure_client.responses import ResponseTooLargeError
from secrets_app.azure_client.transport import closed_on_cancel, new_session
from secrets_app.conf.request import ReadRequest, token_request
from secrets_app.core.known_secrets import known_secrets
from secrets_app.core.reading import Diagnosis, Principal, PrincipalType
from secrets_app.differences import InvalidDocumentError, SavedReading, parse_document
from secrets_app.differences.saved_reading import MAX_BYTES
from secrets_app.openapi import openapi_document
from secrets_app.service import diagnose

_MARGIN_S = 3.0
"""The other site answers within its own deadline, which is likely this site's."""
_CAUSE = "service_error"
_CAUSE_KEY = re.compile(r"[a-z0-9_]{1,64}")
"""Pages link to /causes/KEY/, so any other text is dropped."""
_DENIED = frozenset({401, 403})
_SIGN_IN = re.compile(
    r"^(https://[^/]+)?/\.auth/login/|^https://login\.(microsoftonline\.(com|us)|windows\.net|"
    r"(partner\.microsoftonline|chinacloudapi)\.cn)/"
)
"""Where App Service authentication redirects to."""


def read_site(target: Target, token: str | None) -> Observed:
    """The site's reading. `token`: a passphrase of the other site (KVSITE_PASSPHRASE), where it requires one.

    With an audience, this site's own credential requests an access token for it. Ends by the deadline; a site that does
    not answer with a reading is an observation too.
    """
    audience = target.settings.get(AUDIENCE)
    return _read_with_access_token(target, audience) if audience else _read(target, token)


def _read_with_access_token(target: Target, audience: str) -> Observed:
    config = conf.current()
    limited = replace(config, deadline_s=config.deadline_s + _MARGIN_S)
    request = replace(token_request(limited, f"{audience}/.default"), from_visitor=False, one_of_many=True)
    operation = _ReadSiteOperation(request, target)
    reading = keyvault.run(operation, request)
    if operation.found is None:
        return observed(reading, diagnose(reading, request))
    if operation.found.status not in _DENIED:
        return operation.found
    own = observed(reading, Diagnosis())  # the principal that was refused
    code = "TokenRefused" if operation.found.status == requests.codes.unauthorized else "IdentityNotAllowed"
    return replace(own, ok=False, stage="network", cause=_CAUSE, status=operation.found.status, code=code)


class _ReadSiteOperation(keyvault.ReadOperation):
    """Requests a token for a site and sends it, without storing it."""

    def __init__(self, request: ReadRequest, target: Target) -> None:
        super().__init__(request)
        self._target = target
        self.found: Observed | None = None
        """None if there was no token, or at the deadline."""

    def _fetch(self, connection: keyvault.Connection) -> None:
        token = connection.credential.get_token_info(self._request.scope).token
        known_secrets().add(token)
        self.found = _read(self._target, token)

    def _has_result(self) -> bool:
        return self.found is not None

    def _target_name(self) -> str:
        return self._target.site_url


def _read(target: Target, token: str | None) -> Observed:
    now, start = datetime.now(UTC), monotonic()
    failed = Observed(at=now, ok=False, stage="network", cause=_CAUSE)
    try:
        response = _get(f"{target.site_url}/api/reading", token)
        if response.status_code != requests.codes.ok:
            return replace(failed, status=response.status_code, code=_code(response))
        document = _checked(response.content)
    except InvalidDocumentError:
        return replace(failed, code="NotAReading")
    except Cancelled:
        return replace(failed, stage="deadline", code="Timeout")
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        return replace(failed, code=_error_name(error))
    found = replace(_of_document(document, now), total_ms=round((monotonic() - start) * 1000))
    return _with_expectation(found, target, document)


def _get(url: str, token: str | None) -> requests.Response:
    """The response, read whole. A redirect is not followed. Raises Cancelled at the deadline, or RequestException."""
    deadline_s = conf.current().deadline_s + _MARGIN_S
    headers = {"Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    with new_session() as session, time_limit(deadline_s) as limit:
        session.auth = lambda request: request  # otherwise requests sends what ~/.netrc has for this host
        try:
            with closed_on_cancel():
                response = session.get(url, headers=headers, timeout=deadline_s, allow_redirects=False)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError):
            limit.check()  # the deadline closes the connection, which is an error of it too
            raise
        limit.check()  # or the end of the response
        return response


def _error_name(error: Exception) -> str:
    """The class of the error; of a response that exceeds a limit, that error's, which requests wraps."""
    wrapped = error.args[0] if error.args else None
    return type(wrapped if isinstance(wrapped, ResponseTooLargeError) else error).__name__


def _code(response: requests.Response) -> str:
    """Why the site did not answer. A Principal Used site itself refuses with 403, App Service with 401 or a redirect.

    https://learn.microsoft.com/azure/app-service/overview-authentication-authorization#authorization-behavior
    """
    status = response.status_code
    if status == requests.codes.unauthorized:
        return "SignInRequired"
    if status == requests.codes.forbidden:
        return "SiteAccessDenied"
    if 300 <= status < 400:
        return "SignInRequired" if _SIGN_IN.search(response.headers.get("Location", "")[:2000]) else "Redirect"
    return "SiteError"


def _checked(content: bytes) -> SavedReading:
    """The reading in the response. Raises InvalidDocumentError."""
    if len(content) > MAX_BYTES:
        raise InvalidDocumentError("The response is too long.")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InvalidDocumentError("The response is not JSON.") from error
    if not _validator().is_valid(document):
        raise InvalidDocumentError("The response does not match the schema of a reading.")
    return parse_document(document, "The response")


@cache
def _validator() -> Draft202012Validator:
    """Checks the types of a reading. Another version of the site may lack keys, or have values that are new."""
    schema = {**openapi_document()["components"]["schemas"]}
    loose = {name: _loosened(copy.deepcopy(part)) for name, part in schema.items()}
    loose["Reading"] = {**loose["Reading"], "required": ["ok", "attempts"]}
    return Draft202012Validator({"$ref": "#/components/schemas/Reading", "components": {"schemas": loose}})


def _loosened(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            key: _loosened(value)
            for key, value in node.items()
            if not (key == "required" and isinstance(value, list)) and not (key == "enum" and isinstance(value, list))
        }
    return [_loosened(item) for item in node] if isinstance(node, list) else node


def _of_document(document: SavedReading, now: datetime) -> Observed:
    """What the history keeps of it."""
    names = {
        "stage": "failure.stage", "code": "failure.code", "principal_type": "principal.type",
        "principal_kind": "principal.kind", "app_id": "principal.app_id", "object_id": "principal.object_id",
        "tenant_id": "principal.tenant_id", "credential": "principal.credential", "secret_version": "secret.version",
        "fingerprint": "secret.fingerprint", "client_address": "vault_saw.client_address",
    }  # fmt: skip
    texts: dict[str, Any] = {name: document.text(path) for name, path in names.items()}
    name = document.text("principal.user_principal_name") or document.text("principal.name")
    status = document.text("failure.status") or ""
    cause = document.main_cause if _CAUSE_KEY.fullmatch(document.main_cause or "") else None
    cut: dict[str, Any] = dict(fitting({**texts, "principal_name": name, "cause": cause}))
    return Observed(
        **cut,
        at=now,
        ok=document.ok,
        status=int(status) if status.isdigit() and len(status) == 3 else None,
        expires_on=_time(document.text("secret.expires_on")),
        is_certificate=is_certificate(document.text("secret.content_type")) if document.ok else None,
        token_ms=_ms(document.text("token_elapsed_s")),
        vault_ms=_ms(document.text("vault_elapsed_s")),
        site_vault_url=(document.text("vault_url") or "")[:500],
        site_secret_name=(document.text("secret_name") or "")[:128],
    )


def _with_expectation(found: Observed, target: Target, document: SavedReading) -> Observed:
    """The observation, not readable if the principal is not the one that the target expects."""
    expected = conf.load({k: v for k, v in target.settings.items() if k.startswith(EXPECTED_PREFIX)}).expected
    if not found.ok or expected is None:
        return found
    principal = Principal(
        type=PrincipalType(found.principal_type) if found.principal_type in set(PrincipalType) else None,
        name=document.text("principal.name"),
        user_principal_name=document.text("principal.user_principal_name"),
        app_id=found.app_id or None,
        object_id=found.object_id or None,
        tenant_id=found.tenant_id or None,
    )
    return replace(found, ok=False, cause=UNEXPECTED_PRINCIPAL) if expected.mismatches(principal) else found


def _time(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # the year 1 or 9999 may have no time in UTC
        return None


def _ms(text: str | None) -> int:
    try:
        seconds = json.loads(text or "0")
    except ValueError:
        return 0
    return round(seconds * 1000) if isinstance(seconds, int | float) and 0 <= seconds < 3600 else 0
