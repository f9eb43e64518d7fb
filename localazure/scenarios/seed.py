"""Seed files (TOML): additional vaults, secrets, identities and grants. Example: docs/local-azure.md."""

import os
import re
import tomllib
import uuid
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from localazure.scenarios.directory import (
    ARC_IDENTITY,
    DEVELOPER,
    MACHINE_IDENTITY,
    POD_IDENTITY,
    PRODUCTION,
    SHARED_IDENTITY,
    SITE_APPLICATION,
    SITE_IDENTITY,
    WRITER_IDENTITY,
    Application,
    ManagedIdentity,
)
from localazure.scenarios.registrations import Registration
from localazure.scenarios.roles import BUILT_IN_ROLES, Role
from localazure.scenarios.scenario import Scenario
from localazure.scenarios.seed_position import FILE, InvalidValueError, Position, SeedError, line_of
from localazure.scenarios.vaults import ROLES, NetworkAccess, Permission, Secret, Vault

READERS = {
    known.name: known.object_id
    for known in (
        *(SITE_IDENTITY, MACHINE_IDENTITY, SHARED_IDENTITY, WRITER_IDENTITY, POD_IDENTITY, ARC_IDENTITY),
        SITE_APPLICATION,
    )
} | {DEVELOPER.principal_name: DEVELOPER.object_id}
"""Predefined identities that a grant can name -> object ID."""

ROLE_NAMES = {role.name: role for role in BUILT_IN_ROLES}
SCOPES = {"subscription": PRODUCTION.scope, "resource-group": PRODUCTION.group_scope}
GRAPH_PERMISSIONS = ("Application.Read.All", "Directory.Read.All")
ACCESS = {"roles": False, "access-policies": True}
TABLES = {"vault": list, "identity": list, "application": list, "grant": list}
IDENTITY = {"name": str, "client-id": str, "object-id": str}
APPLICATION = {**IDENTITY, "secret": str, "secret-expired": bool, "identifier-uri": str, "graph-permissions": list}
VAULT = {"name": str, "location": str, "access": str, "network": str, "secrets": dict, "grants": list, "tags": dict}
SECRET = {"value": str, "content-type": str, "enabled": bool, "deleted": bool, "expires-in-s": int, "starts-in-s": int}
VAULT_GRANT = {"to": str, "role": str, "permissions": list}
GRANT = {"to": str, "role": str, "scope": str}
_GUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
FORMATS = {
    "name": (r"[A-Za-z0-9][A-Za-z0-9-]{0,126}", "letters, digits and hyphens"),
    "location": (r"[a-z0-9]{1,40}", "lower-case letters and digits"),
    "client-id": (_GUID, "a GUID"),
    "object-id": (_GUID, "a GUID"),
    "identifier-uri": (r"(api|https)://[A-Za-z0-9./_-]{1,200}", "a URI that starts with api:// or https://"),
}
"""Key -> the pattern its value must match, and its description."""
T = TypeVar("T")
Seed = str | os.PathLike[str] | Mapping[str, Any]
"""The path of a TOML file, TOML text (a string with a line break), or the mapping that TOML text stands for."""


def apply_seed(scenario: Scenario, seed: Seed) -> Scenario:
    """Return `scenario` with the identities, applications, vaults and grants of `seed`. Raises SeedError."""
    name, text, fields = _read(seed)
    try:
        return _apply(scenario, fields)
    except InvalidValueError as error:
        line = f":{line_of(text, error.keys)}" if text else ""
        raise SeedError(f"{name}{line}: {error}") from None


