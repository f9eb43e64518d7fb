"""The query string of a page, and what in it overrides the site's settings: another identity or secret."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import HttpRequest

from secrets_app import conf
from secrets_app.conf.managed_identity import SETTING_OF_KIND, managed_identity
from secrets_app.conf.request import ReadRequest, secret_request
from secrets_app.conf.schema import IDENTIFIER_CHECKS, IDENTITY_SETTINGS, SettingError, SettingProblem
from secrets_app.conf.vault import VAULT_ADDRESS_SETTINGS
from secrets_app.core.credential_options import IdentityKind, ManagedIdentityId
from secrets_app.core.hosts import AddressError, ForeignHostError, SecretId, secret_id

IDENTITY_PARAMETERS = ("userAssignedClientId", "userassignedid", "userAssignedResourceId", "userAssignedObjectId")
"""Named as in the .NET samples; the first one given applies. `userassignedid` is a client ID or a resource ID."""
SECRET_PARAMETERS = ("name", "version")

_KIND_OF_PARAMETER = {
    "userAssignedClientId": IdentityKind.CLIENT_ID,
    "userAssignedResourceId": IdentityKind.RESOURCE_ID,
    "userAssignedObjectId": IdentityKind.OBJECT_ID,
}
_LABELS = {"SECRET_NAME": "The secret name", "SECRET_VERSION": "The version", "KVSITE_CREDENTIAL": "The address"}
_FOREIGN_VAULT, _MALFORMED, _VERSIONS_DIFFER = IDENTIFIER_CHECKS


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """What to read, or what is wrong with the overrides."""

    request: ReadRequest
    identity: ManagedIdentityId | None = None
    problems: tuple[SettingProblem, ...] = ()
    """Mistakes in the parameters. No request may be sent while there is one."""


def resolve_overrides(given: Mapping[str, str]) -> Overrides:
    """The request with the parameters in `given` applied; without any, the site's own."""
    asked = {name: text for name, text in given.items() if text}
    try:
        identity = _requested_identity(asked)
        overrides = {**_for_identity(identity), **_for_secret(asked)}
    except SettingError as mistake:
        return Overrides(request=secret_request(conf.current()), problems=_without_examples((mistake.problem,)))
    if not overrides:
        return Overrides(request=secret_request(conf.current()))
    config = conf.current(overrides, _LABELS)
    wrong = (problem for problem in config.problems if problem.setting in _LABELS.values())
    request = secret_request(config, from_visitor=True)
    return Overrides(request=request, identity=identity, problems=_without_examples(wrong))


def _without_examples(problems: Iterable[SettingProblem]) -> tuple[SettingProblem, ...]:
    """Without the example value, which belongs in a command that sets a setting; a parameter is not one."""
    return tuple(replace(problem, example=None) for problem in problems)


def _requested_identity(asked: Mapping[str, str]) -> ManagedIdentityId | None:
    """Client ID before resource ID before object ID. Raises Mistake if any is malformed, even an unused one."""
    named = [_parse_identity(name, asked[name]) for name in IDENTITY_PARAMETERS if name in asked]
    return min(named, key=lambda identity: list(IdentityKind).index(identity.kind), default=None)


def _parse_identity(parameter: str, text: str) -> ManagedIdentityId:
    by_form = IdentityKind.RESOURCE_ID if "/" in text else IdentityKind.CLIENT_ID
    setting = SETTING_OF_KIND[_KIND_OF_PARAMETER.get(parameter, by_form)].name
    try:
        identity = managed_identity({setting: text})
    except SettingError as mistake:
        mistake.problem = replace(mistake.problem, setting=parameter)
        raise
    assert identity is not None  # noqa: S101 - it was given
    return identity


def _for_identity(identity: ManagedIdentityId | None) -> dict[str, str]:
    """Clears every other setting that selects a credential: together they would be contradictory."""
    if identity is None:
        return {}
    chosen = {"KVSITE_CREDENTIAL": "managed-identity", SETTING_OF_KIND[identity.kind].name: identity.value}
    return dict.fromkeys(IDENTITY_SETTINGS, "") | chosen


