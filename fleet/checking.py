"""Checks one target: the product's own reading, with the target's settings and the usual deadline."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from fleet.description import TOKEN, address_settings, overrides
from fleet.models import Target
from fleet.observed import Observed, observed
from fleet.other_site import read_site
from secrets_app import conf
from secrets_app.conf.request import secret_request
from secrets_app.core.known_secrets import known_secrets
from secrets_app.service import diagnose, get_reading

_ANY_SECRET = "any"  # noqa: S105 - a name
"""In place of the secret's name, so that settings are parsed once for each vault. Names were checked when stored."""


class UnresolvedReferenceError(ValueError):
    """A reference to a secret cannot be resolved; the message is one sentence without the secret."""


def check(target: Target, environ: Mapping[str, str]) -> Observed:
    """One reading of the target. Ends by the deadline; errors of the target are part of the result."""
    try:
        secrets = {name: resolve(reference, environ) for name, reference in target.references.items()}
    except UnresolvedReferenceError:
        return Observed(
            at=datetime.now(UTC), ok=False, cause="setting_invalid", stage="configuration", code="ReferenceNotFound"
        )
    if target.kind == Target.Kind.SITE:
        known_secrets().add(secrets.get(TOKEN), pinned=True)
        return read_site(target, secrets.get(TOKEN))
    return _check_vault(target, secrets)


def _check_vault(target: Target, secrets: Mapping[str, str]) -> Observed:
    """The reading with the target's settings; of the site's own target, with those of the site."""
    address = address_settings(target.vault_url, _ANY_SECRET)
    is_own = target.kind == Target.Kind.OWN
    replaced = address if is_own else overrides(address, {**target.settings, **secrets})
    config = conf.current({**replaced, "KVSITE_RESULT_LIFE_S": "0"})
    request = secret_request(replace(config, secret_name=target.secret_name), one_of_many=True)
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
