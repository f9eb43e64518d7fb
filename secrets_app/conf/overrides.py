"""Query parameters that override the site's settings: another identity or another secret."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from secrets_app import conf
from secrets_app.conf.managed_identity import SETTING_OF_KIND, managed_identity
from secrets_app.conf.request import ReadRequest, secret_request
from secrets_app.conf.schema import IDENTIFIER_CHECKS, IDENTITY_SETTINGS
from secrets_app.conf.setting import SettingError, SettingProblem
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
    """Invalid parameters. No request may be sent while there are any."""


def resolve_overrides(given: Mapping[str, str]) -> Overrides:
    """The request with the parameters in `given` applied; without any, the site's own."""
    parameters = {name: text for name, text in given.items() if text}
    try:
        identity = _requested_identity(parameters)
        overrides = {**_for_identity(identity), **_for_secret(parameters)}
    except SettingError as error:
        return Overrides(request=secret_request(conf.current()), problems=_without_examples((error.problem,)))
    if not overrides:
        return Overrides(request=secret_request(conf.current()))
    config = conf.current(overrides, _LABELS)
    invalid = (problem for problem in config.problems if problem.setting in _LABELS.values())
    request, own = secret_request(config, from_visitor=True), secret_request(conf.current())
    if request.key == own.key:  # the parameters repeat the settings
        request = own
    return Overrides(request=request, identity=identity, problems=_without_examples(invalid))


def _without_examples(problems: Iterable[SettingProblem]) -> tuple[SettingProblem, ...]:
    """Without the example value, which belongs in a command that sets a setting; a parameter is not one."""
    return tuple(replace(problem, example=None) for problem in problems)


def _requested_identity(parameters: Mapping[str, str]) -> ManagedIdentityId | None:
    """Client ID before resource ID before object ID. Raises SettingError if any is malformed, even an unused one."""
    named = [_parse_identity(name, parameters[name]) for name in IDENTITY_PARAMETERS if name in parameters]
    return min(named, key=lambda identity: list(IdentityKind).index(identity.kind), default=None)


def _parse_identity(parameter: str, text: str) -> ManagedIdentityId:
    by_form = IdentityKind.RESOURCE_ID if "/" in text else IdentityKind.CLIENT_ID
    setting = SETTING_OF_KIND[_KIND_OF_PARAMETER.get(parameter, by_form)].name
    try:
        identity = managed_identity({setting: text})
    except SettingError as error:
        error.problem = replace(error.problem, setting=parameter)
        raise
    assert identity is not None  # noqa: S101 - it was given
    return identity


def _for_identity(identity: ManagedIdentityId | None) -> dict[str, str]:
    """Clears every other setting that selects a credential: together they would be contradictory."""
    if identity is None:
        return {}
    chosen = {"KVSITE_CREDENTIAL": "managed-identity", SETTING_OF_KIND[identity.kind].name: identity.value}
    return dict.fromkeys(IDENTITY_SETTINGS, "") | chosen


def _for_secret(parameters: Mapping[str, str]) -> dict[str, str]:
    name, version = parameters.get("name", ""), parameters.get("version", "")
    if looks_like_identifier(name):
        return _for_identifier(name, version)
    if name:
        return {"SECRET_NAME": name, "SECRET_VERSION": version}  # never the version of the configured secret
    return {"SECRET_VERSION": version} if version else {}


def _for_identifier(text: str, version: str) -> dict[str, str]:
    own = conf.current()
    try:
        identifier = parse_secret_identifier(text, own_vault=own.vault_url, also_allowed=own.allowed_vault_hosts)
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
    if version and identifier.version and version.lower() != identifier.version.lower():
        raise SettingError(
            _VERSIONS_DIFFER, "The version", "does not match the version in the identifier.", "Keep only one of them."
        )
    return identifier_settings(replace(identifier, version=identifier.version or version))


def identifier_settings(identifier: SecretId) -> dict[str, str]:
    """The settings that select this secret of this vault."""
    vault = dict.fromkeys((row.name for row in VAULT_ADDRESS_SETTINGS), "") | {"KEY_VAULT_URI": identifier.vault_url}
    return {**vault, "SECRET_NAME": identifier.name, "SECRET_VERSION": identifier.version or ""}


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
