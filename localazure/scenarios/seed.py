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
    ManagedIdentity,
)
from localazure.scenarios.scenario import Scenario
from localazure.scenarios.vaults import ROLES, NetworkAccess, Permission, Secret, Vault

READERS = {
    known.name: known.object_id
    for known in (
        *(SITE_IDENTITY, MACHINE_IDENTITY, SHARED_IDENTITY, WRITER_IDENTITY, POD_IDENTITY, ARC_IDENTITY),
        SITE_APPLICATION,
    )
} | {DEVELOPER.principal_name: DEVELOPER.object_id}
"""Predefined identities that a grant can name -> object ID."""

ACCESS = {"roles": False, "access-policies": True}
FILE = {"vault": list, "identity": list}
IDENTITY = {"name": str, "client-id": str, "object-id": str}
VAULT = {"name": str, "location": str, "access": str, "network": str, "secrets": dict, "grants": list}
SECRET = {"value": str, "content-type": str, "enabled": bool, "deleted": bool, "expires-in-s": int, "starts-in-s": int}
GRANT = {"to": str, "role": str, "permissions": list}
_GUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
FORMATS = {
    "name": (r"[A-Za-z0-9][A-Za-z0-9-]{0,126}", "letters, digits and hyphens"),
    "location": (r"[a-z0-9]{1,40}", "lower-case letters and digits"),
    "client-id": (_GUID, "a GUID"),
    "object-id": (_GUID, "a GUID"),
}
"""Key -> the pattern its value must match, and its description."""
T = TypeVar("T")
Seed = str | os.PathLike[str] | Mapping[str, Any]
"""The path of a TOML file, TOML text (a string with a line break), or the mapping that TOML text stands for."""


class SeedError(ValueError):
    """The seed file is invalid; the message contains the position and the reason."""


def apply_seed(scenario: Scenario, seed: Seed) -> Scenario:
    """Return `scenario` with the identities and vaults of `seed`. Raises SeedError."""
    name, fields = _read(seed)
    try:
        return _apply(scenario, fields)
    except SeedError as error:
        raise SeedError(f"{name}: {error}") from None


def _read(seed: Seed) -> tuple[str, Mapping[str, Any]]:
    """Return the name for error messages and the content."""
    if isinstance(seed, Mapping):
        return "seed", dict(seed)
    is_text = isinstance(seed, str) and "\n" in seed
    name = "seed" if is_text else str(seed)
    try:
        return name, tomllib.loads(str(seed) if is_text else Path(seed).read_text())
    except OSError as error:
        raise SeedError(f"{name}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SeedError(f"{name}: {error}") from None
    except RecursionError:
        raise SeedError(f"{name}: nested too deeply") from None


def _apply(scenario: Scenario, fields: Mapping[str, Any]) -> Scenario:
    _check(fields, FILE, "the file")
    identities = tuple(_identity(entry, f"identity {n}") for n, entry in enumerate(fields.get("identity", []), 1))
    readers = READERS | {identity.name: identity.object_id for identity in identities}
    vaults = {scenario.vault.name: scenario.vault}
    for number, entry in enumerate(fields.get("vault", []), 1):
        vault = _vault(entry, f"vault {number}", readers)
        vaults[vault.name] = vault
    first, *more = vaults.values()
    return replace(
        scenario,
        identities=scenario.identities + identities,
        vault=first,
        more_vaults=scenario.more_vaults + tuple(more),
    )


def _identity(fields: Mapping[str, Any], where: str) -> ManagedIdentity:
    """A user-assigned identity. Missing IDs are derived from its name."""
    _check(fields, IDENTITY, where, required=("name",))
    name = fields["name"]
    return ManagedIdentity(
        name=name,
        client_id=fields.get("client-id", str(uuid.uuid5(uuid.NAMESPACE_DNS, f"client.{name}"))),
        object_id=fields.get("object-id", str(uuid.uuid5(uuid.NAMESPACE_DNS, f"object.{name}"))),
        resource_id=PRODUCTION.resource_id(f"Microsoft.ManagedIdentity/userAssignedIdentities/{name}"),
    )


def _vault(fields: Mapping[str, Any], where: str, readers: Mapping[str, str]) -> Vault:
    _check(fields, VAULT, where, required=("name",))
    where = f"vault {fields['name']!r}"
    grants = [_grant(entry, f"{where}, grant {n}", readers) for n, entry in enumerate(fields.get("grants", []), 1)]
    return Vault(
        name=fields["name"],
        location=fields.get("location", "westeurope"),
        access_policies=_one_of(ACCESS, fields.get("access", "roles"), f"{where}, access"),
        network=_one_of({str(network): network for network in NetworkAccess}, fields.get("network", "public"), where),
        secrets=tuple(_secret(name, entry, where) for name, entry in fields.get("secrets", {}).items()),
        grants=dict(grants),
    )


def _secret(name: str, entry: Any, where: str) -> Secret:
    """Accepts a value or a table."""
    fields: dict[str, Any] = {"value": entry} if isinstance(entry, str) else entry
    _check_format(name, "name", f"{where}: the name of secret {name!r}")
    _check(fields, SECRET, f"{where}, secret {name!r}", required=("value",))
    return Secret(name=name, **{field.replace("-", "_"): value for field, value in fields.items()})


def _grant(fields: Mapping[str, Any], where: str, readers: Mapping[str, str]) -> tuple[str, frozenset[Permission]]:
    _check(fields, GRANT, where, required=("to",))
    if ("role" in fields) == ("permissions" in fields):
        raise SeedError(f"{where}: set either role or permissions")
    object_id = _one_of(readers, fields["to"], f"{where}, to")
    if "role" in fields:
        return object_id, _one_of(ROLES, fields["role"], f"{where}, role")
    known = {str(permission): permission for permission in Permission}
    return object_id, frozenset(_one_of(known, name, f"{where}, permissions") for name in fields["permissions"])


def _check(fields: Any, known: Mapping[str, type], where: str, required: tuple[str, ...] = ()) -> None:
    """Raises SeedError unless `fields` is a table of known keys with values of the right type and all required keys."""
    if not isinstance(fields, dict):
        raise SeedError(f"{where}: must be a table")
    for name, value in fields.items():
        if name not in known:
            raise SeedError(f"{where}: unknown key {name!r}; supported keys: {', '.join(known)}")
        if type(value) is not known[name]:
            raise SeedError(f"{where}: {name} must be of type {known[name].__name__}")
        if name in FORMATS and isinstance(value, str):
            _check_format(value, name, f"{where}: {name}")
    for name in required:
        if name not in fields:
            raise SeedError(f"{where}: {name} is missing")


def _check_format(text: str, name: str, where: str) -> None:
    pattern, description = FORMATS[name]
    if not re.fullmatch(pattern, text):
        raise SeedError(f"{where} must be {description}")


def _one_of(table: Mapping[str, T], name: object, where: str) -> T:
    if not isinstance(name, str) or name not in table:
        raise SeedError(f"{where}: {name!r} does not exist; choose from {', '.join(table)}")
    return table[name]
