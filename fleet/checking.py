"""Checks one target: the product's own reading, with the target's settings and the usual deadline."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import requests

from fleet.models import Target
from fleet.observed import Observed, fitting, observed
from secrets_app import conf
from secrets_app.conf.request import secret_request
from secrets_app.differences import InvalidDocumentError, SavedReading, parse_reading
from secrets_app.service import diagnose, get_reading

_CHUNK, _MAX_BYTES = 16 * 1024, 128 * 1024


class UnresolvedReferenceError(ValueError):
    """A reference to a secret cannot be resolved; the message is one sentence without the secret."""


def check(target: Target, environ: Mapping[str, str]) -> Observed:
    """One reading of the target. Ends by the deadline; errors of the target are part of the result."""
    return _check_site(target) if target.kind == Target.Kind.SITE else _check_vault(target, environ)


def _check_vault(target: Target, environ: Mapping[str, str]) -> Observed:
    try:
        secrets = {name: resolve(reference, environ) for name, reference in target.references.items()}
    except UnresolvedReferenceError:
        return Observed(at=datetime.now(UTC), ok=False, cause="setting_invalid", stage="configuration")
    overrides = {
        **dict.fromkeys(("KEY_VAULT_URL", "KEY_VAULT_NAME", "SECRET_VERSION"), ""),
        "KEY_VAULT_URI": target.vault_url,
        "SECRET_NAME": target.secret_name,
        "KVSITE_RESULT_LIFE_S": "0",
    }
    config = conf.current({**overrides, **target.settings, **secrets})
    request = secret_request(config, one_of_many=True)
    reading = get_reading(request)
    return observed(reading, diagnose(reading, request))


def resolve(reference: str, environ: Mapping[str, str]) -> str:
    """The secret that `env:NAME` or `file:/path` names. Raises UnresolvedReferenceError."""
    kind, _, name = reference.partition(":")
    if kind == "env" and environ.get(name):
        return environ[name]
    if kind == "file":
        try:
            return Path(name).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise UnresolvedReferenceError(f"The file {name} cannot be read.") from error
    raise UnresolvedReferenceError(f"{reference} names neither a variable that is set nor a file.")


def _check_site(target: Target) -> Observed:
    """What another Principal Used site reads, as its own /api/reading shows it."""
    now, start = datetime.now(UTC), monotonic()
    failed = Observed(at=now, ok=False, stage="network", cause="service_error")
    try:
        document = parse_reading(_download(f"{target.site_url.rstrip('/')}/api/reading"), "The answer")
    except InvalidDocumentError:
        return replace(failed, code="NotAReading")
    except requests.HTTPError as error:
        return replace(failed, status=error.response.status_code if error.response is not None else None)
    except requests.RequestException as error:
        return replace(failed, code=type(error).__name__)
    return replace(_of_document(document, now), total_ms=round((monotonic() - start) * 1000))


def _download(url: str) -> str:
    """The text at `url`. A redirect is not followed; an answer is read up to a limit. Raises RequestException."""
    deadline_s = conf.current().deadline_s
    until = monotonic() + 2 * deadline_s
    with requests.get(url, timeout=deadline_s + 2, allow_redirects=False, stream=True) as response:
        response.raise_for_status()
        content = b""
        for chunk in response.iter_content(_CHUNK):
            content += chunk
            if len(content) > _MAX_BYTES or monotonic() > until:
                raise requests.Timeout
    return content.decode("utf-8", "replace")


def _of_document(document: SavedReading, now: datetime) -> Observed:
    """What the history keeps of another site's reading. It is not trusted: its parser redacts it, and it is cut."""
    names = {
        "stage": "failure.stage", "code": "failure.code", "principal_type": "principal.type",
        "principal_kind": "principal.kind", "app_id": "principal.app_id", "object_id": "principal.object_id",
        "tenant_id": "principal.tenant_id", "credential": "principal.credential", "secret_version": "secret.version",
        "fingerprint": "secret.fingerprint", "client_address": "vault_saw.client_address",
    }  # fmt: skip
    texts: dict[str, Any] = {name: document.text(path) for name, path in names.items()}
    name = document.text("principal.user_principal_name") or document.text("principal.name")
    status = document.text("failure.status") or ""
    cut: dict[str, Any] = dict(fitting({**texts, "principal_name": name, "cause": document.main_cause}))
    return Observed(
        **cut,
        at=now,
        ok=document.ok,
        status=int(status) if status.isdigit() and len(status) == 3 else None,
        expires_on=_time(document.text("secret.expires_on")),
        token_ms=_ms(document.text("token_elapsed_s")),
        vault_ms=_ms(document.text("vault_elapsed_s")),
    )


def _time(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _ms(text: str | None) -> int:
    try:
        seconds = json.loads(text or "0")
    except ValueError:
        return 0
    return round(seconds * 1000) if isinstance(seconds, int | float) and 0 <= seconds < 3600 else 0