def _read(seed: Seed) -> tuple[str, str, Mapping[str, Any]]:
    """Return the name for error messages, the text, which is empty for a mapping, and the content."""
    if isinstance(seed, Mapping):
        return "seed", "", dict(seed)
    is_text = isinstance(seed, str) and "\n" in seed
    name = "seed" if is_text else str(seed)
    try:
        text = str(seed) if is_text else Path(seed).read_text(encoding="utf-8")
        return name, text, tomllib.loads(text)
    except OSError as error:
        raise SeedError(f"{name}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SeedError(f"{name}: {error}") from None
    except RecursionError:
        raise SeedError(f"{name}: nested too deeply") from None


def _apply(scenario: Scenario, fields: Mapping[str, Any]) -> Scenario:
    _check(fields, TABLES, FILE)
    identities = tuple(_identity(entry, position) for position, entry in _entries(fields, "identity"))
    applications = tuple(_application(entry, position) for position, entry in _entries(fields, "application"))
    created = (*identities, *(registration.identity for registration in applications))
    readers = READERS | {identity.name: identity.object_id for identity in created}
    vaults = {scenario.vault.name: scenario.vault}
    for position, entry in _entries(fields, "vault"):
        vault = _vault(entry, position, readers)
        vaults[vault.name] = vault
    first, *more = vaults.values()
    assignments = tuple(_assignment(entry, position, readers) for position, entry in _entries(fields, "grant"))
    return replace(
        scenario,
        identities=scenario.identities + identities,
        registrations=scenario.registrations + applications,
        vault=first,
        more_vaults=scenario.more_vaults + tuple(more),
        assignments=scenario.assignments + assignments,
    )


def _entries(fields: Mapping[str, Any], name: str, around: Position = FILE) -> list[tuple[Position, Any]]:
    label = name.removesuffix("s")
    return [(around.child(f"{label} {n + 1}", name, n), entry) for n, entry in enumerate(fields.get(name, []))]


def _identity(fields: Mapping[str, Any], position: Position) -> ManagedIdentity:
    """A user-assigned identity. Missing IDs are derived from its name."""
    _check(fields, IDENTITY, position, required=("name",))
    name = fields["name"]
    resource_id = PRODUCTION.resource_id(f"Microsoft.ManagedIdentity/userAssignedIdentities/{name}")
    return ManagedIdentity(name=name, resource_id=resource_id, **_ids(fields))


def _application(fields: Mapping[str, Any], position: Position) -> Registration:
    """An application that signs in with a client secret."""
    _check(fields, APPLICATION, position, required=("name",))
    return Registration(
        identity=Application(name=fields["name"], identifier_uri=fields.get("identifier-uri"), **_ids(fields)),
        secret=fields.get("secret"),
        secret_expired=fields.get("secret-expired", False),
        graph_permissions=tuple(
            _one_of(dict.fromkeys(GRAPH_PERMISSIONS, name), name, position, "graph-permissions")
            for name in fields.get("graph-permissions", ())
        ),
    )


def _ids(fields: Mapping[str, Any]) -> dict[str, str]:
    return {
        f"{kind}_id": fields.get(f"{kind}-id", str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{kind}.{fields['name']}"))).lower()
        for kind in ("client", "object")
    }


def _vault(fields: Mapping[str, Any], position: Position, readers: Mapping[str, str]) -> Vault:
    _check(fields, VAULT, position, required=("name",))
    position = position.named(f"vault {fields['name']!r}")
    access_policies = _one_of(ACCESS, fields.get("access", "roles"), position, "access")
    permissions: dict[str, frozenset[Permission] | Role] = {}
    roles = []
    for around, entry in _entries(fields, "grants", position):
        object_id, granted = _grant(entry, around, readers)
        if isinstance(granted, frozenset):
            known = permissions.get(object_id, frozenset())
            permissions[object_id] = granted | known if isinstance(known, frozenset) else granted
        elif access_policies:
            raise around.error("a vault with access policies supports only roles for secrets and permissions", "role")
        else:
            roles.append((object_id, granted))
    networks = {str(network): network for network in NetworkAccess}
    return Vault(
        name=fields["name"],
        location=fields.get("location", "westeurope"),
        access_policies=access_policies,
        network=_one_of(networks, fields.get("network", "public"), position, "network"),
        secrets=tuple(_secret(name, entry, position) for name, entry in fields.get("secrets", {}).items()),
        grants=permissions,
        roles=tuple(roles),
        tags={name: str(value) for name, value in fields.get("tags", {}).items()},
    )


def _secret(name: str, entry: Any, position: Position) -> Secret:
    """Accepts a value or a table."""
    fields: dict[str, Any] = {"value": entry} if isinstance(entry, str) else entry
    _check_format(name, "name", position.child(f"secret {name!r}", "secrets", name), ": the name")
    _check(fields, SECRET, position.child(f"secret {name!r}", "secrets", name), required=("value",))
    return Secret(name=name, **{field.replace("-", "_"): value for field, value in fields.items()})


def _grant(
    fields: Mapping[str, Any], position: Position, readers: Mapping[str, str]
) -> tuple[str, frozenset[Permission] | Role]:
    _check(fields, VAULT_GRANT, position, required=("to",))
    if ("role" in fields) == ("permissions" in fields):
        raise position.error("set either role or permissions")
    object_id = _one_of(readers, fields["to"], position, "to")
    if "role" in fields:
        roles: dict[str, frozenset[Permission] | Role] = {**ROLE_NAMES, **ROLES}
        return object_id, _one_of(roles, fields["role"], position, "role")
    known = {str(permission): permission for permission in Permission}
    return object_id, frozenset(_one_of(known, name, position, "permissions") for name in fields["permissions"])


def _assignment(fields: Mapping[str, Any], position: Position, readers: Mapping[str, str]) -> tuple[str, Role, str]:
    """A role assignment at the subscription or the resource group."""
    _check(fields, GRANT, position, required=("to", "role"))
    scope = _one_of(SCOPES, fields.get("scope", "subscription"), position, "scope")
    role = _one_of(ROLE_NAMES, fields["role"], position, "role")
    return _one_of(readers, fields["to"], position, "to"), role, scope


def _check(fields: Any, known: Mapping[str, type], position: Position, required: tuple[str, ...] = ()) -> None:
    """Raises InvalidValueError unless `fields` is a table of known keys with values of the right type and all required
    keys."""
    if not isinstance(fields, dict):
        raise position.error("must be a table")
    for name, value in fields.items():
        if name not in known:
            raise position.error(f"unknown key {name!r}; supported keys: {', '.join(known)}", name)
        if type(value) is not known[name]:
            raise position.error(f"{name} must be of type {known[name].__name__}", name)
        if name in FORMATS and isinstance(value, str):
            _check_format(value, name, position, f": {name}")
    for name in required:
        if name not in fields:
            raise position.error(f"{name} is missing")


def _check_format(text: str, name: str, position: Position, subject: str) -> None:
    pattern, description = FORMATS[name]
    if not re.fullmatch(pattern, text):
        raise position.error(f"{subject} must be {description}", name, separator="")


def _one_of(table: Mapping[str, T], name: object, position: Position, key: str) -> T:
    if not isinstance(name, str) or name not in table:
        raise position.error(f"{key}: {name!r} does not exist; choose from {', '.join(table)}", key, separator=", ")
    return table[name]
