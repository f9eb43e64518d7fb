"""Turns a cause into a hint: its text, and its commands with their values filled in."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from secrets_app.core.reading import Certainty, Hint, Reading, ShellCommands
from secrets_app.diagnosis.cause import LINUX, WINDOWS, Cause, Command
from secrets_app.diagnosis.command_values import CommandValues, checked
from secrets_app.diagnosis.evidence import Evidence
from secrets_app.diagnosis.portal import portal_page
from secrets_app.diagnosis.rights import needed_right, where_to_run
from secrets_app.diagnosis.shells import Shell, to_cmd
from secrets_app.diagnosis.tailoring import HintContext, tailor

_QUOTED_SUBJECT = re.compile(r"(?:assertion\s)?subject:?\s['\"]([^'\"\s]{1,400})['\"]", re.IGNORECASE)
_SERVICE_ACCOUNT = re.compile(r"subject:?\s['\"]system:serviceaccount:[a-z0-9-]{1,63}:([a-z0-9.-]{1,253})['\"]")
_QUOTED_ISSUER = re.compile(r"issuer:?\s['\"](https://[^'\"\s]{1,400})['\"]", re.IGNORECASE)
_QUOTED_APP = re.compile(
    r"(?:app|application|identifier|client)\s(?:with identifier\s|ID\s)?['\"]([0-9a-fA-F-]{36})['\"]", re.IGNORECASE
)
_EXPECTED = re.compile(r"AKV10032.{0,40}Expected.{0,600}?found", re.IGNORECASE | re.DOTALL)
_STS = re.compile(r"sts\.windows\.net/([0-9a-fA-F-]{36})", re.IGNORECASE)
_MICROSOFT = frozenset(
    {
        "72f988bf-86f1-41af-91ab-2d7cd011db47",
        "f8cdef31-a31e-4b4a-93e4-5f571e91255a",
        "e2d54eb5-3869-4f70-8578-dee5fc7331f4",
        "33e01921-4d64-4f8c-a055-5bdaffd5e33d",
        "975f013f-7f24-47e8-a7d3-abc4752bf346",
    }
)
_FAILED_HOST = re.compile(r"(?:resolve\s|host\s?[=:]?\s?)['\"(]?([\w.-]{4,253})", re.IGNORECASE)
_SECRET = re.compile(r"(?:\(name/id\)\s|/secrets/|secret not found:\s)([0-9A-Za-z-]{1,127})", re.IGNORECASE)
_ACTION = re.compile(r"Microsoft\.KeyVault/vaults/(\w{1,40})/(\w{1,40})", re.IGNORECASE)
_PERMISSION = re.compile(r"does not have (secret|key|certificate)s? (\w{2,20}) permission", re.IGNORECASE)
_PUBLIC_CLIENTS = frozenset(
    {
        "04b07795-8ddb-461a-bbee-02f9e1bf7b46",  # Azure CLI
        "1950a258-227b-4e31-a9cf-717495945fc2",  # Azure PowerShell
        "aebc6443-996d-45c2-90f0-388ff96faa56",  # VS Code
        "872cd9fa-d31f-45e0-9eab-6e460a02d1f1",  # Visual Studio
    }
)
_ROLES = {
    ("secrets", "setsecret"): "Key Vault Secrets Officer",
    ("secrets", "delete"): "Key Vault Secrets Officer",
    ("keys", "read"): "Key Vault Crypto User",
    ("keys", "create"): "Key Vault Crypto Officer",
    ("certificates", "read"): "Key Vault Certificate User",
    ("certificates", "create"): "Key Vault Certificates Officer",
}
_ROLE_BY_OBJECT = {
    "secrets": "Key Vault Secrets User",
    "keys": "Key Vault Crypto User",
    "certificates": "Key Vault Certificates Officer",
}


def tailored_hint(cause: Cause, context: HintContext, *, detail: str = "", certainty: Certainty | None = None) -> Hint:
    """The hint for one cause, adapted to the context."""
    return hint(tailor(cause, context), context.command_values, detail=detail, certainty=certainty)


def hint(cause: Cause, values: CommandValues, *, detail: str = "", certainty: Certainty | None = None) -> Hint:
    """The hint for one cause; `detail` is a sentence about the specific error, appended to the reason."""
    commands = tuple(command.fill(values.quoted) for command in cause.commands if _applies(command, values))
    return Hint(
        cause=cause.key,
        title=cause.title,
        why=f"{cause.why} {detail}".strip(),
        fix=cause.fix,
        commands=commands,
        shells=ShellCommands(**{shell: tuple(_for_shell(cause, values, shell)) for shell in Shell}),
        needs=needed_right(commands),
        runs_on=where_to_run(commands),
        portal=portal_page(cause.key, values),
        links=cause.links,
        certainty=certainty,
    )


def _for_shell(cause: Cause, values: CommandValues, shell: Shell) -> Iterator[str]:
    """The commands for this shell, on whichever system it runs."""
    system = WINDOWS if shell.is_windows else values.system if values.system != WINDOWS else LINUX
    there = replace(values, system=system)
    for command in cause.commands:
        if _applies(command, there):
            filled = command.fill(partial(values.quoted, shell=shell))
            yield to_cmd(filled) if shell is Shell.CMD else filled


def values_from_text(evidence: Evidence) -> dict[str, str]:
    """Validated values for commands, taken from an error text."""
    caller = evidence.caller
    return checked(
        {
            "vault": evidence.vault,
            "vault_id": evidence.vault_id,
            "vault_host": f"{evidence.vault}.vault.azure.net" if evidence.vault else None,
            "secret": _first_group(_SECRET, evidence.text),
            "object_id": caller.get("oid"),
            "app_id": caller.get("appid") or _first_group(_QUOTED_APP, evidence.text),
            "principal_type": _principal_type(caller.get("appid")),
            "address": evidence.client_address,
            "host": _failed_host(evidence),
            "vault_tenant": _expected_tenant(evidence.text),
            "subject": _first_group(_QUOTED_SUBJECT, evidence.text),
            "service_account": _first_group(_SERVICE_ACCOUNT, evidence.text),
            "issuer": _first_group(_QUOTED_ISSUER, evidence.text),
            "role": _role(evidence.text),
            **_permission(evidence.text),
        }
    )


def values_from_reading(reading: Reading) -> dict[str, str]:
    """Validated values for commands, taken from a reading."""
    vault_host = (reading.vault_url or "").removeprefix("https://").split("/")[0]
    principal, vault_saw, place, requested = reading.principal, reading.vault_saw, reading.place, reading.identity_asked
    return checked(
        {
            "vault": vault_host.split(".")[0],
            "vault_host": vault_host,
            "host": vault_host,
            "secret": reading.secret_name,
            "valid_secret": re.sub("[^0-9A-Za-z-]+", "-", reading.secret_name or "").strip("-"),
            "vault_tenant": reading.vault_tenant_id,
            "tenant": reading.vault_tenant_id or (principal.tenant_id if principal else None),
            "object_id": (vault_saw.object_id if vault_saw else None) or (principal.object_id if principal else None),
            "app_id": (vault_saw.app_id if vault_saw else None) or (principal.app_id if principal else None),
            "principal_type": {"User": "User", "App": "ServicePrincipal"}.get(principal.type or "")
            if principal
            else None,
            "address": vault_saw.client_address if vault_saw else None,
            "group": place.resource_group,
            "site": place.resource_name,
            "subscription": place.subscription_id,
            "scope": reading.scope,
            "requested_identity": requested.value if requested else None,
            "identity_resource_id": requested.value if requested and requested.kind == "resource_id" else None,
        }
    )


def requested_client_id(reading: Reading) -> dict[str, str]:
    """The requested client ID, used if the actual one is unknown."""
    requested = reading.identity_asked
    return checked({"app_id": requested.value if requested and requested.kind == "client_id" else None})


def _applies(command: Command, values: CommandValues) -> bool:
    return (
        (not command.systems or values.system in command.systems)
        and (not command.platforms or values.platform in command.platforms)
        and all(name in values.values for name in command.requires)
        and not any(name in values.values for name in command.unless)
    )


def _first_group(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return match[1].rstrip(".") if match else None


def _failed_host(evidence: Evidence) -> str | None:
    """The host that failed according to the text, if it is a host and not a class name; else the first host in it."""
    named = (_first_group(_FAILED_HOST, evidence.text) or "").lower()
    return named if named in (*evidence.hosts, *evidence.addresses) else next(iter(evidence.hosts), None)


def _expected_tenant(text: str) -> str | None:
    """The vault's tenant in AKV10032, which also lists Microsoft's own tenants; those are skipped."""
    expected = _EXPECTED.search(text)
    ids = _STS.findall(expected[0]) if expected else []
    return next((tenant for tenant in ids if tenant.lower() not in _MICROSOFT), None)


def _principal_type(app_id: str | None) -> str | None:
    if not app_id:
        return None
    return "User" if app_id in _PUBLIC_CLIENTS else "ServicePrincipal"


def _role(text: str) -> str | None:
    match = _ACTION.search(text)
    if not match:
        return None
    kind, action = match[1].lower(), match[2].lower()
    return _ROLES.get((kind, action)) or _ROLE_BY_OBJECT.get(kind)


def _permission(text: str) -> dict[str, str | None]:
    match = _PERMISSION.search(text)
    return {"policy": match[1].lower(), "permission": match[2].lower()} if match else {}
