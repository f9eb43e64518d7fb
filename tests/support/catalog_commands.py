"""Every command that the catalog can show: for each platform, system, stack, cloud and kind of object."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

from secrets_app.conf.hints import commands_that_set, unset_commands
from secrets_app.core.reading import HostEnvironment, Platform
from secrets_app.diagnosis.case_fixes import CASE_FIXES, commands_of_cases
from secrets_app.diagnosis.catalog import CAUSES
from secrets_app.diagnosis.catalog.examples import examples
from secrets_app.diagnosis.cause import LINUX, MACOS, WINDOWS
from secrets_app.diagnosis.command_values import PLACEHOLDERS, CommandValues
from secrets_app.diagnosis.explain import explain
from secrets_app.diagnosis.hints import applies
from secrets_app.diagnosis.places import Cloud
from secrets_app.diagnosis.services import Action, ObjectKind, Operation
from secrets_app.diagnosis.stacks import Stack
from secrets_app.diagnosis.variants import fit

_GUID = "11111111-2222-4333-8444-555555555555"
_RESOURCE = f"/subscriptions/{_GUID}/resourceGroups/contoso-rg/providers/Microsoft.KeyVault/vaults/contoso"
VALUES = dict.fromkeys(PLACEHOLDERS, "contoso") | {
    "object_id": _GUID,
    "app_id": _GUID,
    "tenant": _GUID,
    "vault_tenant": _GUID,
    "subscription": _GUID,
    "vault_id": _RESOURCE,
    "identity_resource_id": _RESOURCE,
    "subnet": _RESOURCE,
    "principal_type": "ServicePrincipal",
    "role": "Key Vault Secrets User",
    "policy": "secret",
    "permission": "get",
    "address": "203.0.113.7",
    "scope": "https://vault.azure.net/.default",
    "arm_scope": _RESOURCE,
    "data_role": "Storage Blob Data Reader",
    "arm_role": "Reader",
    "issuer": "https://issuer.contoso.example",
}
_TEXTS = Path(__file__).parent.parent / "diagnosis"


@cache
def all_commands() -> frozenset[str]:
    """The commands of every cause in every variant, and those of the settings' problems."""
    return frozenset([*_of_the_catalog(), *_of_cases(), *_of_texts(), *_of_settings(), *_in_sentences()])


_QUOTED = re.compile(r"\((az [^()]+)\)")


def _in_sentences() -> Iterator[str]:
    """Commands of Azure CLI that the fixes quote in parentheses."""
    fixes = (*CAUSES.values(), *CASE_FIXES)
    for sentence in (sentence for fix in fixes for sentence in (fix.fix, *(fix.otherwise or ()))):
        yield from _QUOTED.findall(sentence)


def _of_the_catalog() -> Iterator[str]:
    for cause in CAUSES.values():
        for values in _variants():
            fitted = fit(cause, values)
            yield from (command.fill(values.quoted) for command in fitted.commands if applies(command, values))


_SIGNING_IN = (Stack.PYTHON, Stack.AZURE_CLI, Stack.POWERSHELL, Stack.AZD)


@cache
def _variants() -> tuple[CommandValues, ...]:
    base = CommandValues()
    kinds = [Operation(object=kind, action=action) for kind in ObjectKind for action in (None, *Action)]
    varied = [
        base,
        *(replace(base, platform=platform) for platform in Platform),
        *(replace(base, system=system) for system in (LINUX, MACOS, WINDOWS)),
        *(replace(base, stack=stack) for stack in Stack),
        *(replace(base, cloud=cloud, stack=stack) for cloud in Cloud for stack in _SIGNING_IN),
        *(replace(base, operation=operation) for operation in kinds),
    ]
    pasted = [replace(values, on_site=False) for values in varied]
    known = [replace(values, values=VALUES) for values in (*varied, *pasted)]
    without_ids = {name: value for name, value in VALUES.items() if name not in {"vault_id", "subnet", "scale_set"}}
    return (*varied, *pasted, *known, *(replace(values, values=without_ids) for values in varied))


def _of_cases() -> Iterator[str]:
    """The commands of the table of fixes by case."""
    values = [replace(CommandValues(), values=known, on_site=False) for known in ({}, VALUES)]
    yield from (command.fill(case.quoted) for case in values for command in commands_of_cases())


def _of_texts() -> Iterator[str]:
    cases = [json.loads(line) for line in (_TEXTS / "cases.jsonl").read_text(encoding="utf-8").splitlines()]
    for text in (*(text for texts in examples().values() for text in texts), *(case["message"] for case in cases)):
        for found in explain(text).hints:
            yield from found.commands


def _of_settings() -> Iterator[str]:
    for platform in Platform:
        for system in (LINUX, WINDOWS):
            place = HostEnvironment(
                platform=platform, system=system, resource_name="contoso-web", resource_group="contoso-rg"
            )
            yield from commands_that_set({"KEY_VAULT_URI": "https://contoso.vault.azure.net"}, place)
            yield from unset_commands(("AZURE_CLIENT_ID", "AZURE_TENANT_ID"), place)