def _for_secret(asked: Mapping[str, str]) -> dict[str, str]:
    name, version = asked.get("name", ""), asked.get("version", "")
    if looks_like_identifier(name):
        return _for_identifier(name, version)
    if name:
        return {"SECRET_NAME": name, "SECRET_VERSION": version}  # never the version of the configured secret
    return {"SECRET_VERSION": version} if version else {}


def _for_identifier(text: str, version: str) -> dict[str, str]:
    own = conf.current()
    try:
        meant = parse_secret_identifier(text, own_vault=own.vault_url, also_allowed=own.allowed_vault_hosts)
    except ForeignHostError as error:
        raise SettingError(
            _FOREIGN_VAULT, "The identifier", f"is rejected: {error.after_a_colon}",
            "Use a secret in this site's own vault. To trust another host, add it to KVSITE_ALLOWED_VAULT_HOSTS.",
            cause="vault_url_refused",
        ) from error  # fmt: skip
    except AddressError as error:
        raise SettingError(
            _MALFORMED, "The identifier", f"is not a secret identifier: {error.after_a_colon}",
            "Copy it from the secret's page in the Azure portal, or enter only the name.",
            cause="kv_url_or_id_invalid",
        ) from error  # fmt: skip
    if version and meant.version and version.lower() != meant.version.lower():
        raise SettingError(
            _VERSIONS_DIFFER, "The version", "does not match the version in the identifier.", "Keep only one of them."
        )
    vault = dict.fromkeys((row.name for row in VAULT_ADDRESS_SETTINGS), "") | {"KEY_VAULT_URI": meant.vault_url}
    return {**vault, "SECRET_NAME": meant.name, "SECRET_VERSION": meant.version or version}


def hidden_parameters(given: Mapping[str, str], *shown: str) -> Iterator[tuple[str, str]]:
    """Parameters other than the fields that a form shows, to be submitted with it as hidden fields."""
    return ((name, text) for name, text in given.items() if text and name not in shown and name != "refresh")


def looks_like_identifier(text: str) -> bool:
    """Whether `text` is meant as a URL: a secret name contains neither a colon nor a slash."""
    return ":" in text or "/" in text


def parse_secret_identifier(text: str, *, own_vault: str | None, also_allowed: tuple[str, ...] = ()) -> SecretId:
    """The parts of `text`. Raises AddressError when it is malformed, ForeignHostError when its vault is not allowed.

    Stricter than a setting: the text comes from a visitor, and a token is sent to the host it names.
    """
    found = secret_id(text, also_allowed=also_allowed)
    host = found.vault_url.removeprefix("https://")
    if found.vault_url != own_vault and host not in also_allowed:
        raise ForeignHostError(f"{host} is not this site's vault, so no token is sent there.")
    return found


def parse_query(request: HttpRequest, *known: str) -> dict[str, str]:
    """The query parameters, by the spelling in `known`. Case-insensitive, as in ASP.NET.

    Raises BadRequest for an unknown or repeated parameter.
    """
    names = {name.lower(): name for name in known}
    parameters: dict[str, str] = {}
    for spelling, values in request.GET.lists():
        name = names.get(spelling.lower())
        if name is None:
            supported = f"Supported: {', '.join(known)}." if known else "This URL takes none."
            raise BadRequest(f"Unknown query parameter {spelling[:40]!r}. {supported}")
        if name in parameters or len(values) > 1:
            raise BadRequest(f"The query parameter {name} is given more than once.")
        parameters[name] = values[0].strip()
    return parameters


def repeat_query(parameters: Mapping[str, str]) -> str:
    """The query string that repeats the request, without `refresh`, so that the cached token is used."""
    return urlencode({name: text for name, text in parameters.items() if text and name != "refresh"})


def require_valid(overrides: Overrides) -> Overrides:
    """`overrides` itself. Raises BadRequest with the message of its first problem."""
    if overrides.problems:
        problem = overrides.problems[0]
        raise BadRequest(f"{problem.sentence} {problem.hint}")
    return overrides
